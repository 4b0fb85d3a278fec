"""Checks the dependencies for known vulnerabilities; takes and tells what is kept for checks without a network."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part, Styled
from deploydeck.cli.scanned import scanned
from deploydeck.domain import Vulnerability, VulnerabilityReport
from deploydeck.settings import default_paths, load_settings

EXIT_FOUND = 1
EXIT_NOT_CHECKED = 7

_STYLES = {"critical": "bad", "high": "bad", "medium": "warn", "low": "dim", "none": "dim", "unknown": "warn"}
_CHECK_ONLY = ("fail_on", "offline", "refresh")


async def run(args: argparse.Namespace, out: Output) -> int:
    if args.subject == "import":
        return await asyncio.to_thread(_import, args, out)
    if args.ecosystem:
        raise UsageError("--ecosystem belongs to `vulns import`.", "See `deploydeck vulns --help`.")
    if args.file is not None:
        raise UsageError(f"{args.file!r} is one argument too many.", "A file is taken by `deploydeck vulns import FILE`.")
    if args.subject == "status":
        _check_flags(args)
        return await asyncio.to_thread(_status, out)
    return await _check(args, out)


def _check_flags(args: argparse.Namespace) -> None:
    for name in _CHECK_ONLY:
        if getattr(args, name):
            raise UsageError(f"--{name.replace('_', '-')} belongs to a check.", "See `deploydeck vulns --help`.")


# --- check --------------------------------------------------------------------------------------------------------------------


async def _check(args: argparse.Namespace, out: Output) -> int:
    if args.offline and args.refresh:
        raise UsageError("--offline and --refresh exclude each other.")
    root = directory(args.subject)
    from deploydeck.scan.vulnerabilities import check

    paths = default_paths()
    out.status("Reading the project…")
    profile, settings = await asyncio.to_thread(scanned, root)
    out.status("Looking up its dependencies…")
    report = await check(profile, settings.scan, paths, offline=args.offline, refresh=args.refresh)
    out.document(report)
    show_report(out, report)
    return exit_code(report, args.fail_on)


def exit_code(report: VulnerabilityReport, fail_on: str | None) -> int:
    """0; with `fail_on` 1 for a finding of that severity or worse, and 7 when nobody can say that there is none."""
    if fail_on is None:
        return 0
    from deploydeck.scan.vulnerabilities import RATINGS

    least = 0 if fail_on == "any" else RATINGS.index(fail_on)
    if any(one.severity == "unknown" or RATINGS.index(one.severity) >= least for one in report.found):
        return EXIT_FOUND
    return 0 if report.checked else EXIT_NOT_CHECKED


def show_report(out: Output, report: VulnerabilityReport) -> None:
    """The findings, the worst first, then how much was looked at."""
    if report.found:
        out.table(("severity", "id", "package", "version", "fixed in", "where", "what"), map(_row, report.found))
        out.line()
    out.line(*_verdict(report))
    if report.reason and (report.found or report.checked):
        out.line("  ", report.reason)
    facts = [f"{report.packages_checked} packages looked up"]
    if report.packages_unknown:
        facts.append(f"{report.packages_unknown} not (no resolved version, or not asked)")
    if report.source:
        facts.append(f"source: {report.source}")
    if report.checked_at:
        facts.append(f"as of {report.checked_at:%Y-%m-%d %H:%M} UTC")
    out.line(Styled("; ".join(facts), "dim"))


def _verdict(report: VulnerabilityReport) -> tuple[Part, ...]:
    if report.found:
        count = len(report.found)
        packages = len({(one.ecosystem, one.package) for one in report.found})
        known = f"{count} known vulnerabilit{'y' if count == 1 else 'ies'} in {packages} package{'' if packages == 1 else 's'}"
        return (Styled(known, "bad"), "" if report.checked else "; not everything was checked")
    if not report.checked:
        return (Styled(report.reason, "warn"),)
    if not report.packages_checked:
        return ("nothing to check",)
    return (Styled("no known vulnerability", "good"), " in the packages that were looked up")


def _row(one: Vulnerability) -> tuple[Part, ...]:
    name = next((alias for alias in one.aliases if alias.startswith("CVE-")), "")
    where = one.evidence.where if one.evidence else "-"
    return (
        Styled(one.severity, _STYLES.get(one.severity, "")),
        f"{one.id} {name}".strip(),
        one.package if one.direct else f"{one.package} (indirect)",
        one.version,
        ", ".join(one.fixed_in) or "-",
        where,
        one.summary[:100],
    )


# --- import and status --------------------------------------------------------------------------------------------------------


def _import(args: argparse.Namespace, out: Output) -> int:
    _check_flags(args)
    if args.file is None:
        raise UsageError("`vulns import` needs a FILE.", "For example all.zip of an ecosystem of OSV.")
    from deploydeck.scan.vulnerabilities import Index

    index = Index(default_paths().vulnerability_index)
    imported = index.take(
        Path(args.file).expanduser(), args.ecosystem or (), progress=lambda count: out.status(f"Reading… {count} entries")
    )
    out.status("")
    covered = [one._asdict() for one in imported.covered]
    out.document(
        {
            "imported": {
                "entries": imported.entries,
                "skipped": imported.skipped,
                "packages": imported.packages,
                "covered": covered,
            }
        }
    )
    out.line(
        f"{imported.entries} advisories imported, {imported.skipped} skipped; {imported.packages} packages are known here now."
    )
    if imported.covered:
        _coverage(out, (tuple(one) for one in imported.covered))
    else:
        out.line(Styled("Added, but no ecosystem is covered by it", "warn"), ": checks without a network stay incomplete.")
        out.line("  Name the ecosystems that the file holds completely with --ecosystem.")
    return 0


def _status(out: Output) -> int:
    from deploydeck.scan.vulnerabilities import Cache, Index, public

    paths = default_paths()
    settings = load_settings(paths).scan
    url = public(settings.osv_url)
    index = Index(paths.vulnerability_index)
    covered = tuple(index.coverage().values())
    answers, newest = Cache(paths.vulnerability_cache, url).size()
    asked_at = datetime.fromtimestamp(newest, UTC) if newest else None
    out.document(
        {
            "kept": {
                "osv_url": url,
                "offline": settings.offline,
                "advisories": index.size(),
                "covered": [one._asdict() for one in covered],
                "answers": answers,
                "newest_answer": asked_at,
            }
        }
    )
    out.line("server: ", url, " (not asked: [scan] offline)" if settings.offline else "")
    out.line(f"answers kept: {answers}", f", the newest of {asked_at:%Y-%m-%d %H:%M} UTC" if asked_at else "")
    out.line(f"advisories imported: {index.size()}")
    if covered:
        _coverage(out, (tuple(one) for one in covered))
    return 0


def _coverage(out: Output, rows: Iterable[tuple[object, ...]]) -> None:
    out.table(
        ("ecosystem", "file", "imported", "data until", "advisories"),
        [(str(name), str(source), f"{at:%Y-%m-%d}", f"{until:%Y-%m-%d}", str(count)) for name, source, at, until, count in rows],
    )
