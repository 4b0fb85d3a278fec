"""Health checks that someone wrote: the path and port in a command like `curl -f http://localhost:8000/health`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.places import directed

_URL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$\{?HOST(?:NAME)?\}?|[a-z][a-z0-9_-]{0,40})"
    r"(?::(\d{1,5}|\$\{?[A-Za-z_]{1,40}(?::?-(\d{1,5}))?\}?|'\s?\+[^/]{1,60}|\"\s?\+[^/]{1,60}))?(/[A-Za-z0-9_./~%-]{0,120})?",
)
_BARE = re.compile(r"(?:localhost|127\.0\.0\.1):(\d{1,5})(/[A-Za-z0-9_./~%-]{1,120})")


def health_of(
    command: str,
    file: str,
    line: int,
    text: str,
    scope: str,
    known: Mapping[str, str] | None = None,
    tags: frozenset[str] = frozenset(),
) -> Iterator[Found]:
    """Facts `platform-health` and `platform-port` (tag `health`) of a check's command."""
    match = _URL.search(command[:4000])
    if match:
        port, fallback, path = match[1] or "", match[2] or "", match[3] or "/"
    elif bare := _BARE.search(command[:4000]):
        port, fallback, path = bare[1], "", bare[2]
    else:
        return
    if not port.isdigit():
        name = re.match(r"\$\{?([A-Za-z_]{1,40})", port)
        port = (known or {}).get(name[1], fallback) if name else fallback
    if path:
        yield Found(directed("platform-health", tags), path, "", file, line, text, scope, tags)
    if port.isdigit():
        yield Found(directed("platform-port", tags), port, "", file, line, text, scope, tags | {"health"})
