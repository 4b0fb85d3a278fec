"""Package manager and runtime version: who installs, on what, and which files disagree."""

from __future__ import annotations

import re

from deploydeck.domain import Alternative, DeployDeckError, Evidence, Fact, PackageManager, Severity
from deploydeck.scan.facts import Found
from deploydeck.scan.ranges import is_exact, newest, parse_version, satisfies
from deploydeck.scan.rules.managers import BY_NAME, MANAGERS, NPM, PIP, REQUIREMENTS, Manager
from deploydeck.scan.rules.runtimes import RUNTIMES, Runtime
from deploydeck.scan.state import Scan, evidence


def package_manager(scan: Scan, scope: str) -> Fact[PackageManager] | None:
    """The manager of an ecosystem (python, node): packageManager field, then lock files, then its section, then the manifest."""
    choices: list[tuple[Manager, float, Evidence, str]] = []
    declared = scan.facts.first("package-manager", scope=scope)
    if declared and declared.name in BY_NAME:
        choices.append((BY_NAME[declared.name], 0.98, declared.evidence("manager"), f"packageManager names {declared.name}"))
    rows = [manager for manager in MANAGERS if manager.scope == scope]
    for manager in rows:
        for lock in manager.locks:
            if lock in scan.tree.entries:
                choices.append((manager, 0.95, Evidence(file=lock, rule="manager"), f"{lock} is there"))
                break
    for manager in rows:
        if manager.tool and (tool := scan.facts.first("tool", manager.tool, scope)):
            choices.append((manager, 0.8, tool.evidence("manager"), f"pyproject.toml has a section for {manager.name}"))
    choices += _by_manifest(scan, scope)
    fact = _decide(scan, choices)
    wanted = scan.overrides.package_manager
    if wanted is None:
        return fact
    if wanted not in BY_NAME:
        raise DeployDeckError(
            "scan-unknown-manager",
            f"{wanted!r} is not a package manager DeployDeck knows.",
            "It stands in [app] package_manager.",
            "Known: " + ", ".join(sorted(BY_NAME)) + ".",
        )
    if BY_NAME[wanted].scope != scope:
        return fact
    return scan.overridden("package_manager", _value(scan, BY_NAME[wanted]), fact)


def _by_manifest(scan: Scan, scope: str) -> list[tuple[Manager, float, Evidence, str]]:
    if scope == "node":
        place = scan.facts.first("manifest", "package.json")
        return [(NPM, 0.7, place.evidence("manager"), "npm comes with Node.js")] if place else []
    found = next((path for path in REQUIREMENTS if path in scan.tree.entries), "")
    if found:
        return [(PIP, 0.9, Evidence(file=found, rule="manager"), f"{found} is there")]
    place = scan.facts.first("manifest", "pyproject")
    if place:
        return [(PIP, 0.7, place.evidence("manager"), "pyproject.toml without a lock file")]
    return [(PIP, 0.7, Evidence(file="setup.py", rule="manager"), "setup.py")] if "setup.py" in scan.tree.entries else []


def _decide(scan: Scan, choices: list[tuple[Manager, float, Evidence, str]]) -> Fact[PackageManager] | None:
    if not choices:
        return None
    manager, confidence, _, reason = choices[0]
    places = tuple(dict.fromkeys(place for one, _, place, _ in choices if one is manager))
    value = _value(scan, manager)
    other: dict[str, Evidence] = {}
    for one, sure, place, _ in choices:
        if one is not manager and sure >= 0.9:  # a bare manifest does not contradict a lock file
            other.setdefault(one.name, place)
    alternatives: tuple[Alternative[PackageManager], ...] = tuple(
        Alternative(value=_value(scan, BY_NAME[name]), evidence=(place,)) for name, place in other.items()
    )
    if other:
        requirements_only = set(other) == {"pip"}
        scan.finding(
            "several-managers",
            Severity.INFO if requirements_only else Severity.WARNING,
            f"Files of several package managers: {', '.join([manager.name, *other])}. {manager.name} was taken because {reason}.",
            "Remove the files that are out of date, or set [app] package_manager in deploydeck.toml.",
            [*places[:1], *other.values()],
        )
    if manager.scope == "node" and not value.lock_file:
        scan.finding(
            "no-lock-file",
            Severity.WARNING,
            f"There is no lock file for {manager.name}: every build may install other versions.",
            f"Run {manager.name} install once and commit its lock file.",
            places[:1],
        )
    elif manager.name in {"uv", "poetry"} and not value.lock_file:
        scan.finding(
            "no-lock-file",
            Severity.WARNING,
            f"There is no {manager.locks[0]}: every build may install other versions.",
            f"Run {manager.name} lock and commit the file.",
            places[:1],
        )
    return Fact(value=value, confidence=confidence, evidence=places, alternatives=alternatives, reason=reason)


