"""The check: what is known of the versions a project depends on. Asks OSV, falls back on what is kept here, never guesses.

Order for each package: an answer of the last day, OSV itself, imported advisories, older answers. What none of them can tell is
said to be unchecked; a report is only `checked` when every package that may be asked about was looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from deploydeck.domain import Dependency, DeployDeckError, ProjectProfile, Vulnerability, VulnerabilityReport, utc_now
from deploydeck.scan.vulnerabilities.archive import Coverage, Index
from deploydeck.scan.vulnerabilities.asked import Wanted, wanted
from deploydeck.scan.vulnerabilities.cache import VALID_S, Answer, Cache
from deploydeck.scan.vulnerabilities.client import Manners, OsvClient, public
from deploydeck.scan.vulnerabilities.records import Advisory, Affected, Package, same
from deploydeck.scan.vulnerabilities.severity import RATINGS, worst
from deploydeck.scan.vulnerabilities.versions import sort_key
from deploydeck.settings import Paths, ScanSettings, default_paths

OLD_DATA_S = 14 * 24 * 3600.0
"""Imported data older than this is mentioned with its age."""


@dataclass
class _Known:
    """What was found out, and from where; the times are those of the data."""

    advisories: dict[Package, list[Advisory]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stale: dict[Package, list[Advisory]] = field(default_factory=dict)

    def add(self, source: str, at: float, found: Mapping[Package, list[Advisory]]) -> None:
        if found:
            self.advisories |= found
            self.times.append(at)
            if source not in self.sources:
                self.sources.append(source)


async def check(
    profile: ProjectProfile,
    settings: ScanSettings | None = None,
    paths: Paths | None = None,
    *,
    offline: bool = False,
    refresh: bool = False,
    manners: Manners | None = None,
) -> VulnerabilityReport:
    """Known vulnerabilities of the resolved dependencies of a profile and of all its components.

    Names and versions are sent to `settings.osv_url`, unless `offline`. `refresh` asks again what was asked within the last day.
    `checked` False says in `reason` what was not looked at; `found` then holds what is known all the same. Raises nothing that
    comes from the network or from kept files.
    """
    settings = settings or ScanSettings.model_validate({})
    paths = paths or default_paths()
    asked = wanted(profile, settings.private_packages)
    everything = [*asked.packages, *asked.private]
    if not everything:
        reason = "not checked: no dependency has a resolved version" if asked.unknown else "there are no dependencies"
        return VulnerabilityReport(checked=not asked.unknown, reason=reason, packages_unknown=len(asked.unknown))
    known = _Known()
    cache = Cache(paths.vulnerability_cache, public(settings.osv_url))
    problem = await _from_osv(list(asked.packages), settings, cache, known, offline or settings.offline, refresh, manners)
    rest = [package for package in everything if package not in known.advisories]
    if rest:
        await asyncio.to_thread(_from_index, Index(paths.vulnerability_index), rest, known)
        await asyncio.to_thread(_from_old_answers, cache, [one for one in rest if one not in known.advisories], known)
    return _report(asked, known, problem)


async def _from_osv(
    packages: list[Package],
    settings: ScanSettings,
    cache: Cache,
    known: _Known,
    offline: bool,
    refresh: bool,
    manners: Manners | None,
) -> str:
    """Answers of the last day and, where there is none, OSV's own. Returns why it could not be asked, else ""."""
    kept = await asyncio.to_thread(cache.answers, packages)
    least = time.time() - VALID_S
    fresh = {package: answer for package, answer in kept.items() if answer.asked_at >= least and not (refresh and not offline)}
    missing = [package for package in packages if package not in fresh]
    entries = await asyncio.to_thread(cache.entries, _all_ids(fresh))
    source = urlsplit(settings.osv_url).hostname or public(settings.osv_url)
    problem = ""
    absent = [one for one in _all_ids(fresh) if one not in entries]
    if (missing or absent) and offline:
        problem = "OSV was not asked (offline)"
    elif missing or absent:
        try:
            async with (
                asyncio.timeout(settings.osv_deadline_s),
                OsvClient(settings.osv_url, timeout_s=settings.osv_timeout_s, manners=manners) as client,
            ):
                answers = await client.query(missing)
                now = time.time()
                new = {package: Answer(ids, now) for package, ids in answers.ids.items()}
                before = _all_ids(fresh)
                for one, modified in _all_ids(new).items():
                    if before.get(one, modified) != modified:
                        entries.pop(one, None)  # it has changed since
                entries |= await asyncio.to_thread(cache.entries, _all_ids(new))
                fetched = await client.entries(one for one in _all_ids({**fresh, **new}) if one not in entries)
                entries |= fetched
                gone = _all_ids({**fresh, **new}).keys() - entries.keys()
            await asyncio.to_thread(cache.keep, answers.ids, fetched)
            known.add(source, now, _joined(new, entries, gone))
            known.add(source, _oldest(fresh), _joined(fresh, entries, gone))
            return "; ".join(f"{source} refused {name} ({why.rstrip('.')})" for name, why in answers.refused.items())
        except DeployDeckError as error:
            problem = " ".join(part for part in (error.what.rstrip("."), f"({error.why.rstrip('.')})" if error.why else "") if part)
        except TimeoutError:
            problem = f"{source} did not answer within {settings.osv_deadline_s:g} s"
    whole = {package: answer for package, answer in fresh.items() if answer.ids.keys() <= entries.keys()}
    known.add(f"{source} (kept)" if problem else source, _oldest(whole), _joined(whole, entries))
    return problem


