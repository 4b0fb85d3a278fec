"""Package manager and runtime version: who installs, on what, and which files disagree."""

from __future__ import annotations

import re

from deploydeck.domain import Alternative, DeployDeckError, Evidence, Fact, PackageManager, Severity, utc_now
from deploydeck.scan.deliver import said
from deploydeck.scan.facts import Found
from deploydeck.scan.ranges import is_exact, newest, parse_version, satisfies
from deploydeck.scan.rules import Ecosystem, Manager, Runtime, managers, runtimes
from deploydeck.scan.state import Scan, evidence

PLATFORM_SOURCES = (
    "render.yaml", "app.yaml", "apprunner.yaml", "digitalocean", "fly.toml", "netlify.toml", "vercel.json", "railway", "nixpacks",
    "heroku.yml", "app.json", "cloud-foundry", "platform-sh", "serverless.yml", "kamal", "firebase.json",
)  # fmt: skip
"""Where a platform is told a runtime's version: they count after the files made for it and before what manifests allow."""


def package_manager(scan: Scan, ecosystem: Ecosystem) -> tuple[Fact[PackageManager] | None, tuple[Fact[PackageManager], ...]]:
    """The manager of an ecosystem, and every manager there is a sign of.

    Order of trust: a declaration (`packageManager`), a lock file, the manager's own section or file, the bare manifest.
    """
    choices = _choices(scan, ecosystem)
    fact = _decide(scan, choices)
    every: tuple[Fact[PackageManager], ...] = tuple(
        Fact(value=_value(scan, manager), confidence=sure, evidence=(place,), reason=reason)
        for manager, sure, place, reason in {one[0].id: one for one in reversed(choices)}.values()
    )
    wanted = scan.overrides.package_manager
    if wanted is None:
        return fact, every
    known = managers()
    if wanted not in known:
        raise DeployDeckError(
            "scan-unknown-manager",
            f"{wanted!r} is not a package manager DeployDeck knows.",
            "It stands in [app] package_manager.",
            "Known: " + ", ".join(sorted(known)) + ".",
        )
    if known[wanted].ecosystem != ecosystem.id:
        return fact, every
    return scan.overridden("package_manager", _value(scan, known[wanted]), fact), every


def _choices(scan: Scan, ecosystem: Ecosystem) -> list[tuple[Manager, float, Evidence, str]]:
    choices: list[tuple[Manager, float, Evidence, str]] = []
    rows = {manager.id: manager for manager in ecosystem.managers}
    for declared in scan.facts.of("package-manager"):
        if declared.name in rows:
            choices.append((rows[declared.name], 0.98, declared.evidence("manager"), f"{declared.file} names {declared.name}"))
    locks = [
        (row, lock) for row in rows.values() if (lock := next((path for glob in row.locks if (path := scan.standing(glob))), ""))
    ]
    own = [(row, lock) for row, lock in locks if not lock.startswith("/")]
    installs = next((fact for fact in scan.facts.own("installs") if any(row.id == fact.name for row, _ in own or locks)), None)
    if installs is not None and len(own or locks) > 1:  # of several locks the one that the image is made with
        choices.append((rows[installs.name], 0.95, installs.evidence("manager"), f"{installs.file} installs with it"))
    choices += [(row, 0.95, Evidence(file=lock, rule="manager"), f"{lock.lstrip('/')} is there") for row, lock in own or locks]
    for manager in rows.values():
        tool = scan.facts.first("tool", manager.tool, ecosystem.id) if manager.tool else None
        if tool:
            choices.append((manager, 0.8, tool.evidence("manager"), f"{tool.file} has a section for {manager.name}"))
    for manager in rows.values():
        if path := next((path for glob in manager.files if (path := scan.standing(glob))), ""):
            choices.append((manager, 0.8 if path.startswith("/") else 0.9, Evidence(file=path, rule="manager"), f"{path} is there"))
    for version in scan.facts.of("manager-version"):
        if version.name in rows and version.scope == "engines":
            choices.append((rows[version.name], 0.75, version.evidence("manager"), f"engines asks for {version.name}"))
    for manager in reversed(list(rows.values())):  # the last row is what comes with the language
        if path := next((path for glob in manager.manifests for path in scan.files(glob)), ""):
            sure = 0.9 if path.endswith(".txt") else 0.7
            choices.append((manager, sure, Evidence(file=path, rule="manager"), f"{path} is there, and no sign of another manager"))
            break
    return choices


