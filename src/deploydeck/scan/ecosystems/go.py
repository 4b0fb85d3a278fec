"""How projects of Go are built and started: the main package that serves, built to one file."""

from __future__ import annotations

import posixpath
import re

from deploydeck.domain import Alternative, Evidence, Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.written_ports import reads_port, written_port
from deploydeck.scan.facts import Found
from deploydeck.scan.ranges import parse_version
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import MAX_EVIDENCE, Scan

SCOPE = "go"
_SERVER_NAMES = (
    "server",
    "api",
    "web",
    "app",
    "http",
    "service",
    "main",
    "backend",
    "site",
    "httpd",
    "srv",
    "gateway",
    "apiserver",
    "webserver",
    "rest",
)
_HELPERS = re.compile(
    r"(?:^|/)(?:tools?|hack|scripts?|examples?|migrations?|migrate|migrator|seeds?|seeder|gen|generate|codegen|internal/tools|ci|build|dev|mage|"
    r"testdata|test|e2e|bench|loadtest|cli|client|ctl|import|export)(?:/|$)|(?:ctl|-cli|-client)$"
)
_COMMAND_LINE = re.compile(
    r"^github\.com/(?:spf13/cobra|urfave/cli|alecthomas/kong|charmbracelet/(?:bubbletea|fang|lipgloss)|jessevdk/go-flags|mitchellh/cli|rivo/tview|"
    r"alexflint/go-arg|peterbourgon/ff|gdamore/tcell|hashicorp/terraform-plugin)"
)
_SERVE_COMMANDS = ("serve", "server", "start", "web", "api", "http", "run", "daemon", "up")
_BINARIES = ("app", "server", "main", "bin/app")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    _join_helpers(scan)
    _add_summed(scan)
    mains = scan.facts.own("entry", "main", SCOPE)
    if not mains:
        return Resolved(kind=Kind.NONE if technology is None or technology.role is not Role.STATIC else None)
    reached = {main.value: _reached(scan, main.value) for main in mains}
    ranked = sorted(mains, key=lambda main: _rank(scan, main, reached[main.value]))
    main = ranked[0]
    listening = _listening(scan, reached[main.value])
    if not listening:  # a program that only serves gRPC listens there
        listening = _listening(scan, reached[main.value], "listen-grpc")
        scan.facts.add(
            Found("listen", fact.name, fact.value, fact.file, fact.line, fact.text, SCOPE, fact.tags | {"grpc"})
            for fact in listening
        )
    files = [file for directory in reached[main.value] for file in _files(scan, directory)]
    argv = _argv(scan, technology, reached[main.value], listening)
    target = "." if main.value == "." else f"./{main.value}"
    build: Fact[tuple[str, ...]] = Fact(
        value=("go", "build", "-o", argv[0].removeprefix("./"), target),
        confidence=0.9 if len(mains) == 1 else 0.8,
        evidence=(main.evidence("build"),),
        reason=f"{main.file} is the main package" if len(mains) == 1 else f"of {len(mains)} main packages {target} is the server's",
    )
    served = bool(listening) or (technology is not None and technology.role is Role.SERVER)
    if not served and _is_tool(scan, technology):
        return Resolved(build=build, kind=Kind.NONE)
    places = [main.evidence("start")]
    places += [
        fact.evidence("start") for fact in (*(one for one in listening if one.name), *(one for one in listening if not one.name))
    ]
    others: tuple[Alternative[StartCommand], ...] = ()
    rivals = [one for one in ranked[1:] if served and _listening(scan, reached[one.value]) and not _HELPERS.search(one.value)]
    if rivals:
        others = tuple(Alternative(value=StartCommand(argv=argv), evidence=(one.evidence("start"),)) for one in rivals[:3])
        scan.finding(
            "several-applications",
            Severity.INFO,
            f"{len(rivals) + 1} main packages listen; {main.file} was taken.",
            "Set [app] build and start in deploydeck.toml if another one is meant.",
            [one.evidence("start") for one in (main, *rivals)],
        )
    gin = technology is not None and technology.id == "gin"  # its Run takes PORT when it is told no address
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv, port_from_env=reads_port(scan, listening) or (gin and not listening)),
        confidence=(0.9 if served else 0.7) - (0.05 if rivals else 0),
        evidence=_unique(places),
        alternatives=others,
        reason=f"{main.file} is built to {argv[0]}",
    )
    part = technology is not None and technology.role is Role.PART
    return Resolved(
        start=start,
        build=build,
        kind=None if served and technology is not None else Kind.SERVER if served or part else Kind.NONE,
        port=written_port(scan, SCOPE, listening, files) if served and not any(fact.name for fact in listening) else None,
    )


