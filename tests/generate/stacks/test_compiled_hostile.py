"""Nothing that a compiled project says of itself becomes an instruction: names, commands, paths, versions, packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, Framework, Language, PackageManager, StartCommand, SystemPackage
from deploydeck.generate.dockerfile_syntax import instructions
from tests.generate.samples import fact, profile, write
from tests.generate.stacks.compiled import made, stages

HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["x\nRUN id", 'x"]\nUSER root', "$(id)", "`id`", "a; rm -rf /", "${HOME}", "\\", "x \\", "<<EOF", "# x", "\x00", "\x1b[2J",
     "{{ 7*7 }}", "\u2028RUN id", "..", "../up", "/etc/passwd", "--mount=type=bind", "-", "", "'", "a\rRUN id", "é", "\ud800"]
)  # fmt: skip
BUILDS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...], dict[str, str]]] = {
    "go": ("go", "go.mod", ("go", "build", "-o", "app", "."), ("./app",), {
        "go.mod": "module x\n\ngo 1.24\n", "main.go": "package main\n"}),
    "rust": ("cargo", "Cargo.toml", ("cargo", "build", "--release"), ("./target/release/shop",), {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n', "src/main.rs": "fn main() {}\n"}),
    "csharp": ("nuget", "Shop.csproj", ("dotnet", "publish", "Shop.csproj"), ("dotnet", "Shop.dll"), {
        "Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web" />\n'}),
    "elixir": ("mix", "mix.exs", ("mix", "release"), ("_build/prod/rel/shop/bin/shop", "start"), {"mix.exs": "# nothing\n"}),
}  # fmt: skip
VERSIONS = {"go": "1.24", "rust": "1.85", "csharp": "8.0", "elixir": "1.18"}


def mostly(good: str) -> st.SearchStrategy[str]:
    """Good three times out of four, so that the other fields of an example get their chance."""
    return st.integers(0, 3).flatmap(lambda n: HOSTILE if n == 3 else st.just(good))


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    language = draw(st.sampled_from(sorted(BUILDS)))
    manager, manifest, build, start, files = BUILDS[language]
    more = tuple(draw(st.lists(HOSTILE, max_size=2)))
    word = draw(st.integers(0, max(len(build) - 1, 0)))
    odd = (*build[:word], draw(mostly(build[word])), *build[word + 1 :])
    begun = (*start[:-1], draw(mostly(start[-1])), *more)
    return {
        "files": files,
        "name": draw(HOSTILE),
        "language": fact(Language(id=language, name=language)),
        "framework": fact(Framework(id=draw(HOSTILE), name=draw(HOSTILE))),
        "package_manager": fact(PackageManager(name=manager, manifest=draw(mostly(manifest)), version=draw(HOSTILE))),
        "build_command": fact((*odd, *draw(st.lists(HOSTILE, max_size=1)))),
        "start": fact(StartCommand(argv=begun, port_from_env=draw(st.booleans()))),
        "health_path": fact(f"/{draw(mostly(''))}"),
        "runtime_version": fact(draw(mostly(VERSIONS[language])), manifest, 1),
        "primary": draw(mostly("")),
        "port": fact(8080),
        "system_packages": (
            SystemPackage(name=draw(mostly("libpq5")), run=draw(st.booleans()), build=True, because=draw(HOSTILE)),
        ),
    }


@settings(max_examples=200, deadline=None)
@given(said())
def test_compiled_projects_cannot_inject(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    files = values["files"]
    root: Path = tmp_path_factory.getbasetemp() / f"hostile-{len(files)}-{next(iter(files))}"
    root.mkdir(exist_ok=True)
    write(root, files)
    try:
        found = made(profile(root, **{key: value for key, value in values.items() if key != "files"}))
    except DeployDeckError as error:
        assert error.code.startswith("generate-")
        return
    file = found["Dockerfile"]
    names = [one.name for one in instructions(file.content)]
    assert set(names) <= {"FROM", "RUN", "ENV", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert [names.count(name) for name in ("FROM", "USER", "HEALTHCHECK", "CMD")] == [2, 1, 1, 1]
    assert not file.blocked, file.verdicts
    end = {one.name: one.arguments for one in stages(file.content)[-1]}
    assert end["USER"].replace(":", "").isdigit()
    assert all(isinstance(word, str) for word in json.loads(end["CMD"]))
    assert all(c.isprintable() or c in "\n" for c in file.content)
