"""The scripts for apps and containers of Azure are really run, with a double of the Azure CLI: there is no Azure to run them in."""

from __future__ import annotations

import copy
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploydeck.generate.ci import DEPLOY_SCRIPT
from tests.doubles import azure
from tests.generate.ci.test_pipelines import made_from
from tests.generate.infrastructure.cases import profile_of
from tests.generate.samples import write

pytestmark = [pytest.mark.jq, pytest.mark.timeout(120)]

NAME = "shop-production"
PASSWORD = "registry-password-1"
SECRETS = {"SECRET-KEY": "secret-value-1", "DATABASE-URL": "secret-value-2"}
HEALTH_PATH = "/it's/$(touch${IFS}pwned)/ok"
HOSTILE = {
    "PLAIN": "on trial",
    "BRACKETS": "[parameters('SECRET_KEY')]",
    "OPENED": "[note] as it is",
    "DOUBLED": "[[x]",
    "EMPTY": "",
    "QUOTES": "a'b\"c $(id) `id` \\ END",
    "LINES": "one\nEND\ntwo",
}
Deploy = Callable[..., subprocess.CompletedProcess[str]]


def group(private: bool = False) -> dict[str, Any]:
    """A container group as the infrastructure makes it."""
    base = f"{azure.group_id(NAME)}/providers"
    identity = f"{base}/Microsoft.ManagedIdentity/userAssignedIdentities/{NAME}"
    probe = {"httpGet": {"path": HEALTH_PATH, "port": 8000, "scheme": "http"}, "periodSeconds": 15, "failureThreshold": 3}
    variables = [*({"name": name, "value": value} for name, value in HOSTILE.items())]
    variables += [{"name": name.replace("-", "_"), "secureValue": value} for name, value in SECRETS.items()]
    container = {
        "image": f"{azure.SERVER}/shop-api:v1",
        "resources": {"requests": {"cpu": 1.0, "memoryInGB": 1.5}},
        "ports": [{"port": 8000, "protocol": "TCP"}],
        "environmentVariables": variables,
        "readinessProbe": probe,
        "livenessProbe": {**probe, "initialDelaySeconds": 60},
    }
    address: dict[str, Any] = {"type": "Private"} if private else {"type": "Public", "dnsNameLabel": f"{NAME}-x1"}
    properties: dict[str, Any] = {
        "sku": "Standard",
        "osType": "Linux",
        "restartPolicy": "Always",
        "imageRegistryCredentials": [{"server": azure.SERVER, "identity": identity}],
        "ipAddress": {**address, "ports": [{"port": 8000, "protocol": "TCP"}]},
        "diagnostics": {
            "logAnalytics": {"logType": "ContainerInstanceLogs", "workspaceId": "w1", "workspaceKey": azure.WORKSPACE_KEY}
        },
        "containers": [{"name": "shop-api", "properties": container}],
    }
    if private:
        properties["subnetIds"] = [{"id": f"{base}/Microsoft.Network/virtualNetworks/{NAME}/subnets/service"}]
    return {
        "id": f"{base}/{azure.GROUP_TYPE}/{NAME}",
        "type": azure.GROUP_TYPE,
        "name": NAME,
        "location": "eastus",
        "tags": {"app": "shop-api", "[note]": "[kept]"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": properties,
    }


class World:
    """What the double of Azure holds, and the script that is run in it."""

    def __init__(self, root: Path, compute: str, services: tuple[str, ...] = ()) -> None:
        self.root, self.path = root, root / "world.json"
        over = {
            "generate": {"ci": ["github"], "infrastructure": ["terraform"]},
            "cloud": {"provider": "azure", "compute": compute},
            "app": {"health_path": HEALTH_PATH},
            "health": {"deadline_s": 4},
        }
        script = made_from(profile_of(root / "project", "server", services), over)[DEPLOY_SCRIPT].content
        program = f'#!/bin/sh\nexec "{sys.executable}" -S "{azure.__file__}"'
        write(
            root,
            {
                "deploy.sh": script,
                **{f"programs/{name}": f'{program} {name} "$@"\n' for name in ("az", "curl")},
                "programs/sleep": "#!/bin/sh\nexec /bin/sleep 0.05\n",
            },
        )
        for one in (root / "programs").iterdir():
            one.chmod(stat.S_IRWXU)
        (root / "tmp").mkdir()
        kind = "functionapp" if compute == "functions" else "webapp"
        self.set(
            {"name": NAME, "kind": kind, "images": [], "fx": "", "running": "", "group": None, "down": False, "said": []}
            | {"secrets": SECRETS, "opened": True, "broken": []}
        )

    def set(self, over: dict[str, Any]) -> None:
        self.path.write_text(json.dumps((self.now() if self.path.exists() else {}) | over))

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def deploy(self, tag: str, **over: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{self.root / 'programs'}:{os.environ['PATH']}",
            "AZURE_WORLD": str(self.path),
            "TMPDIR": str(self.root / "tmp"),
            "IMAGE": f"ghcr.io/acme/shop@sha256:{'0' * 64}",
            "TAG": tag,
            "NAME": NAME,
            "REGISTRY_USER": "acme",
            "REGISTRY_PASSWORD": PASSWORD,
            **over,
        }
        done = subprocess.run(
            ["sh", str(self.root / "deploy.sh")],
            cwd=self.root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        seen = done.stdout + done.stderr + json.dumps(self.now()["said"])
        assert not [secret for secret in (PASSWORD, *SECRETS.values(), azure.WORKSPACE_KEY) if secret in seen]
        assert not list((self.root / "tmp").iterdir()), "what it wrote is gone"
        assert not list(self.root.rglob("pwned*"))
        return done


@pytest.mark.parametrize("compute", ["app-service", "functions"])
def test_an_app_gets_its_image_and_goes_back(tmp_path: Path, compute: str) -> None:
    world = World(tmp_path, compute)
    command = "functionapp" if compute == "functions" else "webapp"
    missing = world.deploy("v1", TAG="")
    assert missing.returncode != 0 and "TAG" in missing.stderr and world.now()["said"] == []

    first = world.deploy("v1")
    assert first.returncode == 1 and "There is no app yet: apply the infrastructure with the image tag v1" in first.stderr
    assert world.now()["images"] == ["v1"]

    fx = f"DOCKER|{azure.SERVER}/shop-api:v1"
    world.set({"fx": fx, "running": fx})
    done = world.deploy("v2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.now()["running"] == world.now()["fx"] == fx.replace("v1", "v2")
    assert world.now()["asked"] == f"https://{azure.APP}.azurewebsites.net{HEALTH_PATH}"
    assert {words[1] for words in world.now()["said"] if words[0] == "az"} == {"acr", command}

    world.set({"broken": ["v3"]})
    broken = world.deploy("v3")
    assert broken.returncode == 1 and "v2 runs again" in broken.stderr
    assert world.now()["running"] == world.now()["fx"] == fx.replace("v1", "v2")


@pytest.mark.parametrize("private", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["public", "private"])
def test_a_container_gets_its_image_and_goes_back(tmp_path: Path, private: bool) -> None:
    world = World(tmp_path, "container-instances", ("postgresql",) if private else ())
    missing = world.deploy("v1", REGISTRY_PASSWORD="")
    assert missing.returncode != 0 and "REGISTRY_PASSWORD" in missing.stderr and world.now()["said"] == []

    first = world.deploy("v1")
    assert first.returncode == 1 and "There is no container yet: apply the infrastructure with the image tag v1" in first.stderr

    before = group(private)
    world.set({"group": before})
    done = world.deploy("v2")
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = copy.deepcopy(before)
    wanted["properties"]["containers"][0]["properties"]["image"] = f"{azure.SERVER}/shop-api:v2"
    assert world.now()["group"] == wanted, "another image and nothing else, secrets and hostile values as they were"
    said = done.stdout.splitlines()
    assert "does not answer until the new one is up" in said[0]
    seconds = int(said[1].partition("did not answer for ")[2].split()[0])
    assert 1 <= seconds <= 30 if not private else seconds <= 30
    if private:
        assert "asked" not in world.now(), "there is no address to ask"
    else:
        assert world.now()["asked"] == f"http://{NAME}-x1.eastus.azurecontainer.io:8000{HEALTH_PATH}"

    again = world.deploy("v2")
    assert again.returncode == 0 and "Nothing was changed" in again.stdout
    assert sum(words[1:4] == ["deployment", "group", "create"] for words in world.now()["said"]) == 1

    world.set({"broken": ["v3"]})
    broken = world.deploy("v3")
    assert broken.returncode == 1 and "shop-api:v2 runs again" in broken.stderr
    assert "Unhealthy: Readiness probe failed" in broken.stderr
    assert world.now()["group"] == wanted

    world.set({"broken": ["v2", "v3"]})
    lost = world.deploy("v3")
    assert lost.returncode == 1 and "did not come back either" in lost.stderr


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"secrets": {"SECRET-KEY": "secret-value-1"}}, "DATABASE-URL does not exist"),
        ({"opened": False}, "KeyVaultParameterReferenceAuthorizationFailed"),
        ({"volume": {"name": "files", "azureFile": {"shareName": "s", "storageAccountName": "a"}}}, "the volume files"),
        ({"login": {"server": "ghcr.io", "username": "acme"}}, "the login to ghcr.io"),
        ({"container": "other"}, "it has no container shop-api"),
    ],
)
def test_what_cannot_be_made_again_is_left_alone(tmp_path: Path, over: dict[str, Any], said: str) -> None:
    world = World(tmp_path, "container-instances")
    before = group()
    if "volume" in over:
        before["properties"]["volumes"] = [over["volume"]]
    if "login" in over:
        before["properties"]["imageRegistryCredentials"].append(over["login"])
    if "container" in over:
        before["properties"]["containers"][0]["name"] = over["container"]
    world.set({"group": before, **{name: value for name, value in over.items() if name in ("secrets", "opened")}})
    refused = world.deploy("v2")
    assert refused.returncode == 1 and said in refused.stderr and "Nothing was changed" in refused.stderr
    assert world.now()["group"] == before


def test_a_container_whose_image_is_not_found_gets_the_one_before(tmp_path: Path) -> None:
    world = World(tmp_path, "container-instances")
    world.set({"group": group(), "images": ["v1"]})
    (tmp_path / "programs" / "az").write_text(
        (tmp_path / "programs" / "az").read_text().replace("exec", 'case "$2" in import) exit 0;; esac\nexec')
    )
    refused = world.deploy("v9")
    assert refused.returncode == 1 and "InaccessibleImage" in refused.stderr and "shop-api:v1 runs again" in refused.stderr
    assert world.now()["group"] == group()
