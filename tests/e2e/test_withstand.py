"""What the program must withstand, by its commands alone: hostile and broken projects, full disks, locked and damaged databases.

Every refusal is told in the same way: the exit code, what is wrong, where, what to do; nothing half-written is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Program, Ran, clean, fetch, free_port, set_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

NO_ENGINE = {"DEPLOYDECK_DOCKER__HOST": "unix:///nonexistent/engine.sock"}
QUICK = {
    "DEPLOYDECK_HEALTH__INTERVAL_S": "0.2",
    "DEPLOYDECK_HEALTH__STABLE_S": "0.2",
    "DEPLOYDECK_HEALTH__DEADLINE_S": "20",
}
PAGE = "<!doctype html><title>site</title><h1>release-one</h1>\n"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program on an empty directory, without a Docker Engine."""
    root = tmp_path / "project"
    root.mkdir()
    made = Program(tmp_path / "home", root, {**NO_ENGINE, **QUICK})
    yield made
    clean(made)


@pytest.fixture
def site(program: Program) -> Program:
    """The same on a static site with a port of its own."""
    (program.project / "index.html").write_text(PAGE)
    set_port(program.project, free_port(), target="process")
    return program


def refused(ran: Ran, *says: str, code: int = 1) -> None:
    """The command ended with `code` and told a person all that is needed: what is wrong (with `says`) and what to do."""
    told = f"{ran.code}\n--- out\n{ran.out}\n--- err\n{ran.err}"
    assert ran.code == code, told
    lines = ran.err.splitlines()
    assert lines[0].startswith("deploydeck: "), told
    assert len(lines) >= 2, told
    assert all(line.startswith("  ") for line in lines[1:]), told
    for text in says:
        assert text in ran.err, f"{text!r} is missing: {told}"
    harmless(ran)


def harmless(ran: Ran) -> None:
    """No traceback, and not one byte that a terminal would obey."""
    assert "Traceback" not in ran.out + ran.err
    steering = [character for character in ran.out + ran.err if ord(character) < 32 and character not in "\n\t"]
    assert steering == [], f"{steering!r} in {ran.out!r} {ran.err!r}"
    assert not any(0x7F <= ord(character) < 0xA0 for character in ran.out + ran.err)


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def result_of(ran: Ran) -> dict[str, Any]:
    return ran.lines()[-1]


# --- directories --------------------------------------------------------------------------------------------------------------


def test_an_empty_directory(program: Program) -> None:
    refused(program("scan", expect=None), "The directory is empty.", "Looked for manifests", code=6)
    for arguments in (("generate", "--write", "--yes"), ("deploy", "--yes")):
        refused(program(*arguments, expect=None), "The directory is empty.", str(program.project), "deploydeck scan")
    assert list(program.project.iterdir()) == []
    refused(program("status", "no-such-directory", expect=None), "is not a directory", code=2)


UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def unprivileged(program: Program, *arguments: str) -> Ran:
    """Run a command for whom modes count: as oneself, or as a root that has lost what lets it read everything."""
    root = os.geteuid() == 0
    if root and shutil.which("setpriv") is None:
        pytest.skip("root can read everything, and setpriv, which takes that away, is not here")
    done = subprocess.run(
        [*(UNPRIVILEGED if root else ()), sys.executable, "-m", "deploydeck", *arguments],
        cwd="/",
        env=program.environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def closed(program: Program) -> Iterator[Program]:
    """A project whose modes a test may take away."""
    yield program
    program.project.chmod(0o755)


def test_a_directory_that_may_not_be_read(closed: Program) -> None:
    (closed.project / "index.html").write_text(PAGE)
    closed.project.chmod(0)
    for command in ("scan", "generate"):
        refused(unprivileged(closed, command, str(closed.project)), f"{closed.project} cannot be read", "Permission denied")


def test_a_manifest_that_may_not_be_read(closed: Program) -> None:
    manifest = closed.project / "package.json"
    manifest.write_text('{"name": "shop"}')
    manifest.chmod(0)
    seen = unprivileged(closed, "scan", str(closed.project))
    assert (seen.code, seen.err) == (0, "")
    assert "package.json cannot be read: Permission denied." in seen.out
    refused(unprivileged(closed, "generate", str(closed.project)), "package.json cannot be read")


def test_a_huge_directory_in_bounded_time(site: Program) -> None:
    with (site.project / "huge.bin").open("wb") as file:
        file.truncate(2 << 30)
    for number in range(60):
        directory = site.project / f"d{number}"
        directory.mkdir()
        for name in range(1000):
            os.close(os.open(directory / f"{name}.txt", os.O_CREAT | os.O_WRONLY))
    started = time.monotonic()
    profile = site("scan", "--json").json()
    assert time.monotonic() - started < 60
    assert profile["scanned_files"] == 60_003
    assert site("deploy", "--plan", "--json").json()["target"] == "process"
    assert time.monotonic() - started < 120


def test_links_that_loop_and_links_that_lead_out(site: Program, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("not-yours")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "inner.txt").write_text("not-yours")
    for name, target in {"loop": ".", "a": "b", "b": "a", "up": "..", "out.txt": "../outside.txt", "dir": "../outside"}.items():
        (site.project / name).symlink_to(target)
    seen = site("scan")
    assert "3 links lead out of the project and were not followed." in seen.out
    harmless(seen)
    assert result_of(site("deploy", "--yes", "--json"))["status"] == "succeeded"
    carried = [path for path in (site.home / "data" / "releases").rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in carried if "not-yours" in path.read_text(errors="replace")] == []
    url = site("status", "--json").json()["live"][0]["url"]
    for name in ("out.txt", "dir/inner.txt", "up/outside.txt", "..%2foutside.txt"):
        status, body = fetch(f"{url}/{name}")
        assert (status, "not-yours" in body) == (404, False), name


def test_a_file_to_be_written_that_is_a_link_out_is_not_written_through(site: Program, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (site.project / "Dockerfile").symlink_to(victim)
    ran = site("generate", "--write", "--yes", "--replace", "--target", "docker", expect=None)
    harmless(ran)
    assert victim.read_text() == "untouched"
    assert ran.code != 0
    assert "Dockerfile" in ran.err


# --- content ------------------------------------------------------------------------------------------------------------------


def test_names_and_manifests_that_are_not_utf_8(site: Program) -> None:
    (site.project / os.fsdecode(b"caf\xe9-\xff.html")).write_bytes(b"<p>\xff\xfe</p>")
    (site.project / os.fsdecode(b"dir-\xe9")).mkdir()
    (site.project / os.fsdecode(b"dir-\xe9") / "x.css").write_bytes(b"\x80")
    (site.project / "package.json").write_bytes(b'{"name": "caf\xe9", "description": "\xff"}')
    (site.project / "requirements.txt").write_bytes(b"\xff\xfe\x00fl\x80ask==\xe9\n")
    seen = site("scan")
    harmless(seen)
    assert site("scan", "--json").json()["scanned_files"] == 6
    for name in ("package.json", "requirements.txt"):
        (site.project / name).unlink()
    assert result_of(site("deploy", "--yes", "--json"))["status"] == "succeeded"
    (site.project / os.fsdecode(b"caf\xe9-\xff.html")).write_bytes(b"changed")
    site("deploy", "--yes")
    difference = site("diff", "v1", "v2")
    harmless(difference)
    assert "~ caf\\xe9-\\xff.html" in difference.out


BROKEN: Mapping[str, Mapping[str, str]] = {
    "package.json": {"package.json": '{"name": "x", "dependencies": {', "server.js": "require('express')()"},
    "package-lock.json": {"package-lock.json": "[[[[", "package.json": '{"name": 1, "scripts": [], "dependencies": "no"}'},
    "pyproject.toml": {"pyproject.toml": "[project\nname=", "main.py": "print(1)"},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_manifest(program: Program, broken: str) -> None:
    for name, content in BROKEN[broken].items():
        (program.project / name).write_text(content)
    before = tree(program.project)
    seen = program("scan")
    harmless(seen)
    assert f"warning: {broken} cannot be understood" in seen.out
    assert "Correct the file and scan again." in seen.out
    written = program("generate", "--write", "--yes", expect=None)
    refused(written, f"{broken} cannot be understood", f"{broken}:1", "Correct these files")
    assert tree(program.project) == before


def test_broken_requirements(program: Program) -> None:
    (program.project / "requirements.txt").write_bytes(b"flask==\x00\x1b[31m\n-r requirements.txt\n-r ../../secret\n=== !\n")
    (program.project / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\ndef broken(:\n")
    before = tree(program.project)
    harmless(program("scan"))
    ran = program("generate", "--write", "--yes", expect=None)
    harmless(ran)
    if ran.code:
        refused(ran)
        assert tree(program.project) == before


def test_broken_settings(site: Program) -> None:
    (site.project / "deploydeck.toml").write_text("[environments.developmnt\n")
    refused(site("deploy", "--plan", expect=None), "deploydeck.toml is not valid TOML", "line 1", "Correct the file")
    (site.project / "deploydeck.toml").write_text("[healt]\ninterval_s = 1\n")
    refused(site("scan", expect=None), "'healt' is not a setting", "'health'")


# --- injection ----------------------------------------------------------------------------------------------------------------

SHELL = "$(touch pwned)`touch pwned`\"'; touch pwned;"
TERMINAL = "\n\x1b[2J\x1b[31mRED\x1b]0;owned\x07\x9b1m\u202e"
INSTRUCTION = "\nRUN touch /pwned\nUSER root\n"


def injecting(top: Path) -> Path:
    """A project that tries everything in its directory's name, its package's name, versions, scripts and paths."""
    root = top / f"a{SHELL}{TERMINAL}"
    root.mkdir()
    manifest = {
        "name": f"shop{INSTRUCTION}{SHELL}{TERMINAL}",
        "version": f"1{INSTRUCTION}",
        "engines": {"node": f"22{INSTRUCTION}"},
        "packageManager": f"npm@10{INSTRUCTION}",
        "main": f"server.js{SHELL}",
        "scripts": {"start": f"node server.js {SHELL}{INSTRUCTION}{TERMINAL}", "build": f"echo {SHELL}{INSTRUCTION}"},
        "dependencies": {"express": f"5{INSTRUCTION}", f"evil{INSTRUCTION}": "1"},
    }
    (root / "package.json").write_text(json.dumps(manifest))
    (root / "server.js").write_text(f"require('express')().listen(process.env.PORT)\n// {TERMINAL}\n")
    inner = root / f"pages{INSTRUCTION.replace('/', '')}{TERMINAL}"
    inner.mkdir()
    (inner / f"x{SHELL}{TERMINAL}.html").write_text(TERMINAL)
    return root


def test_a_project_that_injects_is_only_ever_text(tmp_path: Path) -> None:
    root = injecting(tmp_path)
    program = Program(tmp_path / "home", root, dict(NO_ENGINE))
    for arguments in (
        ("scan", "--evidence"),
        ("scan", "--json"),
        ("generate", "--diff", "--write", "--yes", "--target", "docker"),
        ("deploy", "--plan", "--target", "process"),
        ("deploy", "--plan", "--json", "--target", "process"),
        ("history",),
    ):
        ran = program(*arguments, expect=None)
        assert ran.code in (0, 1), ran.err
        harmless(ran)
        if "--json" in arguments:
            ran.json()
    made = (root / "Dockerfile").read_text()
    assert "pwned" not in made
    instructions = {line.split(" ", 1)[0] for line in made.splitlines() if line[:1].isupper()}
    assert instructions <= {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert "USER root" not in made
    assert list(tmp_path.rglob("pwned*")) == []
    assert not Path("/pwned").exists()


def test_a_static_site_that_injects_is_deployed_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / f"a{SHELL}{TERMINAL}"
    root.mkdir()
    (root / "index.html").write_text(PAGE)
    (root / f"x{SHELL}{TERMINAL}.html").write_text("inner")
    set_port(root, free_port(), target="process")
    program = Program(tmp_path / "home", root, {**NO_ENGINE, **QUICK})
    try:
        ran = program("deploy", "--yes")
        harmless(ran)
        deployment = program("history", "--json").json()["deployments"][0]["id"]
        for arguments in (("logs", deployment), ("logs",), ("history",), ("status",), ("attach", deployment)):
            harmless(program(*arguments))
        assert "release-one" in fetch(program("status", "--json").json()["live"][0]["url"])[1]
    finally:
        clean(program)
    assert list(tmp_path.rglob("pwned*")) == []


# --- the machine --------------------------------------------------------------------------------------------------------------


def test_without_docker(program: Program) -> None:
    (program.project / "index.html").write_text(PAGE)
    program.environ["DEPLOYDECK_ENVIRONMENTS__DEVELOPMENT__PUBLISHED_PORT"] = str(free_port())
    checked = program("doctor")
    assert "The Docker Engine does not answer." in checked.out
    assert "Start Docker" in checked.out
    assert "unix:///nonexistent/engine.sock" in checked.out
    plan = program("deploy", "--plan", "--json").json()
    assert plan["target"] == "process", "where no engine answers, the default is this machine"
    assert "on process" in program("generate").out
    refused(
        program("deploy", "--yes", "--target", "docker", expect=None),
        "The Docker Engine does not answer.",
        "unix:///nonexistent/engine.sock",
        "Start Docker",
    )
    program("generate", "--write", "--yes", "--target", "docker")
    assert (program.project / "Dockerfile").exists(), "files can be made without an engine"
    assert "Nothing of project was deployed" in program("history").out


@pytest.mark.parametrize("target", ["process", pytest.param("docker", marks=pytest.mark.engine)])
def test_a_port_that_is_taken_names_who_has_it(site: Program, target: str) -> None:
    del site.environ["DEPLOYDECK_DOCKER__HOST"]
    site("generate", "--write", "--yes", "--target", target)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        set_port(site.project, port, target=target)
        refused(site("deploy", "--yes", expect=None), f"Port {port}", f"process {os.getpid()}", "published_port")
    assert "Nothing of project was deployed" in site("history").out


def test_no_terminal(site: Program) -> None:
    for arguments in ((), (".",), ("demo",)):
        refused(site(*arguments, expect=None), "The screens need a terminal", "deploy --yes", code=2)
    refused(site("deploy", expect=None), "There is no terminal to ask on.", "--yes", code=2)
    assert not (site.home / "data" / "demo").exists()


# --- the disk -----------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """A file system of that size at `place`; skips where none can be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("only root on Linux can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(path: Path, *, leave: int = 0) -> None:
    """Write until the disk is full, then give `leave` bytes back."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    os.truncate(path, max(0, path.stat().st_size - leave))


def test_a_full_disk_while_files_are_written(tmp_path: Path) -> None:
    root = tmp_path / "project"
    program = Program(tmp_path / "home", root, dict(NO_ENGINE))
    with small_disk(root, "128k"):
        (root / "index.html").write_text(PAGE)
        fill(root / "fill", leave=4096)  # room for one file of several
        before = tree(root)
        refused(
            program("generate", "--write", "--yes", "--target", "docker", expect=None),
            "could not be written",
            "The disk is full.",
            "Free some space",
        )
        assert tree(root) == before, "all files or none, and no rest of one"
        (root / "fill").unlink()
        program("generate", "--write", "--yes", "--target", "docker")
        assert (root / "Dockerfile").exists()


def test_a_disk_that_fills_while_a_release_is_made(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "index.html").write_text("<h1>release-one</h1>\n")
    with small_disk(tmp_path / "home", "560m"):
        program = Program(tmp_path / "home", root, {"DEPLOYDECK_HEALTH__STABLE_S": "0.5"})
        program("generate", "--write", "--yes", "--target", "process")
        set_port(root, free_port(), target="process")
        with (root / "film.bin").open("wb") as film:
            for _ in range(700):
                film.write(os.urandom(1024) * 1024)
        try:
            result = program("deploy", "--yes", "--json", expect=1, timeout_s=100).lines()[-1]
            assert result["status"] == "failed_unchanged"
            assert result["cause"]["code"] == "disk-full"
            assert "Free space" in result["cause"]["hint"]
            assert shutil.disk_usage(tmp_path / "home").free > 400 * 1024**2, "the half copy is gone"
            (root / "film.bin").unlink()
            assert program("deploy", "--yes", "--json").lines()[-1]["status"] == "succeeded"
        finally:
            clean(program)


def test_a_full_disk_where_the_data_is(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "index.html").write_text(PAGE)
    set_port(root, free_port(), target="process")
    program = Program(tmp_path / "home", root, {**NO_ENGINE, **QUICK})
    with small_disk(tmp_path / "home", "700m"):
        program("generate")
        fill(tmp_path / "home" / "fill")
        refused(program("deploy", "--yes", expect=None), "The disk is full.", "deploydeck.sqlite", "Free some space")
        checked = program("doctor", expect=1)
        assert "No space left on device" in checked.out
        assert "Free some space" in checked.out
        (tmp_path / "home" / "fill").unlink()
        assert "Nothing of project was deployed" in program("history").out
        try:
            assert result_of(program("deploy", "--yes", "--json"))["status"] == "succeeded"
        finally:
            clean(program)


# --- the database -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(database: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield holder
        if holder.in_transaction:
            holder.execute("ROLLBACK")


def database_of(program: Program) -> Path:
    return program.home / "data" / "deploydeck.sqlite"


def test_a_database_locked_for_a_moment_is_waited_for(site: Program) -> None:
    site("generate")
    with locked(database_of(site)) as holder:
        threading.Timer(3, holder.execute, ("ROLLBACK",)).start()
        started = time.monotonic()
        site("generate")
        assert time.monotonic() - started > 2


def test_a_database_locked_for_long_is_named_so(site: Program) -> None:
    site("generate")
    with locked(database_of(site)):
        refused(site("generate", expect=None, timeout_s=60), "keeps the database locked", str(database_of(site)), "doctor")
    site("generate")


@pytest.mark.parametrize("damage", ["garbage", "half", "header", "page"])
def test_a_damaged_database_is_named_and_left_alone(site: Program, damage: str) -> None:
    site("generate")
    database = database_of(site)
    whole = database.read_bytes()
    content = {
        "garbage": b"this is a poem, not a database\n" * 500,
        "half": whole[: len(whole) // 2],
        "header": whole[:100],
        "page": whole[:4096] + b"\x5a" * (len(whole) - 4096),
    }[damage]
    database.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    for arguments in (("deploy", "--yes"), ("history",)):
        refused(site(*arguments, expect=None), "The database file is damaged.", str(database), "backups")
    failed = json.loads(site("generate", "--json", expect=1).err)["error"]
    assert failed["code"] == "store-corrupt"
    assert "fail  database" in site("doctor", expect=1).out
    assert database.read_bytes() == content
    database.unlink()


# --- at once ------------------------------------------------------------------------------------------------------------------


def start(program: Program, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "deploydeck", *arguments],
        cwd=program.project,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return [json.loads(line) for line in out.splitlines()]


def test_two_deployments_at_once_wait_for_each_other(site: Program) -> None:
    both = [start(site, "deploy", "--yes", "--json") for _ in range(2)]
    ended = [end(process) for process in both]
    assert [lines[-1]["status"] for lines in ended] == ["succeeded", "succeeded"], ended
    assert sorted(lines[-1]["release"] for lines in ended) == ["v1", "v2"]
    ids = {lines[-1]["deployment_id"] for lines in ended}
    waited = [event["text"] for lines in ended for event in lines[:-1] if "wait" in event["text"].lower()]
    assert any(one in text for one in ids for text in waited), f"the second says whom it waits for: {waited}"
    for lines in ended:
        assert [event["seq"] for event in lines[:-1]] == list(range(1, len(lines)))
    history = site("history", "--json").json()["deployments"]
    assert [(entry["release"]["number"], entry["state"]) for entry in history] == [(2, "succeeded"), (1, "succeeded")]
    (live,) = site("status", "--json").json()["live"]
    assert "release-one" in fetch(live["url"])[1]


def test_two_faces_see_the_same(site: Program) -> None:
    deployment = site("deploy", "--yes", "--detach", "--json").json()["id"]
    faces = [start(site, "attach", deployment, "--json") for _ in range(2)]
    one, other = (end(process) for process in faces)
    assert one[-1]["status"] == "succeeded"
    assert one == other
    assert site("attach", deployment, "--json").lines() == one


# --- a very small terminal ----------------------------------------------------------------------------------------------------


@pytest.mark.terminal
def test_every_screen_opens_in_40_by_10(site: Program) -> None:
    from tests.e2e.tmux import Tmux

    site("deploy", "--yes")
    kept = ("PATH", "HOME")
    environ = {name: value for name, value in site.environment().items() if name.startswith("DEPLOYDECK_") or name in kept}
    with Tmux(
        [sys.executable, "-m", "deploydeck", str(site.project)],
        columns=40,
        rows=10,
        environ={**environ, "TERM": "screen"},
        cwd=site.project,
    ) as terminal:
        terminal.wait_for("[2 Scan]", "can be", timeout_s=80)
        seen = {}
        for key in "1234567":
            terminal.keys(key)
            time.sleep(1.0)
            seen[key] = terminal.screen()
            assert "Traceback" not in seen[key], seen[key]
            assert "Pane is dead" not in seen[key], seen[key]
            assert seen[key].strip(), f"screen {key} is blank"
        terminal.resize(80, 24)
        terminal.wait_for("7 History]")
        terminal.keys("C-q")
        deadline = time.monotonic() + 60  # a busy machine takes its time to close
        while "Pane is dead" not in terminal.screen() and time.monotonic() < deadline:
            terminal.look_after_children()
            time.sleep(0.5)
        assert "Pane is dead (status 0" in terminal.screen()
