"""Commands that files of the project say outright, in order of trust, with wrappers and set-up steps taken off."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from deploydeck.domain import Kind
from deploydeck.scan.commands import Command, development_server, parse_command, server_part
from deploydeck.scan.deliver import said
from deploydeck.scan.ecosystems import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Ecosystem, Technology
from deploydeck.scan.state import Scan

INTERPRETED = frozenset({"python", "node", "deno", "ruby", "php", "perl", "r", "julia", "lua"})
_SERVES_FILES = frozenset({"nginx", "httpd", "apache2-foreground", "caddy", "nginx-debug", "httpd-foreground", "lighttpd",
    "static-web-server", "supervisord",
                           "php-fpm", "apachectl", "busybox", "s6-svscan", "/init", "init", "runsvdir", "start-container",
                           "frankenphp", "rr"})  # fmt: skip
_FILE_SERVERS = frozenset({"serve", "http-server", "sirv", "live-server", "ws", "sirv-cli"})
_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_SHELLS = frozenset({"sh", "bash", "ash"})
_NOTHING = frozenset({"sleep", "tail", "sh", "bash", "ash", "true", "false", "cat", "echo", "/bin/sh", "/bin/bash", "zsh", "irb"})
_TASKS = frozenset({"web", "release", "beat", "scheduler", "clock", "migrate", "dev", "test", "flower", "console"})
"""Processes of a Procfile that are not what a program is by itself."""
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".rb", ".php", ".pl", ".R", ".r", ".jl", ".lua", ".ru", ".sh", ".psgi")
_BUILT = re.compile(r"^(?:\./)?(?:dist|build|out|lib|\.output|\.next|output|target|bin|_build|prod|public|compiled)(?:/|$)")
_MODULE = re.compile(
    r"^([A-Za-z_][A-Za-z0-9_]{0,60}(?:\.[A-Za-z_][A-Za-z0-9_]{0,60}){0,10}):[A-Za-z_][A-Za-z0-9_.]{0,80}(?:\(.*\))?$"
)
_FOREIGN = re.compile(
    r"^/(?:[a-z.-]{1,20}/){0,4}(?:docker-)?(?:start|entrypoint|run|init|boot|bootstrap|launch|server|web)(?:[-_][a-z]{1,20})?(?:\.sh)?$"
)
"""A script that an image holds and the project does not, or it would have been looked into."""
_VENV = re.compile(r"^(?:\./)?(?:/?[A-Za-z0-9_-]{1,30}/){0,3}\.?v?env/bin/(?=\w)")
_WEB_PLATFORM, _PROCFILE, _COMPOSE, _IMAGE, _SCRIPT = 0.95, 0.97, 0.8, 0.88, 0.75
_WORKER_COMMAND = re.compile(
    r"(?:^|\s|/)(?:celery|rq|dramatiq|huey|sidekiq|resque|arq|taskiq)(?:\s|$)|queue:work|horizon(?:\s|$)|solid_queue|good_job|delayed_job"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A command someone wrote: where, as text without its wrappers, parsed, with its confidence, the reason and more evidence."""

    place: Found
    text: str
    command: Command
    confidence: float
    reason: str
    further: tuple[Found, ...] = ()
    start_script: bool = False
    development: str = ""
    plausible: bool = True


def primary(facts: list[Found]) -> list[Found]:
    """The facts of the files meant for production; those of other variants only where there are none."""
    kept = [fact for fact in facts if not {"other", "development"} & fact.tags]
    return kept or [fact for fact in facts if "development" not in fact.tags]


def written(scan: Scan, home: Ecosystem | None, technology: Technology | None, known: Resolved) -> list[Written]:
    """Every command a file says the program is started with, most trusted first."""
    found: list[Written | None] = []
    for fact in scan.facts.of("process", "web")[:1]:
        found.append(
            _written(
                scan,
                fact,
                _PROCFILE,
                "the web line of the Procfile" if fact.scope in {"", "Procfile"} else f"{fact.file} says so",
                technology,
            )
        )
    if not found and (technology is None or technology.kind is not Kind.SERVER):
        found += [_written(scan, fact, _PROCFILE, f"the {fact.name} line of the Procfile", technology) for fact in _workers(scan)]
    for fact in said(scan, "platform-start"):
        found.append(_written(scan, fact, _WEB_PLATFORM, f"{fact.file} says so", technology))
    static = (technology is not None and technology.kind is Kind.STATIC) or known.kind is Kind.STATIC
    if not static:
        found += image_commands(scan, technology)
    return [one for one in found if one is not None]


def _workers(scan: Scan) -> list[Found]:
    """The process that runs where nothing serves: the worker, else the only one that is no task."""
    facts = [fact for fact in scan.facts.of("process") if fact.name not in _TASKS]
    named = [fact for fact in facts if fact.name in {"worker", "bot", "app", "main"}]
    return named[:1] or (facts if len(facts) == 1 else [])


