"""How sites of generators of their own are built, and where they write."""

from __future__ import annotations

import posixpath
import shlex

from deploydeck.domain import Evidence, Fact, PackageManager
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_BUILD: dict[str, tuple[str, ...]] = {
    "hugo": ("hugo", "--minify"),
    "zola": ("zola", "build"),
    "mdbook": ("mdbook", "build"),
    "cobalt": ("cobalt", "build"),
    "soupault": ("soupault",),
}
_OUTPUT_SETTING = {
    "hugo": "publishDir",
    "zola": "output_dir",
    "mdbook": "build-dir",
    "cobalt": "destination",
    "soupault": "build_dir",
}
_CONFIGS = {
    "hugo": (
        "hugo.*",
        "config/_default/hugo.*",
        "config/_default/config.*",
        "config.toml",
        "config.yaml",
        "config.yml",
        "config.json",
    ),
    "zola": ("config.toml",),
    "mdbook": ("book.toml",),
    "cobalt": ("_cobalt.yml",),
    "soupault": ("soupault.*",),
}
_PLAIN = frozenset("&|;<>$`(){}*?\\\n")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    if technology is None or technology.start not in _BUILD:
        return Resolved()
    way = technology.start
    config = next((path for glob in _CONFIGS[way] for path in scan.files(glob)), "")
    places = (Evidence(file=config, rule="build"),) if config else ()
    build = _script(scan, way) or Fact(value=_BUILD[way], confidence=0.9, evidence=places)
    return Resolved(build=build, output=_output(scan, technology, places))


def _script(scan: Scan, tool: str) -> Fact[tuple[str, ...]] | None:
    """The tool's own command where a build script of package.json is nothing else."""
    script = next(iter(scan.facts.own("script", "build", "node")), None)
    if script is None or not script.value.startswith(f"{tool} ") or _PLAIN & set(script.value):
        return None
    try:
        words = tuple(shlex.split(script.value))
    except ValueError:
        return None
    return Fact(value=words, confidence=0.9, evidence=(script.evidence("build"),), reason="the build script of package.json")


def _output(scan: Scan, technology: Technology, places: tuple[Evidence, ...]) -> Fact[str]:
    said: Found | None = next(iter(scan.facts.own("setting", _OUTPUT_SETTING[technology.start], "sites")), None)
    value = posixpath.normpath(said.value) if said and said.value.strip() else technology.output
    if value.startswith(("/", "..")):
        value, said = technology.output, None
    several = next(iter(scan.facts.own("setting", "renderers", "sites")), None) if technology.start == "mdbook" else None
    if several is not None and "html" in several.value.split(","):
        value = f"{value}/html"
    if said is not None:
        return Fact(value=value, confidence=0.95, evidence=evidence([said], "output"))
    return Fact(value=value, confidence=0.9, evidence=places, reason=f"where {technology.name} writes unless told otherwise")
