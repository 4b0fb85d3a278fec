"""Go: one static program on an image that holds nothing else; with cgo, on a small Debian with the C library it was linked to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deploydeck.domain import DeploymentConfig, Evidence, Kind
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.compiled import (
    CERTIFICATES,
    built_path,
    by_directory,
    environment_lines,
    joined,
    outside,
    program_name,
    runtime_files,
)
from deploydeck.generate.systems import Package, needed

_COMPILERS = frozenset({"gcc", "g++", "libc6-dev", "make", "pkg-config", "git"})
"""What the image of Go brings along (its Debian packages, from the image's own Dockerfile)."""
_FLAGS_WITH_VALUE = frozenset({"-o", "-ldflags", "-tags", "-mod", "-gcflags", "-asmflags", "-p", "-C", "-overlay", "-pkgdir"})
_IMPORTS_C = re.compile(r'^(?:import\s{1,8}|\s{1,8})("C")', re.MULTILINE)
_DIRECTIVE = re.compile(r"^(?:use|replace)\b")
_LOCAL = re.compile(r"(?:^|=>\s{0,8})(\.{1,2}(?:/[^\s\"]{1,300})?)(?:\s|$)")
_FRAMEWORK = {"gin": (("GIN_MODE", "release"),)}
_ALONE = "gcr.io/distroless/static-debian12:nonroot"
_ZONES = Package("tzdata", "Names of time zones, for time.LoadLocation")
_PROBE = "/usr/local/bin/healthcheck"


def _install(question: InstallQuestion) -> Installation:
    files = question.files
    manifests = _manifests(files)
    vendored = _vendored(files)
    early: tuple[Argv, ...] = () if vendored else (("go", "mod", "download"),)
    return Installation(
        "go",
        manifests,
        early,
        (),
        early,
        "/go/pkg/mod",
        source_clue=vendored,
        locked=any(path.endswith("go.sum") for path in manifests),
    )


def _vendored(files: ProjectFiles) -> Clue:
    """Whether the project carries its dependencies, so that nothing is downloaded."""
    for directory in ("vendor",):
        path = f"{directory}/modules.txt"
        if files.is_file(path):
            return Clue("vendor", (Evidence(file=path, rule="go-vendor"),))
    return NOTHING


def _manifests(files: ProjectFiles) -> tuple[str, ...]:
    """go.mod and go.sum, and with go.work or `replace => ./there` those of other modules. Refuses modules beyond the project."""
    first = "go.work" if files.is_file("go.work") else "go.mod"
    found = [path for path in ("go.work", "go.work.sum") if files.is_file(path)]
    waiting = [""] if first == "go.mod" else [*_modules(files, first)]
    seen: list[str] = []
    while waiting and len(seen) < 100:
        module = waiting.pop(0)
        if module in seen:
            continue
        seen.append(module)
        manifest = posixpath.join(module, "go.mod")
        found += [path for path in (manifest, posixpath.join(module, "go.sum")) if files.is_file(path)]
        waiting += _modules(files, manifest)
    return tuple(inside_path(path, "module") for path in found)


def _modules(files: ProjectFiles, manifest: str) -> Iterator[str]:
    """Directories of this project that `use` and `replace` name."""
    block = False
    for raw in files.text(manifest).split("\n"):
        line = raw.split("//")[0].strip()[:1_000]
        named = _DIRECTIVE.match(line)
        if named and line.endswith("("):
            block = True
        elif line == ")":
            block = False
        elif block or named:
            match = _LOCAL.search(_DIRECTIVE.sub("", line).strip().replace('"', ""))
            if match is None:
                continue
            module = joined(posixpath.dirname(manifest), match[1])
            if module is None:
                raise outside(manifest, match[1])
            yield "" if module == "." else module


def _requirement(wanted: str, evidence: tuple[Evidence, ...]) -> str:
    """go.mod names the oldest Go that will do: one older than all images is satisfied by today's."""
    least = bool(evidence) and posixpath.basename(evidence[0].file) in ("go.mod", "go.work")
    match = re.match(r"1\.(\d{1,3})(?:\.|$)", wanted)
    oldest = int(GO.series[0].split(".")[1])
    return "" if least and match and int(match[1]) < oldest else wanted


def _decide(draft: Draft) -> Draft:
    """One `go build` of the main package, to the program that is started; a build of the project's own stays as it is."""
    if not draft.image or draft.kind is not Kind.SERVER:
        return draft
    files, start = draft.files, draft.start
    build = draft.build[0] if draft.build else ("go", "build", ".")
    clues = {**draft.clues, "cgo": _cgo(draft)}
    if start[:2] == ("go", "run"):
        package, start = _run_package(start)
        build = ("go", "build", package)
    elif draft.profile.primary and not draft.settings.app.build and files.is_file("go.work"):
        build = (*build[:-1], f"./{posixpath.normpath(posixpath.join(draft.profile.primary, build[-1]))}")
    if not start:
        return draft
    name = program_name(start, files, " ".join(build[:2]))
    if build[:2] == ("go", "build"):
        build = _complete(build, name)
        clues["program"] = Clue(f"/out/{name}")
    else:
        clues["program"] = Clue(f"/src/{built_path(start[0])}")
    return replace(
        draft, build=(build,), start=(f"/app/{name}", *start[1:]), clues=clues, environment=_FRAMEWORK.get(draft.framework, ())
    )


def _run_package(start: Argv) -> tuple[str, Argv]:
    """The package that `go run` would compile at every start, and the start of the built program."""
    words = list(start[2:])
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in _FLAGS_WITH_VALUE and words:
            words.pop(0)
    package = words.pop(0) if words else "."
    if package.endswith(".go"):
        while words and words[0].endswith(".go"):
            words.pop(0)
        package = f"./{posixpath.dirname(package).removeprefix('./')}".rstrip("/")
    return package or ".", ("./app", *words)


def _complete(build: Argv, name: str) -> Argv:
    """The same build to /out, without paths of the build machine and without symbols nobody reads in an image."""
    words, flags, packages = list(build[2:]), [], []
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            packages.append(word)
        elif word == "-o":
            words[:1] = []
        elif word.startswith("-o="):
            continue
        else:
            flags.append(word)
            if word in _FLAGS_WITH_VALUE and words:
                flags.append(words.pop(0))
    small = () if any(flag.startswith("-ldflags") for flag in flags) else ("-ldflags=-s",)
    ours = tuple(flag for flag in ("-trimpath", "-buildvcs=false") if flag not in flags)
    return ("go", "build", *ours, *small, *flags, "-o", f"/out/{name}", *(packages or ["."]))


def _cgo(draft: Draft) -> Clue:
    """Why C is compiled in: a dependency that needs a compiler, or `import "C"` in the source."""
    for package in draft.profile.system_packages:
        if package.build:
            return Clue(package.because or package.name, package.evidence)
    for path in draft.files.find(".go"):
        if path.endswith("_test.go"):
            continue
        text = draft.files.head(path)
        match = _IMPORTS_C.search(text)
        if match:
            line = text.count("\n", 0, match.start(1)) + 1
            return Clue(path, (Evidence(file=path, line=line, text='import "C"', rule="go-cgo"),))
    return NOTHING


def _context(request: Request) -> dict[str, Any]:
    profile, choices, config = request.profile, request.choices, request.config
    cgo, program = choices.clue("cgo"), choices.clue("program").value
    name = posixpath.basename(choices.start[0]) if choices.start else ""
    wishes = Preferences(config.preferences)
    system = needed(profile, wishes, gone=_COMPILERS)
    alone = not cgo and not system.run
    if not alone:
        system = needed(profile, wishes, also_run=(CERTIFICATES, _ZONES), gone=_COMPILERS)
    base = profile.primary if request.files.is_file("go.work") else ""
    pinned = f"Go {choices.series} is what the project asks for; the compiler stays in this stage"
    return {
        "builder": f"golang:{choices.series}-bookworm" if cgo else f"golang:{choices.series}",
        "runner": _ALONE if alone else "debian:bookworm-slim",
        "alone": alone,
        "system": system,
        "base_why": pinned if choices.series_evidence else "A stable Go: every newer one builds older modules",
        "cgo": cgo.value,
        "cgo_evidence": cgo.evidence,
        "manifests": by_directory(choices.install.manifests if choices.install else ()),
        "modules": "/go/pkg/mod",
        "compiled": "/root/.cache/go-build",
        "program": program,
        "probe": _PROBE,
        "runtime": runtime_files(request.files, base, name),
        "settings": environment_lines(request),
    }


def _probe(config: DeploymentConfig) -> list[str]:
    return [_PROBE, f"127.0.0.1:{config.port}", config.health.path, config.health.host_header or "localhost"]


GO = Stack(
    id="go",
    name="Go",
    languages=("go",),
    managers={"go": _install},
    template="docker/go.Dockerfile.j2",
    context=_context,
    image="golang:{series}",
    series=("1.19", "1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26"),
    default_series="1.26",
    user="65532:65532",
    probe=_probe,
    decide=_decide,
    requirement=_requirement,
    leftovers=tuple(
        (pattern, "go-leftovers", "Made by Go on this machine; not part of the program")
        for pattern in ("**/*.test", "**/*.prof", "**/coverage.out")
    ),
)
