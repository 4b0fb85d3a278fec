"""The keeper: a small detached process that starts one program, writes its log, and starts it again when it crashes.

Run as a script; what to run comes as JSON on standard input, for it holds secrets. It detaches, writes `state.json` in its
directory, and only then lets its parent end with code 0. A lock file in that directory makes it the only one of its kind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploydeck.redaction import Redactor
from deploydeck.store.logs import LogStore, LogWriter
from deploydeck.targets.process import proc
from deploydeck.targets.process.layout import write_json

GRACE_S = 10.0
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STEADY_S = 60.0
LOOK_S = 5.0
"""A program that ran this long starts again with the shortest pause."""
STATE, LOCK, RESTART = "state.json", "lock", "restart"
BUSY, REFUSED = 3, 4


class Keeper:
    def __init__(self, order: dict[str, Any], writer: LogWriter) -> None:
        self._order = order
        self._directory = Path(order["directory"])
        self._writer = writer
        self._events: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._child: subprocess.Popen[bytes] | None = None
        self._pumps: list[threading.Thread] = []
        self._stopping = False
        self._crashes = 0
        self.state: dict[str, Any] = {
            "keeper": proc.mark(os.getpid()), "program": None, "restarts": 0, "exit_code": None,
            "ended_at": None, "detail": "", **{key: order[key] for key in ("deployment", "release", "source", "port", "role")},
        }  # fmt: skip

    def start(self) -> None:
        """Start the program once. Raises OSError when it cannot be started."""
        child = subprocess.Popen(
            self._order["argv"], cwd=self._order["cwd"], env=self._order["env"], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._child = child
        self._save(program=proc.mark(child.pid), exit_code=None, ended_at=None, detail="running")
        self._pumps = [
            threading.Thread(target=self._pump, args=(pipe, stream), daemon=True)
            for pipe, stream in ((child.stdout, "out"), (child.stderr, "err"))
        ]
        for pump in self._pumps:
            pump.start()
        threading.Thread(target=lambda: self._events.put(("ended", child.wait())), daemon=True).start()

    def keep(self) -> None:
        """Until the program has ended for good."""
        began = time.monotonic()
        while True:
            event, code = self._next_event()
            if event == "stop":
                self._stopping = True
                self._end_group()
                continue
            if event == "kill":
                self._signal(signal.SIGKILL)
                continue
            code = code if code >= 0 else 128 - code
            self._signal(signal.SIGKILL)  # what the program left behind belongs to it
            for pump in self._pumps:
                pump.join(2.0)
            restart = not self._stopping and (self._directory / RESTART).exists()
            self._crashes = 0 if time.monotonic() - began > STEADY_S else self._crashes
            pause = BACKOFF_S[min(self._crashes, len(BACKOFF_S) - 1)]
            said = f"ended with exit code {code}" + (f"; starting again in {pause:g} s" if restart else "")
            self._note(said)
            self._save(program=None, exit_code=code, ended_at=datetime.now(UTC).isoformat(), detail=said)
            if not restart or not self._again(pause):
                return
            began = time.monotonic()

    def _next_event(self) -> tuple[str, int]:
        """What happens next. A copy whose directory was removed is stopped: nobody could address it any more."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=LOOK_S)
            if not self._stopping and not self._directory.is_dir():
                return "stop", 0

    def stop(self) -> None:
        """From a signal: end the program, then leave."""
        self._events.put(("stop", 0))

    def _again(self, pause: float) -> bool:
        deadline = time.monotonic() + pause
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                if self._events.get(timeout=left)[0] == "stop":
                    return False
        self._crashes += 1
        self.state["restarts"] += 1
        try:
            self.start()
        except OSError as error:
            self._save(exit_code=127, detail=f"cannot be started: {error.strerror}")
            self._note(f"cannot be started: {error.strerror}")
            return False
        return True

    def _end_group(self) -> None:
        self._signal(signal.SIGTERM)
        killer = threading.Timer(GRACE_S, lambda: self._events.put(("kill", 0)))
        killer.daemon = True
        killer.start()

    def _signal(self, number: int) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)

    def _pump(self, pipe: Any, stream: str) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), 65_536):
                self._writer.feed(chunk, stream)

    def _note(self, text: str) -> None:
        self._writer.append(text, "note")

    def _save(self, **changes: Any) -> None:
        self.state.update(changes)
        with contextlib.suppress(OSError):  # a full disk must not end the program
            write_json(self._directory / STATE, self.state)


def _detached(order: dict[str, Any], ready: int) -> None:
    """The life of the detached process; `ready` is the pipe on which the parent waits for a byte or a reason."""
    directory = Path(order["directory"])
    os.setsid()
    os.umask(0o077)
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.write(ready, b"another keeper holds this copy")
        os._exit(BUSY)
    log = os.open(directory / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir(directory)
    writer = LogStore(Path(order["logs"])).writer(order["deployment"], order["source"], Redactor(order["secrets"]))
    keeper = Keeper(order, writer)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: keeper.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        keeper.start()
    except OSError as error:
        os.write(ready, f"{order['argv'][0]}: {error.strerror}".encode())
        os._exit(REFUSED)
    os.write(ready, b"\0")
    os.close(ready)
    keeper.keep()
    writer.close()


def main() -> int:
    order = json.load(sys.stdin)
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        try:
            _detached(order, writing)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent waits to hear it
            with contextlib.suppress(OSError):
                traceback.print_exc()  # into keeper.log once detached
                os.write(writing, f"{type(error).__name__}: {error}".encode())
            os._exit(1)
        os._exit(0)
    os.close(writing)
    answer = b""
    while chunk := os.read(reading, 4096):
        answer += chunk
        if answer == b"\0":
            return 0
    sys.stderr.write(answer.decode("utf-8", "replace") or "the keeper ended at once")
    return 1


if __name__ == "__main__":
    sys.exit(main())
