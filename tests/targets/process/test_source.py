"""The copy of the project and the small server for sites: nothing from outside comes in, nothing private goes out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploydeck.domain import Kind, Recipe
from deploydeck.targets import StepFailed
from deploydeck.targets.process import building, environment, layout, source
from tests.targets.harness import ProcessLab, free_port


def hostile(root: Path) -> Path:
    root.mkdir()
    (root / "app.py").write_text("x")
    (root / "run.sh").write_text("x")
    (root / "run.sh").chmod(0o777)
    (root / ".env").write_text("TOKEN=1")
    (root / ".env.production").write_text("TOKEN=1")
    (root / ".env.example").write_text("TOKEN=")
    (root / "new\nline").write_text("x")
    (root.parent / "outside").mkdir()
    (root.parent / "outside" / "secret").write_text("secret")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "out-file").symlink_to(root.parent / "outside" / "secret")
    (root / "inside").symlink_to("app.py")
    (root / "absolute").symlink_to(root / "app.py")
    (root / "loop").symlink_to("loop")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "x.js").write_text("x")
    (root / "sub").mkdir()
    (root / "sub" / "up").symlink_to("../app.py")
    os.mkfifo(root / "pipe")
    return root


@pytest.mark.parametrize("git", [False, True])
def test_a_copy_holds_the_project_and_nothing_else(tmp_path: Path, git: bool) -> None:
    root = hostile(tmp_path / "p")
    (root / "ignored.log").write_text("x")
    (root / ".gitignore").write_text("*.log\nnode_modules\n")
    if git:
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / ".git" / "hooks" / "evil").write_text("#!/bin/sh\ntouch /tmp/evil\n")
    target = tmp_path / "copy"
    done = source.copy(root, target, lambda: False)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    assert {"app.py", "run.sh", ".env.example", "new\nline", "inside", "absolute", "sub/up"} <= names
    assert not names & {".env", ".env.production", "out", "out-file", "pipe", "node_modules/x.js", "out/secret"}
    assert ("ignored.log" in names) is not git
    assert not (target / ".git").exists()
    assert (target / "absolute").resolve() == (target / "app.py").resolve()
    assert os.access(target / "run.sh", os.X_OK)
    assert not os.access(target / "app.py", os.X_OK)
    assert {"out", "out-file"} <= set(done.left_out)


def test_names_that_are_not_unicode_are_copied(tmp_path: Path) -> None:
    root = tmp_path / "p"
    root.mkdir()
    with open(os.path.join(os.fsencode(root), b"caf\xe9"), "w") as file:
        file.write("x")
    source.copy(root, tmp_path / "copy", lambda: False)
    assert os.listdir(os.fsencode(tmp_path / "copy")) == [b"caf\xe9"]


def test_a_project_that_cannot_be_read_or_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StepFailed) as failed:
        source.copy(tmp_path / "none", tmp_path / "copy", lambda: False)
    assert failed.value.cause.code == "source-unreadable"
    monkeypatch.setattr(source, "MAX_FILES", 2)
    with pytest.raises(StepFailed) as failed:
        source.copy(hostile(tmp_path / "p"), tmp_path / "copy2", lambda: False)
    assert failed.value.cause.code == "source-too-large"


def test_a_release_directory_is_removed_whole_and_links_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    doomed = tmp_path / "doomed"
    (doomed / "locked").mkdir(parents=True)
    (doomed / "locked" / "file").write_text("x")
    (doomed / "link").symlink_to(kept)
    (doomed / "locked").chmod(0o500)
    layout.delete(doomed)
    layout.delete(doomed)
    assert not doomed.exists()
    assert (kept / "file").exists()


@pytest.mark.parametrize(
    ("tool", "files", "wanted"),
    [
        ("pnpm", {"package.json": '{"packageManager": "pnpm@9.1.2+sha512.abc"}'}, ("pnpm@9.1.2", True)),
        ("pnpm", {"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, ("pnpm@8", False)),
        ("pnpm", {"package.json": '{"packageManager": "pnpm@9; rm -rf /"}'}, ("pnpm@10", False)),
        ("pnpm", {"package.json": "[broken"}, ("pnpm@10", False)),
        ("yarn", {}, ("yarn@1", False)),
        ("yarn", {"package.json": '{"packageManager": "yarn@4.1.0"}'}, ("@yarnpkg/cli-dist@4.1.0", True)),
        ("yarn", {".yarnrc.yml": ""}, ("@yarnpkg/cli-dist@4", True)),
    ],
)
def test_package_managers_come_in_the_version_the_project_wants(
    tmp_path: Path, tool: str, files: dict[str, str], wanted: tuple[str, bool]
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert environment.npm_package(tool, tmp_path) == wanted


def test_a_modern_yarn_without_a_pin_is_not_the_old_one(tmp_path: Path) -> None:
    assert environment.npm_package("yarn", tmp_path, "yarn-berry") == ("@yarnpkg/cli-dist@4", True)
    assert environment.npm_package("yarn", tmp_path, "yarn") == ("yarn@1", False)
    (tmp_path / "package.json").write_text('{"packageManager": "yarn@3.8.7"}')
    assert environment.npm_package("yarn", tmp_path, "yarn-berry") == ("@yarnpkg/cli-dist@3.8.7", True)
    recipe = Recipe(kind=Kind.SERVER, language="node", version="22", manager="yarn-berry")
    build = environment.build(layout.Layout(tmp_path), recipe, {})
    assert (build["YARN_NODE_LINKER"], build["YARN_IGNORE_PATH"]) == ("node-modules", "1")


@pytest.mark.parametrize("app", ["", "apps/web/"])
def test_static_files_stand_beside_a_standalone_server(tmp_path: Path, app: str) -> None:
    place = layout.Layout(tmp_path / "release")
    server = place.source / app / ".next/standalone" / app / "server.js"
    for file in (server, place.source / app / ".next/static/chunks/a.js", place.source / app / "public/robots.txt"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    building.complete_standalone(place, ("node", "node_modules/next/dist/bin/next", "start"))
    assert not (server.parent / "public").exists(), "another start needs nothing"
    start = ("node", f"{app}.next/standalone/{app}server.js")
    for _ in range(2):  # a build that is done again finds its own files there
        building.complete_standalone(place, start)
        assert (server.parent / ".next/static/chunks/a.js").read_text() == "a.js"
        assert (server.parent / "public/robots.txt").read_text() == "robots.txt"
    building.complete_standalone(place, ("node", "../.next/standalone/server.js", "/etc/.next/standalone/x"))


@pytest.mark.parametrize("ignore", [True, False])
async def test_a_site_that_is_its_project_shows_no_files_of_its_making(process_lab: ProcessLab, ignore: bool) -> None:
    project = process_lab.root / "project"
    private = ["Dockerfile", "Dockerfile.dev", "deploydeck.toml", "compose.yaml", "docker-compose.yml", "deploy/nginx.conf"]
    for name in ("index.html", "deploy/how.html", "notes/draft.txt", "notes/keep.txt", *private):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    if ignore:
        (project / ".dockerignore").write_text("# drafts stay here\nnotes/*\n!notes/keep.txt\n")
    recipe = Recipe(kind=Kind.STATIC, language="", version="", manager="", static_dir=".")
    run = await process_lab.run(config=process_lab.config(recipe=recipe))
    await run.go()
    for name in ("index.html", "deploy/how.html", "notes/keep.txt"):
        assert ask(process_lab.port, f"/{name}")[1] == name.encode()
    for name in private:
        assert ask(process_lab.port, f"/{name}")[0] == 404, name
    assert ask(process_lab.port, "/notes/draft.txt")[0] == (404 if ignore else 200)
    assert (project / "deploydeck.toml").exists(), "only the copy is tidied"


# --- sites --------------------------------------------------------------------------------------------------------------------

SERVER = Path(environment.__file__).with_name("static_server.py")


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.putrequest(method, path, skip_host=False)  # the path goes out as it is: no client tidies it up
    connection.endheaders()
    answer = connection.getresponse()
    found = (answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()})
    connection.close()
    return found


@pytest.fixture(params=[False, True], ids=["site", "single-page"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, bool]]:
    root = tmp_path / "site"
    (root / "docs").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "index.html").write_text("<h1>home</h1>")
    (root / "docs" / "index.html").write_text("docs")
    (root / "app.js").write_text("1")
    (root / ".secret").write_text("no")
    (root / ".well-known").mkdir()
    (root / ".well-known" / "x").write_text("known")
    (tmp_path / "outside.txt").write_text("outside")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "hidden.txt").symlink_to(root / ".secret")
    port = free_port()
    argv = [sys.executable, "-I", "-S", str(SERVER), "--directory", str(root), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(argv + (["--single-page"] if request.param else []), stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"serving" in process.stdout.readline()
    yield port, request.param
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()


def test_a_site_shows_its_files_and_nothing_else(site: tuple[int, bool]) -> None:
    port, single = site
    status, body, headers = ask(port, "/")
    assert (status, body) == (200, b"<h1>home</h1>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert ask(port, "/app.js")[2]["content-type"].startswith("text/javascript")
    assert ask(port, "/", "HEAD")[:2] == (200, b"")
    assert ask(port, "/docs/")[1] == b"docs"
    assert ask(port, "/docs")[0] == 301
    assert ask(port, "/docs")[2]["location"] == "/docs/"
    assert ask(port, "//docs")[2].get("location", "/").count("//") == 0
    assert ask(port, "/.well-known/x")[1] == b"known"
    for path in ("/.secret", "/link.txt", "/hidden.txt", "/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/%00.txt"):
        status, body, _ = ask(port, path)
        assert status == 404, path
        assert b"outside" not in body
    assert ask(port, "/missing.js")[0] == 404
    assert ask(port, "/some/route")[0] == (200 if single else 404)
    assert ask(port, "/empty/")[0] == (200 if single else 404)


async def test_a_site_is_deployed_with_our_own_server(process_lab: ProcessLab) -> None:
    (process_lab.root / "project" / "public").mkdir(parents=True)
    (process_lab.root / "project" / "public" / "index.html").write_text("a site")
    recipe = Recipe(kind=Kind.STATIC, language="", version="", manager="", static_dir="public")
    run = await process_lab.run(config=process_lab.config(recipe=recipe))
    await run.go()
    assert ask(process_lab.port, "/")[1] == b"a site"
    assert ask(process_lab.port, "/server.py")[0] == 404
    bad = Recipe(kind=Kind.STATIC, language="", version="", manager="", static_dir="dist")
    broken = await process_lab.run(config=process_lab.config(recipe=bad))
    with pytest.raises(StepFailed) as failed:
        await broken.act("build")
    assert failed.value.cause.code == "static-missing"
    escaping = Recipe(kind=Kind.STATIC, language="", version="", manager="", static_dir="../..")
    broken = await process_lab.run(config=process_lab.config(recipe=escaping))
    with pytest.raises(StepFailed) as failed:
        await broken.act("build")
    assert failed.value.cause.code == "static-outside"


# --- real installations -------------------------------------------------------------------------------------------------------

FLASK = "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    return 'flask'\n"


@pytest.mark.registry
@pytest.mark.slow
async def test_a_flask_project_gets_an_environment_of_its_own(process_lab: ProcessLab) -> None:
    recipe = Recipe(
        kind=Kind.SERVER, language="python", version=f"{sys.version_info[0]}.{sys.version_info[1]}", manager="pip",
        install=(("pip", "install", "--requirement", "requirements.txt"),), packages=("gunicorn",),
        start=("gunicorn", "app:app", "--bind", "{host}:{port}"),
    )  # fmt: skip
    run = await process_lab.run(config=process_lab.config(recipe=recipe))
    (process_lab.root / "project" / "app.py").write_text(FLASK)
    (process_lab.root / "project" / "requirements.txt").write_text("flask\n")
    await run.go()
    assert ask(process_lab.port, "/")[1] == b"flask"
    assert any("pip install gunicorn" in text for text, _, _ in run.said.lines)


@pytest.mark.registry
@pytest.mark.slow
async def test_a_package_manager_that_is_not_here_is_brought_along(process_lab: ProcessLab) -> None:
    from shutil import which

    if which("npm") is None:
        pytest.skip("npm is not installed")
    recipe = Recipe(
        kind=Kind.SERVER, language="node", version="", manager="pnpm", install=(("pnpm", "install", "--no-frozen-lockfile"),),
        start=("pnpm", "run", "start"), port_from_env=True,
    )  # fmt: skip
    run = await process_lab.run(config=process_lab.config(recipe=recipe))
    project = process_lab.root / "project"
    server = "require('http').createServer((q, a) => a.end('node')).listen(process.env.PORT, '127.0.0.1')"
    (project / "server.js").write_text(server)
    (project / "package.json").write_text('{"name": "x", "version": "1.0.0", "scripts": {"start": "node server.js"}}')
    await run.go()
    assert ask(process_lab.port, "/")[1] == b"node"
    await asyncio.sleep(0)
