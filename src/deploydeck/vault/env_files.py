"""Files of NAME=value lines."""

from __future__ import annotations

import re
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.vault.private import read_regular

MAX_ENV_FILE_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def project_env_file(root: Path, name: str) -> dict[str, str]:
    """The variables of a file inside the project; none when there is no such file.

    Raises DeployDeckError `env-file-…` when it is unreadable or leaves the project.
    """
    if not name:
        return {}
    try:
        resolved = (root / name).resolve(strict=True)
    except FileNotFoundError:
        return {}
    except (OSError, RuntimeError) as error:
        raise DeployDeckError("env-file-unreadable", f"{name} cannot be read.", str(error)) from error
    if not resolved.is_relative_to(root.resolve()):
        raise DeployDeckError("env-file-outside", f"{name} points outside the project.", hint="Use a file inside the project.")
    return read_env_file(resolved, name)


def read_env_file(path: Path, label: str) -> dict[str, str]:
    """The variables of a file. Raises DeployDeckError `env-file-…`."""
    try:
        text = read_regular(path, MAX_ENV_FILE_BYTES)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DeployDeckError("env-file-unreadable", f"{label} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise DeployDeckError("env-file-unreadable", f"{label} cannot be read.", error.strerror or str(error)) from error
    return parse_env_file(text, label)


def parse_env_file(text: str, label: str = ".env") -> dict[str, str]:
    """NAME=value lines: `export` allowed, quotes removed, `#` comments, `\\n` in double quotes. No expansion, no commands.

    Raises DeployDeckError `env-file-syntax` naming the line (never its value).
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ").strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        name, value = name.strip(), value.strip()
        if not separator or not _NAME.match(name):
            raise DeployDeckError(
                "env-file-syntax", f"{label}:{number} is not NAME=value.", hint="Correct the line or start it with #."
            )
        quote = value[:1]
        if quote in ("'", '"') and quote in value[1:]:
            value = value[1 : value.index(quote, 1)]
            if quote == '"':
                value = value.replace("\\n", "\n").replace('\\"', '"')
        elif " #" in value:
            value = value.split(" #", 1)[0].rstrip()
        values[name] = value
    return values
