"""Which technologies and languages a project uses: the tables applied to the facts."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from deploydeck.domain import Alternative, BuildTool, DeployDeckError, Evidence, Fact, Framework, Language, Severity
from deploydeck.scan.facts import Found
from deploydeck.scan.ranges import parse_version, satisfies
from deploydeck.scan.rules import Ecosystem, Pattern, Role, Technology, ecosystems, languages, runtimes, technologies
from deploydeck.scan.state import MAX_EVIDENCE, Scan, certainty, evidence

SURE = 0.8
_CARET = frozenset({"rust"})
"""Ecosystems in which a bare version means every compatible one."""
TOOLS = frozenset({Role.BUNDLER, Role.TOOL})
_RANK = {
    Role.SERVER: 0, Role.APP: 0, Role.STATIC: 1, Role.PART: 1, Role.WORKER: 2, Role.BUNDLER: 3, Role.UI: 4, Role.TOOL: 5,
}  # fmt: skip
"""Who names the framework where several fit; a documentation site beside a server is not what is deployed."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A technology that matched, how sure, and why."""

    technology: Technology
    confidence: float
    evidence: tuple[Evidence, ...]


def hits(scan: Scan) -> list[Hit]:
    """Every technology that matches and is not superseded: those that decide first, surest first; a deployed one wins a tie."""
    present = scan.facts.names()
    matched = [hit for technology in _possible(scan, present) if (hit := _match(scan, technology, present))]
    hidden = {name for hit in matched for name in hit.technology.supersedes}
    matched = [hit for hit in matched if hit.technology.id not in hidden]
    bundled = any(hit.technology.role is Role.BUNDLER and hit.technology.ecosystem == "node" for hit in matched)

    used = any(
        hit.technology.role in {Role.SERVER, Role.WORKER} and hit.technology.ecosystem == "node" and _imported(scan, hit.technology)
        for hit in matched
    )

    def rank(hit: Hit) -> tuple[int, bool, float, bool]:
        listed = (bundled or used) and hit.technology.start == "node" and not _imported(scan, hit.technology)
        place = _RANK[Role.TOOL] if listed else _RANK[hit.technology.role]
        return (place, only_listed(scan, hit.technology), -hit.confidence, not hit.technology.supported)

    return sorted(matched, key=rank)


@dataclass(frozen=True, slots=True)
class _Gates:
    """Every technology by a pattern without which it cannot match: its first `all_of`, or else each of its `any_of`.

    `named` by kind and name of a fact, `kinds` by kind alone, `begun` by kind and then the start of a name, `files` by glob; the
    numbers are places in `technologies`.
    """

    technologies: tuple[Technology, ...]
    named: dict[tuple[str, str], list[int]]
    kinds: dict[str, list[int]]
    begun: dict[str, dict[str, list[int]]]
    files: dict[str, list[int]]


@lru_cache(maxsize=1)
def _gates() -> _Gates:
    gates = _Gates(tuple(technologies()), {}, {}, {}, {})
    for number, technology in enumerate(gates.technologies):
        for pattern in technology.all_of[:1] or technology.any_of:
            if pattern.what == "file":
                gates.files.setdefault(pattern.name, []).append(number)
            elif pattern.name.endswith("*"):
                gates.begun.setdefault(pattern.what, {}).setdefault(pattern.name[:-1], []).append(number)
            elif pattern.name:
                gates.named.setdefault((pattern.what, pattern.name), []).append(number)
            else:
                gates.kinds.setdefault(pattern.what, []).append(number)
    return gates


def _possible(scan: Scan, present: set[tuple[str, str]]) -> list[Technology]:
    """The technologies that may match, in the order of the tables: a few of many hundred, found without asking each."""
    gates = _gates()
    found: set[int] = set()
    for key in gates.named.keys() & present:
        found.update(gates.named[key])
    for kind, numbers in gates.kinds.items():
        if scan.facts.of(kind):
            found.update(numbers)
    for kind, starts in gates.begun.items():
        every = tuple(starts)
        for name in {fact.name for fact in scan.facts.of(kind) if fact.name.startswith(every)}:
            found.update(number for start, numbers in starts.items() if name.startswith(start) for number in numbers)
    for glob, numbers in gates.files.items():
        if scan.files(glob):
            found.update(numbers)
    return [gates.technologies[number] for number in sorted(found)]


def _imported(scan: Scan, technology: Technology) -> bool:
    """Whether a source imports the technology: a server that is only listed, beside a bundler, is a leftover."""
    return any(scan.facts.of("import", name, technology.ecosystem) for name in technology.packages)


