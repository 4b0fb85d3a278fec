"""The proof: generated infrastructure is really made and removed again, by Terraform and by CloudFormation, against MiniStack.

MiniStack is no AWS: it checks no permissions, sizes or routes. What it shows is that every resource, reference and order in the
files holds when a real client carries them out.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import TERRAFORM_MIRROR, ministack
from tests.doubles.ministack import running
from tests.generate.infrastructure.cases import files_of, profile_of, request_of
from tests.generate.infrastructure.test_compute import carried_out

pytestmark = [pytest.mark.cloud, pytest.mark.slow, pytest.mark.timeout(900)]

OVERRIDE = 'provider "aws" {\n  s3_use_path_style = true\n}\n'
"""MiniStack has one address for all buckets; AWS has one for each."""
PREFIX = "shop-api-development"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[dict[str, str]]:
    """MiniStack, and the environment that leads there."""
    program, place = ministack(), tmp_path / "cloud"
    assert program is not None
    place.mkdir()
    with running(program, place) as environment:
        yield environment


def terraform(where: Path, environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", *arguments], cwd=where, env={**environment}, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"terraform {' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def written(tmp_path: Path, tool: str, kind: str, services: tuple[str, ...], folder: str, compute: str = "fargate") -> Path:
    project = tmp_path / "project"
    settings = {"cloud": {"compute": compute}}
    for path, file in files_of(request_of(profile_of(project, kind, services), tool, "aws", settings=settings)).items():
        target = project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.content, encoding="utf-8")
    return project / folder


def prepared(tmp_path: Path, environment: dict[str, str], kind: str, services: tuple[str, ...], compute: str = "fargate") -> Path:
    """Written, initialised from the mirror, in the workspace of its environment."""
    where = written(tmp_path, "terraform", kind, services, "infra/terraform", compute)
    (where / "override.tf").write_text(OVERRIDE)
    configuration = tmp_path / "terraformrc"
    configuration.write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(TERRAFORM_MIRROR)}\n  }}\n}}\n"
    )
    environment |= {"TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    terraform(where, environment, "init", "-input=false", "-no-color")
    terraform(where, environment, "validate", "-no-color")
    terraform(where, environment, "workspace", "new", "development")
    return where


VALUES = ("-input=false", "-no-color", "-var-file=environments/development.tfvars")


@pytest.mark.terraform
def test_terraform_makes_a_service_with_its_database_and_removes_it(tmp_path: Path, cloud: dict[str, str]) -> None:
    where = prepared(tmp_path, cloud, "server", ("postgresql", "s3"))
    said = terraform(where, cloud, "apply", "-auto-approve", *VALUES, "-var", "image_tag=v1")
    assert "0 changed, 0 destroyed" in said
    outputs = {name: one["value"] for name, one in json.loads(terraform(where, cloud, "output", "-json")).items()}
    assert outputs["cluster"] == PREFIX and outputs["service"] == "shop-api"
    assert outputs["secrets_to_fill"] == [f"{PREFIX}/SECRET_KEY"] and outputs["registry"].endswith(f"/{PREFIX}")
    state = (where / "terraform.tfstate.d" / "development" / "terraform.tfstate").read_text()
    password, address = secrets(cloud, f"{PREFIX}/database-password", f"{PREFIX}/DATABASE_URL")
    assert len(password) == 40 and f"://app:{password}@" in address
    assert password not in state, "the password of the database stands in the state"
    planned = terraform(where, cloud, "plan", *VALUES, "-var", "image_tag=v1")
    assert (" 0 to add" in planned and " 0 to destroy" in planned) or "No changes" in planned
    assert "Destroy complete!" in terraform(where, cloud, "destroy", "-auto-approve", *VALUES, "-var", "image_tag=v1")


@pytest.mark.terraform
def test_terraform_makes_a_group_of_machines_and_removes_it(tmp_path: Path, cloud: dict[str, str]) -> None:
    where = prepared(tmp_path, cloud, "server", (), "ec2")
    with (where / "override.tf").open("a") as override:  # MiniStack starts no machines: waiting for them would only take time
        override.write('resource "aws_autoscaling_group" "app" {\n  force_delete = true\n  wait_for_capacity_timeout = "0"\n}\n')
    said = terraform(where, cloud, "apply", "-auto-approve", *VALUES, "-var", "image_tag=v1")
    assert "0 changed, 0 destroyed" in said
    state = json.loads(terraform(where, cloud, "show", "-json"))["values"]["root_module"]["resources"]
    (template,) = [one["values"] for one in state if one["type"] == "aws_launch_template"]
    words = carried_out(tmp_path / "machine", base64.b64decode(template["user_data"]).decode())
    assert words[-1].endswith(f"/{PREFIX}:v1") and any(word.startswith("SECRET_KEY=value of arn:aws:") for word in words)
    assert template["metadata_options"][0]["http_tokens"] == "required"
    made = base64.b64decode(template["user_data"])
    deployed = base64.b64encode(made.replace(b":v1'", b":v2'")).decode()
    sdk(cloud, "-c", _NEW_VERSION, PREFIX, deployed)
    terraform(where, cloud, "plan", *VALUES, "-var", "image_tag=v2", "-out=next")
    changes = json.loads(terraform(where, cloud, "show", "-json", "next"))["resource_changes"]
    # MiniStack forgets security groups, so there is something to change in it; what the deploy script changed is as it should be.
    (change,) = [one["change"] for one in changes if one["type"] == "aws_launch_template"]
    for name in ("user_data", "image_id", "description"):
        assert change["before"][name] == change["after"][name], name
    assert change["after"]["user_data"] == deployed != template["user_data"]
    assert "Destroy complete!" in terraform(where, cloud, "destroy", "-auto-approve", *VALUES, "-var", "image_tag=v1")


@pytest.mark.terraform
def test_terraform_makes_a_function_leaves_releases_alone_and_removes_it(tmp_path: Path, cloud: dict[str, str]) -> None:
    where = prepared(tmp_path, cloud, "server", (), "lambda")
    before = terraform(where, cloud, "apply", "-auto-approve", *VALUES)
    assert "0 changed, 0 destroyed" in before
    made = terraform(where, cloud, "apply", "-auto-approve", *VALUES, "-var", "image_tag=v1")
    assert "7 added" in made and "0 destroyed" in made
    outputs = {name: one["value"] for name, one in json.loads(terraform(where, cloud, "output", "-json")).items()}
    assert outputs["service"] == PREFIX and outputs["url"].startswith("http")
    assert outputs["secrets_to_fill"] == [f"{PREFIX}/SECRET_KEY"]
    function, live = json.loads(sdk(cloud, "-c", _RELEASED, PREFIX))
    assert function["PackageType"] == "Image" and function["LoggingConfig"]["LogGroup"] == outputs["log_group"]
    assert "SECRET_KEY" not in function["Environment"]["Variables"], "secrets come with a release"
    assert live == "2"
    planned = terraform(where, cloud, "plan", *VALUES, "-var", "image_tag=v1")
    assert "No changes" in planned, "what a release moved stays where it is"
    assert "Destroy complete!" in terraform(where, cloud, "destroy", "-auto-approve", *VALUES, "-var", "image_tag=v1")


_RELEASED = """
import boto3, json, sys
client, name = boto3.client("lambda"), sys.argv[1]
client.update_function_configuration(FunctionName=name, Description="another")
version = client.publish_version(FunctionName=name)["Version"]
client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
client.update_function_configuration(FunctionName=name, Description="")
print(json.dumps([client.get_function_configuration(FunctionName=name), version]))
"""


@pytest.mark.terraform
def test_terraform_makes_a_site_and_keeps_environments_apart(tmp_path: Path, cloud: dict[str, str]) -> None:
    where = prepared(tmp_path, cloud, "site", ())
    mixed = subprocess.run(
        ["terraform", "plan", "-input=false", "-no-color", "-var-file=environments/production.tfvars"],
        cwd=where, env=cloud, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert mixed.returncode != 0 and "Select the workspace first" in mixed.stderr
    terraform(where, cloud, "apply", "-auto-approve", *VALUES)
    outputs = {name: one["value"] for name, one in json.loads(terraform(where, cloud, "output", "-json")).items()}
    assert outputs["bucket"].startswith(f"{PREFIX}-site-") and outputs["url"].startswith("https://")


_NEW_VERSION = """
import boto3, sys
data = {"UserData": sys.argv[2]}
boto3.client("ec2").create_launch_template_version(LaunchTemplateName=sys.argv[1], SourceVersion="1", LaunchTemplateData=data)
"""
_READ_SECRETS = """
import boto3, json, sys
client = boto3.client("secretsmanager")
print(json.dumps([client.get_secret_value(SecretId=name)["SecretString"] for name in sys.argv[1:]]))
"""


def secrets(environment: Mapping[str, str], *names: str) -> list[str]:
    found = json.loads(sdk(environment, "-c", _READ_SECRETS, *names))
    assert isinstance(found, list)
    return found


def sdk(environment: Mapping[str, str], *arguments: str) -> str:
    """Python with boto3: the one beside MiniStack."""
    program = Path(ministack() or "").resolve().parent / "python"
    done = subprocess.run([str(program), *arguments], env={**environment}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("kind", "services", "compute"),
    [
        ("server", ("postgresql", "s3"), "fargate"),
        ("node", (), "fargate"),
        ("spa", (), "fargate"),
        ("site", (), "fargate"),
        ("server", (), "ec2"),
        ("server", ("postgresql", "s3"), "lambda"),
        ("server", (), "lambda"),
    ],
)
def test_cloudformation_makes_the_stack_and_deletes_it(
    tmp_path: Path, cloud: dict[str, str], kind: str, services: tuple[str, ...], compute: str
) -> None:
    where = written(tmp_path, "cloudformation", kind, services, "infra/cloudformation", compute)
    # Known deviation of MiniStack 1.5.33: it takes a Number parameter for text where ECS wants a count.
    template = (where / "template.yaml").read_text().replace("DesiredCount: !Ref MinCopies", "DesiredCount: 1")
    values = json.loads((where / "parameters" / "development.json").read_text())["Parameters"]
    server, small = kind in ("server", "node"), compute == "lambda" and not services
    (tmp_path / "template").write_text(template)
    (tmp_path / "values").write_text(json.dumps(values | ({"ImageTag": "v1"} if server else {})))
    answer = json.loads(sdk(cloud, str(Path(__file__).with_name("stack.py")), str(tmp_path / "template"), str(tmp_path / "values")))
    assert answer["status"] == "CREATE_COMPLETE" and not answer["failed"], answer
    assert answer["changes"] >= (25 if server and not small else 4) and answer["left"] == ""
    assert answer["outputs"]["Url"].startswith("http://" if server else "https://")
    if services:
        password, address = (answer["secrets"][f"{values['Name']}/{name}"] for name in ("database-password", "DATABASE_URL"))
        assert password and f"://app:{password}@" in address and "resolve" not in address
        assert f"{values['Name']}/SECRET_KEY" in answer["secrets"]
