"""Deno: modules fetched while the image is built, run with the permissions that the project's own task gives."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import Kind
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.request import Argv, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.node_files import plain
from deploydeck.generate.stacks.shared import extras

_MANIFESTS = ("deno.json", "deno.jsonc", "package.json")
_CODE = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts")


def _needs_source(files: ProjectFiles) -> Clue:
    """A workspace has manifests in its members, which only the source brings."""
    path = next((path for path in _MANIFESTS[:2] if files.is_file(path)), "")
    text = files.text(path) if path else ""
    return files.line(path, '"workspace"', "workspaces", "deno-workspace") if '"workspace"' in text else NOTHING


def _install(question: InstallQuestion) -> Installation:
    files = question.files
    locked = files.is_file("deno.lock")
    command: Argv = ("deno", "install", *(("--frozen",) if locked else ()))
    extra = tuple(("deno", "add", package) for package in extras(question))
    needs_source = _needs_source(files)
    commands = (command, *extra)
    return Installation(
        manager="deno",
        manifests=(*(path for path in _MANIFESTS if files.is_file(path)), *(("deno.lock",) if locked else ())),
        early=() if needs_source else commands,
        late=commands if needs_source else (),
        full=commands,
        cache="",
        source_clue=needs_source,
        locked=locked,
    )


def _context(request: Request) -> dict[str, Any]:
    choices, files = request.choices, request.files
    words = plain(choices.start) if choices.kind is Kind.SERVER else ()
    entry = next((word.removeprefix("./") for word in words[1:] if word.endswith(_CODE) and "://" not in word), "")
    frozen = ("--frozen",) if choices.install and choices.install.locked else ()
    cached = ("deno", "cache", *frozen, inside_path(entry, "start file")) if entry and files.is_file(entry) else ()
    return {"cached": cached, "by_deno": choices.start[:1] == ("deno",)}


DENO = Stack(
    id="deno",
    name="Deno",
    languages=(),
    managers={"deno": _install},
    template="docker/deno.Dockerfile.j2",
    context=_context,
    image="denoland/deno:{series}",
    # The last release of each minor that the registry of npm had on 2026-11-24; the image has a tag for each release.
    series=("2.0.6", "2.1.14", "2.2.15", "2.3.7", "2.4.4", "2.5.7", "2.6.8", "2.7.14", "2.8.3", "2.9.6"),
    default_series="2.9.6",
    site_template="docker/_deno_build.j2",
    user="1000:1000",
    programs=("deno",),
    exact=True,
    leftovers=(("**/node_modules", "node-leftovers", "Made on this machine, for its system; the image makes its own"),),
    foreign=("**/node_modules",),
)
