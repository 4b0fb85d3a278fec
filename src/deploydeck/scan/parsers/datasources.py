"""Files that say which database or service a project talks to."""

from __future__ import annotations

from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = ()
