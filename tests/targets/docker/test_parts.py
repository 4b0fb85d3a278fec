"""The parts of the docker target that need no Engine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import DeployDeckError
from deploydeck.settings import Paths, Settings
from deploydeck.targets import StepFailed, open_target
from deploydeck.targets.docker import checks, classic
from deploydeck.targets.docker.build_secrets import asked_for, lent
from deploydeck.targets.docker.buildkit import BuildStory, explain_build
from deploydeck.targets.docker.engine import Engine, EngineProblem, explain_text
from deploydeck.targets.docker.host import is_local, resolve_host
from deploydeck.targets.docker.naming import Names
from tests.targets.harness import make_config, make_release, start_run, write_project

# --- where the Engine is ------------------------------------------------------------------------------------------------------


def test_the_host_is_found_in_the_order_of_the_docker_command(tmp_path: Path) -> None:
    meta = tmp_path / ".docker" / "contexts" / "meta" / hashlib.sha256(b"laptop").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "unix:///context.sock"}}}))
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"currentContext": "laptop"}))
    environ = {"HOME": str(tmp_path), "DOCKER_HOST": "unix:///env.sock"}
    assert resolve_host("unix:///setting.sock", environ) == "unix:///setting.sock"
    assert resolve_host("", environ) == "unix:///env.sock"
    del environ["DOCKER_HOST"]
    assert resolve_host("", environ) == "unix:///context.sock"
    assert resolve_host("", environ | {"DOCKER_CONTEXT": "default"}).startswith("unix://")
    (meta / "meta.json").write_text("[broken")
    assert resolve_host("", environ).startswith("unix:///")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("unix:///var/run/docker.sock", True),
        ("npipe:////./pipe/docker_engine", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://localhost:2375", True),
        ("tcp://10.0.0.5:2375", False),
        ("ssh://me@server", False),
        ("tcp://localhost.example.com:2375", False),
    ],
)
def test_only_an_engine_of_this_machine_is_local(host: str, local: bool) -> None:
    assert is_local(host) is local


# --- an Engine that cannot be asked -------------------------------------------------------------------------------------------


async def test_a_socket_that_is_not_there_means_not_running_and_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    engine = Engine(f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineProblem) as failed:
        await engine.call(lambda client: client.ping())
    assert failed.value.cause.code == "engine-unreachable"
    assert failed.value.cause.transient


async def test_a_socket_that_nobody_serves_means_not_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "dead.sock"))
    listener.close()
    with pytest.raises(EngineProblem) as failed:
        await Engine(f"unix://{tmp_path}/dead.sock").call(lambda client: client.ping())
    assert failed.value.cause.code == "engine-unreachable"


async def test_no_socket_and_no_command_means_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(EngineProblem) as failed:
        await Engine(f"unix://{tmp_path}/none.sock").call(lambda client: client.ping())
    assert failed.value.cause.code == "engine-not-installed"
    assert not failed.value.cause.transient
    assert "process" in failed.value.cause.hint


async def test_a_refused_socket_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("unix:///var/run/docker.sock")

    def refused() -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(engine, "connect", refused)
    with pytest.raises(EngineProblem) as failed:
        await engine.call(lambda client: client.ping())
    assert failed.value.cause.code == "engine-permission"
    assert "group docker" in failed.value.cause.hint


async def test_without_an_engine_every_answer_is_an_error_with_a_way_out(paths: Paths, tmp_path: Path) -> None:
    settings = Settings.model_validate({"docker": {"host": f"unix://{tmp_path}/none.sock"}})
    target = open_target("docker", settings, paths)
    config = make_config(write_project(tmp_path / "p"), "docker", 18080)
    release = make_release(config, 1)
    for call in (target.identity(), target.status(release, config), target.restorable(release, config)):
        with pytest.raises(DeployDeckError) as failed:
            await call
        assert failed.value.code.startswith("engine-")
        assert failed.value.hint
    found = await target.preflight(config, None)
    assert [item.code for item in found if item.severity == "error"] in (["engine-unreachable"], ["engine-not-installed"])
    with pytest.raises(DeployDeckError):
        async for _ in target.logs(release, config, since=None, follow=False, tail=None):
            pass


async def test_an_engine_elsewhere_is_refused(paths: Paths, tmp_path: Path) -> None:
    settings = Settings.model_validate({"docker": {"host": "ssh://me@server"}})
    config = make_config(write_project(tmp_path / "p"), "docker", 18080)
    found = await open_target("docker", settings, paths).preflight(config, None)
    assert [item.code for item in found] == ["engine-remote"]


def test_messages_of_the_engine_are_understood() -> None:
    taken = explain_text("driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated")
    assert (taken.code, "8080" in taken.what) == ("port-taken", True)
    assert explain_text("write /x: no space left on device").code == "disk-full"
    assert explain_text("bad gateway", status=502).transient
    assert explain_text("something odd").code == "engine-error"


def test_an_old_or_foreign_engine_is_found() -> None:
    assert [item.code for item in checks.check_version({"ApiVersion": "1.39", "Version": "18.09"})] == ["engine-too-old"]
    assert [item.code for item in checks.check_version({"ApiVersion": "1.51", "Os": "windows"})] == ["engine-not-linux"]
    assert list(checks.check_version({"ApiVersion": "1.41", "Os": "linux"})) == []


# --- the Dockerfile stays inside the project ----------------------------------------------------------------------------------


def test_a_dockerfile_must_be_a_file_inside_the_project(tmp_path: Path) -> None:
    root = write_project(tmp_path / "p")
    outside = tmp_path / "Dockerfile.outside"
    outside.write_text("FROM scratch\n")
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root / "loop")
    (root / "directory").mkdir()
    wanted = {
        "Dockerfile": [], "none": ["dockerfile-missing"], "link": ["dockerfile-outside"],
        "../Dockerfile.outside": ["dockerfile-outside"],
        str(outside): ["dockerfile-outside"], "directory": ["dockerfile-not-a-file"], "loop": ["dockerfile-unreadable"],
    }  # fmt: skip
    for name, codes in wanted.items():
        config = make_config(root, "docker", 18080, dockerfile=name)
        assert [item.code for item in checks.check_dockerfile(config)] == codes, name


# --- names --------------------------------------------------------------------------------------------------------------------


def test_names_are_stable_and_valid_for_hostile_environments(tmp_path: Path) -> None:
    config = make_config(tmp_path, "docker", 18080, environment="Prod; rm -rf /\n$(x)")
    release = make_release(config, 3)
    names = Names(config, release)
    assert names.container == Names(config, release).container
    assert set(names.container) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert "-v3-" in names.container
    other = make_config(tmp_path, "docker", 18080, environment="prod rm rf x")
    assert Names(other, make_release(other, 3)).container != names.container


# --- BuildKit's story ---------------------------------------------------------------------------------------------------------


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.progress: list[tuple[float, float, str]] = []
        self.story = BuildStory(lambda *line: self.lines.append(line), lambda *step: self.progress.append(step))

    def tell(self, *statuses: dict[str, Any], indent: int | None = None) -> None:
        for status in statuses:
            for line in json.dumps(status, indent=indent).splitlines():
                self.story.feed(line)


def _log(vertex: str, text: str, stream: int = 1) -> dict[str, Any]:
    return {"logs": [{"vertex": vertex, "stream": stream, "data": base64.b64encode(text.encode()).decode()}]}


def _vertex(vertex: str, name: str, **more: Any) -> dict[str, Any]:
    return {"vertexes": [{"digest": vertex, "name": name, "started": "2026-01-01T00:00:00.123456789Z", **more}]}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_build_is_told_line_by_line_and_its_failure_unwrapped(indent: int | None) -> None:
    told = Told()
    told.tell(
        _vertex("a", "[1/2] FROM x"), _vertex("a", "[1/2] FROM x", completed="2026-01-01T00:00:02.5Z", cached=True),
        _vertex("b", "[2/2] RUN make"), _log("b", "half a l"), _log("b", "ine\nsecond\n"), _log("b", "oh no", 2),
        _vertex("b", "[2/2] RUN make", completed="2026-01-01T00:00:03Z",
                error="executor failed running [/bin/sh -c make]: exit code: 2"),
        indent=indent,
    )  # fmt: skip
    told.story.feed("ERROR: failed to solve: executor failed running [/bin/sh -c make]: exit code: 2")
    told.story.end()
    texts = [text for text, _, _ in told.lines]
    assert ("half a line", "out", "build") in told.lines
    assert ("oh no", "err", "build") in told.lines
    assert "[1/2] FROM x: cached" in texts
    assert told.progress[-1] == (2, 2, "steps")
    cause = told.story.cause(lambda text: text.replace("second", "***"), "unix:///x")
    assert cause.code == "build-failed"
    assert "[2/2] RUN make" in cause.what
    assert cause.why == "exit code: 2"
    assert cause.evidence == ("half a line", "***", "oh no")


def test_a_stream_that_breaks_off_or_is_not_json_is_shown_not_lost() -> None:
    told = Told()
    told.story.feed("{not json}")
    told.story.feed("{")
    told.story.feed('  "vertexes": [')
    told.story.end()
    texts = "\n".join(text for text, _, _ in told.lines)
    assert "{not json}" in texts
    assert '"vertexes"' in texts


def test_a_canceled_neighbour_is_not_the_cause() -> None:
    told = Told()
    told.tell(
        _vertex("a", "[a] RUN x", completed="2026-01-01T00:00:03Z", error="context canceled"),
        _vertex("b", "[b] RUN y", completed="2026-01-01T00:00:03Z",
                error='process "/bin/sh -c y" did not complete successfully: exit code: 1'),
    )  # fmt: skip
    cause = told.story.cause(str, "unix:///x")
    assert "[b] RUN y" in cause.what
    assert cause.why == "exit code: 1"


@pytest.mark.parametrize(
    ("error", "tail", "code", "transient"),
    [
        ("exit code: 1", ("npm ERR! registry: connection refused, timeout",), "build-failed", False),
        ("exit code: 1", ("OSError: [Errno 28] No space left on device",), "disk-full", False),
        ("docker.io/library/x:1: not found", (), "base-image-missing", False),
        ("pull access denied, repository does not exist", (), "base-image-missing", False),
        ("failed to do request: Head https://r/v2: dial tcp: lookup r: no such host", (), "registry-unreachable", True),
        ("toomanyrequests: You have reached your pull rate limit", (), "registry-rate-limit", False),
        ("ERROR: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", (), "engine-unreachable", True),
    ],
)
def test_known_failures_of_a_build_have_their_own_code(error: str, tail: tuple[str, ...], code: str, transient: bool) -> None:
    cause = explain_build("[1/2] FROM x", error, tail, "unix:///x")
    assert (cause.code, cause.transient) == (code, transient)


# --- the classic builder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted", "notes"),
    [
        ("FROM a\nRUN make\n", "FROM a\nRUN make\n", 0),
        ("RUN --mount=type=cache,target=/c pip install x\n", "RUN pip install x\n", 1),
        ("RUN --mount=target=/c,type=cache \\\n  --mount=type=cache,target=/d \\\n  make\n", "RUN \\\n  make\n", 2),
        ("run --mount=type=cache,target=/c make\n", "run make\n", 1),
        ("COPY --link --chown=1:1 a b\n", "COPY --chown=1:1 a b\n", 1),
        ("COPY --from=build /a /b\n", "COPY --from=build /a /b\n", 0),
        ("# RUN --mount=type=secret,id=x y\n", "# RUN --mount=type=secret,id=x y\n", 0),
        ("RUN a \\\n# --mount=type=secret\n  && b\n", "RUN a \\\n# --mount=type=secret\n  && b\n", 0),
        ("RUN npm ci --mount=type=secret\n", "RUN npm ci --mount=type=secret\n", 0),
    ],
)
def test_what_the_classic_builder_lacks_is_left_out(given: str, wanted: str, notes: int) -> None:
    text, said = classic.without_buildkit(given)
    assert text == wanted
    assert len(said) == notes


@pytest.mark.parametrize(
    "given",
    [
        "RUN --mount=type=secret,id=key cat /run/secrets/key\n",
        "RUN --mount=type=bind,target=/x make\n",
        "RUN --network=none make\n",
        "COPY --chmod=755 a b\n",
        "RUN <<EOF\nmake\nEOF\n",
        "# escape=`\nFROM a\n",
    ],
)
def test_what_would_change_the_result_is_refused_with_the_line(given: str) -> None:
    with pytest.raises(StepFailed) as failed:
        classic.without_buildkit(given)
    assert failed.value.cause.code == "buildkit-needed"
    assert "line 1" in failed.value.cause.what
    assert "buildx" in failed.value.cause.hint


def test_the_context_honours_dockerignore_and_never_follows_a_link_out(tmp_path: Path) -> None:
    import os
    import tarfile

    root = write_project(tmp_path / "p")
    (tmp_path / "secret.txt").write_text("outside")
    (root / "link").symlink_to(tmp_path / "secret.txt")
    (root / "linked-dir").symlink_to(tmp_path)
    (root / ".env").write_text("TOKEN=1")
    (root / "a\nb").write_text("odd name")
    os.mkfifo(root / "pipe")
    (root / ".dockerignore").write_text("# comment\n.env\n")
    with classic.pack(root, root / "Dockerfile", "FROM changed\n") as file, tarfile.open(fileobj=file) as archive:
        names = archive.getnames()
        assert ".env" not in names
        assert "pipe" not in names
        assert "a\nb" in names
        assert archive.getmember("link").issym()
        assert not any(name.startswith("linked-dir/") for name in names)
        dockerfile = archive.extractfile("Dockerfile")
        assert dockerfile is not None
        assert dockerfile.read() == b"FROM changed\n"


async def test_a_step_nobody_knows_is_unknown(paths: Paths, tmp_path: Path) -> None:
    from deploydeck.domain import Phase, StepPlan

    target = open_target("process", Settings.model_validate({}), paths)
    config = make_config(write_project(tmp_path / "p"), "process", 18080)
    run = await start_run(target, config, make_release(config, 1), paths)
    seen = await target.observe(StepPlan(name="other", phase=Phase.BUILD, title="x"), run.context)
    assert seen.seen == "unknown"
    await asyncio.sleep(0)


# --- secrets of a build -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("RUN --mount=type=secret,id=TOKEN make", ("TOKEN",)),
        ("RUN --mount=id=TOKEN,type=secret,required=true make", ("TOKEN",)),
        ("RUN --mount=type=secret,target=/root/.netrc make", ()),  # an id begins with a letter or digit
        ("RUN --mount=type=cache,id=TOKEN,target=/x make", ()),
        ("RUN --mount=type=secret,id=B x\nRUN --mount=type=secret,id=A --mount=type=secret,id=B x", ("B", "A")),
        ("# RUN --mount=type=secret,id=TOKEN make", ()),
        ('RUN --mount=type=secret,id=a"b,src=/etc/shadow make', ()),
        ("RUN --mount=type=secret make", ()),
    ],
)
def test_secrets_that_a_dockerfile_mounts(line: str, names: tuple[str, ...]) -> None:
    assert asked_for(line) == names


def test_what_is_lent_can_be_read_until_the_end_and_never_stands_in_argv(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM x\nRUN --mount=type=secret,id=TOKEN --mount=type=secret,id=npmrc --mount=type=secret,id=NONE y\n")
    with lent(dockerfile, tmp_path, {"TOKEN": "the value\n", "OTHER": "x"}) as paths:
        assert set(paths) == {"TOKEN"}
        assert Path(paths["TOKEN"]).read_text() == "the value\n"
    assert not Path(paths["TOKEN"]).exists()
    (tmp_path / "secret").write_text("x")
    (tmp_path / ".npmrc").symlink_to(tmp_path / "secret")
    with lent(dockerfile, tmp_path, {}) as paths:
        assert paths == {}, "a link may lead anywhere"
    (tmp_path / ".npmrc").unlink()
    (tmp_path / ".npmrc").write_text("x")
    with lent(dockerfile, tmp_path, {}) as paths:
        assert paths == {"npmrc": ".npmrc"}