def _used(scan: Scan, found: list[Hit]) -> tuple[list[Hit], list[Hit]]:
    """The hits without those of the first rank that are only listed, while the sources use another one of their ecosystem."""
    if not found or scan.tree.truncated or scan.unread or not _in_sources(scan, found[0].technology):
        return found, []
    first = found[0].technology
    leftovers = [
        hit
        for hit in found[1:]
        if _RANK[hit.technology.role] == 0
        and hit.technology.ecosystem == first.ecosystem
        and not _in_sources(scan, hit.technology)
        and any(scan.facts.of("dependency", name, first.ecosystem) for name in hit.technology.packages)
    ]
    return [hit for hit in found if hit not in leftovers], leftovers


def _in_sources(scan: Scan, technology: Technology) -> bool:
    """Whether anything but a manifest shows a technology: an import, an application object, a file of its own."""
    names = {name.replace("-", "_") if technology.ecosystem == "python" else name for name in technology.packages}
    if technology.ecosystem == "perl":
        names |= {name.partition("::")[0] for name in names}
    if any(scan.facts.of("import", name, technology.ecosystem) for name in names):
        return True
    patterns = (*technology.all_of, *technology.any_of, *technology.hints)
    present = scan.facts.names()
    return any(_places(scan, one, technology.id, present) for one in patterns if not one.what.startswith(("dependency", "locked")))


_READS_IMPORTS = {"python": frozenset({"wsgi", "asgi", "django", "python"}), "node": frozenset({"node"}), "perl": frozenset()}
"""Ecosystems whose imports are read by the names of the packages, and the ways of starting that need an import (none: all)."""


def only_listed(scan: Scan, technology: Technology) -> bool:
    """Whether a framework is a dependency that no source imports, although sources with imports were read."""
    ways = _READS_IMPORTS.get(technology.ecosystem)
    if ways is None or (ways and technology.start not in ways) or not technology.packages or scan.tree.truncated or scan.unread:
        return False
    scope = technology.ecosystem
    if not scan.facts.of("import", scope=scope) or scan.facts.of("app", technology.id, scope):
        return False
    names = {name.replace("-", "_") if scope == "python" else name for name in technology.packages}
    if scope == "perl":
        names |= {name.partition("::")[0] for name in names}
    return not any(scan.facts.of("import", name, scope) for name in names)


def _match(scan: Scan, technology: Technology, present: Container[tuple[str, str]]) -> Hit | None:
    weights: list[float] = []
    places: list[Evidence] = []

    def seen(pattern: Pattern) -> bool:
        found = _places(scan, pattern, technology.id, present)
        if found:
            weights.append(pattern.weight)
            places.extend(found)
        return bool(found)

    if not all(seen(pattern) for pattern in technology.all_of):
        return None
    either = [seen(pattern) for pattern in technology.any_of]  # a list, so that every match adds its weight
    if either and not any(either):
        return None
    if any(_places(scan, pattern, technology.id, present) for pattern in technology.none_of):
        return None
    for pattern in technology.hints:
        seen(pattern)
    return Hit(technology, certainty(weights), tuple(dict.fromkeys(places))[:MAX_EVIDENCE])


def _places(scan: Scan, pattern: Pattern, rule: str, present: Container[tuple[str, str]]) -> list[Evidence]:
    if pattern.what == "file":
        return [Evidence(file=path, rule=rule) for path in scan.files(pattern.name)[:2]]
    if pattern.name and (pattern.what, pattern.name) not in present and not pattern.name.endswith("*"):
        return []  # nearly always: there are thousands of patterns
    if pattern.name.endswith("*"):
        found = scan.facts.starting(pattern.what, pattern.name[:-1], pattern.scope or None)
    else:
        found = scan.facts.of(pattern.what, pattern.name or None, pattern.scope or None)
    out = {"development", "optional"}
    wanted = (fact for fact in found if not (pattern.production and out & fact.tags))
    return [fact.evidence(rule) for fact in islice(wanted, 2)]


