"""Probe, ports and commands: the small parts that every target uses."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import HealthSpec
from deploydeck.targets import Endpoint, StepCanceled, commands, ports, probe
from tests.clock import PATIENCE_S
from tests.targets.harness import free_port

SPEC = HealthSpec(path="/health", timeout_s=0.5)


@asynccontextmanager
async def server(answer: bytes, seen: list[bytes] | None = None, *, hold_s: float = 0) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(asked)
        await asyncio.sleep(hold_s)
        writer.write(answer)
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


def http(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


async def test_a_good_answer_counts_and_the_host_header_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[bytes] = []
    async with server(http("204 No Content", "Content-Length: 0"), seen) as url:
        answer = await probe(Endpoint(url, {"X-Extra": "1"}), SPEC.model_copy(update={"host_header": "shop.example"}))
    assert (answer.ok, answer.status, answer.error) == (True, 204, "")
    assert answer.url == f"{url}/health"
    assert b"host: shop.example" in seen[0].lower()
    assert b"x-extra: 1" in seen[0].lower()


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (http("302 Found", "Location: /login", "Content-Length: 0"), 302, "redirect"),
        (http("500 Oops", "Content-Length: 0"), 500, "500"),
        (b"", None, "closed"),
        (b"not http at all\r\n\r\n", None, "closed"),
        (http("200 OK", "Content-Length: 5", body=b"x"), None, "closed"),
    ],
)
async def test_everything_else_does_not_count_and_says_why(answer: bytes, status: int | None, words: str) -> None:
    async with server(answer) as url:
        found = await probe(Endpoint(url), SPEC)
    assert not found.ok
    assert found.status == status
    assert words in found.error


async def test_silence_and_nobody_are_told_apart() -> None:
    async with server(http("200 OK"), hold_s=5) as url:
        silent = await probe(Endpoint(url), SPEC)
    assert "within 0.5 s" in silent.error
    assert silent.elapsed_s < 2
    nobody = await probe(Endpoint(f"http://127.0.0.1:{free_port()}"), SPEC)
    assert "nothing accepts" in nobody.error


async def test_an_endless_body_is_not_read_to_the_end() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except OSError:
            pass

    running = await asyncio.start_server(flood, "127.0.0.1", 0)
    found = await probe(Endpoint(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"), SPEC)
    assert found.ok
    running.close()


async def test_an_impossible_url_is_an_answer_not_an_exception() -> None:
    found = await probe(Endpoint("http://[bad"), SPEC)
    assert not found.ok
    assert found.error


def test_ports_are_free_or_held() -> None:
    port = ports.free_port()
    assert ports.bind_error("127.0.0.1", port) == 0
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        assert ports.bind_error("127.0.0.1", port) != 0
        assert str(os.getpid()) in ports.holder(port)
    assert ports.holder(port) == ""
    hosts = ("0.0.0.0", "::", "::1", "localhost", "10.0.0.1")
    assert [ports.host_for_clients(item) for item in hosts] == ["127.0.0.1", "[::1]", "[::1]", "127.0.0.1", "10.0.0.1"]


ENV = {"PATH": os.environ["PATH"]}


async def run(code: str, cancelled: asyncio.Event | None = None) -> tuple[int, list[tuple[str, str]]]:
    lines: list[tuple[str, str]] = []
    argv = [sys.executable, "-c", code]
    done = await commands.run(argv, cwd="/", env=ENV, on_line=lambda *line: lines.append(line), cancelled=cancelled)
    return done, lines


async def test_a_command_is_a_list_and_its_streams_are_told_apart(tmp_path: Path) -> None:
    code, lines = await run("import os,sys; print('out'); sys.stderr.write('err\\n'); print(sorted(os.environ)); sys.exit(5)")
    assert code == 5
    assert ("out", "out") in lines
    assert ("err", "err") in lines
    assert not any("HOME" in text for text, _ in lines)
    said: list[str] = []
    assert await commands.run(["echo", "$(id); `id`"], cwd=tmp_path, env=ENV, on_line=lambda text, _: said.append(text)) == 0
    assert said == ["$(id); `id`"]
    assert await commands.run(["no-such-command"], cwd="/", env=ENV, on_line=lambda *_: None) == commands.NOT_FOUND


async def test_death_by_signal_is_a_code_above_128() -> None:
    assert (await run("import os; os.kill(os.getpid(), 9)"))[0] == 137


async def test_what_a_command_leaves_behind_ends_with_it() -> None:
    code, lines = await run("import subprocess,sys; print(subprocess.Popen(['sleep', '86397']).pid, flush=True)")
    assert code == 0
    from deploydeck.targets.process import proc

    assert not proc.alive(proc.mark(int(lines[0][0])))


async def test_cancelling_the_task_ends_the_command() -> None:
    lines: list[str] = []
    argv = [sys.executable, "-c", "import os,time; print(os.getpid(), flush=True); time.sleep(86396)"]
    task = asyncio.create_task(commands.run(argv, cwd="/", env=ENV, on_line=lambda text, _: lines.append(text)))
    async with asyncio.timeout(PATIENCE_S):
        while not lines:
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    from deploydeck.targets.process import proc

    assert not proc.alive(proc.mark(int(lines[0])))


async def test_a_deaf_command_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "GRACE_S", 0.5)
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, stop.set)
    with pytest.raises(StepCanceled):
        await run("import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(86395)", stop)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 16))
def test_lines_do_not_depend_on_where_chunks_end(parts: list[bytes], limit: int) -> None:
    whole, pieces = commands.LineSplitter(limit), commands.LineSplitter(limit)
    together = whole.feed(b"".join(parts)) + whole.end()
    apart = [line for part in parts for line in pieces.feed(part)] + pieces.end()
    assert "".join(apart) == "".join(together)
    assert all(len(line.encode("utf-8", "surrogateescape")) <= limit * 3 for line in together)
