"""Which technologies and languages a project uses: the tables applied to the facts."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import Alternative, DeployDeckError, Evidence, Fact, Framework, Language, Severity
from deploydeck.scan.facts import Found
from deploydeck.scan.rules.languages import ECOSYSTEMS, EXTENSIONS, MARKUP, Ecosystem
from deploydeck.scan.rules.runtimes import RUNTIME_OF, RUNTIMES
from deploydeck.scan.rules.technologies import UI_LIBRARIES, Pattern, Technology, technologies, weak
from deploydeck.scan.state import MAX_EVIDENCE, Scan, certainty, evidence

SURE = 0.8


@dataclass(frozen=True, slots=True)
class Hit:
    """A technology that matched, how sure, and why."""

    technology: Technology
    confidence: float
    evidence: tuple[Evidence, ...]


def hits(scan: Scan) -> list[Hit]:
    """Every technology that matches and is not superseded, surest first; a deployed one wins a tie."""
    matched = [hit for technology in technologies() if (hit := _match(scan, technology))]
    hidden = {name for hit in matched for name in hit.technology.supersedes}
    matched = [hit for hit in matched if hit.technology.id not in hidden]
    if any(not weak(hit.technology) for hit in matched):
        matched = [hit for hit in matched if not weak(hit.technology)]
    return sorted(matched, key=lambda hit: (-hit.confidence, not hit.technology.supported))


def _match(scan: Scan, technology: Technology) -> Hit | None:
    weights: list[float] = []
    places: list[Evidence] = []

    def seen(pattern: Pattern) -> bool:
        found = _places(scan, pattern, technology.id)
        if found:
            weights.append(pattern.weight)
            places.extend(found[:2])
        return bool(found)

    if any(_places(scan, pattern, technology.id) for pattern in technology.none_of):
        return None
    needed = [seen(pattern) for pattern in technology.all_of]  # lists, so that every match adds its weight
    either = [seen(pattern) for pattern in technology.any_of]
    if not all(needed) or (either and not any(either)):
        return None
    for pattern in technology.hints:
        seen(pattern)
    return Hit(technology, certainty(weights), tuple(dict.fromkeys(places))[:MAX_EVIDENCE])


def _places(scan: Scan, pattern: Pattern, rule: str) -> list[Evidence]:
    if pattern.what == "file":
        return [Evidence(file=path, rule=rule) for path in scan.files(pattern.name)]
    found = scan.facts.of(pattern.what, pattern.name or None, pattern.scope or None)
    return [fact.evidence(rule) for fact in found if not (pattern.production and "development" in fact.tags)]


def choose_framework(scan: Scan, found: list[Hit]) -> tuple[Technology | None, Fact[Framework] | None]:
    """The framework that decides how the project is deployed, with every other as an alternative."""
    main = found[0] if found else None
    facts = [framework_fact(scan, hit) for hit in found]
    fact = facts[0] if facts else None
    if fact is not None and len(facts) > 1:
        others: tuple[Alternative[Framework], ...] = tuple(
            Alternative(value=other.value, evidence=other.evidence) for other in facts[1:]
        )
        fact = fact.model_copy(update={"alternatives": others, "reason": f"the strongest evidence is for {fact.value.name}"})
        names = ", ".join(other.value.name for other in facts)
        scan.finding(
            "several-frameworks",
            Severity.WARNING,
            f"Several frameworks fit: {names}. {fact.value.name} was taken.",
            "Set [app] framework in deploydeck.toml if another one is meant.",
            [one.evidence[0] for one in facts if one.evidence],
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
    value = Framework(id=chosen.id, name=chosen.name, version=resolved_version(scan, chosen.package, ""))
    return chosen, scan.overridden("framework", value, fact)


def framework_fact(scan: Scan, hit: Hit) -> Fact[Framework]:
    """A technology that matched as a framework with its resolved version."""
    technology = hit.technology
    version = resolved_version(scan, technology.package, "")
    value = Framework(id=technology.id, name=technology.name, version=version)
    places = hit.evidence
    if version:
        locked = [fact for fact in scan.facts.of("locked", technology.package) if fact.value == version]
        places = tuple(dict.fromkeys((*places, *evidence(locked[:1], technology.id))))
    return Fact(value=value, confidence=hit.confidence, evidence=places)


def ui_libraries(scan: Scan) -> tuple[Fact[Framework], ...]:
    """Libraries named beside the framework (React in a Vite project)."""
    found: list[Fact[Framework]] = []
    for package, name, id in UI_LIBRARIES:
        if places := scan.facts.of("dependency", package, "node"):
            value = Framework(id=id, name=name, version=resolved_version(scan, package, places[0].value))
            found.append(Fact(value=value, confidence=0.9, evidence=evidence(places[:1], id)))
    return tuple(found)


def resolved_version(scan: Scan, package: str, requirement: str, preferred_file: str = "") -> str:
    """The version a lock file resolved, preferring the active manager's; "" when no lock says."""
    locked = scan.facts.of("locked", package) if package else []
    if not requirement and locked:
        wished = scan.facts.first("dependency", package)
        requirement = wished.value if wished else ""

    def rank(fact: Found) -> tuple[bool, bool]:
        return (fact.file != preferred_file, bool(fact.tags) and requirement not in fact.tags)

    return min(locked, key=rank).value if locked else ""


