"""What containers run on besides the usual: the same rules hold, and what runs on a machine is carried out here."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckState, DeployDeckError
from deploydeck.generate import policies
from deploydeck.generate.checkers.arm import check_arm
from deploydeck.generate.infrastructure.escape import aligned
from deploydeck.generate.infrastructure.sizes import CHECKS, GIB, container_group, function, instance
from tests.generate.agree import facts_of, load_template, shell_of
from tests.generate.infrastructure.cases import COMPUTES, SERVICES, files_of, profile_of, request_of

CLOSING = {"}", "]", ")", "{", "})", "}}", "])"}
services_of = pytest.mark.parametrize("services", SERVICES, ids=lambda names: "+".join(names) or "alone")
everywhere = pytest.mark.parametrize(("tool", "provider", "compute"), COMPUTES)


def made(root: Path, tool: str, provider: str, compute: str, services: tuple[str, ...] = (), **more: Any) -> dict[str, str]:
    request = request_of(profile_of(root, "server", services), tool, provider, settings={"cloud": {"compute": compute}, **more})
    return {path: file.content for path, file in files_of(request).items()}


@services_of
@everywhere
def test_they_agree_with_the_configuration(
    tmp_path: Path, tool: str, provider: str, compute: str, services: tuple[str, ...]
) -> None:
    request = request_of(profile_of(tmp_path, "server", services), tool, provider, settings={"cloud": {"compute": compute}})
    config = request.config
    facts = [facts_of(path, file.content) for path, file in files_of(request).items()]
    assert {one["app"] for one in facts if "app" in one} == {config.app}
    assert [one["port"] for one in facts if "port" in one] == [config.port]
    assert [one["health_path"] for one in facts if "health_path" in one] == [config.health.path]
    here = [one for one in facts if one.get("environment", "development") == "development"]
    secrets = set().union(*(one.get("secrets", set()) for one in here))
    names = set().union(*(one.get("variables", set()) for one in here)) | secrets
    assert {variable.name for variable in config.variables} <= names
    assert config.infrastructure is not None and config.infrastructure.compute == compute
    if config.infrastructure.database:
        assert "DATABASE_URL" in secrets


@services_of
@everywhere
def test_every_line_has_its_reason_and_policies_find_nothing(
    tmp_path: Path, tool: str, provider: str, compute: str, services: tuple[str, ...]
) -> None:
    request = request_of(profile_of(tmp_path, "server", services), tool, provider, settings={"cloud": {"compute": compute}})
    for file in files_of(request).values():
        told = {reason.line for reason in file.reasons}
        for number, line in enumerate(file.content.split("\n"), 1):
            if line.strip() and not line.lstrip().startswith("#") and line.strip(" ,;") not in CLOSING:
                assert number in told, f"{file.path}:{number} {line!r}"
        assert policies.findings(file.path, file.content, "Dockerfile") == (), file.path


@pytest.mark.parametrize("compute", CHECKS)
def test_a_size_that_is_not_there_is_refused(compute: str) -> None:
    CHECKS[compute](0.5, GIB, False)
    with pytest.raises(DeployDeckError) as refused:
        CHECKS[compute](64, 512 * GIB, False)
    assert refused.value.hint


def test_the_smallest_size_that_holds_it_is_taken() -> None:
    assert instance(0.5, GIB) == "t3.small", "1 GiB for the program and something for the system"
    assert container_group(0.5, GIB) == (1.0, 1.0) and container_group(1.5, 1500 * 1024**2) == (2.0, 1.5)


SCRIPTS = {
    "curl": 'case "$*" in *latest/api/token*) printf token;; *instance-id*) printf i-0123;; *) printf 200;; esac',
    "aws": (
        'case "$*" in *get-secret-value*) printf \'%s\\n\' "value of $4";; *get-login-password*) printf pw;; '
        '*) echo "$@" >> said;; esac'
    ),
    "docker": 'case "$1" in run) printf \'%s\\0\' "$@" > run;; login) cat > /dev/null;; esac',
    "dnf": 'echo "$@" >> said',
    "systemctl": 'echo "$@" >> said',
    "sleep": ":",
}


def carried_out(where: Path, script: str, **over: str) -> list[str]:
    """Runs the setup of a machine with programs that note down what they were asked; the words of `docker run`."""
    where.mkdir(parents=True)
    (where / "bin").mkdir()
    for name, body in (SCRIPTS | over).items():
        (where / "bin" / name).write_text(f"#!/bin/bash\n{body}\n")
        (where / "bin" / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", script], cwd=where, env={"PATH": f"{where / 'bin'}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (where / "run").read_bytes().decode().split("\0")[:-1]


HOSTILE = "a'b\"c $(touch pwned) `touch pwned` ${HOME} \\ %{if}\nEND\n second line"


def test_the_setup_of_a_machine_starts_the_program_with_its_values(tmp_path: Path) -> None:
    given_settings = {
        "app": {"health_path": "/it's/$(touch${IFS}pwned)/ok"},
        "environments": {"development": {"variables": {"GREETING": HOSTILE, "EMPTY": ""}}},
    }
    files = made(tmp_path, "cloudformation", "aws", "ec2", ("postgresql",), **given_settings)
    values = json.loads(files["infra/cloudformation/parameters/development.json"])["Parameters"]
    known = values | {
        "AWS::Region": "eu-central-1", "AWS::StackName": "s", "Logs": "/ec2/x", "Registry.RepositoryUri": "r.example/x",
        "ImageTag": "v1", "SecretSecretKey": "arn:key", "DatabaseDatabaseUrl": "arn:url",
    }  # fmt: skip
    words = carried_out(
        tmp_path / "machine", shell_of(load_template(files["infra/cloudformation/template.yaml"])["Resources"], known)
    )
    variables = dict(words[at + 1].split("=", 1) for at, word in enumerate(words) if word == "--env")
    assert variables["GREETING"] == HOSTILE and variables["EMPTY"] == ""
    assert variables["SECRET_KEY"] == "value of arn:key" and variables["DATABASE_URL"] == "value of arn:url"
    assert words[-1] == "r.example/x:v1" and "awslogs-stream=i-0123" in words
    assert not list((tmp_path / "machine").glob("pwned*"))
    said = (tmp_path / "machine" / "said").read_text()
    assert "install --assumeyes docker" in said and "--status SUCCESS" in said


def test_a_machine_that_starts_after_the_stack_is_done_comes_up_too(tmp_path: Path) -> None:
    files = made(tmp_path, "cloudformation", "aws", "ec2")
    script = shell_of(load_template(files["infra/cloudformation/template.yaml"])["Resources"])
    late = f"case \"$*\" in *signal-resource*) echo 'can not be signaled' >&2; exit 254;; esac\n{SCRIPTS['aws']}"
    assert "run" in carried_out(tmp_path / "machine", script, aws=late)


@pytest.mark.parametrize("tool", ["terraform", "cloudformation"])
def test_machines_can_be_put_back(tmp_path: Path, tool: str) -> None:
    """AWS puts no release back whose machines begin from a parameter of Systems Manager or from $Latest."""
    text = "".join(made(tmp_path, tool, "aws", "ec2").values())
    assert "resolve:ssm" not in text and "$Latest" not in text and "/aws/service/ami-amazon-linux-latest/" in text


@pytest.mark.parametrize("services", [(), ("postgresql",)], ids=["alone", "database"])
def test_azure_takes_the_secrets_of_a_group_from_the_vault(tmp_path: Path, services: tuple[str, ...]) -> None:
    over = {"environments": {"production": {"secrets": ["LICENCE_KEY"]}}}
    files = made(tmp_path, "arm", "azure", "container-instances", services, **over)
    template = json.loads(files["infra/arm/azuredeploy.json"])
    by_type = {one["type"]: one for one in template["resources"]}
    assert by_type["Microsoft.KeyVault/vaults"]["properties"]["enabledForTemplateDeployment"] is True
    inside = by_type["Microsoft.Resources/deployments"]["properties"]
    wanted = ["LICENCE_KEY", "SECRET_KEY", *(["DATABASE_URL"] if services else [])]
    kinds = {name: one["type"] for name, one in inside["template"]["parameters"].items()}
    assert {name.removeprefix("secret_") for name, kind in kinds.items() if kind == "securestring"} == set(wanted)
    for name in wanted:
        assert f"'secretName', '{name.replace('_', '-')}'" in inside["parameters"][f"secret_{name}"]
    (group,) = inside["template"]["resources"]
    variables = group["properties"]["containers"][0]["properties"]["environmentVariables"]
    assert all(f"'{name}', 'secureValue', parameters('secret_{name}')" in variables for name in wanted)
    assert "secretValues" not in files["infra/arm/azuredeploy.json"]
    stored = [one["name"] for one in template["resources"] if one["type"] == "Microsoft.KeyVault/vaults/secrets"]
    assert [name.endswith("/DATABASE-URL')]") for name in stored] == ([True] if services else [])


@pytest.mark.timeout(300)
@given(
    name=st.text(max_size=40),
    value=st.text(max_size=60).filter(lambda text: "resolve" not in text),
    path=st.from_regex(r"/[!-~]{0,40}", fullmatch=True).filter(lambda text: "resolve" not in text),
    place=st.sampled_from(COMPUTES),
)
def test_hostile_names_and_values(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str, path: str, place: tuple[str, str, str]
) -> None:
    tool, provider, compute = place
    given_settings: dict[str, Any] = {
        "app": {"health_path": path},
        "cloud": {"compute": compute},
        "environments": {"development": {"variables": {"VALUE": value}}},
    }
    profile = profile_of(tmp_path_factory.mktemp("hostile"), "server", ("postgresql",), name=name)
    files = files_of(request_of(profile, tool, provider, settings=given_settings))
    facts = {where: facts_of(where, file.content) for where, file in files.items()}
    assert [one["health_path"] for one in facts.values() if "health_path" in one] == [path]
    for where, file in files.items():
        assert file.content.isascii(), where
        if where.endswith((".tf", ".tfvars")):
            assert aligned(file.content) == file.content
    if tool == "arm":
        for verdict in check_arm({where: file.content for where, file in files.items()}).values():
            assert verdict.state is CheckState.PASSED, verdict.findings


@services_of
@pytest.mark.parametrize("compute", [compute for tool, _, compute in COMPUTES if tool == "arm"])
def test_the_structural_check_of_arm_passes(tmp_path: Path, compute: str, services: tuple[str, ...]) -> None:
    for path, verdict in check_arm(made(tmp_path, "arm", "azure", compute, services)).items():
        assert verdict.state is CheckState.PASSED, (path, verdict.findings)


def test_a_container_group_is_one_copy(tmp_path: Path) -> None:
    with pytest.raises(DeployDeckError) as refused:
        made(tmp_path, "arm", "azure", "container-instances", environments={"production": {"cloud": {"max_copies": 2}}})
    assert refused.value.code == "infrastructure-copies" and "app-service" in refused.value.hint


def test_memory_of_a_function_brings_the_cores_along() -> None:
    assert function(0.25, GIB) == 1024
    assert function(1, GIB) == 1769
    with pytest.raises(DeployDeckError) as refused:
        function(8, GIB)
    assert "cpus = 5.75" in (refused.value.hint or "")


def test_what_lambda_sets_itself_is_not_set_again(tmp_path: Path) -> None:
    variables = {"AWS_REGION": "eu-central-1", "AWS_SECRET_ACCESS_KEY": "no", "MODE": "x"}
    files = made(tmp_path, "terraform", "aws", "lambda", environments={"development": {"variables": variables}})
    values = facts_of("infra/terraform/environments/development.tfvars", files["infra/terraform/environments/development.tfvars"])
    assert values["variables"] == {"MODE"}


@pytest.mark.parametrize("tool", ["terraform", "cloudformation"])
def test_a_name_that_lambda_does_not_take_is_refused(tmp_path: Path, tool: str) -> None:
    settings: dict[str, Any] = {"environments": {"development": {"variables": {"_MODE": "x"}}}}
    with pytest.raises(DeployDeckError) as refused:
        made(tmp_path, tool, "aws", "lambda", **settings)
    assert refused.value.code == "infrastructure-variable-name" and "_MODE" in str(refused.value)
    assert made(tmp_path, tool, "aws", "ec2", **settings)


def test_copies_of_a_function_have_no_bound_unless_one_is_set(tmp_path: Path) -> None:
    def copies(**cloud: int) -> tuple[str, ...]:
        production: dict[str, Any] = {"environments": {"production": {"cloud": cloud}, "staging": {}}}
        text = made(tmp_path, "terraform", "aws", "lambda", **production)["infra/terraform/environments/production.tfvars"]
        return tuple(line.split("= ")[1] for line in text.split("\n") if "_copies" in line)

    assert copies() == ("0", "0")
    assert copies(min_copies=2) == ("2", "0")
    assert copies(max_copies=5) == ("0", "5")
    with pytest.raises(DeployDeckError) as refused:
        copies(min_copies=3, max_copies=2)
    assert refused.value.code == "infrastructure-copies"
