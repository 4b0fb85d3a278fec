"""Bills of materials: valid CycloneDX 1.6, the same for the same project, and nothing in them that nobody knows."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import Component, Dependency, DeployDeckError, Evidence, ProjectProfile
from deploydeck.scan.sbom import make, purl, written
from tests.scan.vulnerabilities.conftest import needs, project

WEB = project(
    [
        needs("flask", "3.1.3", requirement="==3.1.3"),
        needs("pytest", "8.0", development=True),
        needs("markupsafe", "3.0", direct=False),
        needs("loose", requirement=">=1"),
    ]
)
UI = project([needs("@scope/lib", "1.0.0", "npm"), needs("flask", "3.1.3", development=True), needs("app:odd", "1", "")])


def monorepo() -> ProjectProfile:
    inner = (
        Component(path="web", profile=WEB.model_copy(update={"name": "web"}), depends_on=("ui",)),
        Component(path="ui", profile=UI),
    )
    return project([]).model_copy(update={"components": inner})


def document(profile: ProjectProfile) -> dict[str, Any]:
    """The JSON document; it is valid by the schema, and the library reads the same from both formats."""
    bom = make(profile)
    text = written(bom)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    read: Any = Bom
    from_json = read.from_json(json.loads(text))
    from_xml = read.from_xml(ElementTree.fromstring(written(bom, "xml")))
    assert from_json == from_xml
    assert [one.purl for one in from_json.components] == [one.purl for one in bom.components]
    held: dict[str, Any] = json.loads(text)
    return held


def said(component: dict[str, Any], name: str) -> list[str]:
    return [one["value"] for one in component.get("properties", []) if one["name"] == f"deploydeck:{name}"]


def test_components() -> None:
    held = document(WEB)
    by_name = {one["name"]: one for one in held["components"]}
    assert set(by_name) == {"flask", "pytest", "markupsafe", "loose"}
    flask = by_name["flask"]
    assert (flask["purl"], flask["version"], flask["scope"], flask["type"]) == (
        "pkg:pypi/flask@3.1.3",
        "3.1.3",
        "required",
        "library",
    )
    assert said(flask, "evidence") == ["requirements.txt:1"]
    assert said(flask, "requirement") == ["==3.1.3"]
    assert flask["evidence"]["occurrences"][0]["location"] == "requirements.txt"
    assert by_name["pytest"]["scope"] == "optional"
    assert said(by_name["markupsafe"], "dependency") == ["transitive"]
    assert (by_name["loose"]["purl"], by_name["loose"].get("version")) == ("pkg:pypi/loose", None)
    assert all("licenses" not in one for one in held["components"])


def test_metadata_and_graph() -> None:
    held = document(WEB)
    metadata = held["metadata"]
    assert (metadata["component"]["name"], metadata["component"]["type"]) == ("shop", "application")
    assert metadata["timestamp"] == "2026-01-02T03:04:05+00:00"
    assert metadata["lifecycles"] == [{"phase": "pre-build"}]
    assert metadata["tools"]["components"][0]["name"] == "deploydeck"
    names = {one["bom-ref"]: one["name"] for one in held["components"]}
    edges = {one["ref"]: one.get("dependsOn", []) for one in held["dependencies"]}
    assert {names[ref] for ref in edges["project"]} == {"flask", "pytest", "loose"}, "only what it names itself"
    assert all(not needed for ref, needed in edges.items() if ref != "project")


def test_a_monorepo() -> None:
    held = document(monorepo())
    by_ref = {one["bom-ref"]: one for one in held["components"]}
    assert said(by_ref["component:web"], "path") == ["web"]
    assert by_ref["component:web"]["type"] == "application"
    assert len([one for one in held["components"] if one["name"] == "flask"]) == 1, "one library stands once"
    edges = {one["ref"]: one.get("dependsOn", []) for one in held["dependencies"]}
    assert set(edges["project"]) == {"component:web", "component:ui"}
    assert "component:ui" in edges["component:web"]
    flask = next(one for one in held["components"] if one["name"] == "flask")
    assert flask["scope"] == "required", "required by one is required"
    assert flask["bom-ref"] in edges["component:ui"]
    scoped = next(one for one in held["components"] if one["name"] == "lib")
    assert (scoped["group"], scoped["purl"]) == ("@scope", "pkg:npm/%40scope/lib@1.0.0")


def test_equal_projects_give_equal_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    later = monorepo().model_copy(update={"analyzed_at": datetime(2026, 5, 5, tzinfo=UTC)})
    first, second = make(monorepo()), make(later)
    assert first.serial_number == second.serial_number
    assert written(first) != written(second), "the time differs"
    assert make(WEB).serial_number != first.serial_number
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for form in ("json", "xml"):
        assert written(make(monorepo()), form) == written(make(later), form)
    assert json.loads(written(make(WEB)))["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert json.loads(written(make(WEB)))["metadata"]["timestamp"] == "2026-01-02T03:04:05+00:00"


def test_order_does_not_matter() -> None:
    turned = WEB.model_copy(update={"dependencies": WEB.dependencies[::-1]})
    assert json.loads(written(make(turned)))["components"] == json.loads(written(make(WEB)))["components"]


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "expected"),
    [
        ("PyPI", "Flask_Login", "1.0", "pkg:pypi/flask-login@1.0"),
        ("npm", "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
        ("npm", "left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0"),
        ("Maven", "org.springframework:spring-core", "6.1.0", "pkg:maven/org.springframework/spring-core@6.1.0"),
        ("Go", "github.com/gin-gonic/gin", "v1.9.1", "pkg:golang/github.com/gin-gonic/gin@v1.9.1"),
        ("crates.io", "serde", "1.0.200", "pkg:cargo/serde@1.0.200"),
        ("RubyGems", "rails", "7.1.0", "pkg:gem/rails@7.1.0"),
        ("Packagist", "symfony/console", "6.4.0", "pkg:composer/symfony/console@6.4.0"),
        ("NuGet", "Newtonsoft.Json", "13.0.3", "pkg:nuget/Newtonsoft.Json@13.0.3"),
        ("Hex", "phoenix", "1.7.0", "pkg:hex/phoenix@1.7.0"),
        ("Pub", "http", "1.2.0", "pkg:pub/http@1.2.0"),
        ("SwiftURL", "github.com/vapor/vapor", "4.0.0", "pkg:swift/github.com/vapor/vapor@4.0.0"),
        ("Hackage", "aeson", "2.2.0.0", "pkg:hackage/aeson@2.2.0.0"),
        ("CRAN", "ggplot2", "3.5.0", "pkg:cran/ggplot2@3.5.0"),
        ("ConanCenter", "zlib", "1.3", "pkg:conan/zlib@1.3"),
        ("opam", "lwt", "5.7.0", "pkg:opam/lwt@5.7.0"),
    ],
)
def test_package_urls(ecosystem: str, name: str, version: str, expected: str) -> None:
    assert str(purl(ecosystem, name, version)) == expected


def test_no_package_url() -> None:
    assert purl("", "x", "1") is None
    assert purl("npm", "/", "1") is None
    assert purl("PyPI", " ", "1") is None


def test_hostile_texts_stay_well_formed() -> None:
    odd = "a\x00b\x1b[31m<&>\u202e\ud800"
    place = Evidence(file=f"{odd}.txt", line=0, text=odd)
    profile = project(
        [Dependency(name=odd, version=odd, ecosystem="npm", requirement=odd, evidence=place), Dependency(name="\x00")]
    )
    held = document(profile.model_copy(update={"name": odd}))
    assert len(held["components"]) == 1
    assert "\x1b" not in json.dumps(held, ensure_ascii=False)


def test_a_format_nobody_knows() -> None:
    with pytest.raises(DeployDeckError) as caught:
        written(make(WEB), "yaml")
    assert caught.value.code == "sbom-format-unknown"


NAMES = st.text(max_size=12) | st.sampled_from(["a", "@s/a", "g:a", "a/b/c", "/", ":", "@", "a@b", "a?b#c", " "])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            needs,
            NAMES,
            NAMES,
            st.sampled_from(["PyPI", "npm", "Maven", "Go", "SwiftURL", "Packagist", "", "Other"]),
            direct=st.booleans(),
            development=st.booleans(),
        ),
        max_size=6,
    )
)
def test_any_names_give_a_valid_document(dependencies: list[Dependency]) -> None:
    text = written(make(project(dependencies)))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    ElementTree.fromstring(written(make(project(dependencies)), "xml"))
