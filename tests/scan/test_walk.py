# ruff: noqa: E501 - small trees read better unbroken
"""The walk and the source hash: what belongs to a project, and what a hostile directory cannot make the scanner do."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploydeck.domain import DeployDeckError, ProjectProfile, Support
from deploydeck.scan import ProjectAnalyzer, source_hash
from deploydeck.scan.walk import Limits, walk
from tests.clock import quick
from tests.scan.trees import codes, git, plant, scan

APP = {"requirements.txt": "flask==3.1.3\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
NOBODY = 65534


@contextmanager
def unprivileged(root: Path) -> Iterator[None]:
    """As somebody whom file permissions bind: root hands `root` over to nobody for the while."""
    if os.geteuid() != 0:
        yield
        return
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that everybody can reach, unlike tmp_path."""
    root = Path(tempfile.mkdtemp(prefix="scan-"))
    yield root
    root.chmod(0o700)
    shutil.rmtree(root)


def paths(root: Path, limits: Limits | None = None) -> set[str]:
    return set(walk(root.resolve(), limits or Limits()).entries)


# --- what is walked ----------------------------------------------------------------------------------------------------------


def test_well_known_directories_are_left_out_without_git(tmp_path: Path) -> None:
    plant(tmp_path, {
        "app.py": "", "node_modules/x/index.js": "", ".venv/lib/x.py": "", "my-env/pyvenv.cfg": "", "my-env/lib/x.py": "", "__pycache__/a.pyc": "",
        "dist/site.js": "", "docs/dist/a.html": "", "package.json": "{}", "src/build/tool.py": "",
    })  # fmt: skip
    assert paths(tmp_path) == {"app.py", "docs/dist/a.html", "package.json", "src/build/tool.py"}


def test_git_decides_what_is_ignored(tmp_path: Path) -> None:
    plant(tmp_path, {
        ".gitignore": "*.log\nsecret/\n", "a.py": "", "b.log": "", "secret/x": "", "web/.gitignore": "gen\n", "web/gen/x.js": "", "web/y.js": "",
        "kept.log": "", "node_modules/z.js": "",
    })  # fmt: skip
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "kept.log", "node_modules/z.js")
    assert paths(tmp_path) == {".gitignore", "a.py", "web/.gitignore", "web/y.js", "kept.log"}
    assert paths(tmp_path / "web") == {".gitignore", "y.js"}


def test_a_directory_that_its_own_checkout_ignores_is_still_scanned(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "/inner\n", "inner/app.py": "", "inner/node_modules/x.js": ""})
    git(tmp_path, "init", "-q")
    assert paths(tmp_path / "inner") == {"app.py"}


def test_a_nested_checkout_and_deleted_files(tmp_path: Path) -> None:
    plant(tmp_path, {"gone.py": "", "a.py": "", "inner/b.py": ""})
    git(tmp_path / "inner", "init", "-q")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "gone.py", "a.py")
    (tmp_path / "gone.py").unlink()
    assert paths(tmp_path) == {"a.py", "inner/b.py"}


def test_a_hostile_repository_runs_nothing(tmp_path: Path) -> None:
    plant(tmp_path, APP)
    git(tmp_path, "init", "-q")
    mark = tmp_path.parent / f"{tmp_path.name}-ran"
    script = tmp_path / "hook.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "filter.x.clean",
        "filter.x.smudge",
        "alias.ls-files",
    ):
        git(tmp_path, "config", key, f"!{script}" if key.startswith("alias") else str(script))
    git(tmp_path, "config", "core.hooksPath", str(tmp_path))
    plant(tmp_path, {".gitattributes": "* filter=x\n", "post-index-change": script.read_text()})
    (tmp_path / "post-index-change").chmod(0o755)
    profile = scan(tmp_path)
    assert profile.support is Support.SUPPORTED
    assert not mark.exists()


