"""CloudFormation: one template for all environments, and the parameters of each beside it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import string
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from deploydeck.domain import EnvironmentSize, GeneratedFile, InfrastructureConfig
from deploydeck.generate.infrastructure import sizes
from deploydeck.generate.infrastructure.escape import js, refuse_dynamic, without_last_commas, yaml
from deploydeck.generate.infrastructure.plan import EnvironmentValues, check_names, environment_values, pieces
from deploydeck.generate.infrastructure.terraform import provided
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

FOLDER = "infra/cloudformation"
_PASSWORD = "{{resolve:secretsmanager:${DatabasePassword}:SecretString}}"  # noqa: S105 - a reference, no password
_PLACES = {"host": "${Database.Endpoint.Address}", "password": _PASSWORD}
MAX_OR = 10
"""Conditions that one Fn::Or takes."""


@dataclass(frozen=True)
class Entry:
    """A variable in the template: its parameter's or secret's logical id, and the condition when not every environment has it."""

    name: str
    id: str
    value: str = ""
    condition: str = ""
    test: str = ""


def files(request: Request, config: InfrastructureConfig, context: dict[str, Any]) -> tuple[GeneratedFile, ...]:
    """The template, then the parameters of each environment."""
    names = tuple(size.environment for size in config.sizes)
    first = config.sizes[0]
    common = {**context, "yaml": yaml, "js": js, "folder": FOLDER, "environments": names, "example_name": first.name}
    if context["site"]:
        template = render("cloudformation/site.yaml.j2", f"{FOLDER}/template.yaml", common)
        return (template, *(_parameters(common, size, _site_values(size)) for size in config.sizes))
    refuse_dynamic(context["health_path"], "health path")
    values = {name: environment_values(request, name, provided(context)) for name in names}
    check_names(config.compute, values.values())
    variables = _entries("Variable", values, lambda one: [name for name, _ in one.variables])
    secrets = _entries("Secret", values, lambda one: one.secrets)
    program = {**common, **_program(context), **_shell(context, values), "variables": variables, "secrets": secrets}
    made = [render("cloudformation/server.yaml.j2", f"{FOLDER}/template.yaml", program)]
    for size in config.sizes:
        given = {entry.name: entry.id for entry in variables}
        plain = values[size.environment].variables
        own = [(given[name], refuse_dynamic(value, name)) for name, value in plain if value is not None]
        made.append(_parameters(common, size, [*_amounts(config.compute, size, bool(context["database"])), *own]))
    return tuple(made)


def _program(context: dict[str, Any]) -> dict[str, Any]:
    """What the template says of the container besides the parameters: variables it sets itself, and the secrets of the database."""
    database = context["database"]
    settings = [Entry("PORT", "", yaml(str(context["port"])))] if context["port_from_env"] else []
    settings += [Entry(one.name, "", f"!Sub {substituted(one.value)}") for one in (database.plain if database else ())]
    settings += [Entry(name, "", "!Ref Storage") for name in context["buckets"]]
    secrets = _named("Database", [(one.name, substituted(one.value)) for one in (database.secret if database else ())])
    return {"settings": settings, "database_secrets": secrets, "lifecycle_policy": _lifecycle(context["keep_images"])}


def _shell(context: dict[str, Any], values: dict[str, EnvironmentValues]) -> dict[str, Any]:
    """What the setup of a machine needs: an address as a word of the shell, and an end for texts that none of the values holds."""
    every = json.dumps({name: one.variables for name, one in values.items()})
    address = f"http://127.0.0.1:{context['port']}{urllib.parse.quote(context['health_path'], safe=string.punctuation)}"
    return {"health_word": shlex.quote(address), "word": f"END_{hashlib.sha256(every.encode()).hexdigest()[:16]}"}


def substituted(value: str) -> str:
    """Text for !Sub: `${` of the text itself means nothing, {host} and {password} are looked up."""
    return yaml("".join(text.replace("${", "${!") if kind == "text" else _PLACES[kind] for kind, text in pieces(value)))


def logical_id(prefix: str, name: str) -> str:
    """A name for the template: letters and digits only."""
    return prefix + "".join(part[:1].upper() + part[1:].lower() for part in re.split(r"[^A-Za-z0-9]+", name))


def _named(prefix: str, found: Iterable[tuple[str, str]]) -> list[Entry]:
    """Entries with logical ids of which no two are the same."""
    made: list[Entry] = []
    for name, value in found:
        plain = logical_id(prefix, name)
        taken = sum(1 for entry in made if entry.id == plain or entry.id.startswith(f"{plain}X"))
        made.append(Entry(name, f"{plain}X{taken}" if taken else plain, value))
    return made


def _entries(prefix: str, values: dict[str, EnvironmentValues], names_of: Any) -> list[Entry]:
    places: dict[str, list[str]] = {}
    for environment, chosen in values.items():
        for name in names_of(chosen):
            places.setdefault(name, []).append(environment)
    return [
        entry
        if len(places[entry.name]) == len(values)
        else Entry(entry.name, entry.id, "", f"Has{entry.id}", _any(places[entry.name]))
        for entry in _named(prefix, ((name, "") for name in sorted(places)))
    ]


def _any(environments: Sequence[str]) -> str:
    """The test for being in one of these environments."""
    if len(environments) == 1:
        return f"!Equals [!Ref Environment, {yaml(environments[0])}]"
    if len(environments) <= MAX_OR:
        return f"!Or [{', '.join(_any([name]) for name in environments)}]"
    return f"!Or [{', '.join(_any([name]) for name in environments[: MAX_OR - 1])}, {_any(environments[MAX_OR - 1 :])}]"


def _lifecycle(keep: int) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    rule = {"rulePriority": 1, "description": "Keep the newest images", "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


def _site_values(size: EnvironmentSize) -> list[tuple[str, str]]:
    return [("Environment", size.environment), ("Name", size.name), ("Domain", ""), ("CertificateArn", "")]


def _amounts(compute: str, size: EnvironmentSize, database: bool) -> list[tuple[str, str]]:
    storage = size.database_storage_bytes // sizes.GIB
    found: list[tuple[str, object]] = [
        ("Environment", size.environment),
        ("Name", size.name),
        ("Protected", size.production),
        *((logical_id("", name), amount) for name, amount in sizes.aws_amounts(compute, size)),
        ("MinCopies", size.min_copies),
        ("MaxCopies", size.max_copies),
        *((("PrivateNetwork", size.private_network), ("MultiAz", size.multi_az)) if compute != "lambda" or database else ()),
        *((("Domain", ""), ("CertificateArn", "")) if compute == "lambda" else ()),
        ("LogDays", size.log_days),
    ]
    if database:
        found += [
            ("DatabaseClass", size.database_size),
            ("DatabaseStorage", storage),
            ("MaxDatabaseStorage", storage * 2),
            ("BackupDays", size.backup_days),
        ]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in found]


def _parameters(context: dict[str, Any], size: EnvironmentSize, values: Sequence[tuple[str, str]]) -> GeneratedFile:
    made = render(
        "cloudformation/parameters.json.j2",
        f"{FOLDER}/parameters/{size.environment}.json",
        {**context, "environment": size.environment, "values": values},
    )
    return made.model_copy(update={"content": without_last_commas(made.content)})
