"""The files of every tool: they parse, agree with the configuration, hold no secret, and every line has its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckState, Dependency, DeployDeckError, Fact, Language
from deploydeck.generate import policies
from deploydeck.generate.checkers.arm import arm_groups, check_arm
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.infrastructure.escape import aligned
from tests.generate.agree import facts_of, load_template
from tests.generate.infrastructure.cases import CLOUDS, PROJECTS, SERVICES, files_of, profile_of, request_of

_CLOSING = {"}", "]", ")", "{", "})", "}}", "])"}
NAMES = {"terraform": "versions.tf", "cloudformation": "template.yaml", "arm": "azuredeploy.json"}


@pytest.mark.parametrize("services", SERVICES, ids=lambda names: "+".join(names) or "alone")
@pytest.mark.parametrize(("tool", "provider"), CLOUDS)
@pytest.mark.parametrize("kind", PROJECTS)
def test_they_agree_with_the_configuration(tmp_path: Path, kind: str, tool: str, provider: str, services: tuple[str, ...]) -> None:
    request = request_of(profile_of(tmp_path, kind, services), tool, provider)
    config, files = request.config, files_of(request)
    facts = {path: facts_of(path, file.content) for path, file in files.items()}
    environments = {one["environment"] for one in facts.values() if "environment" in one}
    assert environments == {"development", "staging", "production"}
    assert len({one["name"] for one in facts.values() if "name" in one}) == 3
    server = kind in ("server", "node")
    apps = [one["app"] for one in facts.values() if "app" in one]
    assert all(app == config.app for app in apps) and (apps or not server)
    if server:
        assert [one["port"] for one in facts.values() if "port" in one] == [config.port]
        assert [one["health_path"] for one in facts.values() if "health_path" in one] == [config.health.path]
        here = [one for one in facts.values() if one.get("environment", "development") == "development"]
        names = set().union(*(one.get("variables", set()) | one.get("secrets", set()) for one in here))
        assert {variable.name for variable in config.variables} <= names
        infrastructure = config.infrastructure
        assert infrastructure is not None
        if infrastructure.database:
            assert "DATABASE_URL" in set().union(*(one.get("secrets", set()) for one in here))
    else:
        assert not any("port" in one for one in facts.values())


@pytest.mark.parametrize("services", SERVICES, ids=lambda names: "+".join(names) or "alone")
@pytest.mark.parametrize(("tool", "provider"), CLOUDS)
@pytest.mark.parametrize("kind", ["server", "site", "spa"])
def test_every_line_has_its_reason(tmp_path: Path, kind: str, tool: str, provider: str, services: tuple[str, ...]) -> None:
    for file in files_of(request_of(profile_of(tmp_path, kind, services), tool, provider)).values():
        told = {reason.line for reason in file.reasons}
        for number, line in enumerate(file.content.split("\n"), 1):
            if line.strip() and not line.lstrip().startswith("#") and line.strip(" ,;") not in _CLOSING:
                assert number in told, f"{file.path}:{number} {line!r}"


@pytest.mark.parametrize(("tool", "provider"), CLOUDS)
@pytest.mark.parametrize("services", SERVICES, ids=lambda names: "+".join(names) or "alone")
def test_our_own_policies_find_nothing_that_blocks(tmp_path: Path, tool: str, provider: str, services: tuple[str, ...]) -> None:
    for file in files_of(request_of(profile_of(tmp_path, "server", services), tool, provider)).values():
        found = [one for one in policies.findings(file.path, file.content, "Dockerfile") if one.blocking or "port" in one.rule]
        assert not found, (file.path, found)


@pytest.mark.parametrize("services", SERVICES, ids=lambda names: "+".join(names) or "alone")
@pytest.mark.parametrize("kind", PROJECTS)
def test_the_structural_check_of_arm_passes(tmp_path: Path, kind: str, services: tuple[str, ...]) -> None:
    files = {
        path: file.content for path, file in files_of(request_of(profile_of(tmp_path, kind, services), "arm", "azure")).items()
    }
    (group,) = arm_groups(tuple(files), Scope())
    assert set(group) == set(files)
    for path, verdict in check_arm({path: files[path] for path in group}).items():
        assert verdict.state is CheckState.PASSED, (path, verdict.findings)


def test_production_is_protected_and_spread(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, "server", ("postgresql",))
    files = files_of(request_of(profile, "cloudformation", "aws"))
    values = {path: json.loads(file.content)["Parameters"] for path, file in files.items() if path.endswith(".json")}
    production = values["infra/cloudformation/parameters/production.json"]
    development = values["infra/cloudformation/parameters/development.json"]
    assert (production["Protected"], production["MultiAz"], production["PrivateNetwork"]) == ("true", "true", "true")
    assert (development["Protected"], development["MultiAz"], development["PrivateNetwork"]) == ("false", "false", "false")
    assert set(production) == set(load_template(files["infra/cloudformation/template.yaml"].content)["Parameters"]) - {
        "CertificateArn",
        "ImageTag",
    }


def test_the_database_is_encrypted_private_and_its_password_nowhere(tmp_path: Path) -> None:
    files = files_of(request_of(profile_of(tmp_path, "server", ("postgresql",)), "cloudformation", "aws"))
    resources = load_template(files["infra/cloudformation/template.yaml"].content)["Resources"]
    database = resources["Database"]
    assert database["Properties"]["StorageEncrypted"] is True and database["Properties"]["PubliclyAccessible"] is False
    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot"
    assert "resolve:secretsmanager" in database["Properties"]["MasterUserPassword"]["Sub"]
    for name in ("LoadBalancerGroup", "ServiceGroup", "DatabaseGroup"):
        rules = [one["If"][1] if "If" in one else one for one in resources[name]["Properties"]["SecurityGroupIngress"]]
        open_ports = {one["FromPort"] for one in rules if one.get("CidrIp") == "0.0.0.0/0"}
        assert open_ports == ({80, 443} if name == "LoadBalancerGroup" else set())


def test_the_cloud_s_database_is_reached_encrypted(tmp_path: Path) -> None:
    """A container beside the program has no certificate; databases of a cloud refuse to speak without one."""
    driver = {
        "language": Fact(value=Language(id="go", name="Go"), confidence=1.0),
        "dependencies": (Dependency(name="github.com/lib/pq"),),
    }
    for provider in ("aws", "azure"):
        files = files_of(request_of(profile_of(tmp_path, "server", ("postgresql",), **driver), "terraform", provider))
        content = "".join(file.content for file in files.values())
        assert "sslmode=require" in content
        assert "sslmode=disable" not in content


def test_values_differ_by_environment_and_a_missing_one_is_said(tmp_path: Path) -> None:
    settings = {
        "environments": {
            "development": {"variables": {"GREETING": "hi", "LEVEL": "debug"}},
            "production": {
                "variables": {"GREETING": "${var.x} %{if}"},
                "secrets": ["LICENCE"],
                "cloud": {"cpus": 1, "memory_mb": 4096},
            },
        }
    }
    profile = profile_of(tmp_path, "server")
    files = files_of(request_of(profile, "terraform", "aws", settings=settings))
    paths = [f"infra/terraform/environments/{name}.tfvars" for name in settings["environments"]]
    development, production = (facts_of(path, files[path].content) for path in paths)
    assert development["values"] == {"GREETING": '"hi"', "LEVEL": '"debug"'}
    assert production["values"] == {"GREETING": '"$${var.x} %%{if}"'}
    assert production["secrets"] == {"LICENCE", "SECRET_KEY"} and development["secrets"] == {"SECRET_KEY"}
    assert "cpu             = 1024" in files["infra/terraform/environments/production.tfvars"].content
    made = files_of(request_of(profile, "cloudformation", "aws", settings=settings))
    conditions = load_template(made["infra/cloudformation/template.yaml"].content)["Conditions"]
    assert conditions["HasSecretLicence"] == {"Equals": [{"Ref": "Environment"}, "production"]}
    assert conditions["HasVariableLevel"] == {"Equals": [{"Ref": "Environment"}, "development"]}


def test_people_s_own_files_stay(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, "server")
    own = tmp_path / "infra" / "terraform" / "versions.tf"
    own.parent.mkdir(parents=True)
    own.write_text("# ours by hand\n")
    files = files_of(request_of(profile, "terraform", "aws"))
    assert files["infra/terraform/versions.tf"].own and files["infra/terraform/versions.tf"].content == "# ours by hand\n"
    assert not files["infra/terraform/service.tf"].own


def test_a_dynamic_reference_is_refused_where_it_would_be_looked_up(tmp_path: Path) -> None:
    settings = {"environments": {"development": {"variables": {"X": "{{resolve:secretsmanager:other}}"}}}}
    profile = profile_of(tmp_path, "server")
    with pytest.raises(DeployDeckError) as refused:
        files_of(request_of(profile, "cloudformation", "aws", settings=settings))
    assert refused.value.code == "infrastructure-dynamic-reference"
    assert files_of(request_of(profile, "terraform", "aws", settings=settings))


def test_without_a_wish_there_is_nothing(tmp_path: Path) -> None:
    request = request_of(profile_of(tmp_path, "server"), "terraform", "aws")
    assert files_of(type(request)(**{**vars(request), "config": request.config.model_copy(update={"infrastructure": None})})) == {}


# Feature: deployment-automation, Property 2: any profile gives files that parse and agree with each other, hostile names included
@pytest.mark.timeout(300)
@given(
    name=st.text(max_size=80),
    value=st.text(max_size=60).filter(lambda text: "resolve" not in text),
    variable=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(lambda text: text not in ("PORT", "SECRET_KEY")),
    environment=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", fullmatch=True),
    path=st.from_regex(r"/[!-~]{0,40}", fullmatch=True).filter(lambda text: "resolve" not in text),
    cloud=st.sampled_from(CLOUDS),
)
def test_hostile_names_and_values(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    value: str,
    variable: str,
    environment: str,
    path: str,
    cloud: tuple[str, str],
) -> None:
    root = tmp_path_factory.mktemp("hostile")
    given_settings: dict[str, Any] = {
        "app": {"health_path": path},
        "environments": {environment: {"variables": {variable: value}}},
    }
    request = request_of(profile_of(root, "server", ("postgresql",), name=name), *cloud, environment, given_settings)
    files = files_of(request)
    facts = {where: facts_of(where, file.content) for where, file in files.items()}
    assert [one["health_path"] for one in facts.values() if "health_path" in one] == [path]
    told = {one["environment"] for one in facts.values() if "environment" in one}
    assert told == {environment, "development", "staging", "production"}
    for one in facts.values():
        if "name" in one:
            assert len(one["name"]) <= 28 and one["name"].strip("-") == one["name"]
    for where, file in files.items():
        assert file.content.isascii() and file.content.isprintable() is False and "\r" not in file.content, where
        if where.endswith((".tf", ".tfvars")):
            assert aligned(file.content) == file.content
    if cloud[0] == "arm":
        for verdict in check_arm({where: file.content for where, file in files.items()}).values():
            assert not verdict.blocking, verdict.findings


@pytest.mark.parametrize("tool", ["terraform", "cloudformation"])
def test_a_bucket_of_the_cloud_is_reached_by_a_role_and_no_stand_in(tmp_path: Path, tool: str) -> None:
    files = files_of(request_of(profile_of(tmp_path, "server", ("s3",)), tool, "aws"))
    text = "".join(file.content for file in files.values())
    assert "S3_BUCKET" in text
    assert "AWS_SECRET_ACCESS_KEY" not in text and "AWS_ENDPOINT_URL" not in text
