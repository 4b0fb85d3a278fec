"""What a profile looks like on the Scan screen: rows on the left, evidence on the right. Tables, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploydeck.widgets.row_list import Row
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, Span, size, visible

if TYPE_CHECKING:
    from deploydeck.domain import Evidence, Fact, ProjectProfile

BAR = "▇"


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


def bars(confidence: float) -> str:
    """Five cells: how sure the scan is. Never empty: something supports every fact."""
    return BAR * max(1, round(confidence * 5))


def rows(profile: ProjectProfile) -> list[Row]:
    """Every row of the left pane."""
    found: list[Row] = [_support(profile)]
    for known in FACTS:
        fact: Fact[Any] | None = getattr(profile, known.field)
        if fact is not None:
            found.append(_fact_row(known, fact))
        elif known.setting and profile.support == "supported" and known.field in ("start", "port", "health_path"):
            found.append(Row(known.field, (known.label, (("not found", "warn"), (" · e sets it", "dim")), "")))
    required = sum(variable.required for variable in profile.variables)
    secret = sum(variable.secret for variable in profile.variables)
    for key, title, count, text in (
        ("variables", "Variables", len(profile.variables), f"{len(profile.variables)} read, {required} required, {secret} secret"),
        ("services", "Services", len(profile.services), ", ".join(service.name for service in profile.services)),
        ("dependencies", "Packages", len(profile.dependencies), _packages(profile)),
        ("config_files", "Config files", len(profile.config_files), ", ".join(file.path for file in profile.config_files)),
    ):
        found.append(Row(key, (title, visible(text) if count else ("none found", "dim"), "")))
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


def _packages(profile: ProjectProfile) -> str:
    direct = sum(dependency.direct for dependency in profile.dependencies)
    return f"{direct} direct, {len(profile.dependencies) - direct} further"


def _fact_row(known: FactRow, fact: Fact[Any]) -> Row:
    mark: Span = (f"{bars(fact.confidence):<5} ⚠", "warn") if fact.conflicted else (bars(fact.confidence), "good")
    return Row(known.field, (known.label, visible(known.shown(fact.value)), mark))


def evidence(profile: ProjectProfile, key: str) -> list[Line]:
    """The right pane for one row."""
    if key in BY_FIELD:
        return _fact_lines(BY_FIELD[key], getattr(profile, key))
    if key.startswith("finding:"):
        finding = profile.findings[int(key.removeprefix("finding:"))]
        lines: list[Line] = [
            (look("warning" if finding.severity == "warning" else str(finding.severity)), (f"  {finding.code}", "dim"))
        ]
        lines += (
            [((visible(finding.message), ""),), (("→ ", "accent"), (visible(finding.hint), ""))]
            if finding.hint
            else [((visible(finding.message), ""),)]
        )
        return lines + _where(finding.evidence)
    return _SECTIONS[key](profile) if key in _SECTIONS else []


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
    lines += [(), *_where(fact.evidence)]
    for other in fact.alternatives:
        lines += [(), (("⚠ disagrees: ", "warn"), (visible(known.shown(other.value)), "strong")), *_where(other.evidence)]
    if known.setting:
        lines += [(), (("e overrides it", "accent"), (f" (app.{known.setting} in deploydeck.toml)", "dim"))]
    return lines


def _where(found: Iterable[Evidence]) -> list[Line]:
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


def _variable_lines(profile: ProjectProfile) -> list[Line]:
    lines: list[Line] = [(("Variables the program reads", "title"),)]
    for variable in profile.variables:
        words = [
            word
            for word, on in (("required", variable.required), ("secret", variable.secret), ("build", variable.build_time))
            if on
        ]
        if variable.default is not None:
            words.append(f"default {visible(variable.default, 80)}")
        lines.append(
            ((visible(variable.name), "strong"), (f"  {', '.join(words) or 'optional'}", "warn" if variable.required else "dim"))
        )
        lines += [
            ((f"  {visible(one.where)}", "accent"), (f"  {visible(one.text.strip(), 200)}", "dim")) for one in variable.used[:2]
        ]
    return lines if profile.variables else [(("No variable is read.", "dim"),)]


def _service_lines(profile: ProjectProfile) -> list[Line]:
    lines: list[Line] = [(("Services it wants beside it", "title"),)]
    for service in profile.services:
        lines += [((visible(service.name), "strong"), (f"  {bars(service.confidence)}", "good")), *_where(service.evidence)]
    return lines if profile.services else [(("No service (database, cache, queue) is wanted.", "dim"),)]


def _dependency_lines(profile: ProjectProfile) -> list[Line]:
    direct = [dependency for dependency in profile.dependencies if dependency.direct]
    lines: list[Line] = [(("Packages", "title"),)]
    for dependency in direct[:500]:
        version = dependency.version or dependency.requirement
        kind = "  development" if dependency.development else ""
        lines.append(((visible(dependency.name), ""), (f"  {visible(version)}", "dim"), (kind, "dim")))
    return lines if direct else [(("No package is declared.", "dim"),)]


def _config_lines(profile: ProjectProfile) -> list[Line]:
    lines: list[Line] = [(("Files that configure it", "title"),)]
    lines += [((visible(file.path), ""), (f"  {visible(file.kind)}", "dim")) for file in profile.config_files]
    return lines if profile.config_files else [(("No configuration file was found.", "dim"),)]


_SECTIONS: dict[str, Callable[[Any], list[Line]]] = {
    "support": _support_lines,
    "variables": _variable_lines,
    "services": _service_lines,
    "dependencies": _dependency_lines,
    "config_files": _config_lines,
}
