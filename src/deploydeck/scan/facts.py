"""What parsers find: small facts with their place, and an index over them for rules and resolvers.

The kinds, with what `name`, `value` and `tags` hold (`scope` is the ecosystem's id unless said otherwise):

| kind | name | value | tags |
|---|---|---|---|
| manifest | file kind (`package.json`, `go.mod`, …) | detail | |
| project-name | the project's own name | | |
| dependency | normal name | requirement as written | development, optional, build, peer, extra:X |
| locked | normal name | resolved version | the requirements it answers (yarn), development |
| tool | a tool's section in a manifest, a build plugin | version | |
| script | name of a script or task | command | |
| package-field | main, bin, module, type, … | its value | |
| pin | runtime id | version as written | `scope` is the source: a row's `sources` in rules/data |
| package-manager | manager id, as declared | version | |
| manager-version | manager id | version or range | |
| include | path of a further manifest, relative to this one | | |
| workspace | glob of member directories, relative to this file | | `scope` is the tool; exclude |
| uses-project | relative path or package name of a sibling component | | path |
| import | top-level package | the whole import | |
| app | framework id | variable that holds the application object | |
| app-factory, app-from-factory | framework id / function | name | arguments |
| entry | kind of entry point (`main`, `wsgi`, `asgi`, `bin`, …) | module, class, package path or file | |
| listen | port or "" | host or "" | env (PORT decides), unknown, debug, runner |
| route | path | object it is defined on | |
| prefixed | what adds a prefix to routes | | |
| env | variable | default | required, defaulted, computed, build, sample, local, valued, setdefault, settings |
| setting | name of a framework's own setting | value | computed |
| option | name of a build or server option (`outDir`, `server.port`, …) | value | `scope` ecosystem |
| process | Procfile process type (`web`, `release`, …) | command | |
| platform-start, platform-build, platform-output, platform-health, platform-port | | the value | `scope` names the platform file |
| expose | port | which file says so (`Dockerfile`, `compose`, …) | own (of the component itself) |
| image-command, image-base | | command / image | |
| script-command | the script, pm2, supervisor or systemd file | the command it ends in | hands-on (it runs what it is given) |
| installs | manager id | the only one a Dockerfile installs packages with | `scope` is Dockerfile |
| config | kind of configuration file, when only the content shows it | | |
| at:KIND | as KIND | as KIND | at:DIR: the directory, below this file's component, that it is about (scan/deliver.py) |
| managed | normal name | version a parent project gives it | |
| service-image | image | service's name in compose | |
| datasource | service id (`postgresql`, …) | how it shows (`prisma provider`, …) | weak, sqlite |
| secret | kind | masked form | |
| private-key | path | | |
| override | key of [app] | | |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from deploydeck.domain import Evidence
from deploydeck.redaction import Redactor

TEXT_LENGTH = 200
_shapes = Redactor()


@dataclass(frozen=True, slots=True)
class Found:
    """One fact. `kind` says what (dependency, locked, pin, app, route, …), `scope` the ecosystem (python, node), `tags` details.

    `file` is relative to the root (POSIX), `line` counts from 1 (0: the whole file), `text` is that line.
    """

    kind: str
    name: str
    value: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    scope: str = ""
    tags: frozenset[str] = frozenset()

    def evidence(self, rule: str) -> Evidence:
        """This fact as evidence; well-known secret shapes are masked and the text is cut to 200 characters."""
        return Evidence(file=self.file, line=self.line, text=_shapes(self.text.strip()[: TEXT_LENGTH * 4])[:TEXT_LENGTH], rule=rule)


class Broken(Exception):
    """A file that should be of a format and is not. `line` counts from 1, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def clean(text: str) -> str:
    """The text without what no store takes: lone surrogates (a JSON escape can make them) and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def short(value: object) -> str:
    """A constant of a hostile file as text of at most 200 characters; numbers too long to print become ""."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return ""
    return value[:200] if isinstance(value, str) else str(value)[:200]


class Facts:
    """All facts of one component, by kind and name, in the order they were found; behind them what it inherits."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[Found]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[Found]] = defaultdict(list)
        self._inherited: list[Facts] = []
        self.shared: Facts | None = None

    def add(self, found: Iterable[Found]) -> None:
        for fact in found:
            text = fact.name + fact.value + fact.text
            if not text.isascii() or "\0" in text:
                fact = replace(fact, name=clean(fact.name), value=clean(fact.value), text=clean(fact.text))
            self._by_kind[fact.kind].append(fact)
            self._by_name[fact.kind, fact.name].append(fact)

    def inherit(self, other: Facts) -> None:
        """Let the facts of `other` stand behind those of this one."""
        self._inherited.append(other)

    def copied(self, kinds: Iterable[str], prefix: str) -> Facts:
        """Its own facts of these kinds, with `prefix` before their files."""
        result = Facts()
        for kind in kinds:
            result.add(replace(fact, file=prefix + fact.file) for fact in self._by_kind.get(kind, ()))
        return result

    def own(self, kind: str, name: str | None = None, scope: str | None = None) -> list[Found]:
        """The component's own facts of a kind, optionally with exactly this name and scope."""
        facts = self._by_kind.get(kind, []) if name is None else self._by_name.get((kind, name), [])
        return facts if scope is None else [fact for fact in facts if fact.scope == scope]

    def of(self, kind: str, name: str | None = None, scope: str | None = None) -> list[Found]:
        """The facts of a kind, its own first, then inherited ones."""
        facts = self.own(kind, name, scope)
        for other in self._inherited:
            if more := other.own(kind, name, scope):
                facts = [*facts, *more]
        return facts

    def names(self) -> set[tuple[str, str]]:
        """Every kind and name that there is a fact of, inherited ones too."""
        return set(self._by_name).union(*(other._by_name for other in self._inherited))

    def starting(self, kind: str, prefix: str, scope: str | None = None) -> list[Found]:
        """The facts of a kind whose name starts with `prefix`."""
        return [fact for fact in self.of(kind, None, scope) if fact.name.startswith(prefix)]

    def first(self, kind: str, name: str | None = None, scope: str | None = None) -> Found | None:
        found = self.of(kind, name, scope)
        return found[0] if found else None


class Text:
    """A decoded file with cheap line numbers. Bytes that are not UTF-8 are replaced, a byte order mark is dropped."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("utf-8-sig", "replace")
        self.lines = self.text.split("\n")

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def line(self, number: int) -> str:
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def find(self, needle: str, start: int = 0) -> int:
        """The line that holds `needle`, searching from line `start`; 0 when none does."""
        for index in range(max(start - 1, 0), len(self.lines)):
            if needle in self.lines[index]:
                return index + 1
        return 0
