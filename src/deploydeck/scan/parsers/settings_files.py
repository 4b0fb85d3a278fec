"""Settings files of compiled servers (YAML, TOML): the port that the server is told to take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parse
from deploydeck.scan.parsers.formats import items, load_toml, load_yaml, table

_PORT_KEYS = frozenset(
    "port httpport http_port addr address listen server_port serverport http_addr bind bind_address bind_addr".split()
)
_OTHERS = re.compile(
    r"redis|database|mysql|postgres|(?:^|[._])db|mongo|kafka|smtp|mail|grpc|rpc|metric|log|cache|amqp|rabbit|etcd|consul|nats|elastic",
    re.IGNORECASE,
)
_MOST = 500


def port_settings(scope: str) -> Parse:
    """A parser that yields `option` facts `server.port`, those of other services left out."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        text = Text(data)
        top = load_toml(text) if file.endswith(".toml") else table(load_yaml(text))
        pending: list[tuple[str, object, int]] = [(str(key), value, 0) for key, value in list(top.items())[:200]]
        seen = 0
        while pending and seen < _MOST:
            key, value, depth = pending.pop(0)
            seen += 1
            last = key.rpartition(".")[2]
            if isinstance(value, dict) and depth < 3 and not _OTHERS.search(last):
                pending += [(f"{key}.{inner}", one, depth + 1) for inner, one in list(value.items())[:100]]
            elif isinstance(value, list) and depth < 3:
                pending += [(key, one, depth + 1) for one in items(value)[:20]]
            elif isinstance(value, str | int) and not isinstance(value, bool) and last.lower() in _PORT_KEYS:
                port = str(value)[:200].rpartition(":")[2]
                if port.isdigit() and 0 < int(port[:6]) < 65536:
                    wanted = re.compile(rf"\s{{0,80}}[\"']?{re.escape(last)}[\"']?\s{{0,9}}[:=]")
                    number = next((n for n, one in enumerate(text.lines, 1) if port in one and wanted.match(one)), 0)
                    yield Found("option", "server.port", port, file, number, text.line(number), scope)

    return parse