def _decide(scan: Scan, choices: list[tuple[Manager, float, Evidence, str]]) -> Fact[PackageManager] | None:
    if not choices:
        return None
    manager, confidence, _, reason = choices[0]
    places = tuple(dict.fromkeys(place for one, _, place, _ in choices if one is manager))
    value = _value(scan, manager)
    other: dict[str, tuple[Manager, Evidence]] = {}
    for one, sure, place, _ in choices:
        if one is not manager and sure >= 0.9:  # a bare manifest does not contradict a lock file
            other.setdefault(one.id, (one, place))
    alternatives: tuple[Alternative[PackageManager], ...] = tuple(
        Alternative(value=_value(scan, one), evidence=(place,)) for one, place in other.values()
    )
    if other:
        requirements_only = set(other) == {"pip"}
        scan.finding(
            "several-managers",
            Severity.INFO if requirements_only else Severity.WARNING,
            f"Files of several package managers: {', '.join([manager.id, *other])}. {manager.id} was taken because {reason}.",
            "Remove the files that are out of date, or set [app] package_manager in deploydeck.toml.",
            [*places[:1], *(place for _, place in other.values())],
        )
    if manager.lock_wanted and manager.locks and not value.lock_file:
        scan.finding(
            "no-lock-file",
            Severity.WARNING,
            f"There is no lock file for {manager.name} ({manager.locks[0]}): every build may install other versions.",
            "Let the package manager write it, and commit it.",
            places[:1],
        )
    if manager.id == "pip" and not value.lock_file:
        _report_unpinned(scan)
    return Fact(value=value, confidence=confidence, evidence=places, alternatives=alternatives, reason=reason)


def _report_unpinned(scan: Scan) -> None:
    """Requirements that name no exact version: pip has no lock file of its own, so the requirements are all there is."""
    wanted = [fact for fact in scan.facts.of("dependency", scope="python") if not {"development", "optional"} & fact.tags]
    loose = [fact for fact in wanted if fact.file.endswith((".txt", ".in")) and not fact.value.startswith(("==", "===", "@"))]
    exact = {fact.name for fact in scan.facts.of("locked", scope="python")} | {
        fact.name for fact in wanted if fact.value.startswith("==")
    }
    loose = [fact for fact in loose if fact.name not in exact]
    if loose:
        names = ", ".join(dict.fromkeys(fact.name for fact in loose[:5]))
        scan.finding(
            "no-lock-file",
            Severity.INFO,
            f"Requirements without an exact version ({names}): every build may install other versions.",
            "Pin them, for example with pip-compile or uv pip compile.",
            evidence(loose, "manager"),
        )


def _value(scan: Scan, manager: Manager) -> PackageManager:
    lock = next((path for glob in manager.locks if (path := scan.standing(glob))), "")
    manifest = next((path for glob in manager.manifests if (path := scan.standing(glob))), "")
    declared = scan.facts.first("package-manager", manager.id) or scan.facts.first("manager-version", manager.id)
    version = declared.value if declared else ""
    return PackageManager(name=manager.id, version=version, manifest=manifest, lock_file=lock)


def runtime_version(scan: Scan, runtime_id: str) -> Fact[str] | None:
    """The version to run on, as an image tag would say it ("3.12", "22"); None when the project pins nothing."""
    runtime = runtimes()[runtime_id]
    sources = _sources(runtime)
    pins = sorted((pin for pin in said(scan, "pin", runtime_id) if pin.scope in sources), key=lambda pin: sources.index(pin.scope))
    readable: list[tuple[Found, str, float, str]] = []
    for pin in pins:
        version, confidence, reason = _read(runtime, pin.value)
        if version:
            readable.append((pin, version, confidence, reason))
        else:
            scan.finding(
                "runtime-version-unreadable",
                Severity.WARNING,
                f"{pin.file} asks for {runtime.name} {pin.value!r}, which names no known version.",
                f"Write a version like {runtime.lines[0]}." if runtime.lines else "Write a version number.",
                [pin.evidence("pin")],
            )
    fact = _decide_version(scan, runtime, readable)
    wanted = scan.overrides.runtime_version
    fact = fact if wanted is None else scan.overridden("runtime_version", wanted, fact)
    if fact is not None:
        _report_end_of_life(scan, runtime, fact)
    return fact


def _sources(runtime: Runtime) -> tuple[str, ...]:
    files = runtime.sources
    after = files.index("mise.toml") + 1 if "mise.toml" in files else len(files)
    return (*files[:after], *(one for one in PLATFORM_SOURCES if one not in files), *files[after:])


