"""An application is taken down on a real machine: nothing of it runs or stays, and it can be deployed again."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Program, clean, docker, fetch, free_port, set_port


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Program]:
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text("<h1>release-one</h1>\n")
    program = Program(tmp_path / "home", root)
    yield program
    clean(program)


def project_things(project_id: str) -> list[str]:
    """Containers and images that carry the label of the project."""
    label = f"label=deploydeck.project={project_id}"
    containers = docker("ps", "--all", "--filter", label, "--format", "{{.Names}}").split()
    return containers + docker("images", "--filter", label, "--format", "{{.Repository}}:{{.Tag}}").split()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", [pytest.param("docker", marks=pytest.mark.engine), "process"])
def test_down_leaves_nothing_and_the_next_deployment_works(target: str, site: Program) -> None:
    site("generate", "--write", "--yes", "--target", target)
    set_port(site.project, free_port(), target=target)
    first = site("deploy", "--yes", "--json").lines()[-1]
    (site.project / "index.html").write_text("<h1>release-two</h1>\n")
    second = site("deploy", "--yes", "--json").lines()[-1]
    assert "release-two" in fetch(second["application_url"])[1]
    listed = {item["name"] for item in site("down", "--plan", "--json").json()["items"]}
    project_id = site.json_status()["live"][0]["project"]["id"]
    if target == "docker":
        assert listed == set(project_things(project_id)), "the plan names everything"
        assert len(listed) == 4
    result = site("down", "--yes", "--json").lines()[-1]
    assert result["status"] == "succeeded", result["cause"]
    assert project_things(project_id) == []
    with pytest.raises(urllib.error.URLError):
        fetch(first["application_url"])
    status = site.json_status()
    assert (status["live"], status["unfinished"]) == ([], [])
    assert "nothing to remove" in site("down", "--yes").out
    third = site("deploy", "--yes", "--json").lines()[-1]
    assert third["status"] == "succeeded", third["cause"]
    assert "release-two" in fetch(third["application_url"])[1]
