"""Files that start the program themselves: shell scripts, pm2, supervisor, systemd, and the configuration of Python's servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.python_source import python_source

_SERVERS = re.compile(
    r"^(?:exec\s+)?(?:[A-Z_][A-Z0-9_]{0,40}=\S{0,100}\s+){0,5}(?:(?:poetry|pdm|uv|pipenv|rye|hatch)\s+run\s+|bundle\s+exec\s+|python3?\s+-m\s+|npx\s+)?(?:\S{0,100}/)?"
    r"(?:gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|streamlit|fastapi|python3?|node|bun|deno|java|puma|rails|rackup|thin|unicorn|"
    r"php-fpm|php|dotnet|npm|pnpm|yarn|next|nuxt|pm2-runtime|pm2|mix|elixir|iex|flask|litestar|sanic|chainlit|panel|mlflow|Rscript|julia|perl|plackup|"
    r"hypnotoad|starman|catalina\.sh|nginx|supervisord|apache2-foreground|frankenphp|rr)(?:\s|$)"
)
_SETUP = re.compile(
    r"\b(?:migrate|collectstatic|upgrade|db:|seed|createsuperuser|install|compilemessages|deploy|generate|wait|sleep|cache:|storage:link|key:generate|init|"
    r"makemigrations|loaddata|config:|build|celery|worker|beat|download)\b"
)
_ASSIGNED = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,60})=[\"']?([^\"'\s;]{0,200})[\"']?\s*$")


def logical_lines(text: Text) -> Iterator[tuple[int, str]]:
    """The lines of a shell script with continuations joined, without comments."""
    number = 0
    lines = text.lines[:3000]
    while number < len(lines):
        first, line = number, lines[number].strip()
        while line.endswith("\\") and number + 1 < len(lines) and len(line) < 4000:
            number += 1
            line = line[:-1].rstrip() + " " + lines[number].strip()
        number += 1
        if line and not line.startswith("#"):
            yield first + 1, line


def shell(file: str, data: bytes) -> Iterator[Found]:
    """A start script: the last `exec …` line or, without one, its last line that starts a server, as `script-command`."""
    if b"\0" in data[:1024] or len(data) > 200_000:
        return
    text = Text(data)
    known: dict[str, str] = {}
    chosen: tuple[int, str] | None = None
    hands_on = False
    for number, line in logical_lines(text):
        if match := _ASSIGNED.match(line):
            known[match[1]] = match[2]
            continue
        if re.match(r"exec\s+(?:(?:gosu|su-exec|setpriv|runuser|tini|dumb-init)\s+[^$\"']{0,80})?[\"']?\$(?:@|\{@|\*)", line):
            hands_on = True
            continue
        plain = line.removeprefix("exec ").strip().rstrip("&").strip()
        executed = line.startswith("exec ") and not line.startswith(("exec >", "exec 2>", "exec <"))
        settled = chosen is not None and text.lines[chosen[0] - 1].strip().startswith("exec ")
        if executed or (not settled and _SERVERS.match(line) and not _SETUP.search(line.partition("#")[0])):
            chosen = (number, plain)
    if chosen:
        command = re.sub(
            r"\$\{([A-Za-z_]{1,60})\}|\$([A-Za-z_]{1,60})(?![A-Za-z0-9_])", lambda match: _value(known, match), chosen[1]
        )
        tags = frozenset({"hands-on"}) if hands_on else frozenset()
        yield Found(
            "script-command",
            file,
            re.sub(r'\s+"?\$(?:@|\*)"?', "", command)[:2000],
            file,
            chosen[0],
            text.line(chosen[0]),
            "shell",
            tags,
        )
    elif hands_on:
        yield Found("script-command", file, "", file, 1, text.line(1), "shell", frozenset({"hands-on"}))


def _value(known: dict[str, str], match: re.Match[str]) -> str:
    name = match[1] or match[2]
    value = known.get(name, "")
    return value if value and "$(" not in value and name != "PORT" else match[0]


def pm2(file: str, data: bytes) -> Iterator[Found]:
    """ecosystem.config.js and its JSON forms: script, args and interpreter of the first application."""
    text = Text(data[:100_000])
    fields: dict[str, tuple[str, int]] = {}
    production = False
    plain = r"|([^\s\"'`{}\[\],#][^\s{}\[\],#]{0,200})" if file.endswith((".yml", ".yaml")) else r"|(\d{2,5})"
    pattern = re.compile(
        r"[\"']?\b(script|args|interpreter|PORT|env|env_\w{1,20})[\"']?\s{0,5}:\s{0,5}(?:[\"'`]([^\"'`]{0,300})[\"'`]"
        + plain
        + r"|(?=\{|$))"
    )
    for number, line in enumerate(text.lines, 1):
        for match in pattern.finditer(line[:2000]):
            value = (match[2] or match[3] or "", number)
            if match[1].startswith("env"):
                production = match[1] in {"env_production", "env_prod"}
            elif match[1] == "PORT" and production:
                fields["PORT"] = value  # what production is told stands before what development is
            elif value[0]:
                fields.setdefault(match[1], value)
    if "PORT" in fields and fields["PORT"][0].isdigit():
        yield Found("platform-port", fields["PORT"][0], "", file, fields["PORT"][1], text.line(fields["PORT"][1]), "pm2")
    if "script" not in fields:
        return
    script, number = fields["script"]
    arguments, interpreter = fields.get("args", ("", 0))[0], fields.get("interpreter", ("", 0))[0]
    if interpreter and interpreter != "none":
        words = [interpreter, script, arguments]
    elif script in {"npm", "yarn", "pnpm", "bun"} or not script.endswith((".js", ".mjs", ".cjs", ".ts")):
        binary = re.match(r"(?:\./)?node_modules/(?:\.bin/|next/dist/bin/|nuxt/bin/)([a-z-]{1,30})$", script)
        words = [binary[1] if binary else script, arguments]
    else:
        words = ["node", script.removeprefix("./"), arguments]
    yield Found("script-command", file, " ".join(word for word in words if word), file, number, text.line(number), "pm2")


def supervisor(file: str, data: bytes) -> Iterator[Found]:
    """supervisord.conf: the commands of its programs."""
    text = Text(data[:200_000])
    program = ""
    for number, line in enumerate(text.lines, 1):
        stripped = line.strip()
        if match := re.match(r"^\[program:([^\]]{1,60})\]", stripped):
            program = match[1]
        elif (
            program
            and (match := re.match(r"^command\s{0,10}=\s{0,10}(.{1,1000})$", stripped))
            and _SERVERS.match(match[1])
            and not _SETUP.search(match[1])
        ):
            yield Found("script-command", file, match[1].replace("%%", "%"), file, number, line, "supervisor")


def systemd(file: str, data: bytes) -> Iterator[Found]:
    """A unit's ExecStart, with the directories of the machine it was written for cut off."""
    text = Text(data[:100_000])
    for number, line in logical_lines(text):
        if match := re.match(r"^ExecStart=[-@+!:]{0,3}(\S{1,300})(.{0,1000})$", line):
            yield Found("script-command", file, match[1].rpartition("/")[2] + match[2], file, number, text.line(number), "systemd")
        elif match := re.match(r"^Environment=\"?PORT=(\d{2,5})", line):
            yield Found("platform-port", match[1], "", file, number, text.line(number), "systemd")


def gunicorn(file: str, data: bytes) -> Iterator[Found]:
    """gunicorn.conf.py: where it binds, besides what any Python source says."""
    yield from python_source(file, data)
    text = Text(data[:100_000])
    for number, line in enumerate(text.lines, 1):
        if re.match(r"^bind\s{0,10}=", line) and (match := re.search(r":(\d{2,5})\b|PORT['\"],\s{0,5}['\"]?(\d{2,5})", line)):
            yield Found("platform-port", match[1] or match[2], "", file, number, line, "gunicorn")


def uwsgi(file: str, data: bytes) -> Iterator[Found]:
    """uwsgi.ini: the port it serves HTTP on."""
    text = Text(data[:100_000])
    for number, line in enumerate(text.lines, 1):
        if match := re.match(r"^\s{0,10}(?:http|http-socket)\s{0,10}=\s{0,10}[^:\s]{0,60}:(\d{2,5})\s{0,10}$", line):
            yield Found("platform-port", match[1], "", file, number, line, "uwsgi")