def image_commands(scan: Scan, technology: Technology | None) -> list[Written | None]:
    """What compose, the Dockerfile and start scripts run."""
    found: list[Written | None] = []
    facts = said(scan, "image-command")
    composed = primary([fact for fact in facts if "compose" in fact.tags])
    for fact in sorted(composed, key=lambda fact: "ports" not in fact.tags):
        if (one := _written(scan, fact, _COMPOSE, f"the command of {fact.file}", technology)) is not None:
            found.append(one)
            break  # what further services run is not the program
    for fact in primary([fact for fact in facts if "compose" not in fact.tags])[:2]:
        found.append(_written(scan, fact, _IMAGE, f"the command of {fact.file}", technology))
    for fact in scan.facts.of("script-command"):
        if fact.value and fact.scope != "systemd":
            found.append(_written(scan, fact, _SCRIPT, f"{fact.file} runs it", technology))
    return found


def _written(scan: Scan, place: Found, confidence: float, reason: str, technology: Technology | None) -> Written | None:
    value = place.value
    if place.kind == "image-command" and (program := _interpreter(scan, place, value)):  # the entry point of the image runs it
        value = f"{program} {value}"
    text, steps, further, start_script = unwrapped(scan, value)
    text = re.sub(r"^(?:\./)?node_modules/\.bin/", "", text)
    command = parse_command(text)
    if command is None or _serves_files_only(command) or (_WORKER_COMMAND.search(text) and not _worker_is_meant(place)):
        return None
    if not command.needs_shell:
        command, plausible = _located(scan, command)
        plausible = plausible and not (place.kind == "image-command" and command.argv in _ARGUMENTS)
    else:
        plausible = True
    if steps:
        reason += "; before it runs " + ", ".join(step[:60] for step in steps[:3])
    why = development_server(command) or _own_server(scan, command, technology)
    return Written(place, text, command, confidence, reason, further, start_script, why, plausible)


def _worker_is_meant(place: Found) -> bool:
    return place.kind == "process" and place.name != "web"


_ARGUMENTS = frozenset({("start",), ("serve",), ("server",), ("run",), ("web",), ("app",), ("dev",), ("production",), ("api",)})
"""What a CMD says to an entry point; no programs."""
_RUNS = ((".js", "node"), (".mjs", "node"), (".cjs", "node"), (".py", "python"))


def _interpreter(scan: Scan, place: Found, text: str) -> str:
    """What runs a bare source file or subcommand: images whose entry point is the interpreter are given only its arguments."""
    word = text.split(" ", 1)[0].strip("'\"")
    if word in {"run", "task", "serve", "start"} or word.endswith((".ts", ".tsx", ".mts")):
        bases = " ".join(fact.name for fact in scan.facts.of("image-base") if fact.file == place.file)
        return next((program for image, program in (("denoland/deno", "deno"), ("oven/bun", "bun")) if image in bases), "")
    return next((program for ending, program in _RUNS if word.endswith(ending) and not word.startswith(("./", "/"))), "")


def _serves_files_only(command: Command) -> bool:
    first = command.argv[0].rpartition("/")[2]
    return not command.needs_shell and (
        first in _SERVES_FILES or (first in _NOTHING and len(command.argv) <= 2 and not command.argv[-1].endswith(_SOURCES))
    )


def serves_files(command: Command) -> bool:
    """Whether a command is a server of static files (`serve -s dist`)."""
    words = [word for word in command.argv[:3] if word not in {"npx", "bunx", "-y", "npm", "exec", "--"}]
    return bool(words) and words[0].rpartition("/")[2] in _FILE_SERVERS


def unwrapped(scan: Scan, text: str) -> tuple[str, tuple[str, ...], tuple[Found, ...], bool]:
    """The serving part of a command; scripts of the project and of package.json are looked into. Also the steps before it, the
    places that were followed, and whether it ends in the `start` script."""
    steps: tuple[str, ...] = ()
    followed: list[Found] = []
    start_script = False
    for _ in range(4):
        text, more = server_part(text)
        steps += more
        words = text.split()
        if not words:
            break
        if words[0].rpartition("/")[2] in {"pm2", "pm2-runtime", "pm2-docker"} and (kept := _kept(scan, words[1:])) is not None:
            text, place = kept
            followed += [place] if place is not None else []
            break
        if words[0] in _SHELLS and len(words) > 1 and not words[1].startswith("-"):
            words = words[1:]
        script = _script(scan, words[0])
        if script is not None and script not in followed:
            rest = " ".join(words[1:])
            if "hands-on" in script.tags and rest:
                text = rest
            elif script.value:
                text = script.value
                followed.append(script)
            else:
                break
            continue
        name = _package_script(words)
        if name == "start":
            start_script = True
        found = scan.facts.own("script", name, "deno" if words[0] == "deno" else "node") if name else []
        if not found or found[0] in followed or name == "start":
            followed += found[:1] if name == "start" else []
            break
        followed.append(found[0])
        text = found[0].value
    return text, steps, tuple(followed), start_script


