"""What a generated infrastructure file says about the program, in one form for all languages, so that files can be compared."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

Facts = dict[str, Any]
"""Any of: app, port, health_path (as written), variables and secrets (sets of names), name (prefix of resources), environment."""


def facts_of(path: str, content: str) -> Facts:
    """The facts of one file; empty for a file that says none. Raises what the parser of its format raises."""
    name = path.rsplit("/", 1)[-1]
    if path.startswith("infra/terraform/"):
        return _tfvars(content) if name.endswith(".tfvars") else _terraform(content)
    if path.startswith("infra/cloudformation/"):
        return _template(content) if name == "template.yaml" else _parameters(json.loads(content)["Parameters"])
    if path.startswith("infra/arm/"):
        document = json.loads(content)
        return _arm(document) if name == "azuredeploy.json" else _arm_parameters(document["parameters"])
    return {}


# --- Terraform ----------------------------------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(r'^\s*(?P<name>\w+)\s+= (?P<value>"(?:[^"\\]|\\.)*"|\S+),?$', re.MULTILINE)


def text_of(literal: str) -> str:
    """The text of a quoted HCL literal."""
    plain = re.sub(r"([$%])\1\{", r"\1{", literal[1:-1])
    plain = re.sub(r"\\U([0-9a-f]{8})", lambda match: chr(int(match[1], 16)), plain)
    return str(json.loads(f'"{plain}"'))


def _terraform(content: str) -> Facts:
    found: Facts = {}
    values = {match["name"]: match["value"] for match in reversed(list(_ATTRIBUTE.finditer(content)))}  # the first of a name counts
    if content.startswith("#") and "required_providers" in content:
        named = (match["value"] for match in _ATTRIBUTE.finditer(content) if match["name"] == "app")
        found["app"] = text_of(next(value for value in named if value.startswith('"')))  # the others refer to it
        if "health_path" in values:
            found |= {"port": int(values["port"]), "health_path": text_of(values["health_path"])}
    if "locals {" in content and "variables" in content:
        found["variables"] = set(re.findall(r"^      ([A-Za-z_]\w*)\s+= (?!aws_secretsmanager)", content, re.MULTILINE))
        listed = re.search(r"secret_names = concat\(var.secrets, \[(.*)\]\)", content)
        found["secrets"] = set(re.findall(r"^      ([A-Za-z_]\w*)\s+= aws_secretsmanager", content, re.MULTILINE))
        found["secrets"] |= set(re.findall(r'"([^"]+)"', listed[1])) if listed else set()
    listed = re.search(r'"aws_secretsmanager_secret" "database" \{\n  for_each +?= toset\(\[(.*?)\]\)', content)
    if listed:
        found["secrets"] = set(re.findall(r'"([^"]+)"', listed[1]))
    return found


def _tfvars(content: str) -> Facts:
    values = {match["name"]: match["value"] for match in _ATTRIBUTE.finditer(content.split("\n\n", 1)[0])}
    variables = re.search(r"^variables = \{\n(.*?)^\}", content, re.MULTILINE | re.DOTALL)
    secrets = re.search(r"^secrets = \[\n(.*?)^\]", content, re.MULTILINE | re.DOTALL)
    return {
        "environment": text_of(values["environment"]),
        "name": text_of(values["name"]),
        "values": {match["name"]: match["value"] for match in _ATTRIBUTE.finditer(variables[1])} if variables else {},
        "variables": {match["name"] for match in _ATTRIBUTE.finditer(variables[1])} if variables else set(),
        "secrets": {text_of(line.strip().rstrip(",")) for line in secrets[1].splitlines()} if secrets else set(),
    }


# --- CloudFormation -----------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation: `!Ref X` as {"Ref": X}."""


