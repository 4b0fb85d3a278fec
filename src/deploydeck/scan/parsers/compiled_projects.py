"""Swift, Zig, C and C++, Haskell, Crystal, Nim and OCaml."""

from __future__ import annotations

from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = ()