def test_another_git_directory_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"other/x.py": "", "mine/app.py": ""})
    git(tmp_path / "other", "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    assert paths(tmp_path / "mine") == {"app.py"}


def test_links_are_followed_inside_and_never_out(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", {"real/requirements.txt": "flask\n", "app.py": ""})
    plant(tmp_path, {"outside/secret.py": "SECRET", "outside.txt": "SECRET"})
    (root / "requirements.txt").symlink_to("real/requirements.txt")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "out.txt").symlink_to("../outside.txt")
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")
    assert paths(root) == {"app.py", "requirements.txt", "real/requirements.txt"}
    profile = scan(root)
    assert "link-outside" in codes(profile)
    assert profile.dependencies[0].name == "flask"
    assert "SECRET" not in profile.model_dump_json()


def test_a_directory_replaced_by_a_link_after_git_saw_it(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", {"lib/a.py": "", "app.py": ""})
    plant(tmp_path, {"outside/a.py": "import SECRET"})
    git(root, "init", "-q")
    git(root, "add", ".")
    (root / "lib/a.py").unlink()
    (root / "lib").rmdir()
    (root / "lib").symlink_to(tmp_path / "outside")
    assert paths(root) == {"app.py"}


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    plant(tmp_path / "real", APP)
    (tmp_path / "link").symlink_to("real")
    assert scan(tmp_path / "link").root == str((tmp_path / "real").resolve())
    assert scan(tmp_path / "link").id == scan(tmp_path / "real").id


# --- what is refused, bounded or reported ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"), [("missing", "project-missing"), ("file", "project-not-a-directory"), ("nul\0", "project-path")]
)
def test_what_is_no_directory_is_an_error_with_the_way_out(name: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeployDeckError) as caught:
        ProjectAnalyzer().profile(f"{tmp_path}/{name}")
    assert caught.value.code == code
    assert caught.value.hint


def test_a_root_whose_name_is_not_text_is_an_error(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path) + b"/\xff\xfe"
    try:
        os.mkdir(root)
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    with pytest.raises(DeployDeckError) as caught:
        ProjectAnalyzer().profile(os.fsdecode(root))
    assert caught.value.code == "project-path"


def test_an_empty_directory(tmp_path: Path) -> None:
    profile = scan(tmp_path)
    assert (profile.support, profile.support_reason, profile.scanned_files) == (Support.UNKNOWN, "The directory is empty.", 0)


def test_projects_inside_are_named(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"backend/pyproject.toml": "", "apps/web/package.json": "{}", "README.md": ""})
    assert profile.support is not Support.SUPPORTED
    assert [component.path for component in profile.components] == ["backend"]  # an empty package.json is no project


def test_an_unreadable_root(open_place: Path) -> None:
    open_place.chmod(0)
    with unprivileged(open_place), pytest.raises(DeployDeckError) as caught:
        scan(open_place)
    assert caught.value.code == "project-unreadable"
    assert caught.value.hint


def test_unreadable_files_are_findings(open_place: Path) -> None:
    plant(open_place, {**APP, "private/x.py": ""})
    with unprivileged(open_place):
        (open_place / "requirements.txt").chmod(0)
        (open_place / "private").chmod(0)
        profile = scan(open_place)
        (open_place / "private").chmod(0o700)
    assert {"file-unreadable", "unreadable"} <= codes(profile)
    assert profile.framework is not None


def test_a_read_that_fails_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: os.PathLike[str] | str, flags: int, *rest: int) -> int:
        if str(path).endswith("requirements.txt"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest)

    plant(tmp_path, APP)
    monkeypatch.setattr(os, "open", refuse)
    profile = scan(tmp_path)
    assert {"file-unreadable", "unreadable"} <= codes(profile)
    assert profile.framework is not None


def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, APP)
    os.mkfifo(tmp_path / "pyproject.toml")
    os.mkfifo(tmp_path / "Procfile")
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("package.json")
        started = time.monotonic()
        profile = scan(tmp_path)
        source_hash(tmp_path)
    assert time.monotonic() - started < 10
    assert profile.scanned_files == 2


def test_a_file_that_becomes_a_pipe_is_refused(tmp_path: Path) -> None:
    tree = walk(plant(tmp_path, {"a.py": ""}).resolve(), Limits())
    (tmp_path / "a.py").unlink()
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(OSError, match="not a regular file"):
        tree.read(tree.entries["a.py"], 10)


def test_huge_files_are_read_in_bounds(tmp_path: Path) -> None:
    plant(tmp_path, APP)
    for name in ("package-lock.json", "uv.lock", "pyproject.toml", "model.py", "data.bin"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2 << 30)  # sparse: two gigabytes that take no disk
    started = time.monotonic()
    profile = scan(tmp_path)
    assert time.monotonic() - started < 30
    assert profile.scanned_bytes < 100_000_000
    assert "file-too-large" in codes(profile)
    assert profile.framework is not None


def test_limits_stop_the_walk_and_say_so(tmp_path: Path) -> None:
    plant(tmp_path, {f"d{number // 50}/f{number}.txt": "" for number in range(300)})
    profile = ProjectAnalyzer(Limits(files=100)).profile(tmp_path)
    assert (profile.truncated, profile.scanned_files) == (True, 100)
    assert "scan-truncated" in codes(profile)


def test_source_limits_keep_the_manifests(tmp_path: Path) -> None:
    plant(tmp_path, {**APP, **{f"m{number}.py": "import os\n" for number in range(30)}})
    profile = ProjectAnalyzer(Limits(source_files=5)).profile(tmp_path)
    assert profile.truncated
    assert profile.dependencies[0].name == "flask"


def test_deep_directories_end(tmp_path: Path) -> None:
    place = tmp_path
    for _ in range(80):
        place = place / "d"
        place.mkdir()
    (place / "x.py").write_text("")
    plant(tmp_path, APP)
    profile = scan(tmp_path)
    assert profile.truncated
    assert profile.support is Support.SUPPORTED


def test_cancelling_ends_the_scan(tmp_path: Path) -> None:
    plant(tmp_path, {f"m{number}.py": "import os\n" for number in range(50)})
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(DeployDeckError) as caught:
        ProjectAnalyzer().profile(tmp_path, cancelled=cancelled)
    assert caught.value.code == "scan-cancelled"
    assert asked == 6


