"""Start commands that people wrote (Procfile, scripts, overrides) as argument vectors with `{host}` and `{port}`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace

from deploydeck.scan.rules.names import DEVELOPMENT_ARGUMENTS, DEVELOPMENT_PAIRS, DEVELOPMENT_SERVERS

_SHELL = re.compile(r"[|&;<>`(){}*?\[\]~$\\]|\n")
_ANY_HOST = re.compile(r"://\*(?=[:/\s]|$)")
"""`http://*:8089`: no file is called so, so that a shell leaves it as it is."""
_QUOTED = re.compile(r"'[^'$]{0,2000}'|\"[^\"$`\\\\]{0,2000}\"|(?<=-e )'[^']{0,2000}'")
_PORT_VARIABLE = re.compile(r"\$(?:PORT\b|\{PORT(?::?-(\d{1,5}))?\})")
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_PORT_FLAGS = (
    r"--port|-p|-port|--bind|-b|--listen|-l|--http-port|--server\.port|--server-port|--http\.port|--web-port|--urls|--addr|-addr|--listen-addr|-listen|-http"
    r"|--http-address|--listen-address|-Dserver\.port|-Dhttp\.port|-Dquarkus\.http\.port|-Dmicronaut\.server\.port|-Dport|--server\.http\.port|-S"
)
_PORT_FLAG = re.compile(rf"^({_PORT_FLAGS})(?:=(.*))?$")
_ADDRESS = re.compile(r"^((?:tcp|https?)://)?(?:(\[[0-9a-fA-F:]{0,60}\]|[A-Za-z0-9_.*+-]{0,200}):)?(\d{1,5}|\{port\})$")
_HOST_ALONE = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3}){3}|localhost|\[?::1?\]?)$")
_BARE_ADDRESS = re.compile(r"^(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]):(\d{1,5}|\{port\})$")
_HOST_FLAG = re.compile(
    r"^(--host|-H|--hostname|--address|--server\.address|--bind-address|--ip|--server-name|-Dserver\.address|-Dquarkus\.http\.host)(?:=(.*))?$"
)
_SHORT_HOST_FLAGS = frozenset({"-h", "-a", "-o", "-b", "--binding", "--listen"})
_LITERAL_PORT = re.compile(rf"(?:^|\s)(?:{_PORT_FLAGS})[ =](?:[A-Za-z0-9_.\[\]:/*+-]{{0,100}}:)?(\d{{2,5}})(?=[\s\"';&|)]|$)")
_DEFAULT_PORT = re.compile(r"\$\{[A-Z_]{0,30}PORT:?-(\d{2,5})\}")
_ANY_ADDRESS = frozenset({"*", "+"})
"""Every interface, in words of the program's own that stay as they were written."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
_WRAPPERS = frozenset({"cross-env", "env", "exec"})
_SET_ANYWAY = ("NODE_ENV=", "PORT=")
_BINDS_BY_DEFAULT = frozenset({"gunicorn"})
_BIND: dict[str, tuple[str, ...]] = {
    "uvicorn": ("--host", "{host}", "--port", "{port}"),
    "hypercorn": ("--bind", "{host}:{port}"),
    "waitress-serve": ("--listen={host}:{port}",),
}
"""What makes a server that would listen on its own default listen where the target wants it. Gunicorn reads PORT itself."""
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_INIT = re.compile(
    r"^(?:\S{0,100}/)?(?:(?:tini|dumb-init|catatonit|my_init)\s+(?:-[a-zA-Z]{1,3}\s+){0,4}(?:--\s+)?|(?:gosu|su-exec|setpriv|runuser\s+-u)\s+\S{1,60}\s+(?:--\s+)?"
    r"|(?:doppler|infisical|dotenvx|newrelic-admin|ddtrace-run|opentelemetry-instrument)\s+(?:run(?:-program)?\s+)?(?:-\S{1,60}\s+){0,6}(?:--\s+)?|docker-php-entrypoint\s+|exec\s+)"
)
_SETUP = re.compile(
    r"^(?:set\s|echo\s|sleep\s|export\s+[A-Z_]{1,60}=|chmod\s|chown\s|mkdir\s|ls\b|pwd\b|true$|:$|wait-for|\./wait-for|/wait|dockerize\s|cd\s+/(?:app|code|srv|workspace|usr/src/app|home/\w{1,30}/app|opt/app|src)/?$"
    r"|(?:npm|pnpm|yarn|bun)\s+(?:ci|install|i)\b|pip3?\s+install\b|rm\s+-r?f\s|cp\s)"
    r"|\b(?:migrate|migrations?|collectstatic|compilemessages|createsuperuser|createcachetable|loaddata|seed|(?:alembic|flask\s+db|aerich)\s+(?:upgrade|stamp)|db[:_.]\w{1,20}"
    r"|prisma\s+(?:generate|db\s+push)|db\s+(?:push|upgrade|init)|drizzle-kit\s+\w{1,20}|typeorm\S{0,20}\s+migration:\w{1,20}|sequelize\S{0,10}\s+db:\w{1,30}|knex\s+migrate:\w{1,20}|storage:link"
    r"|(?:config|route|view|event|optimize|cache):?(?:cache|clear)?|assets:precompile|ecto\.\w{1,20}|key:generate|init[-_]?db|create[-_]?(?:db|tables))\b"
)
"""Steps before a server: they prepare, they do not serve."""


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
        if self.needs_shell or self.has_port or not extra:
            return self
        if "--host" in self.argv and extra[:1] == ("--host",):
            extra = extra[2:]
        return replace(self, argv=(*self.argv, *extra))

    @property
    def server_reads_port(self) -> bool:
        """Whether PORT decides although the command does not name it."""
        return self.port_variable or self.argv[0].rpartition("/")[2] in _BINDS_BY_DEFAULT


