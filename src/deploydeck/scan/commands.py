"""Start commands that people wrote (Procfile, scripts, overrides) as argument vectors with `{host}` and `{port}`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace

from deploydeck.scan.rules.names import DEVELOPMENT_ARGUMENTS, DEVELOPMENT_SERVERS

_SHELL = re.compile(r"[|&;<>`(){}*?\[\]~$\\]|\n")
_PORT_VARIABLE = re.compile(r"\$(?:PORT\b|\{PORT(?::?-(\d{1,5}))?\})")
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_PORT_FLAG = re.compile(r"^(--port|-p|--bind|-b|--listen|--http-port)(?:=(.*))?$")
_ADDRESS = re.compile(r"^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]*)$")
_HOST_FLAG = re.compile(r"^(--host|-H|--hostname|--address)(?:=(.*))?$")
_WRAPPERS = frozenset({"cross-env", "env", "exec"})
_SET_ANYWAY = ("NODE_ENV=", "PORT=")
_BINDS_BY_DEFAULT = frozenset({"gunicorn"})
_BIND: dict[str, tuple[str, ...]] = {
    "uvicorn": ("--host", "{host}", "--port", "{port}"),
    "hypercorn": ("--bind", "{host}:{port}"),
    "waitress-serve": ("--listen={host}:{port}",),
}
"""What makes a server that would listen on its own default listen where the target wants it. Gunicorn reads PORT itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command. `needs_shell`: its words cannot stand alone. `port`: a literal in it."""

    argv: tuple[str, ...]
    needs_shell: bool = False
    port: int | None = None
    port_variable: bool = False
    loopback: bool = False

    @property
    def has_port(self) -> bool:
        """Whether the target can say the port by replacing `{port}`."""
        return any("{port}" in word for word in self.argv)

    def bound(self) -> Command:
        """The command with an address to listen on, when it is a server that takes one and names none."""
        extra = _BIND.get(self.argv[0].rpartition("/")[2], ())
        return self if self.needs_shell or self.has_port or not extra else replace(self, argv=(*self.argv, *extra))

    @property
    def server_reads_port(self) -> bool:
        """Whether PORT decides although the command does not name it."""
        return self.port_variable or self.argv[0].rpartition("/")[2] in _BINDS_BY_DEFAULT


def parse_command(text: str) -> Command | None:
    """The command as an argument vector; None when it is empty or its quotes do not close."""
    variable = _PORT_VARIABLE.search(text)
    plain = _PORT_VARIABLE.sub("{port}", text)
    if _SHELL.search(plain.replace("{port}", "")):
        prefix = "" if re.search(r"[;&|]", text) else "exec "
        default = int(variable[1]) if variable and variable[1] else None
        return Command(("sh", "-c", prefix + text.strip()), needs_shell=True, port=default, port_variable=bool(variable))
    try:
        words = shlex.split(plain)
    except ValueError:
        return None
    assignments: list[str] = []
    while words and (words[0] in _WRAPPERS or _ASSIGNMENT.match(words[0])):
        word = words.pop(0)
        if "=" in word:
            assignments.append(word)
    if not words:
        return None
    argv, port, loopback = _placeholders(words)
    literal = next((word.partition("=")[2] for word in assignments if word.startswith("PORT=")), "")
    if port is None and re.fullmatch(r"[1-9][0-9]{1,4}", literal):
        port = int(literal)
    if kept := [word for word in assignments if not word.startswith(_SET_ANYWAY)]:
        argv = ["env", *kept, *argv]
    if port is None and variable and variable[1]:
        port = int(variable[1])
    return Command(tuple(argv), port=port, port_variable=bool(variable), loopback=loopback)


def _placeholders(words: list[str]) -> tuple[list[str], int | None, bool]:
    """Literal addresses of the flags that name them, replaced: the target decides where the program listens."""
    port, loopback = None, False
    result: list[str] = []
    expect = ""
    for word in words:
        match_port, match_host = _PORT_FLAG.match(word), _HOST_FLAG.match(word)
        if expect == "port" or (match_port and match_port[2] is not None):
            prefix, value = (f"{match_port[1]}=", match_port[2]) if match_port and not expect else ("", word)
            host, colon, number = (value or "").rpartition(":")
            if (number.isdigit() or number == "{port}") and _ADDRESS.match(host):
                port = int(number) if number.isdigit() and 0 < int(number[:6]) < 65536 else port
                loopback = loopback or host in {"127.0.0.1", "localhost", "[::1]"}
                value = ("{host}" if colon else "") + colon + "{port}"
            result.append(prefix + (value or ""))
            expect = ""
        elif expect == "host" or (match_host and match_host[2] is not None):
            value = match_host[2] if match_host and not expect else word
            loopback = loopback or value in {"127.0.0.1", "localhost", "::1"}
            result.append((f"{match_host[1]}=" if match_host and not expect else "") + "{host}")
            expect = ""
        else:
            expect = "port" if match_port else "host" if match_host else ""
            result.append(word)
    return result, port, loopback


def development_server(command: Command) -> str:
    """Why this command is a development server, or ""."""
    words = command.argv[-1].removeprefix("exec ").split() if command.needs_shell else list(command.argv)
    names = [word.rpartition("/")[2] for word in words]
    for index, name in enumerate(names):
        first = index == 0 or names[index - 1] in {"npx", "exec", "-m", "run"} or words[index - 1] in {"&&", ";", "||"}
        if first and name in DEVELOPMENT_SERVERS and not (name == "vite" and "preview" in names):
            return DEVELOPMENT_SERVERS[name]
    argument = next((word for word in words[1:] if word in DEVELOPMENT_ARGUMENTS), "")
    return f"{names[0]} {argument} is for development" if argument and names else ""
