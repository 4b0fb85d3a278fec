"""The verdict: what kind of thing this is, and whether DeployDeck can deploy it, in words that do not promise more than is true."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import Evidence, Fact, Framework, Kind, Language, PackageManager, StartCommand, Support
from deploydeck.scan.rules.languages import INSIDE, Ecosystem
from deploydeck.scan.rules.managers import BY_NAME
from deploydeck.scan.rules.technologies import Technology
from deploydeck.scan.state import Scan

_SITE_DIRECTORIES = ("", "public", "site", "www", "html", "htdocs", "docs", "static", "src")
_LATER = "deploying it is not supported yet"


@dataclass(frozen=True, slots=True)
class Known:
    """What the resolvers found, for the verdict."""

    technology: Technology | None
    framework: Fact[Framework] | None
    ecosystem: Ecosystem | None
    language: Fact[Language] | None
    manager: Fact[PackageManager] | None
    start: Fact[StartCommand] | None
    explicit_start: bool
    output: Fact[str] | None
    static: bool


def verdict(scan: Scan, known: Known) -> tuple[Kind, Support, str]:
    """Kind, support and the sentence that says why."""
    technology, manager = known.technology, known.manager
    if not scan.tree.entries:
        what = "It holds nothing that can be read." if scan.tree.unreadable else "The directory is empty."
        return Kind.NONE, Support.UNKNOWN, what
    if known.static and known.output:
        return (
            Kind.STATIC,
            Support.SUPPORTED,
            "Static site" if known.output.value == "." else f"Static site in {known.output.value}",
        )
    if technology is None and (known.ecosystem is None or not known.ecosystem.deployable):
        if known.ecosystem is not None:
            return Kind.NONE, Support.NOT_YET, f"{known.ecosystem.name} project; {_LATER}."
        return Kind.NONE, Support.UNKNOWN, _nothing(scan, known)
    name = technology.name if technology else known.ecosystem.name if known.ecosystem else ""
    deployable = technology.supported if technology else False
    deployable_language = technology is None or technology.language in {"Python", "JavaScript"}
    if not deployable and not (known.explicit_start and deployable_language):
        if technology:
            return Kind.NONE, Support.NOT_YET, f"{name} project; {_LATER}."
        if known.start is None:
            return Kind.NONE, Support.NOT_YET, f"{name} project, but no web framework and no start command were found in it."
    if manager is not None and not BY_NAME[manager.value.name].supported:
        return Kind.NONE, Support.NOT_YET, f"{name} project managed by {manager.value.name}, which is not supported yet."
    kind = Kind.STATIC if technology and technology.kind is Kind.STATIC and not known.explicit_start else Kind.SERVER
    if known.output and known.start is None and technology and technology.id == "nextjs":
        kind = Kind.STATIC
    if kind is Kind.SERVER and known.start is None:
        return kind, Support.NOT_YET, f"{name} project, but how it is started was not found. Set [app] start in deploydeck.toml."
    with_manager = f" with {manager.value.name}" if manager else ""
    return kind, Support.SUPPORTED, f"{name} project{with_manager}"


def static_directory(scan: Scan) -> Fact[str] | None:
    """The directory of a plain site: the first usual one that holds an index.html."""
    for directory in _SITE_DIRECTORIES:
        path = f"{directory}/index.html" if directory else "index.html"
        if path in scan.tree.entries:
            confidence = 0.9 if directory in {"", "public", "site", "www"} else 0.7
            return Fact(value=directory or ".", confidence=confidence, evidence=(Evidence(file=path, rule="static"),))
    return None


def _nothing(scan: Scan, known: Known) -> str:
    inside: dict[str, str] = {}
    names_of: dict[str, set[str]] = {}
    for path in scan.tree.entries:
        if 1 <= path.count("/") <= 2:
            directory, _, name = path.rpartition("/")
            names_of.setdefault(directory, set()).add(name)
    for directory, names in sorted(names_of.items()):
        row = next((row for row in INSIDE if "*" not in row.glob and row.glob in names), None)
        if row and not any(directory.startswith(f"{other}/") for other in inside):
            inside[directory] = row.name
    if inside:
        listed = ", ".join(f"{directory} ({name})" for directory, name in list(inside.items())[:6])
        return f"No project at the top of this directory, but there are some inside: {listed}. Open one of them."
    if known.language:
        return f"There are {known.language.value.name} files, but no manifest, framework or index.html that says what to deploy."
    return "Nothing here says what to deploy: no manifest, no framework, no index.html."
