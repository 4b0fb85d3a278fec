"""Java, Kotlin, Scala and Clojure source, and the configuration files of their frameworks."""

from __future__ import annotations

from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = ()
