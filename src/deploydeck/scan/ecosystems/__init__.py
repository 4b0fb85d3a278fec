"""How projects of each ecosystem are built and started: one resolver each, `resolve` in the module of the ecosystem's name."""

from __future__ import annotations

from importlib import import_module

from deploydeck.scan.ecosystems.base import Resolve, Resolved

RESOLVERS: dict[str, str] = {
    "python": "python",
    "node": "node",
    "deno": "deno",
    "jvm": "jvm",
    "go": "go",
    "rust": "rust",
    "swift": "compiled",
    "zig": "compiled",
    "cpp": "compiled",
    "haskell": "compiled",
    "crystal": "compiled",
    "nim": "compiled",
    "ocaml": "compiled",
    "ruby": "ruby",
    "php": "php",
    "beam": "beam",
    "perl": "scripts",
    "lua": "scripts",
    "r": "scripts",
    "julia": "scripts",
    "dotnet": "dotnet",
    "dart": "dart",
    "sites": "sites",
}
"""Ecosystem id to module."""


def resolver(ecosystem: str) -> Resolve:
    """The resolver of an ecosystem."""
    resolve: Resolve = import_module(f"{__name__}.{RESOLVERS[ecosystem]}").resolve
    return resolve


__all__ = ["RESOLVERS", "Resolve", "Resolved", "resolver"]
