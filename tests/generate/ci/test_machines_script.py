"""The script for machines of EC2 is really run: by the AWS CLI, against MiniStack, in the stack of the generated template.

MiniStack starts no machines and holds no images without an engine; what it says of those comes from a double.
"""

from __future__ import annotations

import base64
import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploydeck.generate.ci import DEPLOY_SCRIPT
from tests.conftest import aws_cli, ministack
from tests.doubles import ministack as double
from tests.generate.ci.test_pipelines import made_from
from tests.generate.ci.test_site_script import aws
from tests.generate.infrastructure.test_compute import carried_out
from tests.generate.samples import flask_pip, write

pytestmark = [pytest.mark.cloud, pytest.mark.jq, pytest.mark.slow, pytest.mark.timeout(900)]

DOCKER = """#!/bin/sh
echo "$*" >> "$DOCKER_SAID"
case "$1" in
  login) cat > /dev/null ;;
  push) "$EDIT" "$3" ;;
esac
"""
"""Notes what it was asked; what is pushed is in the registry from then on."""
EDIT = """#!/bin/sh
jq --arg tag "${1##*:}" '.images += [$tag]' "$REFRESHES" > "$REFRESHES.new" && mv "$REFRESHES.new" "$REFRESHES"
"""
EMPTY: dict[str, Any] = {"outcomes": [], "refreshes": [], "asked": [], "rolled_back": 0, "used": "", "images": [], "gone": []}


class World:
    """MiniStack with the program's stack, the double before it, and the script."""

    def __init__(self, root: Path, cloud: dict[str, str]) -> None:
        real = aws_cli()
        assert real is not None
        self.root, self.real = root, {**cloud, "PATH": f"{Path(real).parent}:{cloud['PATH']}", "AWS_PAGER": ""}
        over = {
            "generate": {"ci": ["github"], "infrastructure": ["cloudformation"]},
            "cloud": {"provider": "aws", "compute": "ec2"},
            "health": {"deadline_s": 4},
        }
        write(root, {path: file.content for path, file in made_from(flask_pip(root / "project"), over).items()})
        python = Path(ministack() or "").resolve().parent / "python"
        front = Path(__file__).parents[2] / "doubles" / "refreshes.py"
        write(
            root,
            {
                "programs/aws": f'#!/bin/sh\nexec "{python}" "{front}" "{real}" "$@"\n',
                "programs/docker": DOCKER,
                "programs/edit": EDIT,
                "programs/sleep": "#!/bin/sh\n",
                "refreshes.json": json.dumps(EMPTY),
            },
        )
        for one in (root / "programs").iterdir():
            one.chmod(stat.S_IRWXU)
        (root / "tmp").mkdir()
        self.values = json.loads((root / "infra/cloudformation/parameters/development.json").read_text())["Parameters"]
        self.name = self.values["Name"]

    def infrastructure(self, tag: str) -> None:
        values = {**self.values, "ImageTag": tag}
        template = str(self.root / "infra/cloudformation/template.yaml")
        stack = ("--stack-name", self.name, "--template-file", template, "--capabilities", "CAPABILITY_IAM")
        aws(
            self.real,
            "cloudformation",
            "deploy",
            *stack,
            "--parameter-overrides",
            *(f"{key}={value}" for key, value in values.items()),
        )

    def doubled(self, **over: Any) -> dict[str, Any]:
        path = self.root / "refreshes.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **over}))
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def deploy(self, tag: str, **over: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **self.real,
            "PATH": f"{self.root / 'programs'}:{self.real['PATH']}",
            "TMPDIR": str(self.root / "tmp"),
            "REFRESHES": str(self.root / "refreshes.json"),
            "DOCKER_SAID": str(self.root / "said"),
            "EDIT": str(self.root / "programs" / "edit"),
            "IMAGE": "ghcr.io/acme/shop@sha256:00",
            "TAG": tag,
            "NAME": self.name,
            **over,
        }
        done = subprocess.run(
            ["sh", str(self.root / DEPLOY_SCRIPT)], env=environment, capture_output=True, text=True, timeout=400, check=False
        )
        assert not list((self.root / "tmp").iterdir())
        return done

    def versions(self) -> dict[str, str]:
        """The setup of a machine in each version of the launch template."""
        told = ("ec2", "describe-launch-template-versions", "--launch-template-name", self.name, "--output", "json")
        found = json.loads(aws(self.real, *told))["LaunchTemplateVersions"]
        return {str(one["VersionNumber"]): base64.b64decode(one["LaunchTemplateData"]["UserData"]).decode() for one in found}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    program = ministack()
    assert program is not None
    (tmp_path / "cloud").mkdir()
    with double.running(program, tmp_path / "cloud") as environment:
        yield World(tmp_path, environment)


