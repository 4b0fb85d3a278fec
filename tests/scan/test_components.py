"""Projects inside a project: which they are, what they inherit, how they relate, and which one speaks for all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.domain import ProjectProfile, Support, timeless
from deploydeck.scan.components import MOST_COMPONENTS
from tests.scan.trees import codes, plant, scan


def package(**content: object) -> str:
    return json.dumps(content, indent=1)


API = {"package.json": package(name="api", dependencies={"express": "5"}, scripts={"start": "node server.js"}), "server.js": "require('express')().listen(4000)\n"}  # fmt: skip # noqa: E501
SITE = {"package.json": package(name="site", devDependencies={"vite": "7", "react": "19"}, scripts={"build": "vite build"}), "index.html": "<p>"}  # fmt: skip # noqa: E501
FLASK = {"requirements.txt": "flask==3.1.3\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}


def inside(directory: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{directory}/{name}": content for name, content in files.items()}


def paths(profile: ProjectProfile) -> list[str]:
    return [component.path for component in profile.components]


def test_plain_subprojects_are_components_with_profiles_of_their_own(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**inside("backend", FLASK), **inside("frontend", SITE), "README.md": ""})
    assert paths(profile) == ["backend", "frontend"]
    backend, frontend = (component.profile for component in profile.components)
    assert backend.framework is not None
    assert frontend.framework is not None
    assert (backend.framework.value.id, frontend.framework.value.id) == ("flask", "react")
    assert backend.framework.evidence[0].file.startswith("backend/")
    assert backend.support is Support.SUPPORTED
    assert backend.id != frontend.id != profile.id
    assert Path(backend.root) == tmp_path / "backend"


def test_the_server_speaks_for_a_directory_that_only_holds_projects(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**inside("client", SITE), **inside("server", API)})
    assert profile.primary == "server"
    assert profile.framework is not None
    assert profile.port is not None
    assert (profile.framework.value.id, profile.port.value) == ("express", 4000)
    assert profile.port.evidence[0].where == "server/server.js:1"
    assert profile.support is Support.NOT_YET
    assert "server (Express)" in profile.support_reason
    alone = profile.components[1].profile.framework
    assert alone is not None
    assert profile.framework.confidence < alone.confidence


def test_a_project_with_a_framework_of_its_own_speaks_for_itself(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**FLASK, **inside("frontend", SITE)})
    assert profile.primary == ""
    assert profile.framework is not None
    assert profile.framework.value.id == "flask"
    assert paths(profile) == ["frontend"]
    assert profile.support is Support.SUPPORTED


def test_files_of_a_component_are_not_the_outer_projects(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**FLASK, **inside("worker", API), "worker/.env.example": "ONLY_THERE=1\n"})
    assert "ONLY_THERE" not in {variable.name for variable in profile.variables}
    assert profile.language is not None
    assert profile.language.value.share == 1.0


@pytest.mark.parametrize("directory", ["tests/app", "examples/one", "fixtures/x", "docs", "node_modules/x", "vendor/lib"])
def test_examples_and_tests_are_no_components(directory: str, tmp_path: Path) -> None:
    assert paths(scan(tmp_path, {**FLASK, **inside(directory, API)})) == []


def test_a_package_that_only_marks_a_module_type_is_no_component(tmp_path: Path) -> None:
    assert paths(scan(tmp_path, {**API, "dist-cjs/package.json": '{"type": "commonjs"}'})) == []


def test_requirements_below_a_python_project_are_no_component(tmp_path: Path) -> None:
    assert paths(scan(tmp_path, {**FLASK, "tools/requirements.txt": "black\n", "tools/x.py": ""})) == []


def test_native_shells_of_a_mobile_application_are_no_components(tmp_path: Path) -> None:
    files = {"package.json": package(dependencies={"react-native": "1"}), "android/build.gradle": "", "ios/Package.swift": ""}
    assert paths(scan(tmp_path, files)) == []


def test_a_workspace_lends_its_lock_file_its_pins_and_its_versions(tmp_path: Path) -> None:
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/express": {"version": "5.3.0"}}}
    files = {
        "package.json": package(name="all", workspaces=["packages/*"], private=True),
        "package-lock.json": json.dumps(lock, indent=1), ".nvmrc": "22\n", **inside("packages/api", API),
    }  # fmt: skip
    [api] = scan(tmp_path, files).components
    assert api.profile.package_manager is not None
    assert api.profile.runtime_version is not None
    assert api.profile.framework is not None
    assert api.profile.package_manager.value.name == "npm"
    assert api.profile.package_manager.evidence[0].file == "package-lock.json"
    assert (api.profile.runtime_version.value, api.profile.runtime_version.evidence[0].where) == ("22", ".nvmrc:1")
    assert api.profile.framework.value.version == "5.3.0"
    assert "package-lock.json:5" in {place.where for place in api.profile.framework.evidence}


def test_a_component_with_a_lock_file_of_its_own_uses_that(tmp_path: Path) -> None:
    files = {**API, "yarn.lock": "# yarn lockfile v1\n", **inside("apps/site", SITE), "apps/site/package-lock.json": "{}"}
    [site] = scan(tmp_path, files).components
    assert site.profile.package_manager is not None
    assert site.profile.package_manager.value.name == "npm"
    assert not site.profile.package_manager.alternatives


def test_components_that_use_each_other_are_related(tmp_path: Path) -> None:
    library = {"package.json": package(name="@shop/prices", main="index.js"), "index.js": ""}
    api = {**API, "package.json": package(name="api", dependencies={"express": "5", "@shop/prices": "workspace:*"})}
    files = {"package.json": package(workspaces=["libs/*", "apps/*"]), **inside("libs/prices", library), **inside("apps/api", api)}
    library["package.json"] = package(name="@shop/prices", main="index.js", scripts={"test": "x"})
    files |= inside("libs/prices", library)
    found = {component.path: component for component in scan(tmp_path, files).components}
    assert found["apps/api"].depends_on == ("libs/prices",)
    assert found["libs/prices"].depends_on == ()


def test_several_servers_are_said_to_be_several(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**inside("orders", API), **inside("users", FLASK)})
    assert "several-components" in codes(profile)
    assert profile.framework is not None
    assert len(profile.framework.alternatives) == 1
    assert profile.framework.confidence < 0.8


def test_findings_of_a_component_stand_with_it(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**FLASK, **inside("web", {**SITE, "package.json": "{"})})
    plant(tmp_path, {"web/package.json": '{"scripts": '})
    profile = scan(tmp_path)
    assert "broken-manifest" not in codes(profile)
    assert "broken-manifest" in codes(profile.components[0].profile)
    assert profile.components[0].profile.findings[0].evidence[0].file == "web/package.json"


def test_the_profile_of_a_monorepo_survives_json(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**inside("backend", FLASK), **inside("frontend", SITE)})
    assert ProjectProfile.model_validate_json(profile.model_dump_json()) == profile


def test_what_the_primary_component_and_its_parts_need_stands_at_the_root(tmp_path: Path) -> None:
    manifest = package(name="@shop/store", dependencies={"pg": "8"}, scripts={"test": "x"})
    store = {"package.json": manifest, "index.js": "process.env.STORE_NAME\n"}
    api = {
        **API,
        "package.json": package(name="api", dependencies={"express": "5", "@shop/store": "*"}, scripts={"start": "node server.js"}),
    }
    other = {**FLASK, "requirements.txt": "flask\nredis\n", "conf.py": "import os\nX = os.environ['ONLY_OTHER']\n"}
    files = {**inside("libs/store", store), **inside("apps/api", api), **inside("tools/other", other)}
    files["libs/store/keys.py"] = ""
    profile = scan(tmp_path, files)
    assert profile.primary == "apps/api"
    assert [service.name for service in profile.services] == ["postgresql", "redis"]
    assert [variable.name for variable in profile.variables] == ["STORE_NAME"]
    assert {"pg", "express"} <= {one.name for one in profile.dependencies}


def test_more_projects_than_are_read_are_said(tmp_path: Path) -> None:
    files = {f"apps/part{number}/go.mod": f"module part{number}\n" for number in range(MOST_COMPONENTS + 5)}
    profile = scan(tmp_path, files)
    assert len(profile.components) == MOST_COMPONENTS
    assert "scan-truncated" in codes(profile)


def test_two_scans_that_find_the_same_are_the_same_but_for_their_time(tmp_path: Path) -> None:
    first = scan(tmp_path, {**inside("backend", FLASK), **inside("frontend", SITE)})
    again = scan(tmp_path)
    assert again != first
    assert timeless(again).content_hash == timeless(first).content_hash
