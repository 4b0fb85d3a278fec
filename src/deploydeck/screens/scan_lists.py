"""The lists of a profile on the Scan screen: a row with a summary on the left, the list on the right; and components as a tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploydeck.widgets.row_list import Row
from deploydeck.widgets.text import Line, visible

if TYPE_CHECKING:
    from deploydeck.domain import Component, Evidence, ProjectProfile, VulnerabilityReport

MOST_LISTED = 500
NONE: Line = (("none found", "dim"),)


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: the row's key and title, its summary, and its lines."""

    key: str
    title: str
    summary: Callable[[ProjectProfile, VulnerabilityReport | None], str | Line]
    lines: Callable[[ProjectProfile, VulnerabilityReport | None], list[Line]]


def _joined(names: list[str]) -> str | Line:
    return visible(", ".join(names)) if names else NONE


def _place(one: Evidence, width: int = 200) -> Line:
    return ((f"  {visible(one.where)}", "accent"), (f"  {visible(one.text.strip(), width)}", "dim"))


def _variables(profile: ProjectProfile, _report: object) -> str | Line:
    required = sum(variable.required for variable in profile.variables)
    secret = sum(variable.secret for variable in profile.variables)
    count = len(profile.variables)
    return f"{count}, {required} required, {secret} secret" if count else NONE


def _variable_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("Variables the program reads", "title"),)]
    for variable in profile.variables:
        flags = (("required", variable.required), ("secret", variable.secret), ("build", variable.build_time))
        words = [word for word, on in flags if on]
        if variable.default is not None:
            words.append(f"default {visible(variable.default, 80)}")
        style = "warn" if variable.required else "dim"
        lines.append(((visible(variable.name), "strong"), (f"  {', '.join(words) or 'optional'}", style)))
        lines += [_place(one) for one in variable.used[:2]]
    return lines if profile.variables else [(("No variable is read.", "dim"),)]


def _services(profile: ProjectProfile, _report: object) -> str | Line:
    return _joined([service.name for service in profile.services])


def _service_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("Services it wants beside it", "title"),)]
    for service in profile.services:
        lines += [((visible(service.name), "strong"), (f"  {service.confidence:.0%} sure", "good"))]
        lines += [_place(one) for one in service.evidence]
    return lines if profile.services else [(("No service (database, cache, queue) is wanted.", "dim"),)]


def _secrets(profile: ProjectProfile, _report: object) -> str | Line:
    tracked = sum(secret.tracked is True for secret in profile.secrets)
    count = len(profile.secrets)
    return ((f"✗ {count} found, {tracked} in git", "bad"),) if count else NONE


def _secret_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("Values that look like live credentials", "title"),)]
    words = {True: "in git", False: "not in git", None: "no checkout"}
    for secret in profile.secrets[:MOST_LISTED]:
        lines.append(((visible(secret.kind), "strong"), (f"  {visible(secret.masked)}  {words[secret.tracked]}", "bad")))
        lines.append(_place(secret.evidence))
    return lines if profile.secrets else [(("No value in the tree looks like a live credential.", "dim"),)]


def _vulnerabilities(_profile: ProjectProfile, report: VulnerabilityReport | None) -> str | Line:
    if report is not None and report.found and not report.checked:
        return ((f"✗ {len(report.found)} known, not all were checked", "bad"),)
    if report is None or not report.checked:
        return (("not checked", "warn" if report else "dim"), (" · v tries again" if report else " · v checks", "accent"))
    if report.found:
        return ((f"✗ {len(report.found)} known in {report.packages_checked} packages", "bad"),)
    return ((f"✓ none known in {report.packages_checked} packages", "good"),)


def _vulnerability_lines(_profile: ProjectProfile, report: VulnerabilityReport | None) -> list[Line]:
    if report is None or not (report.checked or report.found):
        return [
            (("Known vulnerabilities", "title"),),
            ((visible(report.reason if report else "Nobody has looked yet."), ""),),
            (("v", "accent"), (" asks OSV; only names and versions of packages are sent.", "")),
            (("deploydeck vulns import FILE", "accent"), (" works without a network.", "")),
        ]
    head = f"{report.packages_checked} packages checked with {report.source}, {report.packages_unknown} without a known version"
    lines: list[Line] = [(("Known vulnerabilities", "title"),), ((visible(head), "dim"),)]
    if not report.checked:
        lines.append(((visible(report.reason), "warn"),))
    for one in report.found[:MOST_LISTED]:
        severity = one.severity or "unknown"
        style = "bad" if severity.lower() in {"critical", "high"} else "warn"
        lines.append(((visible(f"{one.package} {one.version}"), "strong"), (f"  {visible(severity)}", style)))
        lines.append(((f"  {visible(' '.join((one.id, *one.aliases[:2])))}", "accent"), (f"  {visible(one.summary, 120)}", "")))
        fixed = ", ".join(one.fixed_in) or "no version yet"
        lines.append(((f"  fixed in {visible(fixed)}", "good" if one.fixed_in else "warn"),))
    return lines


