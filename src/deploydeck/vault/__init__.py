"""Secrets: where values come from, where they are kept, how they are named without being shown, and how they reach the worker."""

from deploydeck.vault.env_files import parse_env_file, read_env_file
from deploydeck.vault.handoff import ResolvedVariables
from deploydeck.vault.inventory import Compared, Need, Row, compared, inventory
from deploydeck.vault.passphrases import given_passphrase
from deploydeck.vault.references import read_value
from deploydeck.vault.secrets import SecretsManager, StoreState, Told, unset
from deploydeck.vault.versions import MAX_VALUE_BYTES, Scope, check_name, check_value

__all__ = [
    "MAX_VALUE_BYTES",
    "Compared",
    "Need",
    "ResolvedVariables",
    "Row",
    "Scope",
    "SecretsManager",
    "StoreState",
    "Told",
    "check_name",
    "check_value",
    "compared",
    "given_passphrase",
    "inventory",
    "parse_env_file",
    "read_env_file",
    "read_value",
    "unset",
]
