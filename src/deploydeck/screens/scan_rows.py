"""What a profile looks like on the Scan screen: rows on the left, evidence on the right. Tables, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploydeck.screens.scan_lists import LISTS, component_lines, component_rows
from deploydeck.widgets.row_list import Row
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, Span, size, visible

if TYPE_CHECKING:
    from deploydeck.domain import Evidence, Fact, ProjectProfile, VulnerabilityReport

BAR = "▇"
OTHER_SIDE = "!"
"""Stands between a field and the number of an alternative in the key of a conflict's row."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact of the profile: where it stands, how it reads, and the setting in [app] that overrides it."""

    field: str
    label: str
    shown: Callable[[Any], str]
    setting: str = ""
    example: str = ""


def _versioned(value: Any) -> str:
    return " ".join(part for part in (value.name, value.version) if part)


def _argv(value: Iterable[str]) -> str:
    return " ".join(value)


FACTS: tuple[FactRow, ...] = (
    FactRow("language", "Language", _versioned),
    FactRow("runtime_version", "Runtime", str, "runtime_version", "3.13"),
    FactRow("framework", "Framework", _versioned, "framework", "flask"),
    FactRow("package_manager", "Manager", _versioned, "package_manager", "uv"),
    FactRow("start", "Start", lambda value: _argv(value.argv), "start", "gunicorn -b {host}:{port} app:app"),
    FactRow("build_command", "Build", _argv, "build", "npm run build"),
    FactRow("output_dir", "Output", str, "output_dir", "dist"),
    FactRow("port", "Port", str, "port", "8000"),
    FactRow("health_path", "Health path", str, "health_path", "/health"),
)
BY_FIELD = {fact.field: fact for fact in FACTS}


def field_of(key: str) -> FactRow | None:
    """The fact a row belongs to, its own row or that of a conflict's other side."""
    return BY_FIELD.get(key.partition(OTHER_SIDE)[0])


def bars(confidence: float) -> str:
    """Five cells: how sure the scan is. Never empty: something supports every fact."""
    return BAR * max(1, round(confidence * 5))


def rows(profile: ProjectProfile, report: VulnerabilityReport | None = None) -> list[Row]:
    """Every row of the left pane."""
    found: list[Row] = [_support(profile)]
    for known in FACTS:
        fact: Fact[Any] | None = getattr(profile, known.field)
        if fact is not None:
            found += _fact_rows(known, fact)
        elif known.setting and profile.support == "supported" and known.field in ("start", "port", "health_path"):
            found.append(Row(known.field, (known.label, (("not found", "warn"), (" · e sets it", "dim")), "")))
    found += [Row(one.key, (one.title, one.summary(profile, report), "")) for one in LISTS]
    found += component_rows(profile)
    if profile.findings:
        found.append(Row("findings", ((" Findings", "title"),), heading=True))
    for number, finding in enumerate(profile.findings):
        span = look("warning" if finding.severity == "warning" else str(finding.severity))
        found.append(Row(f"finding:{number}", (span, visible(finding.message), "")))
    return found


def _support(profile: ProjectProfile) -> Row:
    word: dict[str, Span] = {
        "supported": ("✓ can be deployed", "good"),
        "not_yet": ("✗ not supported yet", "warn"),
        "unknown": ("? not recognised", "warn"),
    }
    return Row("support", ("Project", (word[profile.support], (visible(f"  {profile.support_reason}"), "dim")), ""))


def _fact_rows(known: FactRow, fact: Fact[Any]) -> list[Row]:
    """The fact, and below it the other side of each conflict."""
    mark: Span = (f"{bars(fact.confidence):<5} ⚠", "warn") if fact.conflicted else (bars(fact.confidence), "good")
    found = [Row(known.field, (known.label, visible(known.shown(fact.value)), mark))]
    for number, other in enumerate(fact.alternatives):
        place = f"  {visible(other.evidence[0].where)}" if other.evidence else ""
        cells: Line = (("⚠ ", "warn"), (visible(known.shown(other.value)), ""), (place, "dim"))
        found.append(Row(f"{known.field}{OTHER_SIDE}{number}", ("", cells, ("differs", "warn"))))
    return found


def evidence(profile: ProjectProfile, key: str, report: VulnerabilityReport | None = None) -> list[Line]:
    """The right pane for one row."""
    if known := field_of(key):
        return _fact_lines(known, getattr(profile, known.field))
    kind, _, rest = key.partition(":")
    if kind == "finding":
        return _finding_lines(profile, int(rest))
    if kind == "component":
        return component_lines(profile, rest)
    if key == "support":
        return _support_lines(profile)
    listed = next((one for one in LISTS if one.key == key), None)
    return listed.lines(profile, report) if listed else []


def _finding_lines(profile: ProjectProfile, number: int) -> list[Line]:
    if number >= len(profile.findings):
        return []
    finding = profile.findings[number]
    severity = look("warning" if finding.severity == "warning" else str(finding.severity))
    lines: list[Line] = [(severity, (f"  {finding.code}", "dim")), ((visible(finding.message), ""),)]
    if finding.hint:
        lines.append((("→ ", "accent"), (visible(finding.hint), "")))
    return lines + where(finding.evidence)


def _fact_lines(known: FactRow, fact: Fact[Any] | None) -> list[Line]:
    if fact is None:
        return [
            ((known.label, "title"),),
            (("Nothing in the project says what this is.", ""),),
            (("e sets it", "accent"), (f" (for example {known.example}).", "")),
        ]
    lines: list[Line] = [
        ((visible(known.shown(fact.value)), "title"),),
        ((f"{bars(fact.confidence)} {fact.confidence:.0%} sure", "good" if not fact.conflicted else "warn"),),
    ]
    if fact.reason:
        lines.append(((visible(fact.reason), "dim"),))
    lines += [(), *where(fact.evidence)]
    for other in fact.alternatives:
        lines += [(), (("⚠ disagrees: ", "warn"), (visible(known.shown(other.value)), "strong")), *where(other.evidence)]
    if known.setting:
        lines += [(), (("e overrides it", "accent"), (f" (app.{known.setting} in deploydeck.toml)", "dim"))]
    return lines


def where(found: Iterable[Evidence]) -> list[Line]:
    """Each place with its line."""
    lines: list[Line] = []
    for one in found:
        lines.append(((visible(one.where), "accent"), *(((f"  {visible(one.rule)}", "dim"),) if one.rule else ())))
        if one.text:
            lines.append((("  ", ""), (visible(one.text.strip(), 400), "")))
    return lines or [(("No line supports this; it follows from the kind of project.", "dim"),)]


def _support_lines(profile: ProjectProfile) -> list[Line]:
    cut = " (a limit stopped the scan; see the findings)" if profile.truncated else ""
    return [
        ((visible(profile.name), "title"),),
        ((visible(profile.root), "dim"),),
        (),
        ((visible(profile.support_reason), ""),),
        (),
        ((f"{profile.scanned_files} files, {size(profile.scanned_bytes)} read{cut}", "dim"),),
        *((((f"{visible(one.value.name)} ", ""), (f"{one.value.share:.0%}", "dim"))) for one in profile.languages),
    ]
