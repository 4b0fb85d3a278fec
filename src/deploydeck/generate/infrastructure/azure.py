"""What both languages for Azure need to know of its databases."""

from __future__ import annotations

from typing import Any

from deploydeck.generate.infrastructure.escape import hcl

_DELEGATION = {"postgresql": "Microsoft.DBforPostgreSQL/flexibleServers", "mysql": "Microsoft.DBforMySQL/flexibleServers"}
_ZONE = {
    "postgresql": ("${var.name}.private.postgres.database.azure.com", ".private.postgres.database.azure.com"),
    "mysql": ("${var.name}.private.mysql.database.azure.com", ".private.mysql.database.azure.com"),
}
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
