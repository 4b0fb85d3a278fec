"""Python programs that are run, not served: interfaces with their own runner, workers, scripts, commands a project installs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from deploydeck.domain import Evidence, Fact, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.python_routes import file_of, modules
from deploydeck.scan.ecosystems.python_targets import import_base, module_name, target, targets
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

Start = Fact[StartCommand]

_ORDER = (
    "main",
    "app",
    "server",
    "run",
    "bot",
    "start",
    "application",
    "api",
    "web",
    "index",
    "home",
    "streamlit_app",
    "dashboard",
    "ui",
    "demo",
    "worker",
    "cli",
)
_PAGES = frozenset(
    {"pages", "components", "utils", "tests", "views", "scripts", "tools", "notebooks", "examples", "helpers", "lib", "tabs"}
)
_NOT_MAIN = frozenset(
    {"setup", "conftest", "noxfile", "tasks", "manage", "fabfile", "conf", "gunicorn_conf", "versioneer", "dodo", "wscript"}
)
_RUN_FILE: dict[str, tuple[str, ...]] = {
    "streamlit": ("streamlit", "run", "{file}", "--server.address", "{host}", "--server.port", "{port}"),
    "chainlit": ("chainlit", "run", "{file}", "--host", "{host}", "--port", "{port}", "--headless"),
    "panel": ("panel", "serve", "{file}", "--address", "{host}", "--port", "{port}"),
    "solara": ("solara", "run", "{file}", "--host", "{host}", "--port", "{port}", "--production"),
    "marimo": ("marimo", "run", "{file}", "--host", "{host}", "--port", "{port}", "--headless"),
    "shiny": ("shiny", "run", "{file}", "--host", "{host}", "--port", "{port}"),
}  # fmt: skip
"""Runners that are given a file; the id of the technology to its command."""
_FIXED: dict[str, tuple[str, ...]] = {
    "reflex": ("reflex", "run", "--env", "prod"),
    "bentoml": ("bentoml", "serve", "--host", "{host}", "--port", "{port}"),
    "rq": ("rq", "worker"),
    "airflow": ("airflow", "standalone"),
    "mlflow": ("mlflow", "server", "--host", "{host}", "--port", "{port}"),
    "jupyter": ("jupyter", "lab", "--ip={host}", "--port={port}", "--no-browser"),
}
"""Commands that need nothing from the source."""


def script(scan: Scan, framework: str, files: Iterable[str] = ()) -> Start | None:
    """`python FILE` for the file that makes an application and runs it."""
    facts = [fact for fact in scan.facts.of("app", framework, "python") if not files or fact.file in set(files)]
    if files and not facts:
        facts = [fact for fact in scan.facts.of("listen", scope="python") if fact.file in set(files)]
    return _run(scan, facts, framework)


def _run(scan: Scan, facts: list[Found], framework: str) -> Start | None:
    listening = {fact.file for fact in scan.facts.of("listen", scope="python")}
    guarded = {fact.name for fact in scan.facts.of("entry", None, "python") if fact.name == "main"}
    guarded = {fact.value for fact in scan.facts.of("entry", "main", "python")} if guarded else set()
    made = {fact.file for fact in facts}
    candidates = {fact.file: fact for fact in reversed(facts)}
    for fact in scan.facts.of("listen", scope="python"):
        if fact.file not in made and not made & listening:
            candidates[fact.file] = fact  # one file makes the application, another runs it
    if not candidates:
        return None

    units = {word.rpartition("/")[2] for fact in scan.facts.of("script-command") for word in fact.value.split()}

    def order(file: str) -> tuple[bool, bool, bool, bool, int, int, str]:
        return (file not in listening, file.rpartition("/")[2] not in units, file not in guarded, *_usual(file))

    best = min(candidates, key=order)
    others = [one for one in candidates if order(one)[:3] == order(best)[:3]]
    if best not in listening and best not in guarded:
        best = _caller(scan, best, guarded) or best
        candidates.setdefault(best, candidates[min(candidates, key=order)])
    places = [candidates[best], *(fact for fact in scan.facts.of("listen", scope="python") if fact.file == best)]
    value = StartCommand(argv=python_argv(scan, best), port_from_env=_reads_port(scan, best))
    confidence = 0.85 if best in listening or len(others) == 1 else 0.7
    return Fact(value=value, confidence=confidence, evidence=evidence(places, "start"), reason=f"{best} runs it ({framework})")


def _caller(scan: Scan, file: str, guarded: set[str]) -> str:
    """The program that imports a file which only makes something: `main.py` for `from bot import bot`."""
    path = "/" + file.removesuffix(".py").removesuffix("/__init__")
    found = {
        fact.file
        for fact in scan.facts.of("import", scope="python")
        if fact.file != file and path.endswith("/" + fact.value.replace(".", "/"))
    }
    programs = [
        one for one in found if (one in guarded or one.count("/") <= 1) and _usual(one)[1] < len(_ORDER) and not _usual(one)[0]
    ]
    return min(programs, key=_usual) if programs else ""


def _usual(file: str) -> tuple[bool, int, int, str]:
    """Smaller is better: not among helpers, by name, by depth."""
    stem = file.rpartition("/")[2].removesuffix(".py").lower()
    aside = not _PAGES.isdisjoint(file.split("/")[:-1])
    return (aside, _ORDER.index(stem) if stem in _ORDER else len(_ORDER), file.count("/"), file)


def _reads_port(scan: Scan, file: str) -> bool:
    return any(fact.file == file and "env" in fact.tags for fact in scan.facts.of("listen", scope="python"))


def python_argv(scan: Scan, file: str) -> tuple[str, ...]:
    """`python FILE`, or `python -m MODULE` where the file's imports only resolve from above."""
    directory, _, name = file.rpartition("/")
    base = import_base(scan, file)
    if name == "__main__.py" and directory:
        return ("python", "-m", module_name(file, base).removesuffix(".__main__"))
    relative = any(fact.file == file for fact in scan.facts.of("relative-import"))
    package = f"{directory}/__init__.py" in scan.tree.entries
    own = {fact.name for fact in scan.facts.of("import", scope="python") if fact.file == file}
    inside = any(f"{one}/__init__.py" in scan.tree.entries or one in scan.directories for one in own) and not base
    if directory and not base and (relative or (inside and directory.split("/")[0] in own) or (package and inside)):
        return ("python", "-m", module_name(file, base))
    return ("python", file)


