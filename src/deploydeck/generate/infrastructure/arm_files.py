"""ARM templates: one template for all environments, and the parameters of each beside it."""

from __future__ import annotations

import math
from typing import Any

from deploydeck.domain import EnvironmentSize, GeneratedFile, InfrastructureConfig
from deploydeck.generate.infrastructure import sizes
from deploydeck.generate.infrastructure.azure import API_VERSIONS, SERVER_TYPES, database_context
from deploydeck.generate.infrastructure.escape import arm, js, without_last_commas
from deploydeck.generate.infrastructure.plan import Variable, environment_values, pieces
from deploydeck.generate.infrastructure.terraform import provided
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

FOLDER = "infra/arm"
_IDS = {
    "id_registry": "[resourceId('Microsoft.ContainerRegistry/registries', variables('registryName'))]",
    "id_identity": "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name'))]",
    "id_account": "[resourceId('Microsoft.Storage/storageAccounts', variables('accountName'))]",
    "id_vault": "[resourceId('Microsoft.KeyVault/vaults', variables('vaultName'))]",
    "id_logs": "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('name'))]",
    "id_plan": "[resourceId('Microsoft.Web/serverfarms', parameters('name'))]",
    "id_group": "[resourceId('Microsoft.Network/networkSecurityGroups', concat(parameters('name'), '-data'))]",
    "id_network": "[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]",
    "id_zone": "[resourceId('Microsoft.Network/privateDnsZones', variables('zoneName'))]",
    "id_link": "[resourceId('Microsoft.Network/privateDnsZones/virtualNetworkLinks', variables('zoneName'), parameters('name'))]",
    "id_endpoint": "[resourceId('Microsoft.Network/privateEndpoints', concat(parameters('name'), '-database'))]",
    "id_site": "[resourceId('Microsoft.Web/sites', variables('siteName'))]",
}
*_ROLES, _STORAGE_ROLE = (
    f"[resourceId('Microsoft.Authorization/roleAssignments', guid(resourceGroup().id, parameters('name'), '{what}'))]"
    for what in ("pull", "secrets", "storage")
)


def files(request: Request, config: InfrastructureConfig, context: dict[str, Any]) -> tuple[GeneratedFile, ...]:
    """The template, then the parameters of each environment."""
    first = config.sizes[0]
    common = {
        **context,
        **database_context(context),
        **_IDS,
        "js": js,
        "arm": arm,
        "versions": API_VERSIONS,
        "folder": FOLDER,
        "environments": tuple(size.environment for size in config.sizes),
        "example": first.environment,
        "example_name": first.name,
    }
    if not context["site"]:
        chosen = (environment_values(request, size.environment, provided(context)) for size in config.sizes)
        common |= _program(context, tuple(sorted({name for one in chosen for name in one.secrets})))
    template = render(f"arm/{'site' if context['site'] else 'server'}.json.j2", f"{FOLDER}/azuredeploy.json", common)
    made = [template, *(_parameters(request, common, config, size) for size in config.sizes)]
    return tuple(file.model_copy(update={"content": without_last_commas(file.content)}) for file in made)