def _from_index(index: Index, packages: Iterable[Package], known: _Known) -> None:
    """What imported advisories say; a package counts as looked at only where an import covers its ecosystem."""
    try:
        covered = index.coverage()
        found = index.about([package for package in packages if package.ecosystem in covered])
        extra = index.about([package for package in packages if package.ecosystem not in covered])
    except DeployDeckError as error:
        known.notes.append(error.what.rstrip("."))
        return
    for ecosystem, coverage in covered.items():
        mine = {package: hits for package, hits in found.items() if package.ecosystem == ecosystem}
        known.add(f"{coverage.source} ({ecosystem}, {coverage.data_until:%Y-%m-%d})", coverage.data_until.timestamp(), mine)
        if mine and (age := _age(coverage)):
            known.notes.append(age)
    known.stale |= {package: hits for package, hits in extra.items() if hits}


def _from_old_answers(cache: Cache, packages: list[Package], known: _Known) -> None:
    """Answers that are no longer valid, for want of better: shown with their age, never counted as checked."""
    old = cache.answers(packages)
    entries = cache.entries(_all_ids(old))
    found = {package: hits for package, hits in _joined(old, entries, _all_ids(old).keys() - entries.keys()).items() if hits}
    if found:
        days = (time.time() - _oldest(old)) / 86400
        known.notes.append(f"shown is what was known {days:.0f} days ago")
        known.times.append(_oldest(old))
        known.stale |= found


def _all_ids(answers: Mapping[Package, Answer]) -> dict[str, str]:
    return {one: modified for answer in answers.values() for one, modified in answer.ids.items()}


def _joined(
    answers: Mapping[Package, Answer], entries: Mapping[str, Advisory], gone: Iterable[str] = ()
) -> dict[Package, list[Advisory]]:
    left_out = set(gone)
    return {
        package: [entries[one] for one in answer.ids if one not in left_out and not entries[one].withdrawn]
        for package, answer in answers.items()
    }


def _oldest(answers: Mapping[Package, Answer]) -> float:
    return min((answer.asked_at for answer in answers.values()), default=time.time())


def _age(coverage: Coverage) -> str:
    seconds = (utc_now() - coverage.data_until).total_seconds()
    return f"the data for {coverage.ecosystem} is {seconds / 86400:.0f} days old" if seconds > OLD_DATA_S else ""


# --- the report ---------------------------------------------------------------------------------------------------------------


def _report(asked: Wanted, known: _Known, problem: str) -> VulnerabilityReport:
    left = [package for package in asked.packages if package not in known.advisories]
    hidden = [package for package in asked.private if package not in known.advisories]
    notes = list(dict.fromkeys(known.notes))
    if hidden:
        notes.append(f"{len(hidden)} private packages were not sent" if len(hidden) > 1 else "1 private package was not sent")
    if left:
        what = "not checked" if not known.advisories else f"not all checked, {len(left)} of {len(asked.packages)} packages are left"
        notes.insert(0, f"{what}: {problem or 'nothing here covers them'}")
    elif not known.advisories:
        notes.insert(0, "not checked")
    elif problem:
        notes.append(problem)
    held = {**known.stale, **known.advisories}
    origins = {**asked.packages, **asked.private}
    found = [one for package, hits in held.items() for one in _vulnerabilities(package, origins[package], hits)]
    found.sort(key=lambda one: (-RATINGS.index(one.severity), one.ecosystem, one.package, one.version, one.id))
    return VulnerabilityReport(
        checked=not left and bool(known.advisories),
        source="; ".join(known.sources),
        reason="; ".join(notes),
        packages_checked=len(known.advisories),
        packages_unknown=len(asked.unknown) + len(left) + len(hidden),
        checked_at=datetime.fromtimestamp(min(known.times), UTC) if known.times else None,
        found=tuple(found),
    )


def _vulnerabilities(package: Package, dependency: Dependency, advisories: list[Advisory]) -> Iterable[Vulnerability]:
    """One for each vulnerability, though several databases describe it."""
    for group in same(advisories):
        group.sort(key=lambda one: (not one.id.startswith("GHSA-"), one.id.startswith("CVE-"), one.id))
        parts = [part for one in group for part in _about(one, package)]
        others = {name for one in group for name in (one.id, *one.aliases)} - {group[0].id}
        fixes = {fix for part in parts for fix in part.fixes(package.version)}
        yield Vulnerability(
            id=group[0].id,
            aliases=tuple(sorted(others, key=lambda name: (not name.startswith("CVE-"), name))),
            package=dependency.name,
            ecosystem=package.ecosystem,
            version=package.version,
            severity=worst(part.rating for part in parts),
            summary=next((one.summary for one in group if one.summary), ""),
            fixed_in=tuple(sorted(fixes, key=lambda fix: sort_key(package.ecosystem, fix))),
            direct=dependency.direct,
            evidence=dependency.evidence,
        )


def _about(advisory: Advisory, package: Package) -> tuple[Affected, ...]:
    """What it says of the package; servers may match names that are spelled in another case."""
    low = package.name.lower()
    near = (part for part in advisory.affected if part.ecosystem == package.ecosystem and part.name.lower() == low)
    return advisory.about(package) or tuple(near)