def test_machines_get_their_image_and_go_back(tmp_path: Path, world: World) -> None:
    missing = world.deploy("v1", TAG="")
    assert missing.returncode != 0 and "TAG" in missing.stderr

    world.infrastructure("")
    first = world.deploy("v1")
    assert first.returncode == 1 and "There are no machines yet: apply the infrastructure with the image tag v1" in first.stderr
    said = (tmp_path / "said").read_text().splitlines()
    assert [line.split()[0] for line in said] == ["login", "pull", "tag", "push"]
    assert said[-1].endswith(f"/{world.name}:v1") and world.doubled()["images"] == ["v1"]

    world.infrastructure("v1")
    done = world.deploy("v2.0_x-y")
    assert done.returncode == 1, "without an outcome the refresh goes on until it is told to go back"
    assert world.doubled()["rolled_back"] == 1 and world.doubled()["gone"] == ["2"]
    assert "ELB says that it is unhealthy" in done.stderr and "new machines did not become healthy" in done.stderr
    assert f"{world.name}:v1 runs again" in done.stderr

    world.doubled(outcomes=["Pending", "InProgress", "InProgress", "Successful"])
    done = world.deploy("v2.0_x-y")
    assert done.returncode == 0, done.stdout + done.stderr
    request = world.doubled()["asked"][-1]
    assert request["Preferences"] == {
        "MinHealthyPercentage": 100, "MaxHealthyPercentage": 200, "AutoRollback": True, "SkipMatching": True,
    }  # fmt: skip
    assert request["DesiredConfiguration"]["LaunchTemplate"]["Version"] == world.doubled()["used"] == "3"
    versions = world.versions()
    assert versions["3"] == versions["1"].replace(f"/{world.name}:v1'", f"/{world.name}:v2.0_x-y'") != versions["1"]
    assert carried_out(tmp_path / "machine", versions["3"])[-1].endswith(f"/{world.name}:v2.0_x-y")

    again = world.deploy("v2.0_x-y")
    assert again.returncode == 0 and "already" in again.stdout and len(world.doubled()["asked"]) == 2

    for outcome, told in (
        ("RollbackSuccessful", "v2.0_x-y runs again"),
        ("RollbackFailed", "may run beside"),
        ("Failed", "may run beside"),
        ("Cancelled", "may run beside"),
    ):
        world.doubled(outcomes=["InProgress", outcome], gone=[])
        failed = world.deploy("v3")
        assert failed.returncode == 1 and told in failed.stderr, failed.stderr
        assert bool(world.doubled()["gone"]) == (outcome == "RollbackSuccessful")
        assert world.doubled()["used"] == "3"

    busy = world.doubled()["refreshes"]
    number = len(world.versions())
    for status in ("InProgress", "RollbackInProgress"):
        world.doubled(outcomes=[], refreshes=[{"InstanceRefreshId": "r-0", "Status": status}, *busy])
        refused = world.deploy("v3")
        assert refused.returncode == 1 and "being replaced already" in refused.stderr
    assert len(world.versions()) == number
    world.doubled(refreshes=busy)

    changed = json.dumps({"UserData": base64.b64encode(b"#!/bin/sh\necho ours\n").decode()})
    template = ("--launch-template-name", world.name)
    aws(world.real, "ec2", "create-launch-template-version", *template, "--source-version", "3", "--launch-template-data", changed)
    world.doubled(used=str(number + 1))
    strange = world.deploy("v3")
    assert strange.returncode == 1 and "names no image" in strange.stderr and len(world.versions()) == number + 1

    world.doubled(used="3")
    (group,) = json.loads(aws(world.real, "autoscaling", "describe-auto-scaling-groups", "--output", "json"))["AutoScalingGroups"]
    second = f"LaunchTemplateId={group['LaunchTemplate']['LaunchTemplateId']},Version=1"
    size = ("--min-size", "0", "--max-size", "0", "--availability-zones", "us-east-1a")
    aws(
        world.real, "autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "b", "--launch-template", second, *size
    )
    replaced = world.deploy("v3")
    assert replaced.returncode == 1 and "being replaced already" in replaced.stderr
