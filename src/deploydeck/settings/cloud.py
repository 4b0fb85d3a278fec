"""The section [cloud]: where the program runs in a cloud and how large, for all environments and for single ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from deploydeck.domain import CloudProvider
from deploydeck.settings.section import Section

_WORD = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"


class CloudSizes(Section):
    """Sizes of one environment. What is not set follows from whether it is production."""

    cpus: float | None = Field(None, ge=0.25, le=16, description="CPU of one copy in the cloud, in cores.")
    memory_mb: int | None = Field(None, ge=512, le=122_880, description="Memory of one copy in the cloud, in MiB.")
    min_copies: int | None = Field(None, ge=1, le=100, description="Copies that always run. Default: 2 in production, else 1.")
    max_copies: int | None = Field(None, ge=1, le=100, description="Copies under load. Default: 6 in production, else 1.")
    private_network: bool | None = Field(
        None, description="Copies have no public address and reach out through NAT gateways (AWS). Default: in production."
    )
    multi_az: bool | None = Field(
        None, description="The database has a stand-by in a second zone, and each zone its own way out. Default: in production."
    )
    database_size: str | None = Field(
        None, pattern=_WORD, description="Size of the database as the cloud names it: db.t4g.micro, Standard_B1ms, S0."
    )
    database_storage_gb: int | None = Field(None, ge=20, le=16_384, description="Storage of the database, in GiB. Default: 20.")
    backup_days: int | None = Field(
        None, ge=1, le=35, description="Days that backups of the database are kept. Default: 14 in production, else 7."
    )
    log_days: int | None = Field(
        None, ge=1, le=3653, description="Days that logs are kept, as CloudWatch has them: 1, 3, 5, 7, 14, 30, 60, 90, ..."
    )


class CloudSettings(CloudSizes):
    """For all environments; [environments.NAME.cloud] overrides the sizes for one."""

    provider: CloudProvider | None = Field(
        None, description="Cloud: aws or azure. Default: azure when only ARM templates are asked for, else aws."
    )
    region: str | None = Field(
        None, pattern=r"^[a-z][a-z0-9-]{1,30}$", description="Region. Default: us-east-1, or eastus on Azure."
    )
    compute: Literal["fargate", "ec2", "lambda", "app-service", "container-instances", "functions"] | None = Field(
        None,
        description="What containers run on: fargate, ec2 or lambda (AWS), app-service, container-instances or functions (Azure). "
        "Default: the first of the provider.",
    )
