"""Terraform for Azure against the schema of its provider: attributes and blocks exist there, and none it needs is missing.

The provider itself cannot be had where these tests run, so `terraform validate` cannot look. azurerm.json holds attributes of the
resources used, read from the declarations in the npm package named in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generate.infrastructure.cases import files_of, profile_of, request_of

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("azurerm.json").read_text())["resources"]
META = frozenset({"count", "for_each", "depends_on", "lifecycle"})
_BLOCK = re.compile(r'(\w+)((?: "[^"]*")*) \{(\s*\})?')
_ATTRIBUTE = re.compile(r"(\w+)\s+= (.*)")


def problems(text: str) -> Iterator[str]:
    """What the schema knows nothing of, or misses. Reads the form that the templates write: one block or attribute a line."""
    stack: list[tuple[str, dict[str, Any] | None, set[str]]] = []
    nested = 0
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.strip()
        opens = plain.endswith(("{", "[", "("))
        if nested:
            nested += opens - (plain[:1] in "}])" and not opens and bool(plain))
            continue
        if plain == "}":
            name, known, seen = stack.pop()
            yield from (
                f"{number}: {name} lacks {key}" for key, one in (known or {}).items() if one["required"] and key not in seen
            )
        elif block := _BLOCK.fullmatch(plain):
            yield from _entered(stack, number, block)
        elif (attribute := _ATTRIBUTE.fullmatch(plain)) and stack:
            name, known, seen = stack[-1]
            seen.add(attribute[1])
            if known is not None and attribute[1] not in META and attribute[1] not in known:
                yield f"{number}: {name} has no {attribute[1]}"
            nested = int(opens)


def _entered(stack: list[tuple[str, dict[str, Any] | None, set[str]]], number: int, block: re.Match[str]) -> Iterator[str]:
    kind, labels = block[1], re.findall('"([^"]*)"', block[2])
    if block[3]:
        return
    if not stack:
        known = SCHEMA.get(labels[0]) if kind in ("resource", "data") else None
        if kind in ("resource", "data") and known is None:
            yield f"{number}: {labels[0]} is not known"
        stack.append((labels[0] if labels else kind, known, set()))
        return
    outer, known, seen = stack[-1]
    if kind == "content":  # the inside of a dynamic block is that block
        stack.append((outer, known, seen))
        return
    name = labels[0] if kind == "dynamic" else kind
    seen.add(name)
    inner = known.get(name, {}).get("block") if known is not None else None
    if known is not None and inner is None and name not in META:
        yield f"{number}: {outer} has no block {name}"
    stack.append((name, inner, set()))


@pytest.mark.parametrize("services", [(), ("postgresql",), ("mysql",), ("mssql",)], ids=lambda names: "+".join(names) or "alone")
@pytest.mark.parametrize(
    ("kind", "compute"),
    [
        ("server", "app-service"),
        ("site", "app-service"),
        ("spa", "app-service"),
        ("server", "container-instances"),
        ("server", "functions"),
    ],
)
def test_every_attribute_exists(tmp_path: Path, kind: str, compute: str, services: tuple[str, ...]) -> None:
    settings = {"cloud": {"compute": compute}}
    files = files_of(request_of(profile_of(tmp_path, kind, services), "terraform", "azure", settings=settings))
    for path, file in files.items():
        if path.endswith(".tf"):
            assert list(problems(file.content)) == [], path


def test_it_bites() -> None:
    text = 'resource "azurerm_resource_group" "main" {\n  nom = "x"\n  timeout {\n  }\n}\nresource "azurerm_thing" "a" {\n}\n'
    assert list(problems(text)) == [
        "2: azurerm_resource_group has no nom",
        "3: azurerm_resource_group has no block timeout",
        "5: azurerm_resource_group lacks location",
        "5: azurerm_resource_group lacks name",
        "6: azurerm_thing is not known",
    ]