def _file_command(scan: Scan, technology: Technology) -> Resolved:
    facts = scan.facts.of("app", technology.id, "python") or scan.facts.of(
        "import", technology.packages[0].replace("-", "_"), "python"
    )
    guarded = {fact.value for fact in scan.facts.of("entry", "main", "python")}
    files = {fact.file: fact for fact in reversed(facts) if "pages" not in fact.file.split("/")[:-1]}
    if not files:
        return Resolved()

    def order(file: str) -> tuple[bool, int, int, bool, str]:
        aside, name, depth, path = _usual(file)
        known = _ORDER.index("streamlit_app") if file == "streamlit_app.py" else name
        return (
            aside,
            0 if technology.id == "streamlit" and file.endswith("streamlit_app.py") else known,
            depth,
            file not in guarded,
            path,
        )

    imported = _imported(scan, files)
    best = min([one for one in files if one not in imported] or list(files), key=order)
    argv = tuple(best if word == "{file}" else word for word in _RUN_FILE[technology.start])
    sure = 0.9 if len(files) == 1 or order(best)[1] < len(_ORDER) else 0.7
    start: Start = Fact(
        value=StartCommand(argv=argv),
        confidence=sure,
        evidence=evidence([files[best]], "start"),
        reason=f"{best} is the application",
    )
    option = scan.facts.first("option", f"{technology.id}.server.port", "python")
    port: Fact[int] | None = None
    if option is not None and option.value.isdigit():
        port = Fact(
            value=int(option.value[:6]), confidence=0.9, evidence=(option.evidence("port"),), reason=f"{option.file} says so"
        )
    return Resolved(start=start, port=port)


def _imported(scan: Scan, files: Iterable[str]) -> set[str]:
    """Those of the files that another Python file imports: they are parts, not the program."""
    modules = {fact.value for fact in scan.facts.of("import", scope="python")}
    tails = {one.rpartition(".")[2]: one for one in modules}
    found = set()
    for file in files:
        name = module_name(file, "")
        if name in modules or (name.rpartition(".")[2] in tails and tails[name.rpartition(".")[2]].endswith(name) and "." in name):
            found.add(file)
    return found