def _value(scan: Scan, manager: Manager) -> PackageManager:
    lock = next((path for path in manager.locks if path in scan.tree.entries), "")
    manifest = manager.manifest
    if manager is PIP:
        manifest = next((path for path in REQUIREMENTS if path in scan.tree.entries), "")
        manifest = manifest or next(
            (path for path in ("pyproject.toml", "setup.py") if path in scan.tree.entries), "requirements.txt"
        )
    declared = scan.facts.first("package-manager", manager.name) or scan.facts.first("manager-version", manager.name)
    version = declared.value if declared else ""
    return PackageManager(name=manager.name, version=version, manifest=manifest, lock_file=lock)


def runtime_version(scan: Scan, runtime_id: str) -> Fact[str] | None:
    """The version to run on, as an image tag would say it ("3.12", "22"); None when the project pins nothing."""
    runtime = RUNTIMES[runtime_id]
    pins = sorted(
        (pin for pin in scan.facts.of("pin", runtime_id) if pin.scope in runtime.sources),
        key=lambda pin: runtime.sources.index(pin.scope),
    )
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
                f"Write a version like {runtime.preferred[0]}.",
                [pin.evidence("pin")],
            )
    fact = _decide_version(scan, runtime, readable)
    wanted = scan.overrides.runtime_version
    return fact if wanted is None else scan.overridden("runtime_version", wanted, fact)


def _read(runtime: Runtime, text: str) -> tuple[str, float, str]:
    alias = dict(runtime.aliases).get(text.strip().lower())
    if alias:
        return alias, 0.85, f"{text} is {alias}"
    if is_exact(text):
        numbers = parse_version(text) or ()
        if runtime.id == "python" and len(numbers) < 2:
            version = newest(runtime.preferred, text) or ""
            return version, 0.8, f"{runtime.preferred[0]} is the line taken for {text}"
        return ".".join(map(str, numbers)), 0.97, "pinned exactly"
    version = newest(runtime.preferred, text) or ""
    if not version:  # a range below or above every line we list: its own lower bound is the most it says
        bound = re.match(r"^\s*[\^~>=]{1,2}\s*(\d+\.\d+|\d+)", text)
        version = bound[1] if bound and satisfies(parse_version(bound[1]) or (), text) else ""
    return version, 0.85, f"the line taken for {text}"


def _decide_version(scan: Scan, runtime: Runtime, readable: list[tuple[Found, str, float, str]]) -> Fact[str] | None:
    if not readable:
        return None
    first, version, confidence, reason = readable[0]
    if not is_exact(first.value):  # several ranges: take a line that all of them allow, if there is one
        ranges = [pin.value for pin, *_ in readable if not dict(runtime.aliases).get(pin.value.strip().lower())]
        common = next(
            (line for line in runtime.preferred if all(satisfies(parse_version(line) or (), one) for one in ranges)), None
        )
        version = common if common and len(ranges) == len(readable) else version
    numbers = parse_version(version) or ()
    agreeing = [pin for pin, other, *_ in readable if _agrees(numbers, pin.value, other)]
    clashing = [(pin, other) for pin, other, *_ in readable if not _agrees(numbers, pin.value, other)]
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


def _agrees(chosen: tuple[int, ...], written: str, read: str) -> bool:
    if is_exact(written) or written.strip().lower() == read:
        other = parse_version(read) or ()
        width = min(len(chosen), len(other))
        return chosen[:width] == other[:width]
    if not any(character.isdigit() for character in written):
        return (parse_version(read) or ())[:1] == chosen[:1]
    return satisfies(chosen, written) if not written.lower().startswith("lts") else True
