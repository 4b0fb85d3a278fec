"""Infrastructure as code and Kubernetes manifests, wherever in the tree they are; what they say of ports, checks and variables.

The kind of a YAML or JSON file with a common name shows only in what it holds: those say it with a `config` fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.names import not_the_program
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, table
from deploydeck.scan.parsers.places import Placed, documents
from deploydeck.scan.rules.names import is_secret

_KUBERNETES = re.compile(rb"^apiVersion:\s{0,20}[\"']?[a-z0-9.]{1,80}(?:/v\d|v\d|/)?", re.MULTILINE)
_KIND = re.compile(rb"^kind:\s{0,20}[\"']?([A-Z][A-Za-z]{2,60})", re.MULTILINE)
_CLOUDFORMATION = re.compile(
    rb"^AWSTemplateFormatVersion:|^Transform:\s{0,10}[\"']?AWS::|^\s{2,8}Type:\s{0,10}[\"']?AWS::[A-Za-z0-9]{1,40}::", re.MULTILINE
)
_SAM = re.compile(rb"AWS::Serverless")
_ANSIBLE = re.compile(
    rb"^-\s{1,5}(?:name:[^\n]{0,200}\n\s{1,10})?(?:hosts|ansible\.builtin\.import_playbook|import_playbook):", re.MULTILINE
)
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Rollout"})
_ARM = re.compile(
    rb"schema\.management\.azure\.com/schemas/[0-9-]{1,12}/(?:deploymentTemplate|deploymentParameters|subscriptionDeployment)",
    re.IGNORECASE,
)


def listed(file: str, data: bytes) -> Iterator[Found]:
    """Nothing: the file is listed."""
    yield from ()


def kind_of(file: str, data: bytes) -> str:
    """The kind of a YAML or JSON file by what it holds; "" for anything else."""
    name = file.rpartition("/")[2]
    head = data[:200_000]
    if name.endswith(".json"):
        if _ARM.search(head):
            return "arm"
        return "cloudformation" if b"AWSTemplateFormatVersion" in head and b"Resources" in head else ""
    if _KUBERNETES.search(head) and (kind := _KIND.search(head)):
        if kind[1] in {b"Kustomization", b"Component"}:
            return "kustomize"
        return "skaffold" if kind[1] == b"Config" and b"apiVersion: skaffold" in head else "kubernetes"
    if b"AWS::" in head and _CLOUDFORMATION.search(head):
        return "sam" if _SAM.search(head) else "cloudformation"
    return "ansible" if _ANSIBLE.search(head) else ""


def by_content(file: str, data: bytes) -> Iterator[Found]:
    """A YAML or JSON file with a common name: `config`, and what a Kubernetes workload says of the program."""
    kind = kind_of(file, data)
    if kind:
        yield Found("config", kind, "", file, 1)
    if kind == "kubernetes" and b"containers:" in data and b"{{" not in data and not not_the_program(file):
        yield from workloads(file, data)


def workloads(file: str, data: bytes) -> Iterator[Found]:
    """Ports, probes, variables and images of the containers of a manifest."""
    text = Text(data)
    placed = Placed(file, text, "kubernetes")
    for _, document in documents(text):
        one = table(document)
        if one.get("kind") in _WORKLOADS:
            spec = table(one.get("spec"))
            pod = table(table(spec.get("template")).get("spec")) or spec
            for container in items(pod.get("containers"))[:10]:
                yield from _container(placed, table(container))


def _container(placed: Placed, container: dict[str, Any]) -> Iterator[Found]:
    image = container.get("image")
    name = str(container.get("name", ""))
    if isinstance(image, str) and image:
        yield placed.found("service-image", image, name, (image,))
        if is_service(image):
            return
    for port in items(container.get("ports")):
        number = table(port).get("containerPort")
        if (
            isinstance(number, str)
            and re.fullmatch(r"[0-9]{2,5}", number)
            and table(port).get("name") not in {"metrics", "admin", "debug"}
        ):
            yield placed.found("expose", number, "Kubernetes", (name, "containerPort") if name else ("containerPort",))
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        path = table(table(container.get(probe)).get("httpGet")).get("path")
        if isinstance(path, str) and path.startswith("/"):
            yield placed.found("platform-health", path, "", (probe, "path"))
    for entry in items(container.get("env"))[:200]:
        key, value = table(entry).get("name"), table(entry).get("value")
        if isinstance(key, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", key):
            plain = value if isinstance(value, str) else ""
            if key == "PORT" and re.fullmatch(r"[0-9]{2,5}", plain):
                yield placed.found("platform-port", plain, "", (key,))
            scheme = re.match(r"[a-z][a-z0-9+.-]{1,20}://", plain)
            kept = scheme[0] if scheme else "" if is_secret(key) else plain
            yield placed.variable(key, kept, ("env",), frozenset({"kubernetes", "valued"} if plain else {"kubernetes"}))


def is_service(image: str) -> bool:
    """Whether an image is a service beside the program."""
    from deploydeck.scan.parsers.images import base_name
    from deploydeck.scan.rules.services import IMAGES

    return bool(IMAGES.get(base_name(image)))


def terraform(file: str, data: bytes) -> Iterator[Found]:
    """Managed services that a Terraform file makes."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.match(
            r'^\s{0,4}engine\s{1,20}=\s{0,5}"(postgres|mysql|mariadb|aurora-postgresql|aurora-mysql|redis|valkey|memcached|sqlserver-[a-z]{2})"',
            line,
        ):
            engine = match[1].removeprefix("aurora-")
            service = {"postgres": "postgresql", "mariadb": "mysql", "valkey": "redis"}.get(
                engine, "mssql" if engine.startswith("sqlserver") else engine
            )
            yield Found("datasource", service, "terraform", file, number, line, "terraform", frozenset({"weak"}))


