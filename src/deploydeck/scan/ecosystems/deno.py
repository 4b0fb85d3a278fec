"""How projects of Deno are built and started: tasks as direct `deno run` commands, else the file that serves."""

from __future__ import annotations

import re
from dataclasses import replace

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.commands import parse_command
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.node_links import file_routes, link_ports, link_routes
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

Start = Fact[StartCommand]

_TASKS = ("start:prod", "start", "production", "prod", "serve", "preview", "run")
_FILES = (
    "main.ts",
    "server.ts",
    "mod.ts",
    "index.ts",
    "app.ts",
    "src/main.ts",
    "src/server.ts",
    "src/index.ts",
    "main.js",
    "server.js",
    "main.tsx",
    "index.js",
)
_FILE = re.compile(r"\.[cm]?[jt]sx?$|^https?:|^jsr:|^npm:")
_DEEPEST = 5


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    link_ports(scan)
    link_routes(scan)
    if technology is not None:
        file_routes(scan, technology.id)
    for kind in ("listen", "route"):  # the source is JavaScript; the program is Deno's
        scan.facts.add([replace(fact, scope="deno") for fact in scan.facts.own(kind, scope="node")])
    build = _build(scan, technology)
    if technology is not None and technology.kind is Kind.STATIC:
        place = evidence([*scan.facts.of("option", "dest"), *scan.facts.of("import", technology.id)][:1], "output")
        destination = scan.facts.first("option", "dest")
        output: Fact[str] = Fact(value=destination.value if destination else technology.output, confidence=0.85, evidence=place)
        return Resolved(build=build, output=output if technology.output else None)
    return Resolved(start=_start(scan, technology), build=build, runtime="deno")


def _build(scan: Scan, technology: Technology | None) -> Fact[tuple[str, ...]] | None:
    script = scan.facts.first("script", "build", "deno")
    if script is not None:
        return Fact(value=("deno", "task", "build"), confidence=0.95, evidence=evidence([script], "build"))
    if technology is not None and technology.id == "lume":
        return Fact(value=("deno", "task", "lume"), confidence=0.6, reason="there is no build task")
    return None


def _start(scan: Scan, technology: Technology | None) -> Start | None:
    scripts = [script for name in _TASKS if (script := scan.facts.first("script", name, "deno"))]
    scripts.sort(key=lambda script: "--watch" in script.value)  # one that does not watch is for production
    fresh = technology is not None and technology.id == "fresh" and "main.ts" in scan.tree.entries
    for script in scripts:
        if fresh and "--watch" in script.value:
            continue
        words = _direct(scan, script, 0)
        if words is None:
            value = StartCommand(argv=("deno", "task", script.name), port_from_env=_from_env(scan, ""))
            return Fact(value=value, confidence=0.75, evidence=evidence([script], "start"), reason="the task needs a shell")
        words = [word for word in words if not word.startswith(("--watch", "--hot", "--inspect"))]
        return _made(scan, tuple(words), 0.95, evidence([script], "start"), f"task {script.name}")
    if technology is not None and technology.id == "fresh":
        for path in ("main.ts", "_fresh/server.js"):
            if path in scan.tree.entries:
                return _made(
                    scan, ("deno", "run", "-A", path), 0.9, (Evidence(file=path, rule="start"),), "the entry file of Fresh"
                )
    listening = {fact.file: fact for fact in reversed(scan.facts.own("listen", scope="node"))}
    dev = scan.facts.first("script", "dev", "deno")
    if dev is not None and (words := _direct(scan, dev, 0)):
        words = [word for word in words if not word.startswith(("--watch", "--hot"))]
        return _made(scan, tuple(words), 0.7, evidence([dev], "start"), "the task dev without watching")
    entry = scan.facts.first("package-field", "exports", "deno")
    named = [entry.value.removeprefix("./")] if entry else []
    for path in (*named, *_FILES):
        if path in scan.tree.entries and (path in listening or technology is not None):
            place = listening[path].evidence("start") if path in listening else Evidence(file=path, rule="start")
            return _made(scan, _run(scan, path), 0.75, (place,), f"{path} serves")
    if len(listening) == 1:
        path = next(iter(listening))
        return _made(scan, _run(scan, path), 0.65, (listening[path].evidence("start"),), "the only file that listens")
    return None


def _run(scan: Scan, path: str) -> tuple[str, ...]:
    """`deno run` with the rights such a program needs: net, and env when it reads variables."""
    rights = ["--allow-net"]
    if scan.facts.own("env"):
        rights.append("--allow-env")
    if scan.facts.of("import", "fs", "node") or any("serveDir" in fact.text for fact in scan.facts.of("import")):
        rights.append("--allow-read")
    return ("deno", "run", *rights, path)


def _direct(scan: Scan, script: Found, depth: int) -> list[str] | None:
    """The words of the `deno` command that a task runs; None when only a shell can run it."""
    last = script.value.split("&&")[-1].strip()
    command = parse_command(last)
    if command is None or command.needs_shell:
        return None
    words = list(command.argv)
    if words[:2] == ["deno", "task"] and len(words) > 2 and depth < _DEEPEST:
        other = scan.facts.first("script", words[2], "deno")
        return _direct(scan, other, depth + 1) if other and other.name != script.name else None
    return words


def _made(scan: Scan, argv: tuple[str, ...], confidence: float, places: tuple[Evidence, ...], reason: str) -> Start:
    path = next((word.removeprefix("./") for word in argv if _FILE.search(word)), "")
    own = [fact for fact in scan.facts.own("listen", scope="node") if fact.file == path]
    value = StartCommand(argv=argv, port_from_env=_from_env(scan, path) and not any("{port}" in word for word in argv))
    return Fact(
        value=value, confidence=confidence, evidence=tuple(dict.fromkeys((*places, *evidence(own[:1], "start")))), reason=reason
    )


def _from_env(scan: Scan, path: str) -> bool:
    listening = scan.facts.own("listen", scope="node")
    own = [fact for fact in listening if fact.file == path]
    return any("env" in fact.tags for fact in own or listening)
