"""Our own structural check of ARM templates: everything that can be known without asking Azure.

No linter for them can be installed everywhere; what the platform would refuse in the first second is refused here. What it knows of
resource types is a dated table; a type beside it is said to be unknown, never passed in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.arm_expressions import FUNCTIONS, BadExpression, Node, name_parts, parse
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.tools import verdict
from deploydeck.generate.infrastructure.azure import API_VERSIONS

NAME = "arm"
TEMPLATE = "azuredeploy.json"
_SCHEMA = re.compile(r"https?://schema\.management\.azure\.com/schemas/\d{4}-\d{2}-\d{2}/deployment(Template|Parameters)\.json#?")
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_VERSION = re.compile(r"\d+\.\d+\.\d+\.\d+")
_SECRET = re.compile(r"(password|passphrase|secret|token|apikey|accesskey|connectionstring|privatekey)$", re.IGNORECASE)
_TYPES = frozenset({"string", "securestring", "int", "bool", "object", "secureobject", "array"})
MAX_DEPTH = 60


def arm_groups(paths: tuple[str, ...], _scope: Scope) -> tuple[tuple[str, ...], ...]:
    """Each template with the parameter files beside it."""
    groups = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name == TEMPLATE:
            prefix = f"{folder}/azuredeploy.parameters" if folder else "azuredeploy.parameters"
            groups.append((path, *(other for other in paths if other.startswith(prefix) and other.endswith(".json"))))
    return tuple(groups)


def check_arm(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
    """The template of a group, and each parameter file against it."""
    template = next(path for path in files if path.rsplit("/", 1)[-1] == TEMPLATE)
    report = _Report(files[template])
    found = _Template(report, _loaded(report, "Template"))
    answers = {template: verdict(NAME, found.findings())}
    for path, content in files.items():
        if path != template:
            answers[path] = verdict(NAME, _parameter_findings(content, found.parameters))
    return answers


class _Report:
    """Findings about one text, each at the line where what it is about first stands."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.found: list[CheckFinding] = []

    def add(self, rule: str, message: str, about: str = "", *, blocking: bool = True) -> None:
        at = self.content.find(about) if about else -1
        line = self.content.count("\n", 0, at) + 1 if at >= 0 else 1
        self.found.append(CheckFinding(line=line, rule=rule, message=message, blocking=blocking))


def _loaded(report: _Report, kind: str) -> dict[str, Any]:
    """The document; empty, with a finding, when it is no such document."""
    try:
        document = json.loads(report.content, object_pairs_hook=_unique)
    except RecursionError:
        report.add("json-syntax", "It is nested too deeply.")
        return {}
    except json.JSONDecodeError as error:
        report.found.append(CheckFinding(line=error.lineno, rule="json-syntax", message=error.msg, blocking=True))
        return {}
    except ValueError as error:
        report.add("duplicate-key", f"The key {str(error)[:80]!r} stands twice.", json.dumps(str(error)))
        return {}
    if not isinstance(document, dict):
        report.add("json-syntax", "It is no JSON object.")
        return {}
    schema = _SCHEMA.fullmatch(str(document.get("$schema", "")))
    if schema is None or schema[1] != kind:
        report.add("schema", f"$schema does not say that this is a deployment{kind}.", '"$schema"')
    if _VERSION.fullmatch(str(document.get("contentVersion", ""))) is None:
        report.add("content-version", "contentVersion must be four numbers, such as 1.0.0.0.", '"contentVersion"')
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(key)
        found[key] = value
    return found


