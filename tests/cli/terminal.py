"""A person at a terminal: the program in a pty with a controlling terminal, watched and typed into."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.clock import PATIENCE_S

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Person:
    """Runs one command in a pty. Use as a context manager; `raw` is everything it wrote, `text` the same without escapes."""

    def __init__(
        self, argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str], columns: int = 80, rows: int = 24, term: str = "xterm"
    ) -> None:
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**environ, "TERM": term},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            preexec_fn=lambda: os.login_tty(inner),  # a session of its own, with this as its terminal: Ctrl-C is a signal
        )
        os.close(inner)
        self.raw = ""

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._fd)

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.raw)

    def sees(self, wanted: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until a text was written. Fails with everything that was."""
        deadline = time.monotonic() + timeout_s
        while wanted not in self.text:
            assert time.monotonic() < deadline, f"{wanted!r} did not appear:\n{self.text}"
            assert self._read(0.2) or self.process.poll() is None, f"it ended without {wanted!r}:\n{self.text}"

    def types(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def ends(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it did not end:\n{self.text}"
            self._read(0.1)
        while self._read(0.0):
            pass
        return self.process.returncode

    def _read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], timeout_s)
        if not ready:
            return False
        try:
            chunk = os.read(self._fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the other side is closed
                raise
            return False
        self.raw += chunk.decode("utf-8", "replace")
        return bool(chunk)