def _unique(places: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(places))[:MAX_EVIDENCE]


def _is_tool(scan: Scan, technology: Technology | None) -> bool:
    if technology is not None:
        return technology.role is Role.APP
    return any(_COMMAND_LINE.match(fact.name) for fact in scan.facts.own("dependency", scope=SCOPE))


def _argv(scan: Scan, technology: Technology | None, reached: set[str], listening: list[Found]) -> tuple[str, ...]:
    binary = next(name for name in (*_BINARIES, "bin/server") if name not in scan.directories and name not in scan.tree.entries)
    if technology is not None and technology.start == "pocketbase":
        return (f"./{binary}", "serve", "--http={host}:{port}")
    commands = {
        fact.name: fact
        for fact in scan.facts.own("subcommand", scope=SCOPE)
        if (posixpath.dirname(fact.file) or ".") in reached and "root" not in fact.value.lower()
    }
    name = _module(scan).rpartition("/")[2]
    chosen = next((word for word in _SERVE_COMMANDS if word in commands and word != name), "")
    own = {(posixpath.dirname(fact.file) or ".") for fact in listening}
    if (
        chosen
        and len(commands) == 1
        and own
        and not own & {posixpath.dirname(commands[chosen].file) or "."}
        and "add" not in commands[chosen].tags
    ):
        return (f"./{binary}", chosen)
    return (f"./{binary}", chosen) if chosen else (f"./{binary}",)


def _module(scan: Scan) -> str:
    module = scan.facts.own("package-field", "module", SCOPE)
    return re.sub(r"/v\d{1,3}$", "", module[0].value) if module else ""


def _files(scan: Scan, directory: str) -> list[str]:
    prefix = "" if directory == "." else f"{directory}/"
    return [f"{prefix}{name}" for name in scan.names.get("" if directory == "." else directory, ()) if name.endswith(".go")]


def _reached(scan: Scan, directory: str) -> set[str]:
    """The package directories of this module that a main package is made of."""
    module = scan.facts.own("package-field", "module", SCOPE)
    root = module[0].value if module else ""
    imports: dict[str, set[str]] = {}
    for fact in scan.facts.own("import", scope=SCOPE):
        if root and (fact.value == root or fact.value.startswith(f"{root}/")):
            imports.setdefault(posixpath.dirname(fact.file) or ".", set()).add(fact.value[len(root) + 1 :] or ".")
    found, waiting = {directory}, [directory]
    while waiting:
        for other in imports.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _listening(scan: Scan, reached: set[str], kind: str = "listen") -> list[Found]:
    found = [fact for fact in scan.facts.own(kind, scope=SCOPE) if (posixpath.dirname(fact.file) or ".") in reached]
    return sorted(found, key=lambda fact: (not fact.name, "env" not in fact.tags, "net.Listen" in fact.text))


def _rank(scan: Scan, main: Found, reached: set[str]) -> tuple[bool, bool, int, int, str]:
    name = main.value.rpartition("/")[2].lower()
    module = _module(scan).rpartition("/")[2].lower()
    words = re.split(r"[-_.]", name)
    if main.value == ".":
        place = 0
    elif name == module or name == scan.directory.rpartition("/")[2].lower():
        place = 1
    else:
        place = next((number for number, known in enumerate(_SERVER_NAMES, 2) if known == name or known in words), 99)
    serves = bool(_listening(scan, reached) or _listening(scan, reached, "listen-grpc"))
    return bool(_HELPERS.search(main.value)), not serves, place, main.value.count("/"), main.value


def _join_helpers(scan: Scan) -> None:
    """Calls of functions that another file shows to read the variable their argument names."""
    helpers = {fact.name: fact.value for fact in scan.facts.own("env-helper", scope=SCOPE)}
    for fact in scan.facts.own("env-call", scope=SCOPE):
        helper, _, name = fact.name.partition(":")
        if helper in helpers:
            tags = fact.tags or (frozenset({"required"}) if helpers[helper] else frozenset())
            scan.facts.add([Found("env", name, fact.value, fact.file, fact.line, fact.text, SCOPE, tags)])


def _add_summed(scan: Scan) -> None:
    """Before Go 1.17 go.mod did not list what dependencies need: go.sum is then all there is."""
    pin = scan.facts.own("pin", "go", "go.mod")
    version = parse_version(pin[0].value.lstrip(">=")) if pin else (1, 11)
    if version is None or version >= (1, 17):
        return
    listed = {fact.name for fact in scan.facts.own("locked", scope=SCOPE)}
    scan.facts.add(
        Found("locked", fact.name, fact.value, fact.file, fact.line, fact.text, SCOPE)
        for fact in scan.facts.own("summed", scope=SCOPE)
        if fact.name not in listed
    )
