"""Log files: what is written is read, in order, redacted, whatever happens to the writer."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, LogLine
from deploydeck.domain.text import printable
from deploydeck.redaction import MASK, Redactor
from deploydeck.settings import LogSettings
from deploydeck.store import LogStore, LogWriter
from deploydeck.store.logformat import EVERY, safe_name
from deploydeck.store.logs import looks_like_error
from tests.clock import PATIENCE_S

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
SECRET = "tr0ub4dor&3 'x'"


@pytest.fixture
def logs(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


def _writer(logs: LogStore, source: str = "build", *secrets: str, **limits: int) -> LogWriter:
    return logs.writer("dep-1", source, Redactor(secrets), LogSettings(**limits) if limits else None)


def _texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


def _all(logs: LogStore, source: str = "build") -> list[str]:
    return _texts(logs.reader("dep-1", source).lines(limit=1_000_000))


def test_a_record_is_readable_with_plain_tools(logs: LogStore) -> None:
    writer = _writer(logs)
    writer.append("hello\tworld", "err", MOMENT)
    ref = writer.close()
    content = logs.path("dep-1", "build").read_bytes()
    assert content == b"2026-03-01T12:00:00.000005Z\te\thello\tworld\n"
    assert (ref.path, ref.lines, ref.size_bytes, ref.closed) == ("logs/dep-1/build.log", 1, len(content), True)
    expected = LogLine(seq=1, at=MOMENT, stream="err", text="hello\tworld", source="build")
    assert logs.reader("dep-1", "build").lines() == [expected]
    assert logs.path("dep-1", "build").stat().st_mode & 0o777 == 0o600
    assert writer.close() == ref
    with pytest.raises(ValueError, match="closed"):
        writer.append("late")


def test_text_is_split_into_lines(logs: LogStore) -> None:
    writer = _writer(logs)
    for text in ("one", "two\n", "three\nfour\n", "", "\n", "five\r\nsix\rseven", "caf\u00e9 \u4e16\u754c"):
        writer.append(text)
    assert _all(logs) == ["one", "two", "three", "four", "", "", "five", "six", "seven", "caf\u00e9 \u4e16\u754c"]
    with pytest.raises(ValueError, match="naive"):
        writer.append("x", at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_control_characters_do_not_reach_the_file(logs: LogStore) -> None:
    writer = _writer(logs)
    writer.append("\x1b[31mred\x1b[0m \x1b]0;title\x07done\u202e \x00end")
    assert _all(logs) == ["red done\ufffd end"]
    assert b"\x1b" not in logs.path("dep-1", "build").read_bytes()


# --- a model: a plain list ----------------------------------------------------------------------------------------------------

_text = st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\t\x1b\x85\u2028"), max_size=40)


def _model(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return [printable(line, tab="\t") for line in lines]


@given(st.lists(st.tuples(_text, st.sampled_from(["out", "err", "note"]), st.integers(1, 60), st.booleans()), max_size=20))
def test_reading_is_what_was_appended(calls: list[tuple[str, str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        logs = LogStore(Path(directory) / "logs")
        writer = _writer(logs)
        follower = logs.reader("dep-1", "build")
        expected: list[tuple[str, str]] = []
        for text, stream, times, reopen in calls:
            block = "\n".join([text.removesuffix("\n").removesuffix("\r")] * times)
            writer.append(block, stream)
            expected += [(stream, line) for line in _model(block)]
            if reopen:
                writer.close()
                writer = _writer(logs)
            assert follower.count() == writer.ref.lines == len(expected)
        for reader in (follower, logs.reader("dep-1", "build")):
            lines = reader.lines(limit=100_000)
            assert [(line.stream, line.text) for line in lines] == expected
            assert [line.seq for line in lines] == list(range(1, len(expected) + 1))
            for after, limit in ((0, 3), (len(expected) // 2, 300), (len(expected), 5), (-4, 2)):
                start = max(0, after)
                assert reader.lines(after, limit) == lines[start : start + limit]
            for n in (0, 1, 7, 10_000):
                assert reader.tail(n) == lines[len(lines) - min(n, len(lines)) :]
        writer.close()


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_feeding_bytes_gives_the_same_lines_wherever_the_borders_are(content: bytes, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        logs = LogStore(Path(directory) / "logs")
        writer = _writer(logs)
        places = [0, *sorted(cuts), len(content)]
        for start, end in pairwise(places):
            writer.feed(content[start:end])
        writer.close()
        text = content.decode("utf-8", "replace")
        assert _all(logs) == (_model(text) if text else [])


def test_streams_of_a_pipe_do_not_mix(logs: LogStore) -> None:
    writer = _writer(logs)
    writer.feed(b"out be", "out")
    writer.feed(b"err begins, ", "err")
    writer.feed(b"gins\n", "out")
    writer.feed("und endet mit \u00fc".encode()[:-1], "err")
    assert _all(logs) == ["out begins"]
    writer.feed("\u00fc".encode()[-1:], "err")
    writer.close()
    assert [(line.stream, line.text) for line in logs.reader("dep-1", "build").lines()] == [
        ("out", "out begins"),
        ("err", "err begins, und endet mit \u00fc"),
    ]


# --- secrets ------------------------------------------------------------------------------------------------------------------


def _forms(secret: str) -> dict[str, str]:
    encoded = base64.b64encode(secret.encode()).decode()
    return {
        "plain": secret,
        "base64": encoded,
        "base64 without padding": encoded.rstrip("="),
        "url": urllib.parse.quote(secret, safe=""),
        "form": urllib.parse.quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "shell": shlex.quote(secret),
    }


@pytest.mark.parametrize("form", _forms(SECRET))
def test_no_form_of_a_secret_reaches_the_disk_at_any_border(tmp_path: Path, form: str) -> None:
    shown = _forms(SECRET)[form]
    content = f"value={shown};\n".encode()
    logs = LogStore(tmp_path / "logs")
    for cut in range(len(content)):
        writer = _writer(logs, f"cut-{cut}", SECRET)
        writer.feed(content[:cut])
        writer.flush()
        writer.feed(content[cut:])
        writer.close()
        assert _all(logs, f"cut-{cut}") == [f"value={MASK};"]
    for path in (tmp_path / "logs").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()


def test_escape_sequences_do_not_hide_a_secret(logs: LogStore) -> None:
    writer = _writer(logs, "build", "hunter2hunter2")
    writer.append("a hunter2\x1b[0mhunter2 b\nhun\x00ter2hunter2")
    assert _all(logs) == [f"a {MASK} b", MASK]


_BODY = "\n".join(["MIIEow" + "Qx7" * 18] * 20)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("RSA PRIVATE KEY", ""),
        ("ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,Qx7\n\n"),
        ("PGP PRIVATE KEY BLOCK", "Version: 1\n\n"),
    ],
)
def test_a_private_key_is_masked_in_one_piece_and_line_by_line(logs: LogStore, kind: str, header: str) -> None:
    key = f"-----BEGIN {kind}-----\n{header}{_BODY}\n-----END {kind}-----"
    for source, pieces in (("whole", [key]), ("lines", key.split("\n")), ("halves", [key[:200], key[200:]])):
        writer = _writer(logs, source)
        for piece in ["before", *pieces, "after it: all is well"]:
            writer.feed(piece.encode() + (b"" if source == "halves" and piece is pieces[0] else b"\n"))
        writer.close()
        text = "\n".join(_all(logs, source))
        assert "Qx7" not in text
        assert text.startswith("before\n")
        assert text.endswith("after it: all is well")


def test_a_mention_of_a_key_hides_nothing_else(logs: LogStore) -> None:
    writer = _writer(logs)
    writer.append("expected -----BEGIN PRIVATE KEY-----")
    writer.append("at line 3, column 7: not a key")
    assert _all(logs)[1] == "at line 3, column 7: not a key"


def test_a_line_without_end_is_cut_and_says_so_without_leaking(logs: LogStore) -> None:
    secret = "s3cr3t" * 50
    for length in range(900, 1300, 37):
        source = f"long-{length}"
        writer = _writer(logs, source, secret, max_line_bytes=1024)
        data = ("x" * length + secret + "y" * 60_000 + secret).encode()
        for start in range(0, len(data), 1000):
            writer.feed(data[start : start + 1000])
        writer.feed(b"\nnext\n")
        writer.close()
        first, second = _all(logs, source)
        assert second == "next"
        assert "s3cr3t" not in first
        assert first.startswith("x" * min(length, 1024))
        assert first.endswith("bytes cut]")
        assert len(first.encode()) < 1024 + 60


def test_memory_of_an_endless_line_is_bounded(logs: LogStore) -> None:
    writer = _writer(logs, "build", max_line_bytes=1024)
    for _ in range(200):
        writer.feed(b"z" * 100_000)
    assert sum(len(pending.text) for pending in writer._pending.values()) < 20_000
    writer.close()
    (line,) = _all(logs)
    said = int(line.rpartition("[")[2].split()[0])
    assert said + 1024 == 20_000_000


def test_a_long_line_in_one_call_is_cut_at_a_character(logs: LogStore) -> None:
    writer = _writer(logs, "build", max_line_bytes=256)
    writer.append("short\n" + "\u00fc" * 400 + "\nshort")
    writer.close()
    assert _all(logs) == ["short", "\u00fc" * 128 + " \u2026 [544 bytes cut]", "short"]


# --- the index is only a cache ------------------------------------------------------------------------------------------------


def _fill(logs: LogStore, count: int) -> list[str]:
    writer = _writer(logs)
    texts = [f"line {place} " + "x" * (place % 50) for place in range(count)]
    for start in range(0, count, 90):
        writer.append("\n".join(texts[start : start + 90]), at=MOMENT + timedelta(seconds=start))
    writer.close()
    return texts


@pytest.mark.parametrize("count", [0, 1, EVERY - 1, EVERY, EVERY + 1, 3 * EVERY, 10 * EVERY + 17])
@pytest.mark.parametrize("damage", ["none", "gone", "empty", "torn", "short", "long", "noise", "shifted"])
def test_a_damaged_index_changes_nothing(logs: LogStore, count: int, damage: str) -> None:
    texts = _fill(logs, count)
    index = logs.path("dep-1", "build").with_suffix(".idx")
    content = index.read_bytes()
    new: bytes | None = {
        "none": content,
        "gone": None,
        "empty": b"",
        "torn": content[:-7],
        "short": content[:48],
        "long": content + content,
        "noise": random.Random(7).randbytes(len(content)),
        "shifted": content[48:],
    }[damage]
    if new is None:
        index.unlink()
    else:
        index.write_bytes(new)
    reader = logs.reader("dep-1", "build")
    assert reader.count() == count
    assert _texts(reader.tail(5)) == texts[-5:]
    assert _texts(reader.lines(EVERY - 2, 5)) == texts[EVERY - 2 : EVERY + 3]
    writer = _writer(logs)
    writer.append("more")
    writer.close()
    assert _all(logs) == [*texts, "more"]
    assert len(index.read_bytes()) == 48 * ((count + EVERY) // EVERY)
    assert logs.reader("dep-1", "build").lines(count)[0].seq == count + 1


def test_an_index_spares_reading_the_file(logs: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(logs, 20 * EVERY + 3)
    read: list[int] = []
    original = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        data = original(fd, length, offset)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counted)
    assert len(logs.reader("dep-1", "build").tail(10)) == 10
    assert sum(read) < logs.path("dep-1", "build").stat().st_size / 4


def test_a_file_that_was_replaced_is_read_anew(logs: LogStore) -> None:
    _fill(logs, 600)
    reader = logs.reader("dep-1", "build")
    assert reader.count() == 600
    path = logs.path("dep-1", "build")
    path.unlink()
    path.with_suffix(".idx").unlink()
    assert reader.count() == 0
    writer = _writer(logs)
    writer.append("fresh")
    assert _texts(reader.lines()) == ["fresh"]


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=700), st.integers(-600, 600))
def test_since_finds_the_first_line_even_if_the_clock_jumps(offsets: list[int], wanted: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        logs = LogStore(Path(directory) / "logs")
        writer = _writer(logs)
        for offset in offsets:
            writer.append(str(offset), at=MOMENT + timedelta(seconds=offset))
        later = [place for place, offset in enumerate(offsets) if offset >= wanted]
        first = later[0] if later else len(offsets)
        reader = logs.reader("dep-1", "build")
        moment = MOMENT + timedelta(seconds=wanted)
        assert reader.first_since(moment) == first + 1
        assert _texts(reader.since(moment)) == [str(offset) for offset in offsets[first:]]
        writer.close()


# --- full, killed, shared -----------------------------------------------------------------------------------------------------


def test_a_full_log_says_so_and_counts_what_it_drops(logs: LogStore) -> None:
    writer = _writer(logs, "build", max_file_mb=1)
    block = "\n".join("y" * 100 for _ in range(100))
    for _ in range(100):
        writer.append(block)
    ref = writer.close()
    texts = _all(logs)
    kept = texts.count("y" * 100)
    assert kept + writer.dropped == 10_000
    assert texts[kept] == "[this log reached its limit of 1 MiB; what follows is dropped]"
    assert texts[kept + 1 :] == [f"[{writer.dropped} lines dropped]"]
    assert ref.size_bytes < (1 << 20) + 300
    again = _writer(logs, "build", max_file_mb=1)
    again.append("one more")
    again.close()
    assert _all(logs)[-1] == "[1 lines dropped]"


def test_a_full_disk_stops_nobody_and_is_told_later(logs: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = _writer(logs)
    writer.append("before")
    original = os.write
    room = 40

    def cramped(fd: int, data: Any) -> int:
        nonlocal room
        if fd != writer._fd:
            return original(fd, data)
        if room <= 0:
            raise OSError(28, "No space left on device")
        written = original(fd, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", cramped)
    writer.append("one\ntwo\nthree")
    writer.append("four")
    assert _all(logs) == ["before", "one"], "whole lines only"
    monkeypatch.setattr(os, "write", original)
    writer.append("after")
    ref = writer.close()
    assert _all(logs) == ["before", "one", "[3 lines dropped]", "after"]
    assert (ref.lines, writer.dropped) == (4, 3)


def test_a_real_full_device_is_survived(logs: LogStore) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    writer = _writer(logs)
    full = os.open("/dev/full", os.O_WRONLY)
    kept = os.dup(writer._fd)
    os.dup2(full, writer._fd)
    writer.append("lost")
    os.dup2(kept, writer._fd)
    os.close(full)
    os.close(kept)
    writer.append("found")
    writer.close()
    assert _all(logs) == ["[1 lines dropped]", "found"]


@pytest.mark.parametrize(
    "torn", [b"2026", b"\x00" * 50, b"2026-03-01T12:00:00.000005Z\to\thalf a li", b"2026-03-01T12:00:00.000005Z\to"]
)
def test_a_torn_last_line_is_repaired(logs: LogStore, torn: bytes) -> None:
    texts = _fill(logs, 300)
    with logs.path("dep-1", "build").open("ab") as file:
        file.write(torn)
    reader = logs.reader("dep-1", "build")
    assert reader.count() == 300, "a half-written line is not there yet"
    writer = _writer(logs)
    writer.append("next")
    writer.close()
    repaired = ["half a li \u2026 [cut short]"] if b"half" in torn else []
    assert _all(logs) == [*texts, *repaired, "next"]
    assert _texts(reader.lines(300)) == [*repaired, "next"]


_CHILD = """
import sys
from pathlib import Path
from deploydeck.redaction import Redactor
from deploydeck.store.logs import LogStore
writer = LogStore(Path(sys.argv[1])).writer("dep-1", "build", Redactor())
number = writer.ref.lines
print("ready", flush=True)
while True:
    writer.append("\\n".join(f"{number + place} " + "k" * 3000 for place in range(97)))
    number += 97
