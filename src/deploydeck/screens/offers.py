"""Changes that people ask for, made into something to review: overridden facts and the demo's proposals."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploydeck.domain import DeployDeckError, GeneratedFile, LineReason
from deploydeck.screens.session import Offer
from deploydeck.settings import PROJECT_FILE, Settings, read_toml, validate_content

if TYPE_CHECKING:
    from deploydeck.deck import Deck, Scanned
    from deploydeck.screens.host import Host

_LISTS = frozenset({"start", "build"})
_NUMBERS = frozenset({"port"})


def present_override(settings: Settings, setting: str) -> str:
    """The value that is set already, as one types it; empty when none is."""
    value = getattr(settings.app, setting)
    if value is None:
        return ""
    return shlex.join(value) if isinstance(value, list) else str(value)


def parsed(setting: str, text: str) -> Any:
    """The typed text as the setting's value; None for an empty text, which removes the override. Raises ValueError."""
    text = text.strip()
    if not text:
        return None
    if setting in _LISTS:
        return [str(part) for part in json.loads(text)] if text.startswith("[") else shlex.split(text)
    return int(text) if setting in _NUMBERS else text


def override_problem(setting: str, text: str) -> str:
    """What is wrong with a typed value; empty when the settings schema takes it."""
    try:
        value = parsed(setting, text)
        if value is not None:
            validate_content({"app": {setting: value}}, PROJECT_FILE, "project")
    except DeployDeckError as error:
        return f"{error.what} {error.why}".strip()
    except ValueError as error:
        return f"That cannot be read: {error}."
    return ""


def override_offer(deck: Deck, scanned: Scanned, setting: str, text: str) -> Offer:
    """`[app] setting = value` in deploydeck.toml, the rest of the file untouched, as a change to review. Blocking."""
    import tomlkit

    root = Path(scanned.profile.root)
    path = root / PROJECT_FILE
    read_toml(path)  # refuses what is unreadable, too large or not TOML, with the reason
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
    table = document.setdefault("app", tomlkit.table())
    value = parsed(setting, text)
    if value is None:
        table.pop(setting, None)
    else:
        table[setting] = value
    content = tomlkit.dumps(document)
    content = content if content.endswith("\n") or not content else f"{content}\n"
    line = next((number for number, written in enumerate(content.splitlines(), 1) if written.startswith(f"{setting} ")), 1)
    reasons = (LineReason(line=line, rule="override", why=f"You set {setting} yourself; it wins over the detected value."),)
    file = GeneratedFile(path=PROJECT_FILE, content=content, reasons=reasons)
    return Offer(f"Override app.{setting}", scanned, deck.review.compare(root, [file]))


async def demo_offer(app: Host, kind: str) -> None:
    """Open Review with the demo's `next_version` or `breaking_change`."""
    import asyncio

    from deploydeck import demo

    session = app.session
    root = session.root
    assert root is not None and session.deck is not None
    deck = session.deck
    scanned = session.scanned or await deck.scan(root)
    contents: dict[str, str] = await asyncio.to_thread(getattr(demo, kind), root)
    why = {"next_version": "The demo's next version", "breaking_change": "The demo's change that breaks the health check"}[kind]
    files = [
        GeneratedFile(path=path, content=content, reasons=(LineReason(line=1, rule="demo", why=f"{why}."),))
        for path, content in contents.items()
    ]
    changes = await asyncio.to_thread(deck.review.compare, root, files)
    session.set_offer(Offer(why, scanned, changes))
    await app.go("review")
