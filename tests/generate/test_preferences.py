"""Wishes: which are followed, where they show, and that none can bring a secret or an instruction into an image."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, DeploymentConfig, EnvVariable, Evidence, Preference
from deploydeck.generate.dockerfile_syntax import instructions
from deploydeck.generate.names import run_with_secrets, variable_form
from deploydeck.generate.policies.model import names_secret
from deploydeck.generate.preferences import BUILD_ARGUMENTS, BUILD_PACKAGES, CACHE, CPUS, MEMORY_MB, Preferences, preferences
from deploydeck.settings import Settings
from tests.generate.samples import express_npm, fact, flask_pip, static_site, vite_npm, write
from tests.generate.test_generator import config_of, files_of, refusal, set_to


def wish(name: str, value: Any, source: str = "a model") -> Preference:
    return Preference(name=name, value=value, source=source)


def test_settings_are_wishes_with_their_source(tmp_path: Path) -> None:
    chosen = set_to(
        build={"build_packages": ["git"], "arguments": {"B": "2", "A": "1"}, "cache": False},
        resources={"memory_mb": 64, "cpus": 1.5},
    )
    config = config_of(flask_pip(tmp_path), chosen)
    found = Preferences(config.preferences)
    assert [(one.value, one.source) for one in found.packages(BUILD_PACKAGES)] == [
        ("git", "[build] build_packages in the settings")
    ]
    assert [(one.name, one.value) for one in found.arguments] == [("A", "1"), ("B", "2")]
    assert (found.cache, found.memory_bytes, found.cpus) == (False, 64 * 1024 * 1024, 1.5)
    assert (config.limits.memory_bytes, config.limits.cpus) == (64 * 1024 * 1024, 1.5)
    assert DeploymentConfig.model_validate_json(config.model_dump_json()) == config
    assert Preferences(preferences(Settings())) == Preferences()


def test_proposals_come_through_the_same_door_and_later_ones_win() -> None:
    chosen = set_to(build={"arguments": {"A": "1"}, "build_packages": ["git"]}, resources={"memory_mb": 64})
    proposed = [wish(BUILD_ARGUMENTS, ("A=2", "C=x=y")), wish(MEMORY_MB, 128), wish(BUILD_PACKAGES, ("git", "make")), wish(CPUS, 2)]
    found = Preferences(preferences(chosen, proposed))
    assert [(one.name, one.value, one.source) for one in found.arguments] == [("A", "2", "a model"), ("C", "x=y", "a model")]
    assert [one.value for one in found.packages(BUILD_PACKAGES)] == ["git", "make"]
    assert (found.memory_bytes, found.cpus) == (128 * 1024 * 1024, 2.0)


@pytest.mark.parametrize(
    "bad",
    [
        wish("entrypoint", "sh"), wish(BUILD_PACKAGES, "git"), wish(BUILD_PACKAGES, ("git; rm -rf /",)),
        wish(BUILD_PACKAGES, ("-y",)), wish(BUILD_ARGUMENTS, ("A",)), wish(BUILD_ARGUMENTS, ("A-B=1",)),
        wish(BUILD_ARGUMENTS, ("API_TOKEN=1",)), wish(BUILD_ARGUMENTS, ("A=x\nRUN id",)),
        wish(BUILD_ARGUMENTS, ("URL=https://me:hunter22@host/x",)), wish(BUILD_ARGUMENTS, True), wish(CACHE, "no"),
        wish(CACHE, 1), wish(MEMORY_MB, 1.5), wish(MEMORY_MB, 1), wish(MEMORY_MB, True), wish(CPUS, 0), wish(CPUS, "1"),
    ],
)  # fmt: skip
def test_what_could_harm_is_refused_whoever_asks(bad: Preference) -> None:
    with pytest.raises(DeployDeckError) as caught:
        preferences(Settings(), [bad])
    assert caught.value.code == "generate-preference" and "a model" in caught.value.what
    assert "hunter22" not in str(caught.value)


def test_a_secret_as_build_argument_is_refused_from_settings_too(tmp_path: Path) -> None:
    assert refusal(flask_pip(tmp_path), set_to(build={"arguments": {"NPM_TOKEN": "x"}})).code == "generate-preference"


def test_arguments_stand_in_the_build_stage_with_their_source(tmp_path: Path) -> None:
    file = files_of(flask_pip(tmp_path), set_to(build={"arguments": {"FLAVOUR": 'sweet "and" $our'}}))["Dockerfile"]
    build, final = file.content.split("# Run:")
    assert 'ARG FLAVOUR="sweet \\"and\\" \\$our"\n' in build and "FLAVOUR" not in final
    line = file.content.split("\n").index('ARG FLAVOUR="sweet \\"and\\" \\$our"') + 1
    assert next(r for r in file.reasons if r.line == line).why.endswith("[build.arguments] in the settings")
    assert not file.blocked


@pytest.mark.parametrize("make", [flask_pip, express_npm, vite_npm])
def test_no_cache_means_no_cache_mount(tmp_path: Path, make: Any) -> None:
    made = make(tmp_path)
    assert "--mount=type=cache" in files_of(made)["Dockerfile"].content
    file = files_of(made, set_to(build={"cache": False}))["Dockerfile"]
    assert "--mount" not in file.content and "install" in file.content and not file.blocked


DIGEST = "sha256:" + "ab" * 32


def test_base_images_are_pinned_by_digest(tmp_path: Path) -> None:
    chosen = set_to(
        build={"registry_mirror": "mirror.example/hub", "digests": {"python:3.13-slim": DIGEST, "nginx:stable": DIGEST}}
    )
    file = files_of(flask_pip(tmp_path), chosen)["Dockerfile"]
    froms = [i.arguments.split()[0] for i in instructions(file.content) if i.name == "FROM"]
    assert froms == [f"mirror.example/hub/python:3.13-slim@{DIGEST}"] * 2
    assert any("digest" in r.why for r in file.reasons if r.rule == "base-image") and not file.blocked
    assert f"nginx:stable@{DIGEST}" in files_of(static_site(tmp_path / "site"), chosen)["Dockerfile"].content


@pytest.mark.parametrize("name", ["python", "x\nRUN id", "python:3.13 AS x", ""])
def test_digests_of_what_is_no_image_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal(flask_pip(tmp_path), set_to(build={"digests": {name: DIGEST}})).code == "generate-image-name"


def test_digests_have_one_form() -> None:
    with pytest.raises(ValueError, match="digests"):
        set_to(build={"digests": {"python:3.13-slim": "sha256:beef"}})


BUILT = (
    EnvVariable(name="VITE_API", build_time=True, used=(Evidence(file="main.js", line=1),)),
    EnvVariable(name="VITE_TITLE", build_time=True), EnvVariable(name="VITE_API_KEY", build_time=True),
    EnvVariable(name="SENTRY_AUTH_TOKEN", build_time=True, secret=True), EnvVariable(name="RUNTIME"),
)  # fmt: skip


def test_build_variables_are_arguments_and_build_secrets_are_mounted(tmp_path: Path) -> None:
    made = vite_npm(tmp_path, variables=BUILT)
    file = files_of(made, set_to(environments={"development": {"variables": {"VITE_API": "https://api.example/"}}}))["Dockerfile"]
    lines = file.content.split("\n")
    assert "ARG VITE_API=https://api.example/" in lines and "ARG VITE_TITLE" in lines and "ARG VITE_API_KEY" in lines
    assert not any(line.startswith(("ARG SENTRY", "ENV SENTRY", "ARG RUNTIME")) for line in lines)
    built = next(line for line in lines if "npm run build" in line)
    assert built == (
        "RUN --mount=type=secret,id=SENTRY_AUTH_TOKEN "
        'SENTRY_AUTH_TOKEN="$(cat /run/secrets/SENTRY_AUTH_TOKEN 2>/dev/null)" npm run build'
    )
    assert lines.index("ARG VITE_TITLE") > next(n for n, line in enumerate(lines) if "npm install" in line)
    reason = next(r for r in file.reasons if r.line == lines.index("ARG VITE_API=https://api.example/") + 1)
    assert reason.evidence[0].where == "main.js:1" and not file.blocked


def test_a_hostile_command_with_secrets_has_one_meaning() -> None:
    assert run_with_secrets(("a b", "$(id)"), ("TOKEN",)) == (
        '--mount=type=secret,id=TOKEN ["sh", "-c", "TOKEN=\\"$(cat /run/secrets/TOKEN 2>/dev/null)\\" exec \\"$@\\"", "sh", '
        '"a b", "$(id)"]'
    )
    assert run_with_secrets(("make",), ()) == "make"


def test_names_that_look_secret() -> None:
    assert all(map(names_secret, ("API_KEY", "apiKey", "NPM_TOKEN", "DB_PASSWORD", "DB_PASS", "PRIVATE_KEY")))
    assert not any(map(names_secret, ("KEYBOARD", "NEXT_PUBLIC_API_KEY", "VITE_API_KEY", "NAME", "PASSENGERS", "DATABASE_HOST")))


@given(st.text(st.characters(codec="utf-8"), max_size=40).filter(str.isprintable))
def test_any_printable_value_of_an_argument_reads_back(value: str) -> None:
    """The reading side is the shell's: inside double quotes Docker and sh know the same escapes."""
    written = variable_form(value)
    read, position, quoted = "", 0, written.startswith('"')
    if quoted:
        assert written.endswith('"') and len(written) >= 2
        body = written[1:-1]
        while position < len(body):
            if body[position] == "\\":
                position += 1
            else:
                assert body[position] not in '"$'
            read += body[position]
            position += 1
    else:
        read = written
        assert not set(written) & set(" \"'$\\#")
    assert read == value


def test_the_shell_reads_values_back_too() -> None:
    value = 'a "b" $HOME \\ \\$x '
    done = subprocess.run(["sh", "-c", f'A={variable_form(value)}; printf %s "$A"'], capture_output=True, text=True, check=True)
    assert done.stdout == value


def test_an_npm_project_gets_its_arguments_too(tmp_path: Path) -> None:
    made = express_npm(tmp_path, build_command=fact(("npm", "run", "build")))
    write(tmp_path, {"package-lock.json": "{}"})
    text = files_of(made, set_to(build={"arguments": {"A": "1"}, "build_packages": ["git"]}))["Dockerfile"].content
    assert text.index("        git \\") < text.index("ARG A=1") < text.index("npm ci")