"""


def test_killing_the_writer_loses_no_finished_line(logs: LogStore) -> None:
    for turn in range(4):
        with subprocess.Popen([sys.executable, "-c", _CHILD, str(logs.root)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.05 + 0.03 * turn)
            child.send_signal(signal.SIGKILL)
        before = logs.reader("dep-1", "build").count()
        writer = _writer(logs)
        assert before <= writer.ref.lines <= before + 1
        writer.close()
        # The next writer numbers from what it found, so a lost or doubled line would show.
        seen = logs.reader("dep-1", "build").lines(limit=10_000_000)
        for place, line in enumerate(seen):
            number, _, filling = line.text.partition(" ")
            assert number == str(place)[: len(number)]
            assert filling.strip("k") in ("", " \u2026 [cut short]") or line.text.endswith("[cut short]")
    assert logs.reader("dep-1", "build").count() > 0


def test_threads_share_a_writer(logs: LogStore) -> None:
    writer = _writer(logs)

    def work(name: str) -> None:
        for turn in range(200):
            writer.append(f"{name} {turn}\n{name} {turn} again")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.close().lines == 1600
    texts = _all(logs)
    for name in "abcd":
        expected = [text for turn in range(200) for text in (f"{name} {turn}", f"{name} {turn} again")]
        assert [text for text in texts if text.startswith(name)] == expected


def test_two_writers_of_one_source_lose_nothing(logs: LogStore) -> None:
    one, two = _writer(logs), _writer(logs)
    for turn in range(600):
        (one, two)[turn % 2].append(f"line {turn}")
    assert max(one.close().lines, two.close().lines) == 600
    assert _all(logs) == [f"line {turn}" for turn in range(600)]


def test_error_lines_are_counted_also_after_reopening(logs: LogStore) -> None:
    writer = _writer(logs)
    writer.append("ERROR: x\nfine\nTypeError: y\n0 errors, 3 warnings\nbuild failed\nterror of flying")
    assert writer.ref.error_lines == 3
    writer.close()
    again = _writer(logs)
    again.append("fatal: z")
    assert again.close().error_lines == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("error: cannot find module", True),
        ("[ERROR] boom", True),
        ("npm ERR! code E404", True),
        ("ValueError: invalid literal", True),
        ("java.lang.NullPointerException", True),
        ("FATAL:  password authentication failed", True),
        ("panic: runtime error", True),
        ("step failed", True),
        ("Compiled with 0 errors", False),
        ("failed: 0", False),
        ("GET /errors.css 200", False),
        ("all is well", False),
    ],
)
def test_what_looks_like_an_error(text: str, expected: bool) -> None:
    assert looks_like_error(text) is expected


# --- names --------------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=100))
def test_no_name_leads_out_of_the_directory(name: str) -> None:
    root = Path("/data/logs")
    path = LogStore(root).path(name, name)
    assert path.parent.parent == root
    assert path.name.endswith(".log")
    assert not path.name.startswith(".")
    assert len(path.name.encode()) <= 255
    assert ".." not in path.parts


def test_different_names_have_different_files() -> None:
    names = ["app", "a/b", "a_b", "a\\b", "..", ".", "", "../app", "x" * 64, "x" * 65, "x" * 66]
    assert len({safe_name(name) for name in names}) == len(names)
    assert safe_name("web.1-app_2") == "web.1-app_2"


def test_a_link_in_place_of_a_log_is_refused(logs: LogStore, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = logs.path("dep-1", "build")
    path.parent.mkdir(parents=True)
    path.symlink_to(victim)
    with pytest.raises(DeployDeckError) as caught:
        _writer(logs)
    assert caught.value.code == "log-unwritable"
    assert victim.read_text() == "precious"


def test_sources_are_listed(logs: LogStore) -> None:
    assert logs.sources("dep-1") == ()
    for source in ("build", "app"):
        _writer(logs, source).close()
    assert logs.sources("dep-1") == ("app", "build")


# --- following ----------------------------------------------------------------------------------------------------------------


async def _gather(batches: Any, into: list[LogLine]) -> None:
    async for batch in batches:
        into.extend(batch)


@pytest.fixture(params=["watched", "polled"])
def watching(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "polled":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    yield request.param


async def test_followers_get_every_line_and_end_when_told(logs: LogStore, watching: str) -> None:
    stop = asyncio.Event()
    found: list[list[LogLine]] = [[], [], []]
    followers = [
        asyncio.create_task(_gather(logs.reader("dep-1", "build").follow(after, stop=stop, poll_s=0.1, batch=50), into))
        for after, into in zip((0, 0, 100), found, strict=True)
    ]
    await asyncio.sleep(0.05)  # the file is not there yet
    writer = _writer(logs)
    for turn in range(60):
        writer.append("\n".join(f"{turn} {place}" for place in range(10)))
        if turn % 10 == 0:
            await asyncio.sleep(0.02)
    writer.append("the end")
    stop.set()
    await asyncio.wait_for(asyncio.gather(*followers), PATIENCE_S)
    assert [line.seq for line in found[0]] == list(range(1, 602))
    assert found[1] == found[0]
    assert found[2] == found[0][100:]
    assert found[0][-1].text == "the end"
    writer.close()


async def test_a_follower_wakes_without_waiting_for_the_poll(logs: LogStore) -> None:
    writer = _writer(logs)
    stop = asyncio.Event()
    found: list[LogLine] = []
    task = asyncio.create_task(_gather(logs.reader("dep-1", "build").follow(stop=stop, poll_s=600), found))
    await asyncio.sleep(1)
    writer.append("now")
    started = time.monotonic()
    while not found and time.monotonic() - started < PATIENCE_S:
        await asyncio.sleep(0.02)
    assert _texts(found) == ["now"]
    stop.set()
    await asyncio.wait_for(task, PATIENCE_S)


async def test_a_follower_can_be_cancelled(logs: LogStore) -> None:
    _writer(logs).append("x")
    found: list[LogLine] = []
    task = asyncio.create_task(_gather(logs.reader("dep-1", "build").follow(), found))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, PATIENCE_S)
    assert _texts(found) == ["x"]
