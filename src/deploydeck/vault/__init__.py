"""Secrets: where values come from, how they are named without being shown, and how they reach the worker."""

from deploydeck.vault.secrets import ResolvedVariables, SecretsManager, parse_env_file

__all__ = ["ResolvedVariables", "SecretsManager", "parse_env_file"]
