"""Go: go.mod, go.sum, go.work and source."""

from __future__ import annotations

from deploydeck.scan.parsers import go_modules, go_source
from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = (*go_modules.PARSERS, *go_source.PARSERS)
