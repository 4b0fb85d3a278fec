"""A sentinel secret, given to a program that tells it to everybody: no sink of ours may hold it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Program, clean, copy_project, docker, fetch, free_port, set_port

pytestmark = [pytest.mark.slow, pytest.mark.registry, pytest.mark.timeout(400)]

SENTINEL = "s3ntinel-Zx81-Value-4242"
KEPT = "k3pt-Sentinel-Qy77-Value-1313"
PASSPHRASE = "a passphrase that no sink may hold"
FORMS = (*(form for one in (SENTINEL, KEPT) for form in (one, base64.b64encode(one.encode()).decode().rstrip("="))), PASSPHRASE)
FOR_THE_PROGRAM = {"launch.json"}
"""The one file that must hold it: what a kept release is started with again, readable by its owner only."""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    root = copy_project("flask-pip", tmp_path)
    source = (root / "app.py").read_text()
    telling = (
        "\nimport base64, sys\n"
        "token = os.environ['BOARD_TOKEN']\n"
        "print('my token is', token, flush=True)\n"
        "print('kept is', os.environ['KEPT_TOKEN'], flush=True)\n"
        "print('encoded', base64.b64encode(token.encode()).decode(), file=sys.stderr, flush=True)\n"
    )
    (root / "app.py").write_text(source + telling)
    (root / ".env").write_text(f"BOARD_TOKEN={SENTINEL}\n")
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    (tmp_path / "kept.env").write_text(f"KEPT_TOKEN={KEPT}\n")
    made = Program(tmp_path / "home", root, {"DEPLOYDECK_PASSPHRASE_FILE": str(tmp_path / "passphrase")})
    yield made
    clean(made)


@pytest.mark.parametrize("target", ["process", pytest.param("docker", marks=pytest.mark.engine)])
def test_no_sink_holds_the_secret(target: str, program: Program) -> None:
    said: list[str] = []

    def run(*arguments: str, expect: int = 0) -> str:
        ran = program(*arguments, expect=expect)
        said.extend([ran.out, ran.err])
        return ran.out

    run("secrets", "import", str(program.project.parent / "kept.env"), "--yes")
    run("scan", "--json")
    run("generate", "--write", "--yes", "--target", target)
    set_port(program.project, free_port(), target=target)
    run("secrets", "list")
    run("deploy", "--plan")
    first = json.loads(run("deploy", "--yes", "--json").splitlines()[-1])
    assert first["status"] == "succeeded"
    assert fetch(first["application_url"])[0] == 200
    assert "my token is [redacted]" in run("logs", "--tail", "100"), "the program did tell it"
    assert "kept is [redacted]" in run("logs", "--tail", "100")
    rotated = json.loads(run("secrets", "rotate", "KEPT_TOKEN", "--generate", "--json"))
    assert [one["release"] for one in rotated["live"]] == ["v1"]
    run("secrets", "rotate", "KEPT_TOKEN", "--to", "1")
    run("secrets", "diff", "development", "production", "--json")

    source = (program.project / "app.py").read_text()
    (program.project / "app.py").write_text(source + "\nraise RuntimeError(token)\n")
    second = json.loads(run("deploy", "--yes", "--json", expect=1).splitlines()[-1])
    assert second["status"] == "failed_unchanged"
    assert "[redacted]" in json.dumps(second["cause"]), "the evidence quotes the program, without its secret"
    run("history", "--json")
    run("status", "--json")
    run("diff", "v1", "v2")
    run("logs", second["deployment_id"])

    held = [name for text in said for name in FORMS if name in text]
    assert not held, "on a screen"
    for path in (program.home / "data").rglob("*"):
        if path.is_file() and not path.is_symlink() and "source" not in path.parts and "venv" not in path.parts:
            content = path.read_bytes()
            holds = any(form.encode() in content for form in FORMS)
            if path.name in FOR_THE_PROGRAM:
                assert path.stat().st_mode & 0o077 == 0, path
            else:
                assert not holds, path
    for path in program.project.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert SENTINEL.encode() not in path.read_bytes(), path
    everybody = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert not [form for form in FORMS if form in everybody], "in the arguments of a process"
    if target == "docker":
        (image,) = {item["name"] for item in first["infrastructure_details"] if item["kind"] == "image"}
        told = docker("history", "--no-trunc", image) + docker("image", "inspect", image)
        assert not [form for form in FORMS if form in told], "in the image"
        inside = docker("run", "--rm", "--entrypoint", "grep", image, "-rl", SENTINEL, "/app", "/opt/venv")
        assert not inside, "in a layer of the image"