def ecosystem(scan: Scan) -> tuple[Ecosystem | None, list[tuple[Ecosystem, str]]]:
    """The first manifest at the root that makes this a project of a language, and all of them."""
    found = [(row, paths[0]) for row in ECOSYSTEMS if (paths := scan.files(row.glob))]
    return (found[0][0] if found else None), found


def languages(scan: Scan) -> tuple[Fact[Language], ...]:
    """Every language by its share of the source bytes, largest first."""
    sizes: dict[str, int] = {}
    largest: dict[str, tuple[int, str]] = {}
    for path, entry in scan.tree.entries.items():
        name = entry.name
        language = EXTENSIONS.get(name.rpartition(".")[2].lower()) if "." in name else None
        if language and not entry.target:
            sizes[language] = sizes.get(language, 0) + entry.size
            largest[language] = max(largest.get(language, (-1, "")), (entry.size, path))
    total = sum(sizes.values())
    facts: list[Fact[Language]] = []
    for language, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        share = round(size / total, 4) if total else 0.0
        place = Evidence(file=largest[language][1], rule="extension")
        facts.append(
            Fact(value=Language(name=language, version=pinned(scan, language), share=share), confidence=0.9, evidence=(place,))
        )
    return tuple(facts)


def main_language(
    scan: Scan, shares: tuple[Fact[Language], ...], technology: Technology | None, framework: Fact[Framework] | None
) -> Fact[Language] | None:
    """The language of what is deployed: the framework's, else the manifest's, else the largest share."""
    share = {fact.value.name: fact.value.share for fact in shares}
    _, manifests = ecosystem(scan)
    name, places, sure, reason = "", tuple[Evidence, ...](), 0.0, ""
    if technology is not None and framework is not None:
        name, places, sure, reason = (
            technology.language,
            framework.evidence,
            framework.confidence,
            f"{technology.name} is written in it",
        )
    elif manifests:
        row, path = manifests[0]
        name, places, sure, reason = row.language, (Evidence(file=path, rule="manifest"),), 0.9, f"{path} is its manifest"
    elif shares:
        best = next((fact for fact in shares if fact.value.name not in MARKUP), shares[0])
        return best.model_copy(update={"confidence": 0.6, "reason": "the largest share of the sources"})
    if not name:
        return None
    if name == "JavaScript" and share.get("TypeScript", 0.0) > share.get("JavaScript", 0.0):
        name = "TypeScript"
    places = tuple(
        dict.fromkeys((*(Evidence(file=path, rule="manifest") for row, path in manifests if row.language == name), *places))
    )
    others: list[Alternative[Language]] = [
        Alternative(
            value=Language(name=row.language, share=share.get(row.language, 0.0)), evidence=(Evidence(file=path, rule="manifest"),)
        )
        for row, path in manifests
        if not _same(row.language, name)
    ]
    unique = tuple({other.value.name: other for other in others}.values())
    value = Language(name=name, version=pinned(scan, name), share=share.get(name, 0.0))
    return Fact(value=value, confidence=max(sure, 0.5), evidence=places[:MAX_EVIDENCE], alternatives=unique, reason=reason)


def _same(one: str, other: str) -> bool:
    return one == other or {one, other} <= {"JavaScript", "TypeScript"} or {one, other} <= {"Java", "Kotlin"}


def pinned(scan: Scan, language: str) -> str:
    """What the project pins for a language, as written there."""
    runtime = RUNTIMES.get(RUNTIME_OF.get(language, ""))
    if runtime is None:
        return ""
    pins = {fact.scope: fact.value for fact in reversed(scan.facts.of("pin", runtime.id))}
    return next((pins[source] for source in runtime.sources if source in pins), "")