def _packages(profile: ProjectProfile, _report: object) -> str | Line:
    direct = sum(dependency.direct for dependency in profile.dependencies)
    further = len(profile.dependencies) - direct
    return f"{direct} direct, {further} further" if profile.dependencies else NONE


def _package_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    direct = [dependency for dependency in profile.dependencies if dependency.direct]
    lines: list[Line] = [(("Packages", "title"),)]
    for dependency in direct[:MOST_LISTED]:
        version = dependency.version or dependency.requirement
        kind = "  development" if dependency.development else ""
        lines.append(((visible(dependency.name), ""), (f"  {visible(version)}", "dim"), (kind, "dim")))
    return lines if direct else [(("No package is declared.", "dim"),)]


def _system(profile: ProjectProfile, _report: object) -> str | Line:
    return _joined([package.name for package in profile.system_packages])


def _system_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("System packages its dependencies need", "title"),)]
    for package in profile.system_packages:
        use = " and ".join(word for word, on in (("build", package.build), ("run", package.run)) if on)
        lines.append(((visible(package.name), "strong"), (f"  to {use}, because of {visible(package.because)}", "dim")))
        lines += [_place(one) for one in package.evidence[:1]]
    return lines if profile.system_packages else [(("No dependency is known to need one.", "dim"),)]


def _tools(profile: ProjectProfile, _report: object) -> str | Line:
    return _joined([f"{fact.value.name} {fact.value.version}".strip() for fact in profile.build_tools])


def _tool_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("Build tools", "title"),)]
    for fact in profile.build_tools:
        lines.append(((visible(fact.value.name), "strong"), (f"  {visible(fact.value.version)}", "dim")))
        lines += [_place(one) for one in fact.evidence[:2]]
    return lines if profile.build_tools else [(("No build tool was found.", "dim"),)]


def _configs(profile: ProjectProfile, _report: object) -> str | Line:
    return _joined([file.path for file in profile.config_files])


def _config_lines(profile: ProjectProfile, _report: object) -> list[Line]:
    lines: list[Line] = [(("Files that configure it", "title"),)]
    lines += [((visible(file.path), ""), (f"  {visible(file.kind)}", "dim")) for file in profile.config_files]
    return lines if profile.config_files else [(("No configuration file was found.", "dim"),)]


LISTS: tuple[Listed, ...] = (
    Listed("variables", "Variables", _variables, _variable_lines),
    Listed("services", "Services", _services, _service_lines),
    Listed("secrets", "Secrets", _secrets, _secret_lines),
    Listed("vulnerabilities", "Vulnerable", _vulnerabilities, _vulnerability_lines),
    Listed("dependencies", "Packages", _packages, _package_lines),
    Listed("system_packages", "System", _system, _system_lines),
    Listed("build_tools", "Build tools", _tools, _tool_lines),
    Listed("config_files", "Config files", _configs, _config_lines),
)


# --- components -----------------------------------------------------------------------------------------------------------------


def component_rows(profile: ProjectProfile) -> list[Row]:
    """The components as a tree by their directories; a directory that only holds others has no row of its own."""
    if not profile.components:
        return []
    found = [Row("components", ((" Components", "title"),), heading=True)]
    paths = {component.path for component in profile.components}
    for component in profile.components:
        depth = sum(component.path.startswith(f"{other}/") for other in paths)
        parent = max((other for other in paths if component.path.startswith(f"{other}/")), key=len, default="")
        name = component.path[len(parent) + 1 :] if parent else component.path
        chosen = "→ " if component.path == profile.primary else ""
        text: Line = (
            ("  " * depth + ("└ " if depth else ""), "dim"),
            (visible(f"{chosen}{name}"), "strong"),
            (f"  {_what(component)}", "dim"),
        )
        found.append(Row(f"component:{component.path}", (component.profile.kind.value, text, "")))
    return found


def _what(component: Component) -> str:
    told = component.profile
    parts = [fact.value.name for fact in (told.framework or told.language,) if fact]
    return visible(" ".join((*parts, f":{told.port.value}" if told.port else "")).strip())


def component_lines(profile: ProjectProfile, path: str) -> list[Line]:
    """A component's facts, what it uses and who declares it."""
    from deploydeck.screens.scan_rows import FACTS, bars

    component = next((one for one in profile.components if one.path == path), None)
    if component is None:
        return []
    told = component.profile
    lines: list[Line] = [((visible(path), "title"),), ((visible(told.support_reason), "dim"),), ()]
    for known in FACTS:
        fact = getattr(told, known.field)
        if fact is not None:
            lines.append(
                ((f"{known.label:<12}", "dim"), (visible(known.shown(fact.value)), ""), (f"  {bars(fact.confidence)}", "good"))
            )
            lines += [_place(one) for one in fact.evidence[:1]]
    used = [other.path for other in profile.components if path in other.depends_on]
    for title, names in (("uses", component.depends_on), ("used by", used)):
        if names:
            lines += [(), ((f"{title}: ", "dim"), (visible(", ".join(names)), ""))]
    if component.declared_by:
        lines += [(), (("declared by", "dim"),), _place(component.declared_by)]
    return [*lines, (), (("1 then o", "accent"), (" opens its directory as a project of its own.", "dim"))]
