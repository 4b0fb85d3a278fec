"""A CycloneDX 1.6 bill of materials from a profile: what a project depends on, and the lines that say so.

One library stands once, however many components of a monorepo use it; the components stand beside the libraries. The graph knows
the project, its components and what each of them names itself: a scan does not know who needs a transitive dependency.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploydeck.domain import Dependency, DeployDeckError, Evidence, ProjectProfile
from deploydeck.domain.text import printable

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

PREFIX = "deploydeck:"
"""How the names of our properties begin."""
MOST_PLACES = 20
ROOT = "project"
_NAMESPACE = uuid.UUID("5b2f2a0e-61a5-5c0d-9d0a-0d2c6c3f7a11")
_TYPES: Mapping[str, str] = {
    "PyPI": "pypi",
    "npm": "npm",
    "Maven": "maven",
    "Go": "golang",
    "crates.io": "cargo",
    "RubyGems": "gem",
    "Packagist": "composer",
    "NuGet": "nuget",
    "Hex": "hex",
    "Pub": "pub",
    "SwiftURL": "swift",
    "ConanCenter": "conan",
    "Hackage": "hackage",
    "CRAN": "cran",
    "opam": "opam",
}
"""Types of package URLs by the ecosystem as OSV spells it."""
_SEPARATORS = {"Maven": ":"}


@dataclass
class _Library:
    """One version of one dependency, wherever it is used."""

    ecosystem: str
    name: str
    version: str
    required: bool = False
    direct: bool = False
    requirements: dict[str, None] = field(default_factory=dict)
    places: dict[str, Evidence] = field(default_factory=dict)

    def take(self, dependency: Dependency) -> None:
        self.required |= not dependency.development
        self.direct |= dependency.direct
        if dependency.requirement:
            self.requirements.setdefault(printable(dependency.requirement)[:300])
        if dependency.evidence is not None and len(self.places) < MOST_PLACES:
            self.places.setdefault(dependency.evidence.where, dependency.evidence)


Key = tuple[str, str, str]


@dataclass
class _Owner:
    """The project or a component in it: its profile, the libraries it names itself and the components it uses."""

    ref: str
    path: str
    profile: ProjectProfile
    direct: dict[Key, None] = field(default_factory=dict)
    uses: tuple[str, ...] = ()


def make(profile: ProjectProfile, *, timestamp: datetime | None = None) -> Bom:
    """The bill of materials of a profile and its components.

    The serial number follows from the content. `timestamp` is by default SOURCE_DATE_EPOCH, else when the project was scanned.
    """
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.dependency import Dependency as Needs
    from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
    from cyclonedx.model.tool import ToolRepository

    from deploydeck import __version__

    libraries, owners = _collect(profile)
    made = {
        key: _component(f"library:{key[0]}:{key[1]}@{key[2]}", one)
        for key, one in sorted(libraries.items(), key=lambda item: item[0])
    }
    applications = {owner.ref: _application(owner) for owner in owners}
    root = applications[ROOT]
    tool = Component(type=ComponentType.APPLICATION, group="deploydeck", name="deploydeck", version=__version__, bom_ref="tool")
    bom = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, _fingerprint(libraries.values(), owners)),
        components=[*made.values(), *(one for ref, one in applications.items() if ref != ROOT)],
        metadata=BomMetaData(
            tools=ToolRepository(components=[tool]),
            component=root,
            lifecycles=[PredefinedLifecycle(LifecyclePhase.PRE_BUILD)],
            timestamp=timestamp or _timestamp(profile),
            properties=[Property(name=f"{PREFIX}dependency-graph", value="direct only")],
        ),
    )
    edges: list[Needs] = []
    by_path = {owner.path: owner.ref for owner in owners}
    for owner in owners:
        uses = [applications[by_path[path]] for path in owner.uses if path in by_path and by_path[path] != owner.ref]
        if owner.ref == ROOT:
            uses = [one for ref, one in applications.items() if ref != ROOT]
        needs = [*(made[key] for key in owner.direct), *uses]
        edges.append(Needs(ref=applications[owner.ref].bom_ref, dependencies=[Needs(ref=one.bom_ref) for one in needs]))
    bom.dependencies = [*edges, *(Needs(ref=one.bom_ref) for one in made.values())]
    return bom


def written(bom: Bom, form: str = "json") -> str:
    """The text of a bill of materials as CycloneDX 1.6, `json` or `xml`, ending with a newline."""
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    chosen = {"json": OutputFormat.JSON, "xml": OutputFormat.XML}.get(form)
    if chosen is None:
        raise DeployDeckError(
            "sbom-format-unknown", f"{printable(form)!r} is no format of a bill of materials.", hint="json or xml."
        )
    # The library looks each component up in the whole graph before it writes: quadratic, and `make` has them all in it.
    vars(bom)["validate"] = lambda: True
    text: str = make_outputter(bom, chosen, SchemaVersion.V1_6).output_as_string(indent=2)
    if chosen is OutputFormat.JSON:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=True)
    return text.rstrip("\n") + "\n"


def purl(ecosystem: str, name: str, version: str) -> PackageURL | None:
    """The package URL of a dependency; None where there is no type for its registry or no place for its name."""
    from packageurl import PackageURL

    if ecosystem not in _TYPES:
        return None
    group, short = _split(ecosystem, name)
    try:
        made = PackageURL(type=_TYPES[ecosystem], namespace=group or None, name=short, version=version or None)
        return PackageURL.from_string(made.to_string())  # names of nothing but separators are only seen here
    except (ValueError, TypeError):
        return None


def _split(ecosystem: str, name: str) -> tuple[str, str]:
    """The namespace of a name and the rest: `@scope`, the Maven group, everything before a path's last part."""
    group, _, short = name.rpartition(_SEPARATORS.get(ecosystem, "/"))
    return (group, short) if short else ("", name)


