"""What both languages for Azure need to know of its databases."""

from __future__ import annotations

from typing import Any

from deploydeck.generate.infrastructure.escape import hcl

_DELEGATION = {"postgresql": "Microsoft.DBforPostgreSQL/flexibleServers", "mysql": "Microsoft.DBforMySQL/flexibleServers"}
_ZONE = {
    "postgresql": ("${var.name}.private.postgres.database.azure.com", ".private.postgres.database.azure.com"),
    "mysql": ("${var.name}.private.mysql.database.azure.com", ".private.mysql.database.azure.com"),
}
SERVER_TYPES = {
    "postgresql": "Microsoft.DBforPostgreSQL/flexibleServers",
    "mysql": "Microsoft.DBforMySQL/flexibleServers",
    "mssql": "Microsoft.Sql/servers",
}
API_VERSIONS: dict[str, str] = {
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.ContainerInstance/containerGroups": "2023-05-01",
    "Microsoft.ContainerRegistry/registries": "2023-07-01",
    "Microsoft.DBforMySQL/flexibleServers": "2023-12-30",
    "Microsoft.DBforMySQL/flexibleServers/databases": "2023-12-30",
    "Microsoft.DBforPostgreSQL/flexibleServers": "2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/databases": "2024-08-01",
    "Microsoft.Insights/autoscaleSettings": "2022-10-01",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    "Microsoft.KeyVault/vaults/secrets": "2023-07-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Network/networkSecurityGroups": "2024-05-01",
    "Microsoft.Network/privateDnsZones": "2020-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2020-06-01",
    "Microsoft.Network/privateEndpoints": "2024-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2024-05-01",
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.Resources/deployments": "2022-09-01",
    "Microsoft.Sql/servers": "2021-11-01",
    "Microsoft.Sql/servers/databases": "2021-11-01",
    "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies": "2021-11-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2023-05-01",
    "Microsoft.Web/serverfarms": "2023-12-01",
    "Microsoft.Web/sites": "2023-12-01",
    "Microsoft.Web/sites/config": "2023-12-01",
}
"""Resource types and the version of their interface that the templates are written for; diagnosticSettings has no stable one."""
_SQL_ZONE = "privatelink.database.windows.net"


def database_context(context: dict[str, Any]) -> dict[str, Any]:
    """The delegation of the database's subnet and the private DNS zone, for Terraform and for ARM."""
    database = context["database"]
    if database is None:
        return {}
    if database.kind not in _DELEGATION:
        return {"azure_delegation": "", "dns_zone": hcl(_SQL_ZONE), "arm_dns_zone": _SQL_ZONE}
    terraform, suffix = _ZONE[database.kind]
    arm_zone = f"[concat(parameters('name'), '{suffix}')]"
    return {"azure_delegation": _DELEGATION[database.kind], "dns_zone": f'"{terraform}"', "arm_dns_zone": arm_zone}