def parse_command(text: str) -> Command | None:
    """The command as an argument vector; None when it is empty or its quotes do not close."""
    variable = _PORT_VARIABLE.search(text)
    plain = _PORT_VARIABLE.sub("{port}", text)
    if _SHELL.search(_unquoted(text, _ANY_HOST.sub("://", plain)).replace("{port}", "")):
        prefix = "" if re.search(r"[;&|]", text) else "exec "
        default = int(variable[1]) if variable and variable[1] else None
        if default is None and (literal := _LITERAL_PORT.search(text) or _DEFAULT_PORT.search(text)):
            default = _number(literal[1])
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
    given = next((word.partition("=")[2] for word in assignments if word.startswith(("PORT=", "SERVER_PORT=", "HTTP_PORT="))), "")
    if port is None and re.fullmatch(r"[1-9][0-9]{1,4}", given):
        port = int(given)
    if kept := [word for word in assignments if not word.startswith(_SET_ANYWAY)]:
        argv = ["env", *kept, *argv]
    if port is None and variable and variable[1]:
        port = int(variable[1])
    return Command(tuple(argv), port=port, port_variable=bool(variable), loopback=loopback)


def _unquoted(text: str, plain: str) -> str:
    """What of a command a shell would interpret: not what stands in quotes, unless that is itself a command or has variables."""
    if text.split(" ", 1)[0].rpartition("/")[2] in _SHELLS:
        return plain
    return _QUOTED.sub("''", plain)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() and 0 < int(text[:6]) < 65536 else None