class _Template:
    """A template, or one inside of it that knows only what it is given."""

    def __init__(self, report: _Report, document: dict[str, Any]) -> None:
        self.report = report
        self.document = document
        self.parameters: dict[str, Any] = self._part("parameters")
        self.variables: dict[str, Any] = self._part("variables")
        resources = self.document.get("resources", [])
        self.resources = [one for one in resources if isinstance(one, dict)] if isinstance(resources, list) else []
        self.used: set[tuple[str, str]] = set()
        self.defined: dict[tuple[str, tuple[str, ...]], int] = {}
        self.inner = [one["properties"] for one in self.resources if _has_inner(one)]

    def _part(self, name: str) -> dict[str, Any]:
        part = self.document.get(name, {})
        return part if isinstance(part, dict) else {}

    def findings(self) -> list[CheckFinding]:
        if self.document:
            self._declared()
            self._resources()
            for part in ("variables", "resources", "outputs"):
                self._expressions(self.document.get(part), part == "resources")
            for one in self.parameters.values():
                self._expressions(one, False)
            self._unused()
            for properties in self.inner:
                self._inside(properties)
        return sorted(self.report.found, key=lambda finding: (finding.line, finding.rule, finding.message))

    def _declared(self) -> None:
        for name, one in self.parameters.items():
            about = f'"{name}"'
            kind = str(one.get("type", "")).lower() if isinstance(one, dict) else ""
            if kind not in _TYPES:
                self.report.add("parameter-type", f"Parameter {name} has no known type.", about)
            elif kind in ("securestring", "secureobject") and isinstance(one.get("defaultValue"), str):
                if one["defaultValue"] and not one["defaultValue"].startswith("["):
                    self.report.add("secret-literal", f"Parameter {name} has a secret as its default.", about)
            elif kind == "string" and _SECRET.search(name):
                self.report.add("secret-parameter", f"Parameter {name} would be kept and shown; make it a securestring.", about)

    def _resources(self) -> None:
        if not self.resources:
            self.report.add("no-resources", "There is no resource in it.", '"resources"')
        for one in self.resources:
            kind, name, version = (str(one.get(key, "")) for key in ("type", "name", "apiVersion"))
            about = f'"type": "{kind}"'
            if not kind or not name or not version:
                self.report.add("resource-incomplete", "A resource needs type, apiVersion and name.", about)
                continue
            if _API_VERSION.fullmatch(version) is None:
                self.report.add("api-version", f"{version[:40]} is no version of an interface.", about)
            elif kind not in API_VERSIONS:
                self.report.add("resource-type", f"{kind[:80]} is not in the table of types.", about, blocking=False)
            elif version < API_VERSIONS[kind]:
                self.report.add("api-version", f"{kind} is known since {API_VERSIONS[kind]} here.", about, blocking=False)
            parts = self._name(name)
            if parts is None:
                continue
            if len(parts) != kind.count("/"):
                self.report.add("resource-name", f"The name of a {kind} has {kind.count('/')} parts, this one {len(parts)}.", about)
            key = (kind.lower(), parts)
            self.defined[key] = self.defined.get(key, 0) + 1
            if self.defined[key] == 2 and "scope" not in one:
                self.report.add("duplicate-resource", f"Two resources are the same {kind}.", about)

    def _inside(self, properties: dict[str, Any]) -> None:
        """The template of a deployment inside this one, and what it is given."""
        inner = _Template(self.report, properties["template"])
        inner.findings()
        given = properties.get("parameters", {})
        for name in given if isinstance(given, dict) else ():
            if name not in inner.parameters:
                self.report.add("unknown-parameter", f"The template inside has no parameter {name[:60]}.", f'"{name}"')
        for name, one in inner.parameters.items():
            if name not in given and isinstance(one, dict) and "defaultValue" not in one:
                self.report.add("missing-parameter", f"The template inside needs {name[:60]}, which has no value.", f'"{name}"')

    def _name(self, name: str) -> tuple[str, ...] | None:
        if not name.startswith("[") or name.startswith("[["):
            return tuple(name.split("/"))
        try:
            return name_parts(parse(name[1:-1]))
        except BadExpression:
            return None  # said where expressions are read

    def _expressions(self, value: Any, inside: bool, key: str = "", depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            self.report.add("json-syntax", "It is nested too deeply.")
        elif isinstance(value, dict):
            for name, one in value.items():
                if name == "template" and any(value is properties for properties in self.inner):
                    continue  # it has parameters and expressions of its own
                self._expressions(name, inside, depth=depth + 1)
                self._expressions(one, inside, name, depth + 1)
        elif isinstance(value, list):
            for one in value:
                self._expressions(one, inside, key, depth + 1)
        elif isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
            self._expression(value, key)
        elif isinstance(value, str) and value and inside and _SECRET.search(key):
            self.report.add("secret-literal", f"{key} holds a secret in plain text.", json.dumps(value))

    def _expression(self, text: str, key: str) -> None:
        about = json.dumps(text)
        if not text.endswith("]"):
            self.report.add("expression", "An expression must end with ]; text that begins with [ is written [[.", about)
            return
        try:
            tree = parse(text[1:-1])
        except BadExpression as error:
            self.report.add("expression", f"This expression is broken: {error}", about)
            return
        for node in tree.walk():
            if node.kind == "call":
                self._call(node, about)
        if key == "dependsOn":
            self._depends(tree, about)

    def _call(self, node: Node, about: str) -> None:
        name = node.value.lower()
        if name not in FUNCTIONS and not name.startswith("list"):
            self.report.add("unknown-function", f"There is no function {node.value[:40]}.", about)
        elif name in ("parameters", "variables"):
            known = self.parameters if name == "parameters" else self.variables
            if len(node.children) != 1:
                self.report.add("expression", f"{name} takes one name.", about)
            elif node.children[0].kind == "text":
                wanted = node.children[0].value
                self.used.add((name, wanted.lower()))
                if wanted.lower() not in {one.lower() for one in known}:
                    self.report.add(f"undefined-{name[:-1]}", f"{wanted[:60]!r} is not among the {name}.", about)
        elif name == "resourceid":
            key = _identity(node)
            if key is None:
                self.report.add("resource-id", "resourceId takes a type and one name for each of its parts.", about)

    def _depends(self, tree: Node, about: str) -> None:
        key = _identity(tree) if tree.kind == "call" and tree.value.lower() == "resourceid" else None
        if key is None or key not in self.defined:
            self.report.add("depends-on", "It depends on something that is not in this template.", about)

    def _unused(self) -> None:
        for kind, known in (("parameters", self.parameters), ("variables", self.variables)):
            for name in known:
                if (kind, name.lower()) not in self.used:
                    self.report.add(f"unused-{kind[:-1]}", f"Nothing uses {name[:60]}.", f'"{name}"', blocking=False)


def _has_inner(resource: dict[str, Any]) -> bool:
    """Whether it is a deployment whose template is evaluated for itself."""
    properties = resource.get("properties")
    return (
        resource.get("type") == "Microsoft.Resources/deployments"
        and isinstance(properties, dict)
        and properties.get("expressionEvaluationOptions") == {"scope": "inner"}
        and isinstance(properties.get("template"), dict)
    )


def _identity(node: Node) -> tuple[str, tuple[str, ...]] | None:
    """Type and name of resourceId(type, names…); None when they do not fit together."""
    first = next((at for at, child in enumerate(node.children) if child.kind == "text" and "/" in child.value), None)
    if first is None:
        return None
    kind, names = node.children[first].value, node.children[first + 1 :]
    parts = tuple(part for child in names for part in name_parts(child))
    return (kind.lower(), parts) if len(parts) == kind.count("/") else None


def _parameter_findings(content: str, parameters: Mapping[str, Any]) -> list[CheckFinding]:
    report = _Report(content)
    document = _loaded(report, "Parameters")
    given = document.get("parameters", {}) if document else {}
    if not isinstance(given, dict):
        report.add("json-syntax", "parameters must be an object.", '"parameters"')
        given = {}
    for name, one in given.items():
        about = f'"{name}"'
        if not isinstance(one, dict) or ("value" not in one and "reference" not in one):
            report.add("parameter-value", f"{name[:60]} has neither a value nor a reference.", about)
        elif name not in parameters:
            report.add("unknown-parameter", f"The template has no parameter {name[:60]}.", about)
        elif "value" in one and str(_declared_type(parameters, name)).startswith("secure"):
            report.add("secret-literal", f"{name[:60]} is a secret in plain text; refer to a vault.", about)
    if document:
        for name in _missing(parameters, given):
            report.add("missing-parameter", f"The template needs {name[:60]}, which has no value here.", '"parameters"')
    return report.found


def _declared_type(parameters: Mapping[str, Any], name: str) -> str:
    one = parameters.get(name)
    return str(one.get("type", "")).lower() if isinstance(one, dict) else ""


def _missing(parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Parameters without a default and without a value; a secret one is asked for when it is deployed."""
    for name, one in parameters.items():
        given_or_asked = name in given or _declared_type(parameters, name).startswith("secure")
        if isinstance(one, dict) and "defaultValue" not in one and not given_or_asked:
            yield name