def _program(context: dict[str, Any], every_secret: tuple[str, ...]) -> dict[str, Any]:
    """What the templates of programs need. `every_secret`: names of the secret variables of all environments together."""
    database = context["database"]
    server = SERVER_TYPES[database.kind] if database else ""
    version = API_VERSIONS.get(server, "")
    host = f"reference(resourceId('{server}', variables('databaseName')), '{version}').fullyQualifiedDomainName"
    places = {"host": host, "password": "parameters('databasePassword')"}
    functions = context["compute"] == "functions"
    plain = _host_settings() if functions else [("WEBSITES_PORT", "string(variables('port'))")]
    plain += [("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "'false'")]
    plain += [("WEBSITES_CONTAINER_START_TIME_LIMIT", _quoted(str(min(max(context["health_grace"], 230), 1800))))]
    plain += [("PORT", "string(variables('port'))")] if context["port_from_env"] else []
    plain += [(one.name, expression(one.value, places)) for one in (database.plain if database else ())]
    fixed = ", ".join(f"{_quoted(name)}, {value}" for name, value in plain)
    server_id = f"[resourceId('{server}', variables('databaseName'))]"
    database_id = f"[resourceId('{server}/databases', variables('databaseName'), '{database.name if database else ''}')]"
    needs = (_IDS["id_plan"], _IDS["id_registry"], _IDS["id_identity"], *_ROLES, *((_STORAGE_ROLE,) if functions else ()))
    in_vault = database.secret_names if database else ()
    vault_ids = tuple(
        f"[resourceId('Microsoft.KeyVault/vaults/secrets', variables('vaultName'), '{name.replace('_', '-')}')]"
        for name in in_vault
    )
    return {
        **_group(context, places, every_secret, in_vault),
        "every_secret": every_secret,
        "group_needs": (*(_IDS[name] for name in ("id_registry", "id_identity", "id_vault", "id_logs")), _ROLES[0], *vault_ids)
        + ((_IDS["id_network"], database_id) if database else ()),
        "server_type": server,
        "zone_property": "privateDnsZoneArmResourceId" if "PostgreSQL" in server else "privateDnsZoneResourceId",
        "id_server": server_id,
        "id_database": database_id,
        "site_needs": (*needs, _IDS["id_network"]) if database else needs,
        "secret_words": ", ".join(_quoted(name) for name in (database.secret_names if database else ())),
        "database_secrets": tuple(
            Variable(one.name, f"[{expression(one.value, places)}]") for one in (database.secret if database else ())
        ),
        "settings": f"[union(parameters('variables'), createObject({fixed}), variables('secretSettings'))]",
    }


def _host_settings() -> list[tuple[str, str]]:
    """What the host of functions wants to know: its storage, reached by identity, and that the program is its handler."""
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    return [
        ("AzureWebJobsStorage__accountName", "variables('accountName')"),
        ("AzureWebJobsStorage__credential", "'managedidentity'"),
        ("AzureWebJobsStorage__clientId", f"reference(resourceId('{kind}', parameters('name')), '{API_VERSIONS[kind]}').clientId"),
        ("FUNCTIONS_EXTENSION_VERSION", "'~4'"),
        ("FUNCTIONS_WORKER_RUNTIME", "'custom'"),
    ]


_GROUP_PARAMETERS = (
    *((name, "string") for name in ("name", "location", "app", "healthPath", "registryServer", "imageTag", "memoryGb")),
    *((name, "int") for name in ("port", "cpu")),
    ("tags", "object"),
    ("plain", "array"),
)
"""What the deployment of a container group is told, and its type; secrets come beside it."""


def _group(
    context: dict[str, Any], places: dict[str, str], every_secret: tuple[str, ...], in_vault: tuple[str, ...]
) -> dict[str, Any]:
    """The variables of a container group: lists of objects, and for each secret one where in the vault it stands.

    `every_secret` are those that some environment has, `in_vault` those that the template itself puts there.
    """
    database = context["database"]
    fixed = [("PORT", "string(variables('port'))")] if context["port_from_env"] else []
    fixed += [(one.name, expression(one.value, places)) for one in (database.plain if database else ())]
    own = ", ".join(f"createObject('name', {_quoted(name)}, 'value', {value})" for name, value in fixed)
    one = "lambdaVariables('one')"
    plain = f"map(items(parameters('variables')), lambda('one', createObject('name', {one}.key, 'value', {one}.value)))"

    def reference(name: str) -> str:
        vault = "createObject('id', resourceId('Microsoft.KeyVault/vaults', variables('vaultName')))"
        return f"createObject('reference', createObject('keyVault', {vault}, 'secretName', '{name.replace('_', '-')}'))"

    def variable(name: str) -> str:
        return f"createArray(createObject('name', '{name}', 'secureValue', parameters('secret_{name}')))"

    here = {name: f"contains(parameters('secrets'), '{name}')" for name in every_secret}  # of this environment
    listed = ["parameters('plain')", *(f"if({asked}, {variable(name)}, createArray())" for name, asked in here.items())]
    listed += [variable(name) for name in in_vault]
    names = (*every_secret, *in_vault)
    return {
        "group_plain": f"[concat({plain}, createArray({own}))]",
        "group_variables": f"[concat({', '.join(listed)})]",
        "secret_references": (
            *((name, f"[if({asked}, {reference(name)}, createObject('value', ''))]") for name, asked in here.items()),
            *((name, f"[{reference(name)}]") for name in in_vault),
        ),
        "group_parameters": (
            *_GROUP_PARAMETERS,
            *(() if database else (("suffix", "string"),)),
            *((("secrets", "array"),) if every_secret else ()),
            *((f"secret_{name}", "securestring") for name in names),
        ),
    }


def _quoted(text: str) -> str:
    """Text inside an expression."""
    return "'" + text.replace("'", "''") + "'"


def expression(value: str, places: dict[str, str]) -> str:
    """An expression that puts a value together, with {host} and {password} looked up."""
    return f"concat({', '.join(_quoted(text) if kind == 'text' else places[kind] for kind, text in pieces(value))})"


def _parameters(request: Request, context: dict[str, Any], config: InfrastructureConfig, size: EnvironmentSize) -> GeneratedFile:
    values: list[tuple[str, object]] = [
        ("environment", size.environment),
        ("name", size.name),
        ("location", config.region),
        ("protected", size.production),
    ]
    chosen = environment_values(request, size.environment, provided(context)) if not context["site"] else None
    if chosen is not None:
        values += _amounts(config.compute, size, context["database"].kind if context["database"] else "")
    return render(
        "arm/parameters.json.j2",
        f"{FOLDER}/azuredeploy.parameters.{size.environment}.json",
        {
            **context,
            "environment": size.environment,
            "values": values,
            "variables": chosen.variables if chosen else (),
            "secrets": chosen.secrets if chosen else (),
        },
    )


def _amounts(compute: str, size: EnvironmentSize, database: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        *((_camel(name), str(value) if name == "memory_gb" else value) for name, value in sizes.azure_amounts(compute, size)),
        ("logDays", min(max(size.log_days, sizes.AZURE_LOG_DAYS[0]), sizes.AZURE_LOG_DAYS[1])),
    ]
    if database:
        wanted = size.database_storage_bytes // sizes.GIB
        storage = 2 ** math.ceil(math.log2(max(wanted, 32))) if database == "postgresql" else wanted  # it knows powers of two only
        found += [
            ("databaseSku", size.database_size),
            ("databaseStorageGb", storage),
            ("multiAz", size.multi_az),
            ("backupDays", max(size.backup_days, 7)),
        ]
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
