"""Rust: dependencies compiled in a layer of their own, one program on a small Debian."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

from deploydeck.domain import Evidence, Kind
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.compiled import (
    CERTIFICATES,
    built_path,
    by_directory,
    environment_lines,
    program_name,
    runtime_files,
)
from deploydeck.generate.stacks.crates import CONFIG, MANIFEST, Crates, crates
from deploydeck.generate.systems import Package, needed

_COMPILERS = frozenset({"gcc", "libc6-dev"})
"""What the slim image of Rust brings along: a linker and the headers of the C library."""
_SERIES = tuple(f"1.{minor}" for minor in range(70, 101))
"""Rust has a release every six weeks; 1.85 came on 2025-02-20, so 1.100 on 2026-11-12."""
_INIT = Package("tini", "Passes on the signal to stop: a process 1 without a handler of its own never gets it")
_ROCKET = (("ROCKET_ADDRESS", "{host}"), ("ROCKET_PORT", "{port}"))


def _install(question: InstallQuestion) -> Installation:
    files = question.files
    found = crates(files)
    lock = ("Cargo.lock",) if files.is_file("Cargo.lock") else ()
    config = tuple(path for path in (CONFIG, ".cargo/config") if files.is_file(path))
    fetch: tuple[Argv, ...] = (("cargo", "fetch", *(("--locked",) if lock else ())),)
    return Installation(
        "cargo",
        (*found.manifests[:1], *lock, *config, *found.manifests[1:]),
        () if found.whole else fetch,
        (),
        fetch,
        "/usr/local/cargo/registry",
        source_clue=found.whole,
        locked=bool(lock),
    )


def _requirement(wanted: str, evidence: tuple[Evidence, ...]) -> str:
    """`rust-version` of a manifest is the oldest Rust that will do; a toolchain file names the one to take."""
    least = bool(evidence) and posixpath.basename(evidence[0].file) == MANIFEST
    number = re.match(r"\d{1,3}(?:\.\d{1,4}){0,2}", wanted)
    return f">={number[0]}" if least and number else wanted


def _decide(draft: Draft) -> Draft:
    """One locked `cargo build` of the binary that is started; a build of the project's own stays as it is."""
    if not draft.image or draft.kind is not Kind.SERVER:
        return draft
    files, start = draft.files, draft.start
    build = draft.build[0] if draft.build else ("cargo", "build", "--release")
    if start[:2] == ("cargo", "run"):
        start = _run_program(start, build, files)
    if not start:
        return draft
    name = program_name(start, files, " ".join(build[:2]))
    if build[:2] == ("cargo", "build"):
        locked = files.is_file("Cargo.lock") and not {"--locked", "--frozen"} & set(build)
        build = (*build, *(("--release",) if "--release" not in build and "--profile" not in build else ()))
        build = (*build[:2], *(("--locked",) if locked else ()), *build[2:])
        program = f"/src/target/release/{name}"
    else:
        program = f"/src/{built_path(start[0])}"
    environment = _ROCKET if draft.framework == "rocket" else ()
    clues = {**draft.clues, "program": Clue(program), "offline": _offline(files)}
    return replace(draft, build=(build,), start=(f"/app/{name}", *start[1:]), clues=clues, environment=environment)


def _run_program(start: Argv, build: Argv, files: ProjectFiles) -> Argv:
    """What `cargo run` would build and start, as the start of the built program."""
    cut = start.index("--") if "--" in start else len(start)
    words = start[2:cut]
    package = files.toml(MANIFEST).get("package")
    fields = package if isinstance(package, dict) else {}
    named = next((after for word, after in pairwise(words) if word == "--bin"), "")
    named = named or next((after for word, after in pairwise(build) if word == "--bin"), "")
    name = named or fields.get("default-run") or fields.get("name") or ""
    return (f"./target/release/{name}", *start[cut + 1 :])


def _offline(files: ProjectFiles) -> Clue:
    """Whether sqlx checks its queries against files instead of a database, which no build can reach."""
    if files.is_dir(".sqlx"):
        return Clue(".sqlx", (Evidence(file=".sqlx", rule="sqlx-offline"),))
    if files.is_file("sqlx-data.json"):
        return Clue("sqlx-data.json", (Evidence(file="sqlx-data.json", rule="sqlx-offline"),))
    return NOTHING


def _context(request: Request) -> dict[str, Any]:
    profile, choices, config, files = request.profile, request.choices, request.config, request.files
    found = crates(files) if choices.install else Crates(())
    name = posixpath.basename(choices.start[0]) if choices.start else ""
    pinned = f"Rust {choices.series} is what the project asks for; the compiler stays in this stage"
    compiles = any(command[:2] == ("cargo", "build") for command in choices.build)
    return {
        "runner": "debian:trixie-slim",
        "system": needed(profile, Preferences(config.preferences), also_run=(CERTIFICATES, _INIT), gone=_COMPILERS),
        "base_why": pinned if choices.series_evidence else "A stable Rust: every newer one builds older crates",
        "manifests": by_directory(choices.install.manifests if choices.install else ()),
        "stubs": () if found.whole else _stubs(found),
        "compiles": compiles,
        "cache": "--mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/usr/local/cargo/git",
        "offline": choices.clue("offline").value,
        "offline_evidence": choices.clue("offline").evidence,
        "program": choices.clue("program").value,
        "runtime": runtime_files(files, profile.primary, name),
        "settings": environment_lines(request),
    }


def _stubs(found: Crates) -> tuple[str, ...]:
    """Shell commands that put something to compile where the crates have their source. Their paths are safe in a shell."""
    directories = sorted({posixpath.dirname(path) or "." for path in (*found.empty, *found.mains)})
    commands = [f"mkdir -p {' '.join(directories)}"] if directories else []
    if found.empty:
        commands.append(f"touch {' '.join(found.empty)}")
    commands += [f"echo 'fn main() {{}}' > {path}" for path in found.mains]
    return tuple(commands)


RUST = Stack(
    id="rust",
    name="Rust",
    languages=("rust",),
    managers={"cargo": _install},
    template="docker/rust.Dockerfile.j2",
    context=_context,
    image="rust:{series}-slim",
    series=_SERIES,
    default_series="1.90",
    decide=_decide,
    requirement=_requirement,
    leftovers=(
        ("target", "rust-leftovers", "Made by Cargo on this machine; the image makes its own"),
        ("rust-toolchain", "rust-toolchain", "The image has this Rust already; rustup would download it once more"),
        ("rust-toolchain.toml", "rust-toolchain", "The image has this Rust already; rustup would download it once more"),
    ),
    foreign=("target",),
)
