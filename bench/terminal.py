"""A pseudo-terminal that a program can be started in, watched and typed into."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=$ ]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Terminal:
    """One program in a pty of the given size. `close()` ends it."""

    def __init__(
        self, argv: Sequence[str], *, columns: int, rows: int, environ: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environ or {})
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            if cwd:
                os.chdir(cwd)
            os.execvp(argv[0], list(argv))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = b""

    def wait_for(self, text: str, timeout_s: float = 30.0) -> float:
        """Seconds from start until `text` has been written since the last call. Raises TimeoutError."""
        wanted = text.encode()
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            if wanted in _ESCAPES.sub(b"", self.output):
                self.output = b""
                return time.perf_counter() - self.started
            self.pump(0.5)
        raise TimeoutError(f"{text!r} did not appear; last output: {_ESCAPES.sub(b'', self.output)[-800:]!r}")

    def pump(self, seconds: float) -> int:
        """Read what comes within `seconds` (returns after the first chunk); answers the cursor question. Bytes read."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return 0
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return 0
        if b"\x1b[6n" in chunk:
            os.write(self.fd, b"\x1b[1;1R")
        self.output = (self.output + chunk)[-400_000:]
        return len(chunk)

    def idle(self, seconds: float) -> int:
        """Bytes the program writes within so many seconds."""
        deadline = time.perf_counter() + seconds
        total = 0
        while (left := deadline - time.perf_counter()) > 0:
            total += self.pump(left)
        return total

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