def _fixed(scan: Scan, technology: Technology) -> Resolved:
    facts = [
        *scan.facts.of("app", technology.id, "python"),
        *(fact for name in technology.packages for fact in scan.facts.of("dependency", name, "python")),
    ]
    if not facts:
        return Resolved()
    value = StartCommand(argv=_FIXED[technology.start])
    return Resolved(
        start=Fact(value=value, confidence=0.75, evidence=evidence(facts[:2], "start"), reason=f"how {technology.name} is run")
    )


def _celery(scan: Scan, technology: Technology) -> Resolved:
    found = targets(scan, "celery")
    if not found:
        return Resolved()
    best = min(
        found,
        key=lambda one: (
            one.found.file.rpartition("/")[2] not in {"celery.py", "celery_app.py", "worker.py", "tasks.py", "app.py"},
            one.found.file.count("/"),
        ),
    )
    module = best.module.removesuffix(".celery") if best.module.endswith(".celery") else best.module
    name = module if best.name in {"app", "celery"} or best.factory else f"{module}.{best.name}"
    inside = ("--workdir", best.base) if best.base else ()
    return _worker(("celery", *inside, "-A", name, "worker", "--loglevel", "INFO"), best.found)


def _worker(argv: tuple[str, ...], place: Found) -> Resolved:
    return Resolved(
        start=Fact(
            value=StartCommand(argv=argv),
            confidence=0.8,
            evidence=(place.evidence("start"),),
            reason=f"{place.file} defines the worker",
        )
    )


def _in_module(prefix: tuple[str, ...], joint: str, framework: str) -> Callable[[Scan, Technology], Resolved]:
    """A worker command that is given a module, with the object in it when `joint` is not empty."""

    def resolve(scan: Scan, technology: Technology) -> Resolved:
        facts = [fact for fact in scan.facts.of("app", framework, "python") if fact.value or not joint]
        if not facts and not joint:
            facts = scan.facts.of("import", framework, "python")
        if not facts:
            return Resolved()
        best = target(scan, facts[0], facts[0].value)
        return _worker((*prefix, f"{best.module}{joint}{best.name}" if joint else best.module), facts[0])

    return resolve


def _scrapy(scan: Scan, technology: Technology) -> Resolved:
    named = [fact for fact in scan.facts.of("spider", scope="python") if fact.name]
    return _worker(("scrapy", "crawl", named[0].name), named[0]) if len({fact.name for fact in named}) == 1 else Resolved()


def _pyramid(scan: Scan, technology: Technology) -> Resolved:
    if path := next((one for one in ("production.ini", "app.ini") if one in scan.tree.entries), ""):
        value = StartCommand(argv=("pserve", path))
        return Resolved(
            start=Fact(value=value, confidence=0.85, evidence=(Evidence(file=path, rule="start"),), reason=f"{path} configures it")
        )
    return Resolved(start=script(scan, "pyramid"))


def _fasthtml(scan: Scan, technology: Technology) -> Resolved:
    if any("fasthtml" in fact.tags for fact in scan.facts.of("listen", scope="python")) or not targets(scan, "fasthtml"):
        return Resolved(start=script(scan, "fasthtml"))
    best = targets(scan, "fasthtml")[0]
    argv = ("uvicorn", f"{best.module}:{best.name}", "--host", "{host}", "--port", "{port}")
    return Resolved(
        start=Fact(
            value=StartCommand(argv=argv),
            confidence=0.9,
            evidence=(best.found.evidence("start"),),
            reason=f"{best.name} is the application",
        )
    )


def _script(scan: Scan, technology: Technology) -> Resolved:
    found = script(scan, technology.id)
    if found is None:
        return plain(scan)
    return Resolved(start=found)


def _bot(scan: Scan, technology: Technology) -> Resolved:
    wanted = {name.replace("-", "_") for name in technology.packages}
    facts = [fact for fact in scan.facts.of("app", "bot", "python") if fact.value in wanted or technology.id.startswith(fact.value)]
    found = _run(scan, facts, technology.id) if facts else None
    return Resolved(start=found) if found else plain(scan)


