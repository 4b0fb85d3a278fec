"""The demo's copies and prepared changes; what doctor finds."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from deploydeck import demo
from deploydeck.domain import DeployDeckError
from deploydeck.settings import Paths
from tests.cli.conftest import TOP, Program


def test_each_demo_is_a_fresh_copy(program: Program) -> None:
    first = Path(program("demo", "--path-only").out.strip())
    second = Path(program("demo", "--path-only", "--json").json()["path"])
    assert first != second
    assert (first / "app.py").read_bytes() == (TOP / "examples" / "shop" / "app.py").read_bytes()
    assert program.paths.data.stat().st_mode & 0o077 == 0
    log = subprocess.run(["git", "-C", str(first), "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert log.stdout == ""


def test_a_demo_where_one_wants_it(program: Program, tmp_path: Path) -> None:
    target = tmp_path / "here" / "shop"
    assert program("demo", str(target), "--path-only").out == f"{target}\n"
    error = json.loads(program("demo", str(target), "--path-only", "--json", expect=1).err)["error"]
    assert error["code"] == "demo-exists"


def test_a_demo_without_git(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    root = demo.create_demo(paths)
    assert (root / "app.py").exists()
    assert not (root / ".git").exists()


def test_prepared_changes(program: Program, paths: Paths) -> None:
    root = demo.create_demo(paths)
    assert demo.is_demo(root)
    assert not demo.is_demo(program.project)
    plain = json.loads((root / "catalogue.json").read_text())
    second = json.loads(demo.next_version(root)["catalogue.json"])
    broken = json.loads(demo.breaking_change(root)["catalogue.json"])
    assert second["edition"] != plain["edition"]
    assert len(second["products"]) == len(plain["products"]) + 1
    # what the health path reads is not there, so it answers 500
    assert 'catalogue()["edition"]' in ast.unparse(ast.parse((root / "app.py").read_text())).replace("'", '"')
    assert "edition" not in broken
    with pytest.raises(DeployDeckError) as caught:
        demo.breaking_change(program.project)
    assert caught.value.code == "demo-not-here"


def test_a_prepared_change_is_written(program: Program, paths: Paths) -> None:
    root = demo.create_demo(paths)
    ran = program("demo", str(root), "--change", "v2")
    assert '+  "edition": "Summer edition",' in ran.out
    assert "Summer edition" in (root / "catalogue.json").read_text()
    assert program("demo", str(root), "--change", "v2", "--json").json()["written"] == []
    assert program("demo", str(root), "--change", "broken", "--json").json()["written"] == ["catalogue.json"]
    before = (program.project / "app.py").read_bytes()
    assert program("demo", str(program.project), "--change", "v2", expect=1).err
    assert (program.project / "app.py").read_bytes() == before


def test_doctor_of_a_sound_machine(program: Program) -> None:
    program("generate")
    ran = program("doctor", "--json", expect=None)
    document = ran.json()
    checks = {check["name"]: check for check in document["checks"]}
    assert {"deploydeck", "settings", "data directory", "disk", "database", "worker", "git", "keyring", "terminal"} <= set(checks)
    for name in ("settings", "data directory", "database", "worker"):
        assert checks[name]["state"] == "ok", checks[name]
    assert "schema" in checks["database"]["detail"]
    assert all(check["hint"] for check in document["checks"] if check["state"] != "ok")
    assert ran.code == (0 if document["ok"] else 1)
    text = program("doctor", expect=ran.code).out
    assert "database: sound" in text


def test_doctor_of_a_broken_database(program: Program) -> None:
    program("generate")
    program.paths.database.write_bytes(b"this is no database" * 1000)
    ran = program("doctor", "--json", expect=1)
    (database,) = [check for check in ran.json()["checks"] if check["name"] == "database"]
    assert database["state"] == "fail"
    assert "backups" in database["hint"]


def test_doctor_of_broken_settings(program: Program) -> None:
    program.paths.config.mkdir(parents=True)
    program.paths.user_file.write_text("[ui\n")
    ran = program("doctor", "--json", expect=1)
    assert any(check["state"] == "fail" and "TOML" in check["detail"] for check in ran.json()["checks"])


def test_doctor_without_docker(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    ran = program("doctor", "--json")
    (engine,) = [check for check in ran.json()["checks"] if check["name"] == "Docker Engine"]
    assert engine["state"] == "warn"
    assert "process target" in engine["hint"]


def test_doctor_without_any_tool(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    checks = {check["name"]: check for check in program("doctor", "--json").json()["checks"]}
    assert checks["git"]["state"] == "warn"
    assert checks["node"]["state"] == "warn"
    assert checks["git"]["hint"]
