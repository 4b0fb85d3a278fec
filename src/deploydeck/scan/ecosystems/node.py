"""How a Node.js project is started and built: scripts first, then `main` and the usual files; never a development server."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.commands import Command, development_server, parse_command
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_SCRIPTS = ("start:prod", "start:production", "start", "serve:prod")
_FILES = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs", "app.mjs", "server.cjs", "src/server.js",
"src/index.js",
          "src/app.js", "src/main.js", "bin/www")  # fmt: skip
_TAKES_VALUE = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"})
_RUN = {"npm": ("npm", "run"), "pnpm": ("pnpm", "run"), "yarn": ("yarn", "run"), "bun": ("bun", "run")}
_EXECUTE = {"npm": ("npm", "exec", "--"), "pnpm": ("pnpm", "exec"), "yarn": ("yarn", "run")}


def option(scan: Scan, name: str, file_start: str) -> Found | None:
    """A plain string option of next.config.* or vite.config.*."""
    return next((fact for fact in scan.facts.of("build-option", name) if fact.file.startswith(file_start)), None)


def build_command(scan: Scan, manager: PackageManager | None, technology: Technology | None) -> Fact[tuple[str, ...]] | None:
    """The build script through the package manager; for Next.js and Vite without one, their own build."""
    name = manager.name if manager else "npm"
    script = scan.facts.first("script", "build", "node")
    if script and script.value.strip():
        return Fact(value=(*_RUN.get(name, _RUN["npm"]), "build"), confidence=0.95, evidence=evidence([script], "build"))
    own = {"nextjs": ("next", "build"), "vite": ("vite", "build")}.get(technology.id if technology else "")
    if own and technology:
        place = scan.facts.of("dependency", technology.packages[0], "node")
        argv = (*_EXECUTE.get(name, _EXECUTE["npm"]), *own)
        return Fact(value=argv, confidence=0.8, evidence=evidence(place[:1], "build"), reason="there is no build script")
    return None


def next_start(scan: Scan) -> Fact[StartCommand]:
    """`next start`, or the standalone server when the configuration asks for one."""
    output = option(scan, "output", "next.config")
    if output and output.value == "standalone":
        value = StartCommand(argv=("node", ".next/standalone/server.js"), port_from_env=True)
        return Fact(value=value, confidence=0.95, evidence=(output.evidence("start"),), reason="output is standalone")
    places = scan.facts.of("script", "start", "node") or scan.facts.of("dependency", "next", "node")
    reason = "next start serves what next build made"
    script = scan.facts.first("script", "start", "node")
    command = parse_command(script.value) if script else None
    if script and command and "next" not in command.argv[:2] and (start := _from_script(scan, script)):
        return start  # a custom server
    if script and command and (why := development_server(command)):
        reason = f"the start script is replaced: {why}"
        _replaced(scan, script, why, "next start")
    return Fact(
        value=StartCommand(argv=("next", "start", "-H", "{host}", "-p", "{port}")),
        confidence=0.95,
        evidence=evidence(places[:2], "start"),
        reason=reason,
    )


def node_start(scan: Scan) -> Fact[StartCommand] | None:
    """The start script as a direct `node` command, else `main`, else a usual file that listens."""
    for name in _SCRIPTS:
        script = scan.facts.first("script", name, "node")
        if script and (start := _from_script(scan, script)):
            return start
    main = scan.facts.first("package-field", "main")
    if main:
        if path := _existing(scan, main.value):
            return _node(scan, path, 0.85, (main.evidence("start"),), "package.json names it as main")
        scan.finding(
            "main-missing",
            Severity.WARNING,
            f"package.json names {main.value!r} as main, but there is no such file.",
            "Correct main, or add a start script.",
            [main.evidence("start")],
        )
    listening = {fact.file: fact for fact in scan.facts.of("listen", scope="node")}
    for path in _FILES:
        if path in scan.tree.entries:
            place = listening.get(path)
            places = (place.evidence("start"),) if place else (Evidence(file=path, rule="start"),)
            return _node(scan, path, 0.8 if place else 0.5, places, f"{path} listens" if place else f"{path} is the usual name")
    plain = [path for path in listening if path.endswith((".js", ".mjs", ".cjs"))]
    if len(plain) == 1:
        return _node(scan, plain[0], 0.7, (listening[plain[0]].evidence("start"),), "the only file that listens")
    return None


def _from_script(scan: Scan, script: Found) -> Fact[StartCommand] | None:
    command = parse_command(script.value)
    if command is None:
        return None
    why = development_server(command) or _development_tool(scan, command)
    if why:
        return _instead_of(scan, script, command, why)
    places = evidence([script], "start")
    if command.needs_shell or command.argv[0] in {"npm", "pnpm", "yarn", "npx", "run-s", "run-p", "concurrently"}:
        return Fact(
            value=StartCommand(argv=("npm", "run", "--silent", script.name), port_from_env=True),
            confidence=0.7,
            evidence=places,
            reason="the script needs a shell, so npm runs it",
        )
    if command.argv[0] == "node":
        words = command.argv
        file = next(
            (word for before, word in pairwise(words) if not word.startswith("-") and before not in _TAKES_VALUE),
            "",
        )
        path = _existing(scan, file)
        if file and not path and not _is_built(scan, file):
            scan.finding(
                "start-file-missing",
                Severity.WARNING,
                f"The script {script.name!r} runs {file!r}, but there is no such file.",
                "Correct the script, or add a build script that makes the file.",
                places,
            )
        return Fact(
            value=StartCommand(argv=command.argv, port_from_env=_port_from_env(scan, path or "")),
            confidence=0.95,
            evidence=places,
            reason=f"script {script.name}",
        )
    return Fact(
        value=StartCommand(argv=command.argv, port_from_env=not command.has_port),
        confidence=0.85,
        evidence=places,
        reason=f"script {script.name}",
    )


def _instead_of(scan: Scan, script: Found, command: Command, why: str) -> Fact[StartCommand] | None:
    """The production command behind a development one, when the same words name the file to run."""
    words = () if command.needs_shell else command.argv[1:]
    path = next((found for word in words if not word.startswith("-") and (found := _existing(scan, word))), "")
    if not path.endswith((".js", ".mjs", ".cjs")):
        _replaced(scan, script, why, "")
        return None
    _replaced(scan, script, why, f"node {path}")
    return _node(scan, path, 0.85, evidence([script], "start"), f"the script {script.name!r} is replaced: {why}")


def _development_tool(scan: Scan, command: Command) -> str:
    """Why the first word cannot run in production: it is only a development dependency, which production leaves out."""
    tool = {"ts-node": "ts-node", "tsx": "tsx", "babel-node": "@babel/node"}.get(command.argv[0])
    found = scan.facts.of("dependency", tool, "node") if tool else []
    return f"{tool} is a development dependency" if found and all("development" in fact.tags for fact in found) else ""


def _replaced(scan: Scan, script: Found, why: str, by: str) -> None:
    scan.finding(
        "development-start",
        Severity.WARNING,
        f"The script {script.name!r} is a development server ({why}){f'; {by} is used instead' if by else ' and is not used'}.",
        "Make the start script the production command.",
        evidence([script], "start"),
    )


def _node(scan: Scan, path: str, confidence: float, places: tuple[Evidence, ...], reason: str) -> Fact[StartCommand]:
    value = StartCommand(argv=("node", path), port_from_env=_port_from_env(scan, path))
    listening = evidence([fact for fact in scan.facts.of("listen", scope="node") if fact.file == path][:1], "start")
    return Fact(value=value, confidence=confidence, evidence=tuple(dict.fromkeys((*places, *listening))), reason=reason)


def _port_from_env(scan: Scan, path: str) -> bool:
    """Whether the program reads PORT; the start file decides when it listens itself."""
    listening = scan.facts.of("listen", scope="node")
    own = [fact for fact in listening if fact.file == path]
    if own or listening:
        return any("env" in fact.tags for fact in own or listening)
    return bool(scan.facts.of("env", "PORT"))


def _existing(scan: Scan, name: str) -> str:
    path = posixpath.normpath(name) if name else ""
    for candidate in (path, f"{path}.js", f"{path}/index.js"):
        if candidate in scan.tree.entries:
            return candidate
    return ""


def _is_built(scan: Scan, file: str) -> bool:
    """Whether a missing file is plausibly made by the build script."""
    return bool(scan.facts.of("script", "build", "node")) and not file.startswith(("/", ".."))


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    start: Fact[StartCommand] | None = None
    kind: Kind | None = None
    output, single_page = _output(scan, technology)
    if technology is not None and technology.id == "nextjs":
        if output is not None and (mode := option(scan, "output", "next.config")) and mode.value == "export":
            kind = Kind.STATIC
        else:
            start = next_start(scan)
    elif (technology is not None and technology.kind is Kind.SERVER) or (
        technology is None and scan.facts.of("listen", scope="node")
    ):
        start = node_start(scan)
    return Resolved(
        start=start,
        build=build_command(scan, manager, technology),
        output=output,
        kind=kind,
        single_page=single_page,
    )


def _output(scan: Scan, technology: Technology | None) -> tuple[Fact[str] | None, bool]:
    """Where the build writes, and whether unknown paths belong to one page."""
    if technology is None or not technology.output:
        return None, technology.single_page if technology else False
    single_page = technology.single_page
    place = [fact for name in technology.packages for fact in scan.facts.of("dependency", name, "node")][:1]
    detected: Fact[str] = Fact(
        value=technology.output,
        confidence=0.85,
        evidence=tuple(fact.evidence("output") for fact in place),
        reason=f"the default of {technology.name}",
    )
    script = scan.facts.first("script", "build", "node")
    flag = re.search(r"--outDir[ =]([A-Za-z0-9_./-]{1,100})", script.value) if script else None
    if technology.id == "vite" and (chosen := option(scan, "outDir", "vite.config")):
        detected = Fact(value=chosen.value.removeprefix("./"), confidence=0.95, evidence=(chosen.evidence("output"),))
    if technology.id == "vite" and script and flag:
        detected = Fact(value=flag[1].removeprefix("./"), confidence=0.95, evidence=(script.evidence("output"),))
    if technology.id == "vite" and (mode := option(scan, "appType", "vite.config")):
        single_page = mode.value == "spa"
    if technology.id == "nextjs" and (mode := option(scan, "output", "next.config")) and mode.value == "export":
        directory = option(scan, "distDir", "next.config")
        detected = Fact(value=directory.value if directory else "out", confidence=0.95, evidence=(mode.evidence("output"),))
    return detected, single_page
