"""Finds and ends what a benchmark started, by the home it was started with."""

from __future__ import annotations

import os
import socket

import psutil


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def processes_of(home: str) -> list[psutil.Process]:
    """Our processes: their environment, command line or directory names this run's home."""
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ().get("DEPLOYDECK_HOME") == f"{home}/data"
            named = home in " ".join(process.cmdline()) or process.cwd().startswith(home)
            if process.pid != os.getpid() and (told or named):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def stop_all(home: str) -> None:
    """End them and wait until they are gone."""
    ours = processes_of(home)
    for process in ours:
        process.terminate()
    for process in psutil.wait_procs(ours, timeout=10)[1]:
        process.kill()
