"""Swift, Zig, C and C++, Haskell, Crystal, Nim and OCaml."""

from __future__ import annotations

from deploydeck.scan.parsers import (
    cpp_project,
    crystal_project,
    haskell_project,
    nim_project,
    ocaml_project,
    swift_project,
    zig_project,
)
from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = (
    *swift_project.PARSERS,
    *zig_project.PARSERS,
    *cpp_project.PARSERS,
    *haskell_project.PARSERS,
    *crystal_project.PARSERS,
    *nim_project.PARSERS,
    *ocaml_project.PARSERS,
)