def choose_framework(scan: Scan, found: list[Hit]) -> tuple[Technology | None, Fact[Framework] | None]:
    """The technology that decides how the project is deployed, and the framework by its name, with every rival as an alternative.

    They differ where a bundler builds what a UI library is written in: Vite decides, React is the framework.
    """
    main = found[0] if found and found[0].technology.role is not Role.TOOL else None
    named = main
    if main is not None and main.technology.role is Role.BUNDLER:
        named = next((hit for hit in found if hit.technology.role is Role.UI), main)
    rank = _RANK[main.technology.role] if main else -1
    found, leftovers = _used(scan, found) if main else (found, [])
    if main is not None and named is not None and leftovers:
        for hit in leftovers:
            scan.finding(
                "framework-never-imported",
                Severity.WARNING,
                f"{hit.technology.name} is listed as a dependency but imported nowhere; {named.technology.name} is used.",
                "Remove it if it is left over, or set [app] framework and start in deploydeck.toml.",
                hit.evidence[:1],
            )
    rivals = [hit for hit in found if main and hit is not main and _RANK[hit.technology.role] == rank <= _RANK[Role.WORKER]]
    fact: Fact[Framework] | None = None
    if main is not None and named is not None:
        fact = framework_fact(scan, named)
        if named is not main:
            places = tuple(dict.fromkeys((*fact.evidence[:4], *main.evidence)))[:MAX_EVIDENCE]
            fact = fact.model_copy(update={"evidence": places, "reason": f"{main.technology.name} builds it"})
    if fact is not None and rivals and rank == 0:
        facts = [framework_fact(scan, hit) for hit in rivals]
        others: tuple[Alternative[Framework], ...] = tuple(
            Alternative(value=other.value, evidence=other.evidence) for other in facts
        )
        fact = fact.model_copy(update={"alternatives": others, "reason": f"the strongest evidence is for {fact.value.name}"})
        names = ", ".join(other.value.name for other in (fact, *facts))
        scan.finding(
            "several-frameworks",
            Severity.WARNING,
            f"Several frameworks fit: {names}. {fact.value.name} was taken.",
            "Set [app] framework in deploydeck.toml if another one is meant.",
            [one.evidence[0] for one in (fact, *facts) if one.evidence],
        )
    wanted = scan.overrides.framework
    if wanted is None:
        return (main.technology if main else None), fact
    known = {technology.id: technology for technology in technologies()}
    if wanted not in known:
        raise DeployDeckError(
            "scan-unknown-framework",
            f"{wanted!r} is not a framework DeployDeck knows.",
            "It stands in [app] framework.",
            "Known: " + ", ".join(sorted(known)) + ".",
        )
    chosen = known[wanted]
    value = Framework(id=chosen.id, name=chosen.name, version=package_version(scan, chosen))
    return chosen, scan.overridden("framework", value, fact)


def framework_fact(scan: Scan, hit: Hit) -> Fact[Framework]:
    """A technology that matched as a framework with its resolved version."""
    technology = hit.technology
    version = package_version(scan, technology)
    value = Framework(id=technology.id, name=technology.name, version=version)
    places = hit.evidence
    locked = [
        fact
        for name in technology.packages
        for fact in scan.facts.of("locked", name)
        if version and fact.value.removeprefix("v") == version
    ]
    places = tuple(dict.fromkeys((*places, *evidence(locked[:1], technology.id))))[:MAX_EVIDENCE]
    return Fact(value=value, confidence=hit.confidence, evidence=places)


def build_tools(scan: Scan, found: list[Hit]) -> tuple[Fact[BuildTool], ...]:
    """What builds the project: the bundlers and tools that matched."""
    return tuple(
        Fact(
            value=BuildTool(id=hit.technology.id, name=hit.technology.name, version=package_version(scan, hit.technology)),
            confidence=hit.confidence,
            evidence=hit.evidence,
        )
        for hit in found
        if hit.technology.role in {Role.BUNDLER, Role.TOOL}
    )


def package_version(scan: Scan, technology: Technology) -> str:
    """The version of the technology's first package that has one: locked, else pinned exactly where it is declared."""
    scope = technology.ecosystem
    for package in technology.packages:
        if version := resolved_version(scan, package, "", scope=scope):
            return version.removeprefix("v")
    for kind in ("dependency", "managed", "tool"):
        for package in technology.packages:
            for fact in scan.facts.of(kind, package, scope):
                if version := exact_version(fact.value, scope):
                    return version
    return ""


def exact_version(requirement: str, scope: str = "") -> str:
    """The version of a requirement that allows only one ("==3.1.3", "1.2.3"), else "". A bare version is a range for Cargo."""
    text = requirement.strip()
    if scope in _CARET and text[:1].isdigit():
        return ""
    if text.startswith("[") and text.endswith("]") and "," not in text:  # NuGet and Maven write an exact version so
        text = text[1:-1].strip()
    text = text.removeprefix("===").removeprefix("==").removeprefix("=").strip().removeprefix("v")
    return text if text[:1].isdigit() and "." in text and not any(character in text for character in " ,|*<>^~xX[](){}$") else ""


def resolved_version(scan: Scan, package: str, requirement: str, preferred_file: str = "", scope: str | None = None) -> str:
    """The version a lock file resolved, preferring the active manager's; "" when no lock says."""
    locked = scan.facts.of("locked", package, scope) if package else []
    if not requirement and locked:
        wished = scan.facts.first("dependency", package, scope)
        requirement = wished.value if wished else ""

    wanted = f"^{requirement}" if scope in _CARET and requirement[:1].isdigit() else ""

    def rank(fact: Found) -> tuple[bool, bool, bool]:
        clashes = bool(wanted) and not satisfies(parse_version(fact.value) or (), wanted)
        return (fact.file != preferred_file, clashes, bool(fact.tags) and requirement not in fact.tags)

    return min(locked, key=rank).value if locked else ""


