"""Static site generators that are a program of their own: Hugo, Zola, mdBook."""

from __future__ import annotations

from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = ()
