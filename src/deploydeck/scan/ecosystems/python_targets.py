"""The importable application objects of a Python project, best first, and where they are imported from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deploydeck.scan.ecosystems.python_routes import file_of, modules
from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_FILE_ORDER = ("wsgi", "asgi", "app", "main", "application", "server", "run", "api", "index", "__init__")
_MOST = 200
_NAME_ORDER = ("app", "application", "api", "server", "asgi_app", "wsgi_app")
_ASIDE = frozenset({
    "scripts", "script", "tools", "tool", "bin", "utils", "demo", "demos", "notebooks", "templates", "plugins", "mock", "mocks",
    "playground",
    "contrib", "deploy", "deployment", "docs", "hack", "dev", "experiments", "legacy", "old", "archive", "backup", "lambda",
    "tutorial", "tutorials",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """An importable application object: `base` is the directory to start in ("" the root). `named`: the project itself names it."""

    module: str
    name: str
    base: str
    factory: bool
    found: Found
    named: bool = False


def targets(scan: Scan, framework: str) -> list[Target]:
    """Every object of a framework that a server could be given, else the functions that make one."""
    found: list[Target] = []
    makers = {fact.value for fact in scan.facts.of("app-factory", framework)} | {
        fact.value for fact in scan.facts.of("app-class", framework)
    }
    made = [fact for fact in scan.facts.of("app", framework) if fact.value and "local" not in fact.tags]
    made = sorted(made, key=_likely)[:_MOST]
    wrapped = {fact.file for fact in made if "wraps" in fact.tags}
    for fact in made:
        if fact.file in wrapped and "wraps" not in fact.tags:
            continue
        found.append(target(scan, fact, fact.value))
    for fact in scan.facts.of("app-server", framework):
        found.insert(0, target(scan, fact, fact.value))
    for fact in scan.facts.of("app-from-factory"):
        if fact.name in makers:
            found.append(target(scan, fact, fact.value))
    if framework == "dash" and scan.facts.of("app-server", framework):
        found = [one for one in found if one.found.kind == "app-server"]
    if not found:
        found = [target(scan, fact, fact.value, factory=True) for fact in scan.facts.of("app-factory", framework)]
        called = {fact.name for fact in scan.facts.of("app-from-factory")}
        inner = [one for one in found if one.name in called]
        found = inner or found
    found += _passed_on(scan, found)
    served = _served(scan)
    found = [
        replace(one, named=True) if (one.found.file, one.name) in served or (one.found.file, "") in served else one for one in found
    ]
    if served and found and not any(one.named for one in found) and not found[0].factory:
        for (file, name), fact in served.items():
            if not name:
                continue
            base = import_base(scan, file)
            found.append(Target(module_name(file, base), name, base, False, replace(fact, file=file), named=True))
    unique = {(one.module, one.name, one.base): one for one in reversed(found)}
    return sorted(unique.values(), key=lambda one: (*rank(one), one.found.file, one.found.line))


def _likely(fact: Found) -> tuple[int, int, str]:
    """Smaller is likelier to be the application, by the name and depth of its file alone."""
    stem = fact.file.rpartition("/")[2].removesuffix(".py")
    return (fact.file.count("/"), _FILE_ORDER.index(stem) if stem in _FILE_ORDER else len(_FILE_ORDER), fact.file)


def _served(scan: Scan) -> dict[tuple[str, str], Found]:
    """The applications that the project itself names: `uvicorn.run("shop.main:app")`, FLASK_APP. An empty name: any of the file."""
    found = {}
    known = modules(scan)
    for fact in [*scan.facts.of("entry", "asgi", "python"), *scan.facts.of("entry", "wsgi", "python")]:
        module, _, name = fact.value.partition(":")
        if (not name or name.isidentifier()) and (file := file_of(module, fact.file, known)):
            found[file, name] = fact
    return found


def _passed_on(scan: Scan, found: list[Target]) -> list[Target]:
    """`from shop import app` in a wsgi.py or asgi.py: that file is what the project means a server to be given."""
    names = {one.name for one in found if not one.factory}
    return [
        target(scan, fact, fact.value)
        for fact in scan.facts.of("app-import", scope="python")
        if fact.name.rpartition(".")[2] in names
    ]


def rank(one: Target) -> tuple[int, int, int, int]:
    """Smaller is better: named by the project, not aside, by the file's name, by the object's name."""
    stem = one.found.file.rpartition("/")[2].removesuffix(".py")
    aside = not _ASIDE.isdisjoint(one.found.file.split("/")[:-1])
    return (
        (0 if one.named else 100 if aside else 1) * 100 + (_FILE_ORDER.index(stem) if stem in _FILE_ORDER else len(_FILE_ORDER)),
        int(one.factory and "arguments" in one.found.tags),
        _NAME_ORDER.index(one.name) if one.name in _NAME_ORDER else len(_NAME_ORDER),
        one.found.file.count("/"),
    )


def target(scan: Scan, fact: Found, name: str, *, factory: bool = False) -> Target:
    base = import_base(scan, fact.file)
    return Target(module_name(fact.file, base), name, base, factory, fact)


def module_name(file: str, base: str) -> str:
    """The module of a file imported from `base`."""
    relative = file.removeprefix(f"{base}/") if base else file
    return relative.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def import_base(scan: Scan, file: str) -> str:
    """The directory that must be on the import path for `file` to find its neighbours: where most of its imports resolve.

    The root on a tie, because a server started there finds packages and namespace packages alike.
    """
    parts = file.split("/")[:-1]
    bases = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    relative = any(fact.file == file for fact in scan.facts.of("relative-import"))
    if relative:
        bases = bases[:-1] or bases
    bases = [base for base in bases if not base or f"{base}/__init__.py" not in scan.tree.entries] or [""]
    imported = {fact.name for fact in scan.facts.of("import", scope="python") if fact.file == file}

    def resolved(base: str) -> int:
        prefix = f"{base}/" if base else ""
        return sum(f"{prefix}{name}.py" in scan.tree.entries or f"{prefix}{name}" in scan.directories for name in imported)

    best = max(bases, key=lambda base: (resolved(base), -len(base)))
    if (
        not best
        and "src" in bases
        and parts[:1] == ["src"]
        and "src/__init__.py" not in scan.tree.entries
        and len(parts) > 1
        and not resolved("")
    ):
        return "src"  # the src layout: nothing is ever imported as `src.…`
    return best