def _report_end_of_life(scan: Scan, runtime: Runtime, fact: Fact[str]) -> None:
    """A line whose support has ended, by the dated table of the rules, is a finding."""
    chosen = parse_version(fact.value) or ()
    today = utc_now().date()
    for line, day in runtime.end_of_life:
        numbers = parse_version(line) or ()
        if numbers and chosen[: len(numbers)] == numbers and day <= today:
            scan.finding(
                "runtime-end-of-life",
                Severity.WARNING,
                f"{runtime.name} {fact.value}: support of {line} ended on {day} (table of {runtime.checked}).",
                f"Move to {runtime.lines[0]}." if runtime.lines else "Move to a line that is supported.",
                fact.evidence,
            )
            return
    days = {parse_version(line) or (): (line, day) for line, day in runtime.end_of_life}
    oldest = min({*days, *(parse_version(line) or () for line in runtime.lines)} - {()}, default=())
    if oldest in days and len(chosen) >= len(oldest) and chosen[: len(oldest)] < oldest and days[oldest][1] <= today:
        line, day = days[oldest]
        scan.finding(
            "runtime-end-of-life",
            Severity.WARNING,
            f"{runtime.name} {fact.value} is older than {line}, whose support ended on {day} (table of {runtime.checked}).",
            f"Move to {runtime.lines[0]}." if runtime.lines else "Move to a line that is supported.",
            fact.evidence,
        )


def _read(runtime: Runtime, text: str) -> tuple[str, float, str]:
    alias = dict(runtime.aliases).get(text.strip().lower())
    if alias:
        return alias, 0.85, f"{text} is {alias}"
    if is_exact(text):
        numbers = parse_version(text) or ()
        if runtime.id == "python" and len(numbers) < 2:
            version = newest(runtime.lines, text) or ""
            return version, 0.8, f"{runtime.lines[0]} is the line taken for {text}"
        return ".".join(map(str, numbers)), 0.97, "pinned exactly"
    version = newest(runtime.lines, text) or newest(_ended(runtime), text) or ""
    if not version:  # a range below or above every line we know: its own lower bound is the most it says
        bound = re.search(r"\d{1,4}(?:\.\d{1,4})?", text)
        version = bound[0] if bound and satisfies(parse_version(bound[0]) or (), text) else ""
    return version, 0.85, f"the line taken for {text}"


def _ended(runtime: Runtime) -> list[str]:
    """The lines whose support has ended, newest first: a range that no current line is in may mean one of them."""
    return sorted((line for line, _ in runtime.end_of_life), key=lambda line: parse_version(line) or (), reverse=True)


def _decide_version(scan: Scan, runtime: Runtime, readable: list[tuple[Found, str, float, str]]) -> Fact[str] | None:
    if not readable:
        return None
    first, version, confidence, reason = readable[0]
    if not is_exact(first.value):  # several ranges: take a line that all of them allow, if there is one
        ranges = [pin.value for pin, *_ in readable if not dict(runtime.aliases).get(pin.value.strip().lower())]
        common = next((line for line in runtime.lines if all(satisfies(parse_version(line) or (), one) for one in ranges)), None)
        version = common if common and len(ranges) == len(readable) else version
        allowed = [one for one in ranges if not is_exact(one)]
        for pin, exact, *_ in readable:  # what a file says exactly, where every range allows it
            if is_exact(pin.value) and all(satisfies(parse_version(exact) or (), one) for one in allowed):
                version = exact
                break
    numbers = parse_version(version) or ()
    agreeing = [pin for pin, other, *_ in readable if _allows(runtime, pin, other, numbers)]
    clashing = [(pin, other) for pin, other, *_ in readable if not _allows(runtime, pin, other, numbers)]
    if clashing:
        scan.finding(
            "runtime-version-conflict",
            Severity.WARNING,
            f"{first.file} says {runtime.name} {first.value}, but "
            + ", ".join(f"{pin.file}{f':{pin.line}' if pin.line else ''} says {pin.value}" for pin, _ in clashing)
            + ".",
            f"{first.file} was followed. Make them agree, or set [app] runtime_version in deploydeck.toml.",
            evidence([first, *(pin for pin, _ in clashing)], "pin"),
        )
        confidence, reason = 0.6, f"{first.scope} comes before {', '.join(pin.scope for pin, _ in clashing)}"
    alternatives: tuple[Alternative[str], ...] = tuple(
        Alternative(value=other, evidence=(pin.evidence("pin"),)) for pin, other in clashing
    )
    return Fact(
        value=version,
        confidence=confidence,
        evidence=evidence(agreeing or [first], "pin"),
        alternatives=alternatives,
        reason=reason,
    )


def _allows(runtime: Runtime, pin: Found, read: str, chosen: tuple[int, ...]) -> bool:
    if pin.scope in runtime.minimums and (least := parse_version(pin.value.lstrip(">= ")) or parse_version(read)):
        return chosen >= least[: len(chosen)]
    return _agrees(chosen, pin.value, read)


def _agrees(chosen: tuple[int, ...], written: str, read: str) -> bool:
    if is_exact(written) or written.strip().lower() == read:
        other = parse_version(read) or ()
        width = min(len(chosen), len(other))
        return chosen[:width] == other[:width]
    if not any(character.isdigit() for character in written):
        return (parse_version(read) or ())[:1] == chosen[:1]
    return satisfies(chosen, written) if not written.lower().startswith("lts") else True
