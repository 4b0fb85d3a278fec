"""Tables that are made from our own files and are slow to make, kept beside them as Python keeps its compiled modules.

They stand in `__pycache__` and are made anew when a file they were made from has another size or time; where that directory cannot
be written, or Python was told to write none, they are made every time.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deploydeck import __version__


def kept(name: str, directory: Path, sources: Iterable[Path], make: Callable[[], Any]) -> Any:
    """What `make` returns (plain values only), from the file of an earlier run when no source has changed since."""
    if sys.pycache_prefix is not None:
        return make()
    place = directory / "__pycache__" / f"{name}.{sys.implementation.cache_tag}.kept"
    try:
        states = ((path.name, path.stat()) for path in sources)
        key = repr((__version__, sys.version, sorted((name, state.st_size, state.st_mtime_ns) for name, state in states)))
    except OSError:
        return make()  # not files: imported from an archive
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        known, value = marshal.loads(place.read_bytes())  # noqa: S302 - as trusted as the compiled modules it stands among
        if known == key:
            return value
    value = make()
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, ValueError):
            _write(place, marshal.dumps((key, value)))
    return value


def _write(place: Path, data: bytes) -> None:
    """Replace the file whole: other processes may be reading it."""
    place.parent.mkdir(exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".kept-", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)  # noqa: PTH101 - readable by whoever can read the modules
        os.replace(name, place)  # noqa: PTH105
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise
