"""Maven, Gradle, sbt, Leiningen and deps.edn."""

from __future__ import annotations

from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = ()
