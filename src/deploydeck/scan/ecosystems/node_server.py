# ruff: noqa: E501 - tables read better unbroken
"""How a Node.js server is started in production: its script as a direct command, its framework's command, or the file that runs."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise

from deploydeck.domain import Evidence, Fact, PackageManager, Severity, StartCommand
from deploydeck.scan.commands import parse_command
from deploydeck.scan.ecosystems.node_files import TYPED, compiled, existing, is_built, source_files
from deploydeck.scan.ecosystems.node_scripts import Outcome, outcome, serves_files
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

Start = Fact[StartCommand]

SCRIPTS = (
    "start:prod", "start:production", "start-prod", "prod:start", "start", "production", "prod", "serve:prod", "start:server", "start:api",
    "server", "serve",
)  # fmt: skip
"""Scripts that start the program, the surest first; the last ones only count when nothing else does."""
_WEAK_SCRIPTS = frozenset({"start:server", "start:api", "server", "serve", "production", "prod"})
_FILES = (
    "server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs", "app.mjs", "server.cjs", "src/server.js", "src/index.js",
    "src/app.js", "src/main.js", "src/index.mjs", "src/server.mjs", "server/index.js", "server/server.js", "server/app.js", "bin/www", "bin/www.js",
    "api/index.js", "src/server/index.js", "backend/server.js", "bot.js", "src/bot.js",
)  # fmt: skip
_SOURCES = (
    "src/main.ts", "src/index.ts", "src/server.ts", "src/app.ts", "server.ts", "index.ts", "app.ts", "main.ts", "server/index.ts", "src/server/index.ts",
    "server/server.ts", "src/index.tsx", "src/bot.ts", "api/index.ts",
)  # fmt: skip
_TAKES_VALUE = frozenset(
    {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "-P", "--project"}
)
_INTERPRETERS = {
    "ts-node": "ts-node", "ts-node-esm": "ts-node", "ts-node-script": "ts-node", "tsx": "tsx", "babel-node": "@babel/node", "esr": "esbuild-runner",
    "sucrase-node": "sucrase", "swc-node": "@swc-node/register", "jiti": "jiti", "esno": "esno", "vite-node": "vite-node", "coffee": "coffeescript",
}  # fmt: skip
_LOADERS = re.compile(
    r"^(?:ts-node(?:/.*)?|tsx(?:/.*)?|@swc-node/register(?:/.*)?|@babel/register|esbuild-register|@esbuild-kit/.*|jiti/register)$"
)
_CODE = re.compile(r"\.(?:[cm]?[jt]s|[jt]sx|coffee)$")
_BUILT_DIRECTORY = re.compile(
    r"^(?:\./)?(?:dist|build|lib|out|output|\.output|\.build|\.next|compiled|bin|prod|public|dist-server|server-dist|tmp|release|target)(?:[/-]|$)"
)


def server_start(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Start | None:
    """The start command of a program that is started by its own files."""
    outcomes = [found for name in SCRIPTS if (found := _script(scan, name))]
    for one in outcomes:
        if not one.why and not one.elsewhere and not serves_files(one.argv) and (start := from_outcome(scan, one, manager)):
            return start
    replaced = next((one for one in outcomes if one.why and one.script.name not in _WEAK_SCRIPTS), None)
    for one in outcomes:
        if one.why and (start := instead_of(scan, one)):
            return start
    elsewhere = next((one for one in outcomes if one.elsewhere), None)
    if elsewhere is not None and not scan.facts.own("listen", scope="node"):
        return None
    start = _by_files(scan, manager)
    if replaced is not None:
        report_replaced(scan, replaced, " ".join(start.value.argv) if start else "")
    return start


def _script(scan: Scan, name: str) -> Outcome | None:
    script = scan.facts.first("script", name, "node")
    return outcome(scan, script) if script else None


def script_outcomes(scan: Scan) -> list[Outcome]:
    """What each start script comes to, the surest first."""
    return [found for name in SCRIPTS if (found := _script(scan, name))]


def through_script(one: Outcome, manager: PackageManager | None) -> Start:
    """The script run by the package manager, where only a shell can run it."""
    name = manager.name if manager else "npm"
    argv = {"npm": ("npm", "run", "--silent"), "pnpm": ("pnpm", "run"), "yarn": ("yarn", "run"), "bun": ("bun", "run")}.get(
        name, ("npm", "run", "--silent")
    )
    value = StartCommand(argv=(*argv, one.script.name), port_from_env=True)
    return Fact(
        value=value, confidence=0.7, evidence=evidence([one.script], "start"), reason=f"the script needs a shell, so {name} runs it"
    )


def from_outcome(scan: Scan, one: Outcome, manager: PackageManager | None) -> Start | None:
    """A script that is no development server as a start command."""
    if one.command is None:
        return None
    places = evidence([one.script], "start")
    argv = one.command.argv
    if one.whole or not argv:
        return through_script(one, manager)
    lead = next((index for index, word in enumerate(argv) if word != "env" and "=" not in word), 0) if argv[0] == "env" else 0
    prefix, words = argv[:lead], list(argv[lead:])
    name = words[0].rpartition("/")[2]
    if name in {"forever", "pm2", "pm2-runtime"} and (managed := _managed(scan, words)):
        words, name = managed, managed[0]
    if name in _INTERPRETERS or (name == "node" and any(_LOADERS.match(word) for word in words[1:])):
        return _interpreted(scan, one.script, words, prefix, manager)
    if name == "node":
        words = [word for word in words if not word.startswith("--inspect")]
        file = _file_of(words)
        path = existing(scan, file)
        if file and not path and not is_built(scan, file) and "-e" not in words:
            scan.finding(
                "start-file-missing",
                Severity.WARNING,
                f"The script {one.script.name!r} runs {file!r}, but there is no such file.",
                "Correct the script, or add a build script that makes the file.",
                places,
            )
        main = scan.facts.first("package-field", "main", "node") if file in {".", "./"} else None
        return _with_listening(
            scan, (*prefix, *words), path or (main.value if main else file), 0.95, places, f"script {one.script.name}"
        )
    if name == "bun":
        return _with_listening(scan, (*prefix, *_bun(words)), existing(scan, words[-1]), 0.95, places, f"script {one.script.name}")
    value = StartCommand(argv=(*prefix, *words), port_from_env=not one.command.has_port)
    return Fact(value=value, confidence=0.85, evidence=places, reason=f"script {one.script.name}")


def _bun(words: list[str]) -> list[str]:
    """`bun run FILE`, however it was written."""
    rest = [word for word in words[1:] if word not in {"--watch", "--hot", "--bun"}]
    return ["bun", *rest] if rest[:1] == ["run"] else ["bun", "run", *rest]


def _file_of(words: list[str]) -> str:
    return next((word for before, word in pairwise(words) if not word.startswith("-") and before not in _TAKES_VALUE), "")


def _managed(scan: Scan, words: list[str]) -> list[str]:
    """The program that PM2 or forever would keep running: a container keeps it running itself."""
    rest = [
        word
        for word in words[1:]
        if not word.startswith("-") and word not in {"start", "restart", "reload", "startOrRestart", "startOrReload"}
    ]
    file = rest[0] if rest else ""
    if re.search(r"(?:ecosystem|pm2|process)[\w.-]*\.(?:config\.)?[cm]?js(?:on)?$|\.json$|\.ya?ml$", file):
        script = next((fact.value for fact in scan.facts.of("option") if fact.name.endswith("apps.script")), "")
        if not script:
            told = [fact for fact in scan.facts.of("script-command", scope="pm2") if fact.file == posixpath.normpath(file)]
            if told and (command := parse_command(told[0].value)) and not command.needs_shell:
                return list(command.argv)
        if not script:
            return ["pm2-runtime", "start", file] if words[0].startswith("pm2") else []
        return _run(script)
    return _run(file) if (file and _CODE.search(file)) or existing(scan, file) else []


def _run(file: str) -> list[str]:
    return ["ts-node", file] if TYPED.search(file) else ["node", file.removeprefix("./")]


def _interpreted(
    scan: Scan, script: Found, words: list[str], prefix: tuple[str, ...], manager: PackageManager | None, why: str = ""
) -> Start | None:
    """A program run from its TypeScript: what the build makes of it where there is a build, else the interpreter."""
    places = evidence([script], "start")
    name = words[0].rpartition("/")[2]
    tool = _INTERPRETERS.get(name, "") or next((word.partition("/")[0] for word in words[1:] if _LOADERS.match(word)), "tsx")
    known = scan.facts.of("dependency", tool, "node")
    development = bool(known) and all("development" in fact.tags for fact in known)
    file = next((word for word in words[1:] if _CODE.search(word) and not _LOADERS.match(word)), "") or _file_of(words)
    path = existing(scan, file) or file
    if path and (made := compiled(scan, path)) and (development or why or not known):
        reason = why or f"{tool} is a development dependency"
        report_replaced(scan, Outcome(script, None, reason), f"node {made}")
        return _with_listening(
            scan, (*prefix, "node", made), path, 0.85, places, f"the script {script.name!r} is replaced: {reason}"
        )
    if development and not why:
        scan.finding(
            "development-start",
            Severity.WARNING,
            f"The script {script.name!r} runs {tool}, which is only a development dependency: a production install leaves it out.",
            f"Move {tool} to dependencies, or compile the program and start what is compiled.",
            evidence([script, *known[:1]], "start"),
        )
        reason = f"script {script.name}; it needs {tool}, which is only a development dependency"
        return _with_listening(scan, (*prefix, *words), path, 0.6, places, reason)
    return _with_listening(scan, (*prefix, *words), path, 0.85, places, f"script {script.name}")


def instead_of(scan: Scan, one: Outcome) -> Start | None:
    """The production command behind a development one, when the same words name the file to run."""
    if one.command is None or (one.whole and one.command.needs_shell):
        return None
    words = [word for word in one.argv if word != "env"]
    executed = re.search(r"--exec[= ]['\"]?([\w@/-]{1,40})", one.script.value)
    path = next(
        (found for word in words[1:] if not word.startswith("-") and (found := existing(scan, word)) and _CODE.search(found)), ""
    )
    if not path and words[0] == "nodemon" and len(words) == 1:
        main = scan.facts.first("package-field", "main", "node")
        path = existing(scan, main.value) if main else existing(scan, "index.js")
    if not path:
        inner = re.search(r"([\w./-]{1,120}\.(?:[cm]?[jt]s|tsx))\b", " ".join(words[1:]))
        path = existing(scan, inner[1]) if inner else ""
    if not path:
        return None
    places = evidence([one.script], "start")
    reason = f"the script {one.script.name!r} is replaced: {one.why}"
    if words[0] == "bun" or (executed and executed[1] == "bun"):
        report_replaced(scan, one, f"bun run {path}")
        return _with_listening(scan, ("bun", "run", path), path, 0.85, places, reason)
    if not TYPED.search(path) and not path.endswith(".jsx"):
        report_replaced(scan, one, f"node {path}")
        return _with_listening(scan, ("node", path), path, 0.85, places, reason)
    start = typescript(scan, path, places, reason, 0.85)
    report_replaced(scan, one, " ".join(start.value.argv) if start else "")
    return start


def typescript(scan: Scan, path: str, places: tuple[Evidence, ...], reason: str, confidence: float) -> Start | None:
    """How a TypeScript file is run: what the build makes of it, else by an interpreter that the project has."""
    if made := compiled(scan, path):
        return _with_listening(scan, ("node", made), path, confidence, places, reason)
    for tool in ("tsx", "ts-node"):
        known = scan.facts.of("dependency", tool, "node")
        if known:
            production = any("development" not in fact.tags for fact in known)
            return _with_listening(scan, (tool, path), path, confidence if production else 0.55, places, reason)
    return None


def _by_files(scan: Scan, manager: PackageManager | None) -> Start | None:
    bun = manager is not None and manager.name == "bun"
    for field in ("main", "module"):
        main = scan.facts.first("package-field", field, "node")
        if main is None:
            continue
        place = (main.evidence("start"),)
        if path := existing(scan, main.value):
            reason = f"package.json names it as {field}"
            if TYPED.search(path):
                if bun:
                    return _with_listening(scan, ("bun", "run", path), path, 0.85, place, reason)
                if start := typescript(scan, path, place, reason, 0.8):
                    return start
                continue
            return _with_listening(scan, ("bun", "run", path) if bun else ("node", path), path, 0.85, place, reason)
        if is_built(scan, main.value) and _BUILT_DIRECTORY.match(main.value) and scan.facts.of("listen", scope="node"):
            return _with_listening(
                scan, ("node", posixpath.normpath(main.value)), main.value, 0.75, place, f"package.json names it as {field}"
            )
    listening = {fact.file: fact for fact in reversed(scan.facts.own("listen", scope="node"))}
    for path in (*_FILES, *_SOURCES):
        if path in scan.tree.entries and (path in listening or path in _FILES):
            found = listening.get(path)
            places = (found.evidence("start"),) if found else (Evidence(file=path, rule="start"),)
            reason = f"{path} listens" if found else f"{path} is the usual name"
            if start := _of_file(scan, path, bun, places, reason, 0.8 if found else 0.5):
                return start
    hinted = scan.facts.first("script", "dev", "node") or scan.facts.first("script", "start:dev", "node")
    if (
        hinted is not None
        and (match := re.search(r"([\w./-]{1,100}\.(?:[cm]?[jt]s|tsx))\b", hinted.value))
        and (path := existing(scan, match[1]))
    ) and (start := _of_file(scan, path, bun, evidence([hinted], "start"), f"the script {hinted.name!r} runs {path}", 0.75)):
        return start
    programs = [path for path in listening if not re.search(r"\.(?:config|setup)\.[cm]?[jt]s$", path)]
    if len(programs) == 1:
        return _of_file(scan, programs[0], bun, (listening[programs[0]].evidence("start"),), "the only file that listens", 0.7)
    return None


def _of_file(scan: Scan, path: str, bun: bool, places: tuple[Evidence, ...], reason: str, confidence: float) -> Start | None:
    if bun or any(fact.file == path and "bun" in fact.tags for fact in scan.facts.own("listen", scope="node")):
        return _with_listening(scan, ("bun", "run", path), path, confidence, places, reason)
    if TYPED.search(path):
        return typescript(scan, path, places, reason, confidence)
    return _with_listening(scan, ("node", path), path, confidence, places, reason)


def report_main(scan: Scan) -> None:
    """`main` of package.json that names a file which neither is there nor is made by the build."""
    main = scan.facts.first("package-field", "main", "node")
    if main is None or existing(scan, main.value) or _BUILT_DIRECTORY.match(main.value):
        return
    scan.finding(
        "main-missing",
        Severity.WARNING,
        f"package.json names {main.value!r} as main, but there is no such file.",
        "Correct main, or add a start script.",
        [main.evidence("start")],
    )


def report_replaced(scan: Scan, one: Outcome, by: str) -> None:
    """A start script that is for development is a finding."""
    scan.finding(
        "development-start",
        Severity.WARNING,
        f"The script {one.script.name!r} is a development server ({one.why}){f'; {by} is used instead' if by else ' and is not used'}.",
        "Make the start script the production command.",
        evidence([one.script], "start"),
    )


def _with_listening(
    scan: Scan, argv: tuple[str, ...], path: str, confidence: float, places: tuple[Evidence, ...], reason: str
) -> Start:
    """A command with the place where its program listens as further evidence, and whether PORT decides there."""
    sources = source_files(scan, path)
    own = [fact for fact in scan.facts.own("listen", scope="node") if fact.file in sources]
    linked = {tag[3:] for fact in own for tag in fact.tags if tag.startswith("by:")}
    own += [fact for fact in scan.facts.own("listen", scope="node") if fact.file in linked and fact.name]
    shown = sorted(own, key=lambda fact: (not fact.name, "linked" in fact.tags))
    value = StartCommand(argv=argv, port_from_env=_port_from_env(scan, own))
    listening = evidence([fact for fact in shown if "linked" not in fact.tags][:2], "start")
    return Fact(value=value, confidence=confidence, evidence=tuple(dict.fromkeys((*places, *listening))), reason=reason)


def _port_from_env(scan: Scan, own: list[Found]) -> bool:
    """Whether the program reads PORT; the start file decides when it listens itself."""
    listening = own or scan.facts.own("listen", scope="node")
    if listening:
        files = {fact.file for fact in listening}
        return any("env" in fact.tags for fact in listening) or any(fact.file in files for fact in scan.facts.of("env", "PORT"))
    return bool(scan.facts.of("env", "PORT"))