_KINDS: dict[str, tuple[str, ...]] = {
    "terragrunt": ("terragrunt.hcl",),
    "pulumi": ("Pulumi.yaml", "Pulumi.yml"),
    "cdk": ("cdk.json",),
    "cdktf": ("cdktf.json",),
    "helm": ("Chart.yaml", "Chart.yml", "helmfile.yaml", "helmfile.yml"),
    "kustomize": ("kustomization.yaml", "kustomization.yml", "Kustomization"),
    "skaffold": ("skaffold.yaml", "skaffold.yml"),
    "tilt": ("Tiltfile",),
    "docker-bake": ("docker-bake.hcl", "docker-bake.json"),
    "ansible": ("ansible.cfg", "playbook.yml", "playbook.yaml", "galaxy.yml"),
    "sam": ("samconfig.toml",),
    "vagrant": ("Vagrantfile",),
    "packer": ("packer.json",),
    "werf": ("werf.yaml", "werf.yml"),
    "garden": ("garden.yml", "garden.yaml"),
    "okteto": ("okteto.yml", "okteto.yaml"),
    "devspace": ("devspace.yaml",),
    "acorn": ("Acornfile",),
    "draft": ("draft.toml",),
}  # fmt: skip

PARSERS: tuple[Parser, ...] = (
    *(Parser(name, listed, anywhere=True, config_kind=kind) for kind, names in _KINDS.items() for name in names),
    Parser("*.tf", terraform, "text", anywhere=True, config_kind="terraform"),
    Parser("*.tofu", terraform, "text", anywhere=True, config_kind="terraform"),
    Parser("*.bicep", listed, "text", anywhere=True, config_kind="bicep"),
    Parser("*.nomad", listed, "text", anywhere=True, config_kind="nomad"),
    Parser("*.yaml", by_content, "text", anywhere=True),
    Parser("*.yml", by_content, "text", anywhere=True),
    *(
        Parser(name, by_content)
        for name in ("azuredeploy.json", "template.json", "main.json", "infra/main.json", "infra/template.json",
        "arm/template.json", "arm/azuredeploy.json",
                     "deploy/azuredeploy.json", "infra/azuredeploy.json", "templates/azuredeploy.json", "cloudformation.json",
                     "cloudformation/template.json",
                     "cfn/template.json")
    ),
)  # fmt: skip
