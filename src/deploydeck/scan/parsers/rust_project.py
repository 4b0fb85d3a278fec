"""Rust: Cargo.toml, Cargo.lock and source."""

from __future__ import annotations

from deploydeck.scan.parsers import rust_manifests, rust_source
from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = (*rust_manifests.PARSERS, *rust_source.PARSERS)