def manifests(scan: Scan) -> list[tuple[Ecosystem, str, str]]:
    """Every manifest at the component's root: ecosystem, path, and the language it means, in order of trust."""
    found = []
    for one in ecosystems().values():
        for glob, language in one.manifests:
            if paths := scan.files(glob):
                found.append((one, paths[0], language))
    return found


def language_shares(scan: Scan) -> tuple[Fact[Language], ...]:
    """Every language by its share of the source bytes, largest first."""
    extensions, names = _language_index()
    sizes: dict[str, int] = {}
    largest: dict[str, tuple[int, str]] = {}
    for path, entry in scan.tree.entries.items():
        name = entry.name
        language = names.get(name) or (extensions.get(name.rpartition(".")[2].lower()) if "." in name else None)
        if language and not entry.target:
            sizes[language] = sizes.get(language, 0) + entry.size
            largest[language] = max(largest.get(language, (-1, "")), (entry.size, path))
    total = sum(sizes.values())
    facts: list[Fact[Language]] = []
    for language, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        share = round(size / total, 4) if total else 0.0
        place = Evidence(file=largest[language][1], rule="extension")
        facts.append(Fact(value=_language(scan, language, share), confidence=0.9, evidence=(place,)))
    return tuple(facts)


@lru_cache(maxsize=1)
def _language_index() -> tuple[dict[str, str], dict[str, str]]:
    rows = languages().values()
    return (
        {extension: row.id for row in rows for extension in row.extensions},
        {name: row.id for row in rows for name in row.files},
    )


def _language(scan: Scan, id: str, share: float) -> Language:
    row = languages()[id]
    return Language(id=id, name=row.name, version=pinned(scan, id), share=share)


def main_language(
    scan: Scan, shares: tuple[Fact[Language], ...], technology: Technology | None, framework: Fact[Framework] | None
) -> Fact[Language] | None:
    """The language of what is deployed: the framework's, else the manifest's, else the largest share."""
    share = {fact.value.id: fact.value.share for fact in shares}
    found = manifests(scan)
    id, places, sure, reason = "", tuple[Evidence, ...](), 0.0, ""
    family: tuple[str, ...] = ()
    static = technology is not None and technology.role is Role.STATIC
    if technology is not None and framework is not None and (static or not languages()[technology.language].markup):
        id, places, sure = technology.language, framework.evidence, framework.confidence
        reason, family = f"{technology.name} is written in it", ecosystems()[technology.ecosystem].languages
    elif found:
        one, path, id = found[0]
        places, sure, reason, family = (Evidence(file=path, rule="manifest"),), 0.9, f"{path} is its manifest", one.languages
    elif shares:
        best = next((fact for fact in shares if not languages()[fact.value.id].markup), None)
        if best is None:
            best = next((fact for fact in shares if fact.value.id == "html"), shares[0])
        return best.model_copy(update={"confidence": 0.6, "reason": "the largest share of the sources"})
    if not id:
        return None
    if len(family) > 1:  # several languages share a manifest: the sources say which one it is
        largest = max(family, key=lambda one: share.get(one, 0.0))
        if share.get(largest, 0.0) > share.get(id, 0.0):
            id = largest
    places = tuple(
        dict.fromkeys((*(Evidence(file=path, rule="manifest") for one, path, _ in found if id in one.languages), *places))
    )
    others: list[Alternative[Language]] = [
        Alternative(value=_language(scan, other, share.get(other, 0.0)), evidence=(Evidence(file=path, rule="manifest"),))
        for one, path, other in found
        # A framework has decided; and package.json beside another manifest is mostly there for its tools.
        if id not in one.languages and technology is None and one.id not in {"node", "sites", "cpp"}
    ]
    unique = tuple({other.value.id: other for other in others}.values())
    return Fact(
        value=_language(scan, id, share.get(id, 0.0)),
        confidence=max(sure, 0.5),
        evidence=places[:MAX_EVIDENCE],
        alternatives=unique,
        reason=reason,
    )


def runtime_of(language: str) -> str:
    """The id of the runtime that programs of a language run on: its own, else the first of its ecosystem; "" when it has none."""
    row = languages().get(language)
    home = ecosystems().get(row.ecosystem) if row else None
    if home and language in {runtime.id for runtime in home.runtimes}:
        return language
    return home.runtimes[0].id if home and home.runtimes else ""


def pinned(scan: Scan, language: str) -> str:
    """What the project pins for a language, as written there."""
    runtime = runtimes().get(runtime_of(language))
    if runtime is None:
        return ""
    pins = {fact.scope: fact.value for fact in reversed(scan.facts.of("pin", runtime.id))}
    return next((pins[source] for source in runtime.sources if source in pins), "")
