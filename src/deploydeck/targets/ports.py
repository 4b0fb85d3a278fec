"""Ports of this machine: whether one is free, and who holds it."""

from __future__ import annotations

import errno
import socket


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bind_error(address: str, port: int) -> int:
    """0 when a program could listen there now, else the errno of the refusal."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections in TIME_WAIT do not count
        try:
            trial.bind((address, port))
            trial.listen(1)
        except OSError as error:
            return error.errno or errno.EIO
    return 0


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as trial:
        trial.bind((address, 0))
        return int(trial.getsockname()[1])


def holder(port: int) -> str:
    """Who listens on a port, for people: `nginx (process 812)`; empty when it cannot be known."""
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):  # other people's sockets are not ours to see everywhere
        return ""
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if connection.pid is None:
                return "a process of another user"
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return ""


def host_for_clients(address: str) -> str:
    """The host part of a URL that reaches a server bound to `address` from this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1", "localhost": "127.0.0.1"}.get(address, address)  # noqa: S104
    return f"[{reachable}]" if ":" in reachable else reachable