# --- collecting ---------------------------------------------------------------------------------------------------------------


def _collect(profile: ProjectProfile) -> tuple[dict[Key, _Library], list[_Owner]]:
    """Every library once, and the project with the components in it, each with what it names itself."""
    libraries: dict[Key, _Library] = {}
    owners: list[_Owner] = []
    waiting: list[tuple[str, str, ProjectProfile, tuple[str, ...]]] = [(ROOT, "", profile, ())]
    seen: set[str] = set()
    while waiting:
        ref, path, one, uses = waiting.pop(0)
        owner = _Owner(ref, path, one, uses=uses)
        owners.append(owner)
        for dependency in one.dependencies:
            name, version = printable(dependency.name).strip(), printable(dependency.version).strip()
            if not name:
                continue
            key = (dependency.ecosystem, name, version)
            libraries.setdefault(key, _Library(*key)).take(dependency)
            if dependency.direct:
                owner.direct.setdefault(key)
        for inner in one.components:
            if inner.path and inner.path not in seen:
                seen.add(inner.path)
                waiting.append((f"component:{printable(inner.path)}", inner.path, inner.profile, inner.depends_on))
    return libraries, owners


def _component(ref: str, library: _Library) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence

    address = purl(library.ecosystem, library.name, library.version)
    group, short = _split(library.ecosystem, library.name) if address is not None else ("", library.name)
    places = list(library.places.values())
    said = [("evidence", printable(place.where)) for place in places] + [("requirement", text) for text in library.requirements]
    said.append(("ecosystem", library.ecosystem or "unknown"))
    said.append(("dependency", "direct" if library.direct else "transitive"))
    occurrences = [
        Occurrence(location=printable(place.file), line=place.line or None, bom_ref=f"{ref}@{n}") for n, place in enumerate(places)
    ]
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=ref,
        group=group or None,
        name=short,
        version=library.version or None,
        purl=address,
        scope=ComponentScope.REQUIRED if library.required else ComponentScope.OPTIONAL,
        properties=[Property(name=f"{PREFIX}{name}", value=value) for name, value in said],
        evidence=ComponentEvidence(occurrences=occurrences) if occurrences else None,
    )


def _application(owner: _Owner) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    profile = owner.profile
    facts = (
        ("path", owner.path or "."),
        ("language", profile.language.value.name if profile.language else ""),
        ("framework", profile.framework.value.name if profile.framework else ""),
        ("package-manager", profile.package_manager.value.name if profile.package_manager else ""),
        ("runtime-version", profile.runtime_version.value if profile.runtime_version else ""),
    )
    return Component(
        type=ComponentType.APPLICATION,
        bom_ref=owner.ref,
        name=printable(profile.name).strip() or "project",
        properties=[Property(name=f"{PREFIX}{name}", value=printable(value)) for name, value in facts if value],
    )


def _timestamp(profile: ProjectProfile) -> datetime:
    """SOURCE_DATE_EPOCH, as reproducible builds set it; else the time of the scan."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isascii() and told.isdecimal() and len(told) <= 11:
        return datetime.fromtimestamp(int(told), UTC)
    return profile.analyzed_at


def _fingerprint(libraries: Iterable[_Library], owners: Iterable[_Owner]) -> str:
    """A hash of everything the document says but its time."""
    content = [
        [[*key, sorted(owner.uses)] for owner in owners for key in ((owner.ref, owner.path, owner.profile.name), *owner.direct)],
        sorted(
            [one.ecosystem, one.name, one.version, one.required, one.direct, sorted(one.requirements), sorted(one.places)]
            for one in libraries
        ),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
