"""What the resolvers of one scan share: the tree, the facts, the overrides and the findings so far."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property, lru_cache
from typing import TypeVar

from deploydeck.domain import Alternative, Evidence, Fact, Finding, Severity
from deploydeck.scan.facts import Facts, Found, clean
from deploydeck.scan.walk import Tree
from deploydeck.settings import PROJECT_FILE, USER_FILE, AppSettings

T = TypeVar("T")
MAX_EVIDENCE = 8
MAX_SAME_FINDINGS = 20


@dataclass
class Scan:
    """The scan of one component in progress. Paths are relative to the component's directory, `directory` ("": the project itself).

    `unread` are sources too large to be read.
    `above` are files of the outer project that hold for its components too (lock files, version pins), by name, as relative paths.
    """

    tree: Tree
    facts: Facts
    overrides: AppSettings
    directory: str = ""
    above: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _hidden: dict[str, int] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The names of the files in each directory that has some."""
        found: dict[str, list[str]] = {}
        for path in self.tree.entries:
            directory, _, name = path.rpartition("/")
            found.setdefault(directory, []).append(name)
        return found

    @cached_property
    def directories(self) -> frozenset[str]:
        found: set[str] = set()
        for directory in self.names:
            while directory and directory not in found:
                found.add(directory)
                directory = directory.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for directory, names in self.names.items():
            for name in names:
                found.setdefault(name, []).append(f"{directory}/{name}" if directory else name)
        return found

    def files(self, glob: str) -> list[str]:
        """Paths that match: an exact path, `dir/**` (one file in there), `**/name` (anywhere), or a glob, `*` within one name."""
        if glob.endswith("/**"):
            directory = glob.removesuffix("/**")
            if directory not in self.directories:
                return []
            return [next(path for path in self.tree.entries if path.startswith(f"{directory}/"))]
        if glob.startswith("**/"):
            name = glob.removeprefix("**/")
            if "*" not in name:
                return self._by_name.get(name, [])
            pattern = _compiled(name)
            return [path for known, paths in self._by_name.items() if pattern.match(known) for path in paths]
        if "*" not in glob:
            return [glob] if glob in self.tree.entries else []
        parent, _, name = glob.rpartition("/")
        parents: Iterable[str] = (parent,)
        if "*" in parent:
            above = _compiled(parent)
            parents = [one for one in self.names if one.count("/") == parent.count("/") and above.match(one)]
        pattern = _compiled(name)
        return [f"{one}/{known}" if one else known for one in parents for known in self.names.get(one, ()) if pattern.match(known)]

    def standing(self, glob: str) -> str:
        """The first file that matches here or, for a whole name, in the outer project; "" when there is none."""
        found = self.files(glob)
        return found[0] if found else self.above.get(glob, "")

    def finding(self, code: str, severity: Severity, message: str, hint: str = "", evidence: Iterable[Evidence] = ()) -> None:
        """Report something; beyond twenty of one code only the number is kept."""
        if sum(one.code == code for one in self.findings) >= MAX_SAME_FINDINGS:
            self._hidden[code] = self._hidden.get(code, 0) + 1
            return
        self.findings.append(
            Finding(code=code, severity=severity, message=clean(message), hint=hint, evidence=tuple(evidence)[:MAX_EVIDENCE])
        )

    def all_findings(self) -> tuple[Finding, ...]:
        more = tuple(
            Finding(code=code, severity=Severity.INFO, message=f"{number} more findings of the kind {code} are not listed.")
            for code, number in self._hidden.items()
        )
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        return tuple(sorted(self.findings, key=lambda one: order[one.severity])) + more

    def override(self, key: str) -> Evidence:
        """The place of an override: its line in deploydeck.toml, or the person's settings when it is not there."""
        found = self.facts.first("override", key)
        return found.evidence("override") if found else Evidence(file=USER_FILE, rule="override")

    def overridden(self, key: str, value: T, detected: Fact[T] | None) -> Fact[T]:
        """A fact decided by a setting; what was detected stays visible when it differs."""
        other = ()
        if detected is not None and detected.value != value:
            other = (Alternative(value=detected.value, evidence=detected.evidence),)  # type: ignore[assignment]
        return Fact(
            value=value,
            confidence=1.0,
            evidence=(self.override(key),),
            alternatives=other,
            reason=f"[app] {key} in {PROJECT_FILE} decides",
        )


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def evidence(found: Iterable[Found], rule: str) -> tuple[Evidence, ...]:
    """Facts as evidence, without repeats, at most eight."""
    return tuple(dict.fromkeys(fact.evidence(rule) for fact in found))[:MAX_EVIDENCE]


def certainty(weights: Iterable[float]) -> float:
    """Independent hints combined: 1 - product(1 - weight), at most 0.99 because no scan is certain."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1.0 - weight
    return round(min(1.0 - doubt, 0.99), 3)
