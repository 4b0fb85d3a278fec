"""Says what a project is, and why."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from deploydeck.cli.errors import UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part, Styled
from deploydeck.cli.scanned import scanned
from deploydeck.domain import Evidence, Fact, Finding, ProjectProfile, Severity, Support

if TYPE_CHECKING:
    from deploydeck.domain import VulnerabilityReport
    from deploydeck.scan.document import ScanDocument, Told
    from deploydeck.settings import Settings


def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    profile, settings = scanned(root, fresh=args.fresh)
    from deploydeck.scan.document import scan_document

    document = scan_document(profile, _vulnerabilities(profile, settings) if args.vulnerabilities else None)
    if args.explain:
        explain(out, document, args.explain)
        return 0
    if out.json:
        out.raw(document.model_dump_json(indent=2, ensure_ascii=True) + "\n")
        return 0
    show_profile(out, profile, all_evidence=args.evidence)
    report = document.vulnerabilities
    out.line()
    known = f"{len(report.found)} known in {report.packages_checked} packages" if report.checked or report.found else ""
    out.line(
        Styled("vulnerabilities: ", "dim"), "; ".join(part for part in (known, "" if report.checked else report.reason) if part)
    )
    return 0


def _vulnerabilities(profile: ProjectProfile, settings: Settings) -> VulnerabilityReport:
    import asyncio

    from deploydeck.scan.vulnerabilities import check
    from deploydeck.settings import default_paths

    return asyncio.run(check(profile, settings.scan, default_paths()))


def _join(words: Iterable[str]) -> str:
    return " ".join(word for word in words if word)


_FACTS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Language", "language", lambda value: _join((value.name, value.version))),
    ("Framework", "framework", lambda value: _join((value.name, value.version))),
    ("Packages", "package_manager", lambda value: _join((value.name, value.version))),
    ("Runtime", "runtime_version", str),
    ("Start", "start", lambda value: _join(value.argv)),
    ("Build", "build_command", _join),
    ("Port", "port", str),
    ("Health path", "health_path", str),
    ("Output", "output_dir", str),
)
_SUPPORT_STYLES = {Support.SUPPORTED: "good", Support.NOT_YET: "warn", Support.UNKNOWN: "warn"}
_SEVERITY_STYLES = {Severity.INFO: "dim", Severity.WARNING: "warn", Severity.ERROR: "bad"}


def show_profile(out: Output, profile: ProjectProfile, *, all_evidence: bool) -> None:
    """The facts with their evidence, then what is needed, then what should be known."""
    out.line(Styled(profile.name, "bold"), "  ", profile.root)
    out.line(Styled(profile.support.value.replace("_", " "), _SUPPORT_STYLES[profile.support]), ": ", profile.support_reason)
    out.line()
    rows: list[tuple[Part, ...]] = []
    for title, field, text in _FACTS:
        fact = getattr(profile, field)
        if fact is not None:
            rows += _fact_rows(title, fact, text, all_evidence)
    out.table(("fact", "value", "sure", "evidence", ""), rows)
    for header, lines in _lists(profile):
        if lines:
            out.line()
            out.table(header, lines)
    show_findings(out, profile.findings)
    out.line()
    more = ", and more that a limit left out" if profile.truncated else ""
    out.line(Styled(f"files: {profile.scanned_files}, bytes read: {profile.scanned_bytes}{more}", "dim"))


def _lists(profile: ProjectProfile) -> Iterable[tuple[tuple[str, ...], list[tuple[Part, ...]]]]:
    yield (
        ("component", "what", "start", "uses"),
        [
            (
                one.path,
                _join(fact.value.name for fact in (one.profile.language, one.profile.framework) if fact is not None),
                _join(one.profile.start.value.argv) if one.profile.start else "-",
                ", ".join(one.depends_on) or "-",
            )
            for one in profile.components
        ],
    )
    yield (
        ("variable", "kind", "needed", "default", "used in"),
        [
            (
                variable.name,
                "secret" if variable.secret else "build" if variable.build_time else "plain",
                "required" if variable.required else "optional",
                "-" if variable.default is None else variable.default,
                variable.used[0].where if variable.used else "-",
            )
            for variable in profile.variables
        ],
    )
    yield (
        ("service", "sure", "evidence"),
        [(need.name, f"{need.confidence:.0%}", _where(need.evidence)) for need in profile.services],
    )
    yield (
        ("secret found", "looks like", "in git", "place"),
        [
            (secret.kind, secret.masked, {True: "yes", False: "no", None: "-"}[secret.tracked], secret.evidence.where)
            for secret in profile.secrets
        ],
    )
    yield (
        ("system package", "to build", "to run", "because of"),
        [
            (package.name, "yes" if package.build else "-", "yes" if package.run else "-", package.because)
            for package in profile.system_packages
        ],
    )


def show_findings(out: Output, findings: Iterable[Finding]) -> None:
    """What a person should know, with the way out."""
    for finding in findings:
        out.line()
        out.line(Styled(finding.severity.value, _SEVERITY_STYLES[finding.severity]), ": ", finding.message)
        for evidence in finding.evidence[:5]:
            out.line("  ", evidence.where, "  ", evidence.text.strip())
        if finding.hint:
            out.line("  ", finding.hint)


def _fact_rows(title: str, fact: Fact[Any], text: Callable[[Any], str], all_evidence: bool) -> list[tuple[Part, ...]]:
    shown = fact.evidence if all_evidence else fact.evidence[:1]
    first = shown[0] if shown else None
    rows: list[tuple[Part, ...]] = [(title, text(fact.value), f"{fact.confidence:.0%}", *_evidence(first))]
    rows += [("", "", "", *_evidence(evidence)) for evidence in shown[1:]]
    for other in fact.alternatives:
        place = other.evidence[0] if other.evidence else None
        rows.append((Styled("  disagrees", "warn"), text(other.value), "", *_evidence(place)))
    if fact.alternatives and fact.reason:
        rows.append(("  because", fact.reason, "", "", ""))
    return rows


def _evidence(evidence: Evidence | None) -> tuple[str, str]:
    return (evidence.where, evidence.text.strip()[:80]) if evidence else ("-", "")


def _where(evidence: tuple[Evidence, ...]) -> str:
    return ", ".join(dict.fromkeys(entry.where for entry in evidence[:3])) or "-"


# --- why ------------------------------------------------------------------------------------------------------------------------


def explain(out: Output, document: ScanDocument, name: str) -> None:
    """How one field was decided: the order of trust, the value, its evidence, and what disagrees. Raises UsageError."""
    from deploydeck.scan.explain import FIELDS, LISTS, ORDER

    field, _, item = name.partition(".")
    if field not in FIELDS:
        raise UsageError(f"There is no field {field!r} to explain.", "Fields: " + ", ".join(FIELDS) + ".")
    told = getattr(document, field)
    if field in ORDER:
        out.document({"field": field, "order": ORDER[field], "told": told})
        out.line(Styled(field, "bold"))
        out.block(ORDER[field], "  ")
        out.line()
        _explain_fact(out, told)
        return
    found = [
        one for one in told if not item or item in {getattr(one, key, None) for key in ("name", "code", "path", "field", "kind")}
    ]
    out.document({"field": field, "order": LISTS[field], "told": found})
    out.line(Styled(field, "bold"))
    out.block(LISTS[field], "  ")
    for one in found:
        title = next(str(getattr(one, key)) for key in ("field", "name", "code", "path", "kind") if getattr(one, key, None))
        out.line()
        out.line(Styled(title, "bold"), f"  {one.confidence:.0%} sure")
        _places(out, getattr(one, "evidence", ()), "  ")
    if not found:
        out.line()
        out.line("Nothing was found.")


def _explain_fact(out: Output, told: Told | None) -> None:
    if told is None or getattr(told, "value", None) is None:
        reason = getattr(told, "reason", "") or "nothing in the project says what it is"
        out.line("Not known: ", reason, ".")
        return
    out.line(Styled(str(told.value), "good"), f"  {told.confidence:.0%} sure")  # type: ignore[attr-defined]
    if told.reason:
        out.line("  because ", told.reason)
    _places(out, told.evidence, "  ")
    for other in told.alternatives:
        out.line()
        out.line(Styled("disagrees: ", "warn"), str(other.value))
        _places(out, other.evidence, "  ")


def _places(out: Output, evidence: Iterable[Evidence], indent: str) -> None:
    for one in evidence:
        out.line(indent, one.where, f"  [{one.rule}]  " if one.rule else "  ", one.text.strip())