def _function(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def load_template(content: str) -> dict[str, Any]:
    """A CloudFormation template as plain values."""
    document = yaml.load(content, Loader=_Loader)
    assert isinstance(document, dict)
    return document


def _template(content: str) -> Facts:
    resources = load_template(content)["Resources"]
    if "LaunchTemplate" in resources:
        return _machine(resources)
    if "Function" in resources:
        return _function_facts(resources)
    task = resources.get("Task")
    if task is None:
        return {}
    (container,) = task["Properties"]["ContainerDefinitions"]
    target = resources["TargetGroup"]["Properties"]
    ports = {container["PortMappings"][0]["ContainerPort"], target["Port"]}
    ports |= {one["ContainerPort"] for one in resources["Service"]["Properties"]["LoadBalancers"]}
    (port,) = ports
    return {
        "app": container["Name"],
        "port": port,
        "health_path": target["HealthCheckPath"],
        "variables": {_entry(one)["Name"] for one in container.get("Environment", [])},
        "secrets": {_entry(one)["Name"] for one in container.get("Secrets", [])},
    }


def _function_facts(resources: dict[str, Any]) -> Facts:
    """The function itself holds no secrets: the release that publishes a version gives it those of its name."""
    function = resources["Function"]["Properties"]
    variables = dict(function["Environment"]["Variables"])
    secrets = [one["Properties"]["Name"]["Sub"] for one in resources.values() if one["Type"] == "AWS::SecretsManager::Secret"]
    return {
        "app": next(tag["Value"] for tag in function["Tags"] if tag["Key"] == "app"),
        "port": int(variables.pop("AWS_LWA_PORT")),
        "health_path": variables.pop("AWS_LWA_READINESS_CHECK_PATH"),
        "variables": set(variables),
        "secrets": {name.removeprefix("${Name}/") for name in secrets} - {"database-password"},
    }


def shell_of(resources: dict[str, Any], values: dict[str, str] | None = None) -> str:
    """The setup of a machine; `values` stand in for what the template refers to, each condition is taken as true."""
    known = values or {}

    def text(one: Any) -> str:
        if isinstance(one, str):
            return one
        ((kind, inner),) = one.items()
        if kind == "If":
            return text(inner[1])
        if kind == "Ref":
            return known.get(str(inner), str(inner))
        assert kind == "Sub"
        put = re.sub(r"\$\{([^}!]+)\}", lambda match: known.get(match[1], match[1]), str(inner))
        return put.replace("${!", "${")

    data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    separator, parts = data["Fn::Base64"]["Join"]
    return str(separator).join(text(one) for one in parts)


def _machine(resources: dict[str, Any]) -> Facts:
    script, target = shell_of(resources), resources["TargetGroup"]["Properties"]
    (port,) = {int(number) for number in re.findall(r"--publish (\d+):\d+", script)} | {target["Port"]}
    (app,) = re.findall(r"docker run --detach --name (\S+)", script)
    return {
        "app": app,
        "port": port,
        "health_path": target["HealthCheckPath"],
        "variables": set(re.findall(r"^plain (\w+) <<", script, re.MULTILINE)),
        "secrets": set(re.findall(r"^secret (\w+) ", script, re.MULTILINE)),
    }


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    entry = one["If"][1] if "If" in one else one
    assert isinstance(entry, dict)
    return entry


def _parameters(values: dict[str, str]) -> Facts:
    return {"environment": values["Environment"], "name": values["Name"], "values": values}


# --- ARM ----------------------------------------------------------------------------------------------------------------------


def _arm(document: dict[str, Any]) -> Facts:
    variables = document["variables"]
    found: Facts = {"app": _plain(variables["app"])}
    if "port" in variables:
        found |= {"port": variables["port"], "health_path": _plain(variables["healthPath"])}
        inside = [one["properties"] for one in document["resources"] if one["type"] == "Microsoft.Resources/deployments"]
        if inside:
            (group,) = inside[0]["template"]["resources"]
            named = group["properties"]["containers"][0]["properties"]["environmentVariables"]
            return found | _group(inside[0]["parameters"]["plain"]["value"] + named)
        settings = next(one for one in document["resources"] if one["type"] == "Microsoft.Web/sites/config")["properties"]
        found["variables"] = set(re.findall(r"[(,] ?'([A-Z]\w*)', ", settings))
        found["secrets"] = set(re.findall(r"'([^']+)'", variables["secretNames"].partition("createArray(")[2]))
    return found


def _group(variables: str) -> Facts:
    named = re.findall(r"createObject\('name', '(\w+)', '(value|secureValue)'", variables)
    return {
        "variables": {name for name, kind in named if kind == "value"},
        "secrets": {name for name, kind in named if kind == "secureValue"},
    }


def _plain(text: str) -> str:
    return text[1:] if text.startswith("[[") else text


def _arm_parameters(parameters: dict[str, Any]) -> Facts:
    values = {name: one["value"] for name, one in parameters.items()}
    return {
        "environment": values["environment"],
        "name": values["name"],
        "values": values.get("variables", {}),
        "variables": set(values.get("variables", {})),
        "secrets": set(values.get("secrets", [])),
    }
