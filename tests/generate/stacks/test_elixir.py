"""Elixir: a release on the system it was built on, and what Phoenix must be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generate.stacks.compiled import (
    dockerfile,
    environment,
    last,
    made,
    refused,
    runs,
    sample,
    scanned,
    sound,
    stages,
    started,
)

ROUTER = "defmodule Shop.Router do\n  use Plug.Router\nend\n"
APPLICATION = "defmodule Shop do\n  use Application\nend\n"


def mix(more: str = "", dependencies: str = '{:bandit, "~> 1.6"}') -> str:
    return (
        "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    [\n      app: :shop,\n"
        f'      version: "1.0.0",\n      elixir: "~> 1.18",\n{more}      deps: deps()\n    ]\n  end\n\n'
        f"  def application, do: [mod: {{Shop, []}}]\n\n  defp deps do\n    [\n      {dependencies}\n    ]\n  end\nend\n"
    )


SHOP = {"mix.exs": mix(), "mix.lock": "%{}\n", "lib/shop.ex": APPLICATION, "lib/shop/router.ex": ROUTER}
GET = "mix deps.get --only prod"


@pytest.mark.parametrize("name", ["elixir-gen-tcp", "elixir-phoenix", "elixir-plug-bandit"])
def test_a_sample_gets_a_sound_image(name: str) -> None:
    files = made(sample(name))
    sound(files["Dockerfile"])
    assert {"**/_build", "**/deps"} <= set(files[".dockerignore"].content.split("\n"))


def test_a_phoenix_application() -> None:
    text = dockerfile(sample("elixir-phoenix"))
    assert [stage[0].arguments for stage in stages(text)] == ["elixir:1.17-slim AS build", "elixir:1.17-slim"]
    assert started(text) == ["/app/bin/meadow", "start"]
    assert environment(text) == {
        "HOME": "/tmp", "LANG": "C.UTF-8", "RELEASE_TMP": "/tmp", "RELEASE_DISTRIBUTION": "none", "PHX_SERVER": "true",
        "HOST": "0.0.0.0", "PORT": "4000",
    }  # fmt: skip
    assert text.index("COPY mix.exs mix.lock ./") < text.index(GET) < text.index("COPY config/config.exs config/prod.exs config/")
    assert text.index("mix deps.compile") < text.index("COPY . .")
    assert "runtime.exs" not in text
    assert "ecto.migrate" not in text
    assert "SECRET_KEY_BASE" not in text


def test_a_release_of_a_name_of_its_own() -> None:
    text = dockerfile(sample("elixir-plug-bandit"))
    assert runs(text)[-1].endswith("&& mix release door")
    assert started(text) == ["/app/bin/door", "start"]
    assert "PHX_SERVER" not in text


def test_what_needs_no_dependency_fetches_nothing() -> None:
    text = dockerfile(sample("elixir-gen-tcp"))
    assert "local.hex" not in text
    assert "deps.get" not in text
    assert len(runs(text)) == 1


def test_assets_are_built_by_the_task_of_the_project(tmp_path: Path) -> None:
    task = '      aliases: ["assets.deploy": ["esbuild default --minify", "phx.digest"]],\n'
    text = dockerfile(scanned(tmp_path, {**SHOP, "mix.exs": mix(task)}), app={"port": 4000})
    assert runs(text)[-1] == "mix compile && mix assets.deploy && mix release"
    assert "npm" not in text
    scanned(tmp_path / "b", {**SHOP, "mix.exs": mix(task), "assets/package.json": "{}", "assets/package-lock.json": "{}"})
    other = dockerfile(scanned(tmp_path / "b"), app={"port": 4000})
    assert "npm ci --prefix assets" in other
    assert "nodejs" in other.split("# Run:")[0]
    assert "nodejs" not in other.split("# Run:")[1]


@pytest.mark.parametrize(
    ("files", "copied"),
    [
        ({"config/config.exs": "import Config\n", "config/prod.exs": "import Config\n"}, "config/config.exs config/prod.exs"),
        ({"config/config.exs": 'import Config\nimport_config "#{config_env()}.exs"\n', "config/prod.exs": ""},
         "config/config.exs config/prod.exs"),
        ({"config/config.exs": 'import Config\nimport_config "shared.exs"\n', "config/prod.exs": ""}, "config"),
        ({"config/config.exs": "import Config\n"}, "config"),
    ],
)  # fmt: skip
def test_the_configuration_that_dependencies_are_compiled_with(tmp_path: Path, files: dict[str, str], copied: str) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, **files}), app={"port": 4000})
    assert f"COPY {copied} config/" in text


def test_without_a_lock_it_is_said(tmp_path: Path) -> None:
    file = made(scanned(tmp_path, {path: text for path, text in SHOP.items() if path != "mix.lock"}), app={"port": 4000})[
        "Dockerfile"
    ]
    assert "unlocked-install" in {reason.rule for reason in file.reasons}


def test_neighbours_inside_come_with_the_source_and_those_beyond_are_refused(tmp_path: Path) -> None:
    inside = scanned(tmp_path / "a", {**SHOP, "mix.exs": mix(dependencies='{:bandit, "~> 1.6"}, {:own, path: "own"}')})
    text = dockerfile(inside, app={"port": 4000})
    assert text.index("COPY . .") < text.index(GET)
    beyond = scanned(tmp_path / "b", {**SHOP, "mix.exs": mix(dependencies='{:bandit, "~> 1.6"}, {:own, path: "../own"}')})
    assert refused(beyond, app={"port": 4000}).code == "generate-outside-project"


@pytest.mark.parametrize("start", [["mix", "phx.server"], ["env", "MIX_ENV=prod", "mix", "run", "--no-halt"]])
def test_a_start_from_the_source_becomes_the_release(tmp_path: Path, start: list[str]) -> None:
    assert started(dockerfile(scanned(tmp_path, SHOP), app={"port": 4000, "start": start})) == ["/app/bin/shop", "start"]


def test_a_script_is_refused(tmp_path: Path) -> None:
    assert refused(scanned(tmp_path, SHOP), app={"port": 4000, "start": ["./run.sh"]}).code == "generate-start-not-built"


def test_a_version_without_an_image_is_not_replaced_in_silence(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**SHOP, ".tool-versions": "elixir 1.4.5\n"})
    assert refused(found, app={"port": 4000}).code == "generate-runtime-version"


def test_gleam_and_erlang_are_said_to_be_later(tmp_path: Path) -> None:
    assert refused(sample("gleam-wisp")).what == "Wisp project; deploying it is not supported yet."
    erlang = {"rebar.config": '{deps, [{cowboy, "2.12.0"}]}.\n{relx, [{release, {shop, "1.0.0"}, [shop]}]}.\n'}
    assert refused(scanned(tmp_path, erlang)).code == "generate-unsupported"


def test_a_word_of_ones_own_build_stays_a_word(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, SHOP), app={"port": 4000, "build": ["mix", "release", "--path", "x\nRUN id; '$(id)'"]})
    assert "\nRUN id" not in text
    assert last(text, "USER") == "10001:10001"
