"""Settings: where they come from, who may set what, and what a wrong file is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError
from deploydeck.settings import (
    PROJECT_FILE,
    PROJECT_SECTIONS,
    Paths,
    Settings,
    default_paths,
    json_schema,
    load_settings,
    read_toml,
    validate_content,
)
from tests.clock import quick


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def user(paths: Paths, text: str) -> None:
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.user_file.write_text(text)


def load(paths: Paths, project: Path | None = None, **environ: str) -> Settings:
    return load_settings(paths, project, environ)


def fails(paths: Paths, project: Path | None = None, **environ: str) -> DeployDeckError:
    with pytest.raises(DeployDeckError) as caught:
        load_settings(paths, project, environ)
    return caught.value


def test_nothing_set_means_defaults(paths: Paths, project: Path) -> None:
    assert load(paths, project) == Settings()
    assert load(paths) == Settings()
    assert Settings().health.deadline_s == 60.0
    assert Settings().default_environment == "development"


def test_the_order_is_defaults_user_project_environment(paths: Paths, project: Path) -> None:
    user(paths, '[health]\ninterval_s = 2\ntimeout_s = 2\nstable_s = 2\n[worker]\nidle_exit_s = 5\n[app]\nname = "mine"\n')
    (project / PROJECT_FILE).write_text("[health]\ntimeout_s = 3\nstable_s = 3\n")
    found = load(paths, project, DEPLOYDECK_HEALTH__STABLE_S="4")
    assert (found.health.interval_s, found.health.timeout_s, found.health.stable_s) == (2, 3, 4)
    assert (found.worker.idle_exit_s, found.app.name) == (5, "mine")


def test_environments_merge_by_key(paths: Paths, project: Path) -> None:
    user(paths, '[environments.production]\ntarget = "docker"\npublished_port = 80\n')
    (project / PROJECT_FILE).write_text('[environments.production]\npublished_port = 8080\nvariables = {A = "1"}\n')
    place = load(paths, project).environment("production")
    assert (place.target, place.published_port, place.variables) == ("docker", 8080, {"A": "1"})
    assert load(paths, project).environment("never-mentioned").env_file == ".env"


@pytest.mark.parametrize("section", sorted(set(Settings.model_fields) - PROJECT_SECTIONS))
def test_a_project_may_not_decide_how_this_machine_works(paths: Paths, project: Path, section: str) -> None:
    (project / PROJECT_FILE).write_text(f"[{section}]\n")
    error = fails(paths, project)
    assert error.code == "settings-scope"
    assert section in error.what and PROJECT_FILE in error.what and "config.toml" in error.hint
    user(paths, f"[{section}]\n")
    assert load(paths) == Settings()


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("defualt_environment = 'x'\n", "defualt_environment", "'default_environment'"),
        ("[health]\ndeadline = 5\n", "health.deadline", "'deadline_s'"),
        ("[environments.prod]\npublish_port = 1\n", "environments.prod.publish_port", "'published_port'"),
        ("[app]\nzzz = 1\n", "app.zzz", "Valid names here: build, framework"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(paths: Paths, project: Path, text: str, key: str, hint: str) -> None:
    (project / PROJECT_FILE).write_text(text)
    error = fails(paths, project)
    assert error.code == "settings-unknown-key"
    assert repr(key) in error.what and PROJECT_FILE in error.what
    assert hint in error.hint


@pytest.mark.parametrize(
    "text",
    [
     "[app]\nport = 0\n", "[app]\nport = 'many'\n", "[app]\nhealth_path = 'health'\n", "[app]\nhealth_path = \"/a\\u001b[2J\"\n",
     "[app]\nhealth_path = '/a b'\n", '[health]\nhost_header = "a\\r\\nX: y"\n', "[health]\ninterval_s = 0\n", "health = 3\n",
     "[health]\nsuccess_min = 400\n", "[health]\ninterval_s = nan\n", "[environments.'../x']\ntarget = 'docker'\n",
     "[environments.\"\"]\n",
     "[environments.prod]\nvariables = {A = [1]}\n", "[resources]\ncpus = -1\n"],
)  # fmt: skip
def test_a_bad_value_is_refused_and_named(paths: Paths, project: Path, text: str) -> None:
    (project / PROJECT_FILE).write_text(text)
    error = fails(paths, project)
    assert error.code == "settings-invalid"
    assert PROJECT_FILE in error.what and error.why
    assert str(error).isprintable() or str(error).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "content",
    [b"[app", b"a = ", b"\xff\xfe", b"[app]\n[app]\n", b"port = " + b"9" * 5000,
     b"a = " + b"[" * 100_000, b"a = \x00", b"\x1b[2J = 1"],
)  # fmt: skip
def test_hostile_toml_is_an_error_and_not_a_traceback(paths: Paths, project: Path, content: bytes) -> None:
    (project / PROJECT_FILE).write_bytes(content)
    error = fails(paths, project)
    assert error.code == "settings-syntax"
    assert "\x1b" not in str(error)
    assert len(str(error)) < 2_000


def test_a_long_hostile_key_makes_a_short_message(paths: Paths, project: Path) -> None:
    (project / PROJECT_FILE).write_text('"' + "\\u001b]0;x" * 50_000 + '" = 1\n')
    error = quick(lambda: fails(paths, project), 5)
    assert error.code == "settings-unknown-key"
    assert len(str(error)) < 2_000 and "\x1b" not in str(error)


def test_files_that_are_none(paths: Paths, project: Path, tmp_path: Path) -> None:
    place = project / PROJECT_FILE
    place.mkdir()
    assert fails(paths, project).code == "settings-not-a-file"
    place.rmdir()
    os.mkfifo(place)
    assert fails(paths, project).code == "settings-not-a-file"
    place.unlink()
    place.write_bytes(b"#" * 1_000_001)
    assert fails(paths, project).code == "settings-too-large"
    place.unlink()
    outside = tmp_path / "outside.toml"
    outside.write_text("[app]\nname = 'x'\n")
    place.symlink_to(outside)
    assert fails(paths, project).code == "settings-outside"
    place.unlink()
    (project / "real.toml").write_text("[app]\nname = 'linked'\n")
    place.symlink_to("real.toml")
    assert load(paths, project).app.name == "linked"


def test_a_link_to_itself(paths: Paths, project: Path) -> None:
    (project / PROJECT_FILE).symlink_to(PROJECT_FILE)
    assert fails(paths, project).code in ("settings-unreadable", "settings-outside")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(paths: Paths, project: Path) -> None:
    (project / PROJECT_FILE).write_text("")
    (project / PROJECT_FILE).chmod(0)
    assert fails(paths, project).code == "settings-unreadable"


def test_an_unreadable_file_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DeployDeckError) as caught:
        read_toml(tmp_path / "config.toml")
    assert (caught.value.code, caught.value.why) == ("settings-unreadable", "Permission denied")


def test_the_environment_sets_numbers_lists_and_names_with_their_case(paths: Paths) -> None:
    found = load(
        paths,
        DEPLOYDECK_WORKER__IDLE_EXIT_S="1.5",
        DEPLOYDECK_UI__MOUSE="false",
        DEPLOYDECK_DEFAULT_ENVIRONMENT="staging",
        DEPLOYDECK_APP__START='["gunicorn", "app:app"]',
        DEPLOYDECK_ENVIRONMENTS__STAGING__VARIABLES__DATABASE_URL="postgres://db",
        DEPLOYDECK_ENVIRONMENTS__STAGING__SECRETS='["API_KEY"]',
    )
    assert found.worker.idle_exit_s == 1.5
    assert found.ui.mouse is False
    assert found.default_environment == "staging"
    assert found.app.start == ["gunicorn", "app:app"]
    assert found.environment("staging").variables == {"DATABASE_URL": "postgres://db"}
    assert found.environment("staging").secrets == ["API_KEY"]


def test_variables_that_are_not_settings_are_left_alone(paths: Paths) -> None:
    assert (
        load(paths, DEPLOYDECK_HOME="x", DEPLOYDECK_CONFIG="y", DEPLOYDECK_WHATEVER="1", OTHER="2", DEPLOYDECK_="3") == Settings()
    )


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"DEPLOYDECK_APP__PROT": "1"}, "settings-unknown-key"),
        ({"DEPLOYDECK_APP__PORT": "many"}, "settings-invalid"),
        ({"DEPLOYDECK_APP": "x", "DEPLOYDECK_APP__NAME": "y"}, "settings-invalid"),
        ({"DEPLOYDECK_APP__NAME": "x", "DEPLOYDECK_APP__NAME__FIRST": "y"}, "settings-invalid"),
        ({"DEPLOYDECK_APP": "x"}, "settings-invalid"),
        ({"DEPLOYDECK_APP__START": "[oops"}, "settings-invalid"),
        ({"DEPLOYDECK_APP__START": "[" * 100_000}, "settings-invalid"),
        ({"DEPLOYDECK_APP__": "x"}, "settings-unknown-key"),
    ],
)
def test_wrong_variables_are_named(paths: Paths, environ: dict[str, str], code: str) -> None:
    error = fails(paths, None, **environ)
    assert error.code == code
    assert "DEPLOYDECK_" in error.what


def test_the_process_environment_is_the_default(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYDECK_APP__NAME", "from-environment")
    assert load_settings(paths).app.name == "from-environment"


def test_paths_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEPLOYDECK_HOME", str(tmp_path / "d"))
    monkeypatch.setenv("DEPLOYDECK_CONFIG", str(tmp_path / "c"))
    found = default_paths()
    assert (found.data, found.config) == (tmp_path / "d", tmp_path / "c")
    assert found.user_file == tmp_path / "c" / "config.toml"
    assert len({found.database, found.engine_database, found.logs, found.releases, found.worker_lock, found.worker_log}) == 6
    monkeypatch.delenv("DEPLOYDECK_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert default_paths().data.is_absolute()


def test_the_schema_accepts_what_the_settings_accept_and_describes_everything() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    good = {"app": {"port": 8000}, "environments": {"prod": {"target": "docker", "variables": {"A": "1"}}}}
    check.validate(good)
    validate_content(good, "x", "project")
    for bad in ({"app": {"prot": 1}}, {"app": {"port": 0}}, {"nope": 1}, {"environments": {"prod": {"target": 1}}}):
        assert list(check.iter_errors(bad)), bad
    assert json.loads(json.dumps(schema)) == schema
    undescribed = [
        f"{name}.{key}"
        for name, definition in schema["$defs"].items()
        for key, entry in definition.get("properties", {}).items()  # an enumeration has none
        if not entry.get("description")
    ]
    assert undescribed == []


def test_validate_content_answers_with_defaults_for_the_rest() -> None:
    assert validate_content({"app": {"name": "x"}}, "label", "user").app.name == "x"
    assert validate_content({}, "label", "project") == Settings()


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
KEYS = st.sampled_from([*Settings.model_fields, "nope", ""]) | st.text(max_size=12)


@given(st.dictionaries(KEYS, JSON_LIKE, max_size=4))
def test_any_content_gives_settings_or_an_error_a_person_can_read(content: dict[str, Any]) -> None:
    try:
        found = validate_content(content, "file", "user")
    except DeployDeckError as error:
        assert error.code in ("settings-unknown-key", "settings-invalid")
        assert error.what.startswith("file: ")
    else:
        assert Settings.model_validate(found.model_dump()) == found


@given(
    st.dictionaries(
        st.text(st.sampled_from("APLIHENV_S"), max_size=14).map("DEPLOYDECK_".__add__), st.text(max_size=10), max_size=4
    )
)
def test_any_environment_gives_settings_or_an_error(environ: dict[str, str]) -> None:
    nowhere = Paths(data=Path("/nonexistent"), config=Path("/nonexistent"))
    try:
        assert isinstance(load_settings(nowhere, None, environ), Settings)
    except DeployDeckError as error:
        assert error.code.startswith("settings-")


DECLARED = Settings.model_validate({"environments": {"prod-eu": {}, "preproduction": {}, "qa": {"confirm_name": True}}})


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        (Settings(), "development", ""),
        (Settings(), "production", ""),
        (Settings(), "produciton", "did you mean 'production'?"),
        (Settings(), "Production", "did you mean 'production'?"),
        (Settings(), "stagging", "did you mean 'staging'?"),
        (Settings(), "review-17", "it gets the default settings."),
        (DECLARED, "prod-eu", ""),
        (DECLARED, "prod-ue", "did you mean 'prod-eu'?"),
        (DECLARED, "production", "it gets the default settings."),
        (Settings(default_environment="lab"), "lab", ""),
    ],
)
def test_an_environment_nobody_mentioned_is_told_of(settings: Settings, name: str, said: str) -> None:
    warning = settings.environment_warning(name)
    assert warning == (f"Environment {name!r} is not in deploydeck.toml; {said}" if said else "")


@pytest.mark.parametrize(
    ("settings", "name", "asks"),
    [
        (Settings(), "production", True),
        (Settings(), "produciton", True),
        (Settings(), "Prodution", True),
        (Settings(), "prod", True),
        (Settings(), "staging", False),
        (Settings(), "development", False),
        (Settings(), "product-page", False),
        (DECLARED, "preproduction", False),
        (DECLARED, "qa", True),
        (DECLARED, "production", True),
        (Settings.model_validate({"environments": {"production": {"confirm_name": False}}}), "production", False),
        (Settings.model_validate({"environments": {"production": {"confirm_name": False}}}), "produciton", True),
    ],
)
def test_what_looks_like_production_wants_its_name_typed(settings: Settings, name: str, asks: bool) -> None:
    assert settings.asks_for_name(name) is asks


@pytest.mark.parametrize("name", ["../etc", "a b", "x\x1b[2J", "-rf", "a" * 64, "p\n"])
def test_what_cannot_be_the_name_of_an_environment_is_refused(name: str) -> None:
    with pytest.raises(DeployDeckError) as caught:
        Settings().named_environment(name)
    assert caught.value.code == "environment-invalid"
    assert "\x1b" not in str(caught.value)


def test_no_name_means_the_default_environment() -> None:
    assert Settings(default_environment="lab").named_environment(None) == "lab"