def _placeholders(words: list[str]) -> tuple[list[str], int | None, bool]:
    """Literal addresses of the flags that name them, replaced: the target decides where the program listens."""
    port, loopback = None, False
    result: list[str] = []
    expect = ""
    for word in words:
        match_port, match_host = _PORT_FLAG.match(word), _HOST_FLAG.match(word)
        value, prefix = word, ""
        if not expect:
            if match_port and match_port[2] is not None:
                expect, prefix, value = "port", f"{match_port[1]}=", match_port[2]
            elif match_host and match_host[2] is not None:
                expect, prefix, value = "host", f"{match_host[1]}=", match_host[2]
            elif _BARE_ADDRESS.match(word) or (result[-1:] == ["http.server"] and word.isdigit()):
                expect = "port"
            elif word in _SHORT_HOST_FLAGS or match_port or match_host:
                expect = "short" if word in _SHORT_HOST_FLAGS - {"-b", "--listen"} else "host" if match_host else "port"
                result.append(word)
                continue
        if expect and (address := _ADDRESS.match(value)) and (expect != "short"):
            port = _number(address[3]) or port
            loopback = loopback or (address[2] or "") in _LOOPBACK
            host = address[2] if address[2] in _ANY_ADDRESS else None if address[2] is None else "{host}"
            value = (address[1] or "") + (f"{host}:" if host is not None else "") + "{port}"
        elif expect == "host" or (expect in {"port", "short"} and _HOST_ALONE.match(value)):
            if expect != "host" or not value.startswith("-"):
                loopback = loopback or value in _LOOPBACK
                value = "{host}"
        elif expect and (_PORT_FLAG.match(value) or _HOST_FLAG.match(value)) and not prefix:
            expect = "port" if _PORT_FLAG.match(value) else "host"
            result.append(value)
            continue
        result.append(prefix + value)
        expect = ""
    return result, port, loopback


def server_part(text: str) -> tuple[str, tuple[str, ...]]:
    """The command that serves, without init programs, `sh -c` and the steps before it (migrations…), and those steps."""
    plain, left_out = text.strip(), ()
    for _ in range(8):
        before = plain
        if match := _INIT.match(plain):
            plain = plain[match.end() :].strip()
        plain = _inside_shell(plain)
        if plain == before:
            break
    steps = _steps(plain)
    rest = [step for step in steps[:-1] if not _SETUP.search(step)]
    if len(steps) > 1 and not rest and not _SETUP.search(steps[-1].partition(" ")[0] if _is_program(steps[-1]) else steps[-1]):
        inner, more = server_part(steps[-1]) if len(steps[-1]) < len(text) else (steps[-1], ())
        return inner, (*steps[:-1], *more)
    return plain or text.strip(), left_out


def _is_program(step: str) -> bool:
    """Whether a last step runs a server whatever words follow it."""
    return step.split(" ")[0].rpartition("/")[2] in {"gunicorn", "uvicorn", "node", "hypercorn", "daphne", "puma", "java", "exec"}


def _inside_shell(text: str) -> str:
    """What `sh -c "…"` runs; the text itself when it is nothing of the kind."""
    match = re.match(r"^(?:\S{0,60}/)?(sh|bash|ash|dash|zsh)\s+(?:-[a-z]{0,5}\s+){0,3}-[a-z]{0,4}c\s+(.{1,4000})$", text, re.DOTALL)
    if not match:
        return text
    inner = match[2].strip()
    try:
        words = shlex.split(inner)
    except ValueError:
        return text
    return words[0].strip() if len(words) == 1 or inner[:1] in {"'", '"'} else inner


def _steps(text: str) -> list[str]:
    """The parts of a command that run one after the other (`a && b; c`), quotes kept whole."""
    steps, start, quote, position = [], 0, "", 0
    while position < len(text):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in ";\n" or text.startswith("&&", position):
            steps.append(text[start:position].strip())
            position += 2 if character == "&" else 1
            start = position
            continue
        position += 1
    steps.append(text[start:].strip())
    return [step for step in steps if step]


def development_server(command: Command) -> str:
    """Why this command is a development server, or ""."""
    words = command.argv[-1].removeprefix("exec ").split() if command.needs_shell else list(command.argv)
    names = [word.rpartition("/")[2] for word in words]
    for index, name in enumerate(names):
        first = (
            index == 0
            or names[index - 1] in {"npx", "exec", "-m", "run", "bunx", "dlx", "--", "php"}
            or words[index - 1] in {"&&", ";", "||"}
            or "=" in words[index - 1]
        )
        if first and name in DEVELOPMENT_SERVERS and not (name == "vite" and "preview" in names):
            return DEVELOPMENT_SERVERS[name]
        if first and index + 1 < len(names) and (why := DEVELOPMENT_PAIRS.get((name, names[index + 1]), "")):
            return why
    argument = next((word for word in words[1:] if word in DEVELOPMENT_ARGUMENTS), "")
    return f"{names[0]} {argument} is for development" if argument and names else ""