def plain(scan: Scan) -> Resolved:
    """A program without a framework: what listens, a package that can be run, a command it installs, the usual file."""
    listening = [
        fact
        for fact in scan.facts.of("listen", scope="python")
        if not fact.file.rpartition("/")[2].startswith("gunicorn") and fact.file.endswith(".py")
    ]
    guarded = {fact.value: fact for fact in scan.facts.of("entry", "main", "python")}
    scripts = scan.facts.of("entry", "script", "python")
    if listening and not scripts and (found := _run(scan, listening, "listens")):
        return Resolved(start=found)
    if scripts and (chosen := _own_script(scan, scripts)):
        name, _, where = chosen.value.partition("=")
        reason = f"{chosen.file} installs the command {name}"
        file = file_of(where.partition(":")[0].strip(), chosen.file, modules(scan))
        serving = [fact for fact in listening if fact.file == file]
        return Resolved(
            start=Fact(
                value=StartCommand(argv=(name,), port_from_env=bool(serving) and _reads_port(scan, file)),
                confidence=0.85 if serving else 0.6,
                evidence=evidence([chosen, *serving[:1]], "start"),
                reason=reason,
            )
        )
    if scripts:
        return Resolved()
    mains = sorted(
        (path for path in scan.files("**/__main__.py") if _PAGES.isdisjoint(path.split("/")[:-1])),
        key=lambda path: (path.count("/"), path),
    )
    if mains and mains[0].count("/") <= 2:
        value = StartCommand(argv=python_argv(scan, mains[0]))
        return Resolved(
            start=Fact(
                value=value,
                confidence=0.65,
                evidence=(Evidence(file=mains[0], rule="start"),),
                reason=f"{mains[0]} makes the package runnable",
            )
        )
    usual = [path for path in guarded if _usual(path)[1] < len(_ORDER) and not _usual(path)[0] and path.count("/") <= 2]
    root = [path for path in scan.tree.entries if path.endswith(".py") and "/" not in path and path[:-3] not in _NOT_MAIN]
    if not usual:
        usual = [path for path in root if path[:-3] in _ORDER[:6]] or (
            root if len(root) == 1 and (root[0] in guarded or not _library(scan)) else []
        )
    if not usual:
        return Resolved()
    best = min(usual, key=lambda path: (path.count("/"), *_usual(path)))
    place = guarded[best].evidence("start") if best in guarded else Evidence(file=best, rule="start")
    value = StartCommand(argv=python_argv(scan, best), port_from_env=_reads_port(scan, best))
    confidence = 0.6 if best in guarded else 0.5
    return Resolved(start=Fact(value=value, confidence=confidence, evidence=(place,), reason=f"{best} is the program by its name"))


def _library(scan: Scan) -> bool:
    return any(fact.name in {"setup.py", "setup.cfg"} for fact in scan.facts.of("manifest", scope="python"))


def _own_script(scan: Scan, scripts: list[Found]) -> Found | None:
    """The command of the project: the only one, else the one of its name."""
    names = {re.sub(r"[-_.]+", "-", fact.name).lower() for fact in scan.facts.of("project-name", scope="python")}
    same = [fact for fact in scripts if re.sub(r"[-_.]+", "-", fact.value.partition("=")[0]).lower() in names]
    distinct = {fact.value.partition("=")[2] for fact in scripts}
    return same[0] if same else scripts[0] if len(distinct) == 1 else None


SCRIPTS: dict[str, Callable[[Scan, Technology], Resolved]] = {
    **dict.fromkeys(_RUN_FILE, _file_command),
    **dict.fromkeys(_FIXED, _fixed),
    "script": _script, "bot": _bot, "celery": _celery, "scrapy": _scrapy, "pyramid": _pyramid, "fasthtml": _fasthtml,
    "dramatiq": _in_module(("dramatiq",), "", "dramatiq"), "huey": _in_module(("huey_consumer",), ".", "huey"),
    "arq": _in_module(("arq",), ".", "arq"), "faststream": _in_module(("faststream", "run"), ":", "faststream"),
}  # fmt: skip
"""Ways to start of rules/data/python.toml that run a program."""
