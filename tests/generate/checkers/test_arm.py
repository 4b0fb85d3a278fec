"""The structural check of ARM templates bites on what Azure would refuse at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.domain import CheckState, CheckVerdict
from deploydeck.generate.checkers.arm import arm_groups, check_arm
from deploydeck.generate.checkers.arm_expressions import BadExpression, name_parts, parse
from deploydeck.generate.checkers.base import Scope
from tests.generate.infrastructure.cases import files_of, profile_of, request_of

TEMPLATE = "infra/arm/azuredeploy.json"
VALUES = "infra/arm/azuredeploy.parameters.production.json"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    request = request_of(profile_of(tmp_path_factory.mktemp("arm"), "server", ("postgresql",)), "arm", "azure")
    return {path: file.content for path, file in files_of(request).items()}


def found(files: dict[str, str], path: str = TEMPLATE) -> CheckVerdict:
    return check_arm(files)[path]


def test_a_good_template_passes(good: dict[str, str]) -> None:
    assert all(verdict.state is CheckState.PASSED for verdict in check_arm(good).values())


@pytest.mark.parametrize(
    ("old", "new", "rule", "blocking"),
    [
        ("deploymentTemplate.json#", "other.json#", "schema", True),
        ('"contentVersion": "1.0.0.0"', '"contentVersion": "1"', "content-version", True),
        ("parameters('logDays')", "parameters('logDay')", "undefined-parameter", True),
        ("variables('healthPath')", "variables('health')", "undefined-variable", True),
        ("variables('healthPath')", "variables('app')", "unused-variable", False),
        ("[parameters('logDays')]", "[parameters('logDays']", "expression", True),
        ("[parameters('logDays')]", "[parameters('logDays')", "expression", True),
        ("[string(parameters('minCopies'))]", "[strung(parameters('minCopies'))]", "unknown-function", True),
        ("\"[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]\"\n",
         "\"[resourceId('Microsoft.Network/virtualNetworks', 'other')]\"\n", "depends-on", True),
        ("resourceId('Microsoft.Network/virtualNetworks/subnets', parameters('name'), 'service')",
         "resourceId('Microsoft.Network/virtualNetworks/subnets', parameters('name'))", "resource-id", True),
        ('"apiVersion": "2020-05-01"', '"apiVersion": "latest"', "api-version", True),
        ('"apiVersion": "2020-05-01"', '"apiVersion": "2016-09-01"', "api-version", False),
        ('"type": "Microsoft.Authorization/locks"', '"type": "Microsoft.Authorisation/locks"', "resource-type", False),
        ("\"administratorLoginPassword\": \"[parameters('databasePassword')]\"", '"administratorLoginPassword": "hunter2"',
         "secret-literal", True),
        ('"databasePassword": { "type": "securestring"', '"databasePassword": { "type": "string"', "secret-parameter", True),
        ('"securestring", "minLength": 24', '"securestring", "defaultValue": "hunter2"', "secret-literal", True),
        ('"maxCopies": { "type": "int"', '"maxCopies": { "type": "number"', "parameter-type", True),
        ('"name": "keep"', '"name": "keep/it"', "resource-name", True),
        ('"name": "keep"', '"title": "keep"', "resource-incomplete", True),
        ('"adminUserEnabled": false', '"adminUserEnabled": false, "adminUserEnabled": true', "duplicate-key", True),
        ('"resources": [', '"resources": {', "json-syntax", True),
    ],
)  # fmt: skip
def test_it_bites(good: dict[str, str], old: str, new: str, rule: str, blocking: bool) -> None:
    assert old in good[TEMPLATE]
    verdict = found({**good, TEMPLATE: good[TEMPLATE].replace(old, new)})
    assert (rule, blocking) in {(one.rule, one.blocking) for one in verdict.findings}, verdict.findings


def test_a_finding_stands_at_its_line(good: dict[str, str]) -> None:
    changed = good[TEMPLATE].replace("variables('healthPath')", "variables('health')")
    line = next(number for number, text in enumerate(changed.split("\n"), 1) if "variables('health')" in text)
    assert line in {one.line for one in found({**good, TEMPLATE: changed}).findings if one.rule == "undefined-variable"}


def test_two_resources_of_one_name(good: dict[str, str]) -> None:
    document = json.loads(good[TEMPLATE])
    document["resources"].append(document["resources"][1])
    verdict = found({**good, TEMPLATE: json.dumps(document)})
    assert "duplicate-resource" in {one.rule for one in verdict.findings}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"logDays": { "value": 90 },', "", "missing-parameter"),
        ('"logDays": {', '"logDay": {', "unknown-parameter"),
        ('"logDays": { "value": 90 }', '"logDays": { "worth": 90 }', "parameter-value"),
        ('"logDays": {', '"databasePassword": { "value": "hunter2" },\n    "logDays": {', "secret-literal"),
        ("deploymentParameters.json#", "deploymentTemplate.json#", "schema"),
    ],
)
def test_it_bites_in_parameter_files(good: dict[str, str], old: str, new: str, rule: str) -> None:
    assert old in good[VALUES]
    verdict = found({**good, VALUES: good[VALUES].replace(old, new)}, VALUES)
    assert rule in {one.rule for one in verdict.findings if one.blocking}


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"resources": ' + '{"a":' * 200 + "1" + "}" * 200 + "}"])
def test_what_is_no_template_is_refused_not_raised(content: str) -> None:
    assert found({TEMPLATE: content}).blocking


def test_expressions() -> None:
    tree = parse("concat(parameters('a'), '/x''y/', variables('b')[0].id)")
    assert name_parts(tree) == ("<parameters('a')>", "x'y", "<id<[]<variables('b'), 0>>>")
    for broken in ("", "a", "a(", "a(1", "a(1 2)", "a()b()", "a().", "a()[1", "'x", "a(,)", "(" * 200, "a(" * 200):
        with pytest.raises(BadExpression):
            parse(broken)


def test_which_files() -> None:
    paths = ("infra/arm/azuredeploy.json", "infra/arm/azuredeploy.parameters.a.json", "azuredeploy.json", "other.json")
    assert arm_groups(paths, Scope()) == (paths[:2], (paths[2],))
    assert Path(TEMPLATE).name == "azuredeploy.json"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"imageTag": { "value"', '"image": { "value"', "missing-parameter"),
        ('"imageTag": { "value"', '"image": { "value"', "unknown-parameter"),
        ("parameters('registryServer')", "parameters('registry')", "undefined-parameter"),
        ("parameters('registryServer')", "variables('registryName')", "undefined-variable"),
    ],
)
def test_a_template_inside_knows_only_what_it_is_given(tmp_path: Path, old: str, new: str, rule: str) -> None:
    profile = profile_of(tmp_path, "server", ("postgresql",))
    request = request_of(profile, "arm", "azure", settings={"cloud": {"compute": "container-instances"}})
    files = {path: file.content for path, file in files_of(request).items()}
    assert old in files[TEMPLATE]
    verdict = found(files | {TEMPLATE: files[TEMPLATE].replace(old, new)})
    assert rule in {finding.rule for finding in verdict.findings if finding.blocking}
