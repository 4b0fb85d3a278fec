"""What a source expression comes to, as far as it is written there, and the address in it, for compiled languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.scan.facts import Found

HOLE = "\0"
"""Stands in a text for what is only known when the program runs."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SIDE = re.compile(r"metric|pprof|prom(?:etheus|http)|debug|admin|diagnost|profil|probe|telemetry|internal[_A-Z]", re.IGNORECASE)
"""Names of what listens beside the program's own port."""
_ADDRESS = re.compile(r"^(?:[a-z]{2,5}://)?(\[[0-9a-fA-F:]{0,40}\]|[A-Za-z0-9_.\-*\0]{0,100}):(\d{1,5}|\0)/?$")
_PORT = re.compile(r"^\d{2,5}$")


@dataclass(frozen=True, slots=True)
class Value:
    """`text` with holes, the variables it is read from, and the name (of a field, constant or parameter) behind a hole."""

    text: str = HOLE
    env: frozenset[str] = frozenset()
    ref: str = ""

    @property
    def known(self) -> bool:
        return HOLE not in self.text

    def joined(self, other: Value, between: str = "") -> Value:
        return Value((self.text + between + other.text)[:300], self.env | other.env, other.ref or self.ref)

    def otherwise(self, other: Value) -> Value:
        """This value, or `other` where this one is not known: a variable and its default."""
        chosen = self if self.known else other
        return Value(chosen.text, self.env | other.env, chosen.ref or self.ref)


UNKNOWN = Value()


def address(value: Value, *, bare: bool = False) -> tuple[str, str] | None:
    """Host and port of an address ("" for a hole), or None when it is none. With `bare` a number alone is a port."""
    text = value.text.strip()
    if match := _ADDRESS.match(text):
        host = match[1].strip("[]").replace(HOLE, "")
        port = match[2] if match[2] != HOLE else ""
        return (host, port) if not port or 0 < int(port) < 65536 else None
    if bare and _PORT.match(text) and 0 < int(text) < 65536:
        return "", text
    if text == HOLE and (value.env or value.ref):
        return "", ""
    return None


def listening(value: Value, place: Found, *, bare: bool = False, side: bool = False, kind: str = "listen") -> Found | None:
    """The `listen` fact of an address at `place`; None when it is none, or asks the system for any port.

    `unknown` with `ref:NAME` where the port is a field or parameter, `variable:NAME` for each variable that decides.
    """
    found = address(value, bare=bare)
    if found is None:
        return None
    host, port = found
    tags = {f"variable:{name}" for name in value.env}
    if "PORT" in value.env:
        tags.add("env")
    if not port:
        tags.add("unknown")
        if value.ref:
            tags.add(f"ref:{value.ref[:80]}")
    if side:
        tags.add("side")
    kind = "listen-side" if side else kind
    return Found(kind, port, host, place.file, place.line, place.text, place.scope, frozenset(tags))