HOSTILE_NAMES = [
    "\x1b[31mred.py",
    "a\nb.py",
    "$(touch x).py",
    "`id`.py",
    "-rf.py",
    "[bold]x[/].py",
    "a b'\".py",
    "\u202etxt.py",
    "..x.py",
]


def test_hostile_names_are_kept_as_data(tmp_path: Path) -> None:
    plant(tmp_path, {**APP, **dict.fromkeys(HOSTILE_NAMES, "import os\nA = os.environ['A']\n")})
    raw = os.fsencode(tmp_path) + b"/caf\xe9.py"
    with open(raw, "wb") as file:
        file.write(b"import os\nA = os.environ['B']\n")
    profile = scan(tmp_path)
    assert ProjectProfile.model_validate_json(profile.model_dump_json()) == profile
    used = {place.file for variable in profile.variables for place in variable.used}
    assert "caf\\xe9.py" in used
    assert used & set(HOSTILE_NAMES)
    assert profile.start is not None
    assert profile.start.value.argv[-1] == "app:app"


def test_broken_manifests_are_findings_and_the_scan_goes_on(tmp_path: Path) -> None:
    plant(tmp_path, {
        **APP, "pyproject.toml": "[project\n", "package.json": '{\n"a": ,\n}', "compose.yaml": "a: [\n", "broken.py": "os.environ\ndef (:\n",
        "Procfile": b"\xff\xfe\x00", "latin.py": b"# caf\xe9\nimport os\nX = os.environ['X']\n",
    })  # fmt: skip
    profile = scan(tmp_path)
    places = {finding.evidence[0].where for finding in profile.findings if finding.code.startswith("broken-")}
    assert {"pyproject.toml:1", "package.json:2", "broken.py:2"} <= places
    assert profile.start is not None
    assert [variable.name for variable in profile.variables] == ["X"]


def test_many_broken_files_are_counted_not_listed(tmp_path: Path) -> None:
    profile = scan(tmp_path, {f"b{number}.py": "os.environ\ndef (:\n" for number in range(60)})
    assert sum(finding.code == "broken-source" for finding in profile.findings) == 21
    assert any("40 more" in finding.message for finding in profile.findings)


@pytest.mark.parametrize(
    "path",
    [
        "requirements.txt",
        "yarn.lock",
        "pnpm-lock.yaml",
        "Procfile",
        ".env",
        "server.js",
        "app.py",
        "package.json",
        "compose.yaml",
        "Dockerfile",
    ],
)
@pytest.mark.parametrize(
    "piece", [b"a", b" ", b"'", b'"', b"(", b"{", b"process.env.", b"a@", b"from '", b"=", b"\t\\", b"import ", b"$", b"app.get('/"]
)
def test_time_is_linear_on_repetitive_input(path: str, piece: bytes, tmp_path: Path) -> None:
    line = piece * (15_000 // len(piece))
    plant(
        tmp_path,
        {path: b"import require( process.env .listen(\n" + b"\n".join([line] * 15) + b"\n" + piece * (150_000 // len(piece))},
    )
    quick(lambda: scan(tmp_path), 8)


# --- identity and hash -------------------------------------------------------------------------------------------------------


def test_the_id_follows_the_place_and_the_hash_the_content(tmp_path: Path) -> None:
    one, two = plant(tmp_path / "one", APP), plant(tmp_path / "two", APP)
    assert scan(one).id == scan(one).id != scan(two).id
    assert source_hash(one) == source_hash(two)


def test_the_hash_changes_with_what_is_deployed_only(tmp_path: Path) -> None:
    first = source_hash(plant(tmp_path, APP))
    os.utime(tmp_path / "app.py", (1, 1))
    plant(tmp_path, {".env": "A=1", "__pycache__/app.pyc": "x", "node_modules/x.js": ""})
    assert source_hash(tmp_path) == first
    git(tmp_path, "init", "-q")
    assert source_hash(tmp_path) == first
    seen = {first}
    for change in ({"app.py": "x = 1\n"}, {"new.txt": ""}, {"new.txt": "1"}, {"sub/new.txt": "1"}):
        seen.add(source_hash(plant(tmp_path, change)))
    (tmp_path / "app.py").chmod(0o755)
    seen.add(source_hash(tmp_path))
    (tmp_path / "new.txt").rename(tmp_path / "renamed.txt")
    seen.add(source_hash(tmp_path))
    assert len(seen) == 7


def test_the_hash_sees_the_ends_of_a_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    first = source_hash(tmp_path)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert source_hash(tmp_path) != first


def test_a_source_that_is_too_large_is_said_and_nothing_is_concluded_from_not_reading_it(tmp_path: Path) -> None:
    plant(tmp_path, {"requirements.txt": "flask==3.1.3\n", "app.py": ""})
    os.truncate(tmp_path / "app.py", 2_000_000_000)
    profile = scan(tmp_path)
    assert "source-too-large" in codes(profile)
    assert "framework-never-imported" not in codes(profile)
    assert next(one for one in profile.findings if one.code == "source-too-large").evidence[0].file == "app.py"
