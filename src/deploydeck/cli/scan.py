"""Says what a project is, and why."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part, Styled
from deploydeck.cli.session import open_deck
from deploydeck.domain import Evidence, Fact, Finding, ProjectProfile, Severity, Support


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    async with open_deck() as deck:
        profile = (await deck.scan(root)).profile
    out.document(profile)
    show_profile(out, profile, all_evidence=args.evidence)
    return 0


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
    if profile.variables:
        out.line()
        out.table(
            ("variable", "kind", "needed", "used in"),
            [
                (
                    variable.name,
                    "secret" if variable.secret else "plain",
                    "required" if variable.required else "optional",
                    variable.used[0].where if variable.used else "-",
                )
                for variable in profile.variables
            ],
        )
    if profile.services:
        out.line()
        out.table(
            ("service", "sure", "evidence"),
            [(need.name, f"{need.confidence:.0%}", _where(need.evidence)) for need in profile.services],
        )
    show_findings(out, profile.findings)
    out.line()
    more = ", and more that a limit left out" if profile.truncated else ""
    out.line(Styled(f"files: {profile.scanned_files}, bytes read: {profile.scanned_bytes}{more}", "dim"))


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