def _kept(scan: Scan, words: list[str]) -> tuple[str, Found | None] | None:
    """The program that PM2 keeps running, and the process file that names it: a container keeps it running itself."""
    rest = [word for word in words if not word.startswith("-") and word not in {"start", "startOrRestart"}]
    if not rest:
        return None
    name = rest[0].removeprefix("./")
    place = next((fact for fact in scan.facts.of("script-command", scope="pm2") if fact.file == name), None)
    if place is not None:
        return place.value, place
    return (f"node {name}", None) if name.endswith((".js", ".mjs", ".cjs")) and ".config." not in name else None


def _script(scan: Scan, word: str) -> Found | None:
    """The start script of the project that a word means, wherever in the image it was copied to."""
    name = word.strip("'\"").rpartition("/")[2]
    if not name or not re.search(r"\.sh$|entrypoint|^start$|^run$|^boot$", name):
        return None
    return next((fact for fact in scan.facts.of("script-command", scope="shell") if fact.file.rpartition("/")[2] == name), None)


def _package_script(words: list[str]) -> str:
    """The script of package.json that `npm start`, `yarn X`, `pnpm run X`, `bun run X` run; "" for anything else."""
    if words[:2] == ["deno", "task"]:
        return next((word for word in words[2:] if not word.startswith("-")), "")
    if words[0] not in _MANAGERS:
        return ""
    rest = [word for word in words[1:] if not word.startswith("-")]
    if rest[:1] == ["run"] or rest[:1] == ["run-script"]:
        rest = rest[1:]
    elif words[0] in {"npm", "bun"} and rest[:1] not in (["start"],):
        return ""
    return rest[0] if rest else ""


def _located(scan: Scan, command: Command) -> tuple[Command, bool]:
    """The command with paths of the image as paths of the project, and whether the file or module it names is there or is built."""
    argv = [_VENV.sub("", command.argv[0]), *command.argv[1:]]
    plausible = not _FOREIGN.match(command.argv[0])
    for index, word in enumerate(argv):
        if index > 0 and word.endswith(_SOURCES) and "{" not in word and not word.startswith("-"):
            path = _path(scan, word)
            if path:
                argv[index] = path if not word.startswith("./") else word
            elif not _BUILT.match(word.lstrip("/").removeprefix("app/").removeprefix("usr/src/app/")):
                plausible = False
            break
        if index > 0 and (match := _MODULE.match(word)):
            plausible = _module(scan, match[1], argv)
            break
    return Command(tuple(argv), command.needs_shell, command.port, command.port_variable, command.loopback), plausible


def _path(scan: Scan, word: str) -> str:
    path = posixpath.normpath(word)
    while path and path != ".":
        if path in scan.tree.entries:
            return path
        if _BUILT.match(path) and word.startswith("/"):
            return path
        if not word.startswith("/"):
            return ""
        path = path.lstrip("/").partition("/")[2] if not path.startswith("/") else path[1:]
    return ""


def _module(scan: Scan, module: str, argv: list[str]) -> bool:
    path = module.replace(".", "/")
    base = next((argv[index + 1] for index, word in enumerate(argv[:-1]) if word in {"--chdir", "--app-dir"}), "")
    candidates = [f"{path}.py", f"{path}/__init__.py", f"{path}.js", f"{path}.rb"]
    if any(f"{base}/{one}".lstrip("/") in scan.tree.entries or one in scan.tree.entries for one in candidates):
        return True
    return any(f"src/{one}" in scan.tree.entries for one in candidates) and bool(base or scan.files("src/*/__init__.py"))


def _own_server(scan: Scan, command: Command, technology: Technology | None) -> str:
    """Why running a file by itself starts a framework's development server."""
    if technology is None or technology.id != "flask" or command.needs_shell:
        return ""
    files = {word for word in command.argv if word.endswith(".py")}
    if any(fact.file in files and "app.run" in fact.tags for fact in scan.facts.of("listen", scope="python")) and not scan.facts.of(
        "import", "waitress", "python"
    ):
        return "app.run() is Flask's development server"
    return ""


def gist(argv: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    """What a command is about: its program and the modules or files it names; flags and numbers do not make a difference."""
    words = argv[-1].removeprefix("exec ").split() if argv[:2] == ("sh", "-c") else list(argv)
    words = [
        word
        for word in words
        if word
        not in {
            "env",
            "exec",
            "npx",
            "bundle",
            "carton",
            "--",
            "Rscript",
            "R",
            "-e",
            "poetry",
            "uv",
            "pdm",
            "pipenv",
            "run",
            "python",
            "python3",
            "-m",
            "bunx",
        }
        and "=" not in word
    ]
    configured = {words[index + 1] for index, word in enumerate(words[:-1]) if word in {"-C", "-c", "--config"}}
    named = {
        word.removeprefix("./").removesuffix(".js").removesuffix(".py")
        for word in words[1:]
        if re.search(r"[:./]", word) and "{" not in word and not word.startswith("-") and word not in configured
    }
    first = words[0].rpartition("/")[2].removesuffix(".py") if words else ""
    if first == "rails" and {"server", "s"} & set(words[1:2]):
        first = "puma"  # what rails server runs
    return first, frozenset(named)
