"""Infrastructure as code: Terraform, CloudFormation and ARM templates from the one DeploymentConfig."""

from deploydeck.generate.infrastructure.config import infrastructure_config, stack_name
from deploydeck.generate.infrastructure.files import infrastructure_files

__all__ = ["infrastructure_config", "infrastructure_files", "stack_name"]
