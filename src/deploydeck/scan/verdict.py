"""The verdict: what kind of thing this is, and whether DeployDeck can deploy it, in words that do not promise more than is true."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import Evidence, Fact, Framework, Kind, Language, PackageManager, StartCommand, Support
from deploydeck.scan.ecosystems import Resolved
from deploydeck.scan.rules import Ecosystem, Technology, languages, managers
from deploydeck.scan.state import Scan

_SITE_DIRECTORIES = ("", "public", "site", "www", "html", "htdocs", "docs", "static", "src")
_LATER = "deploying it is not supported yet"


@dataclass(frozen=True, slots=True)
class Known:
    """What the resolvers found, for the verdict."""

    technology: Technology | None
    framework: Fact[Framework] | None
    home: Ecosystem | None
    language: Fact[Language] | None
    manager: Fact[PackageManager] | None
    start: Fact[StartCommand] | None
    explicit_start: bool
    resolved: Resolved
    kind: Kind
    static: bool


def verdict(scan: Scan, known: Known) -> tuple[Kind, Support, str]:
    """Kind, support and the sentence that says why."""
    technology, output = known.technology, known.resolved.output
    if not scan.tree.entries:
        what = "It holds nothing that can be read." if scan.tree.unreadable else "The directory is empty."
        return Kind.NONE, Support.UNKNOWN, what
    if known.static and output:
        return Kind.STATIC, Support.SUPPORTED, "Static site" if output.value == "." else f"Static site in {output.value}"
    if known.home is None:
        return known.kind, Support.UNKNOWN, _nothing(known)
    name = known.framework.value.name if known.framework else known.language.value.name if known.language else ""
    deployable = technology.supported if technology else True
    if not known.home.deployable or not (deployable or known.explicit_start):
        return known.kind, Support.NOT_YET, f"{name} project; {_LATER}."
    if technology is None and known.start is None:
        return known.kind, Support.NOT_YET, f"{name} project, but no web framework and no start command were found in it."
    if known.manager is not None and not managers()[known.manager.value.name].supported:
        return known.kind, Support.NOT_YET, f"{name} project managed by {known.manager.value.name}, which is not supported yet."
    if known.kind is Kind.SERVER and known.start is None:
        hint = "Set [app] start in deploydeck.toml."
        return known.kind, Support.NOT_YET, f"{name} project, but how it is started was not found. {hint}"
    if known.kind is Kind.NONE:
        return known.kind, Support.NOT_YET, f"{name} project; {_LATER}."
    with_manager = f" with {known.manager.value.name}" if known.manager else ""
    return known.kind, Support.SUPPORTED, f"{name} project{with_manager}"


def plain_site(
    scan: Scan, technology: Technology | None, home: Ecosystem | None, start: Fact[StartCommand] | None, known: Resolved
) -> Fact[str] | None:
    """The directory of a plain site: an index.html, nothing that runs, nothing that must be built first. None when it is none."""
    if technology is not None or start is not None or known.build is not None or known.kind is not None:
        return None
    site = static_directory(scan)
    if site is None:
        return None
    if home is None or home.id == "sites":
        return site
    read = scan.facts.first("manifest", "package.json")  # a broken manifest says nothing about what must be built
    return site if home.id == "node" and (read is not None or not scan.files("package.json")) and not _runs(scan) else None


def _runs(scan: Scan) -> bool:
    return bool(scan.facts.of("listen", scope="node"))


def static_directory(scan: Scan) -> Fact[str] | None:
    """The directory of a plain site: the first usual one that holds an index.html."""
    for directory in _SITE_DIRECTORIES:
        path = f"{directory}/index.html" if directory else "index.html"
        if path in scan.tree.entries:
            confidence = 0.9 if directory in {"", "public", "site", "www"} else 0.7
            return Fact(value=directory or ".", confidence=confidence, evidence=(Evidence(file=path, rule="static"),))
    return None


def _nothing(known: Known) -> str:
    if known.language and not languages()[known.language.value.id].markup:
        return f"There are {known.language.value.name} files, but no manifest, framework or index.html that says what to deploy."
    return "Nothing here says what to deploy: no manifest, no framework, no index.html."
