"""References: a value of deploydeck.toml that says where the value is, not what it is.

`env:NAME`, `file:/path` and `keyring:service/name` are references; `plain:…` is what stands behind the colon, whatever that is.
Text that only begins like one and cannot be one for sure (`file:./dev.db`, `file:///x`) is a plain value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.vault.backends.keyring import Ring, ring_errors
from deploydeck.vault.private import read_regular
from deploydeck.vault.versions import MAX_VALUE_BYTES

PLAIN = "plain:"
_FORMS = {
    "env:": re.compile(r"env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)"),
    "keyring:": re.compile(r"keyring:(?P<service>[^\x00-\x1f]+)/(?P<name>[^/\x00-\x1f]+)"),
    "file:": re.compile(r"file:(?P<path>/(?!/)[^\x00-\x1f]+)"),
}
_NEVER_ELSE = ("env:", "keyring:")  # nobody writes these by chance: a form that does not fit is a mistake


def read_value(name: str, text: str) -> tuple[str, bool]:
    """What a value of the settings means: the plain value and False, or the reference as it stands and True.

    Raises DeployDeckError `reference-invalid` for `env:` and `keyring:` that name nothing.
    """
    if text.startswith(PLAIN):
        return text.removeprefix(PLAIN), False
    if any(form.fullmatch(text) for form in _FORMS.values()):
        return text, True
    for scheme in _NEVER_ELSE:
        if text.startswith(scheme):
            raise DeployDeckError(
                "reference-invalid",
                f"The value of {name} begins like a reference ({scheme}) and is none.",
                "References are env:NAME, file:/absolute/path and keyring:service/name.",
                f'Correct it, or write "{PLAIN}{scheme}…" when the value itself begins so.',
            )
    return text, False


def follow(name: str, reference: str, environ: Mapping[str, str], ring: Callable[[], Ring | None]) -> str | None:
    """The value that a reference of variable `name` leads to, or None when nothing is there.

    Raises DeployDeckError `reference-unreadable` for a file or keyring that does not answer as it should.
    """
    scheme = reference.partition(":")[0]
    matched = _FORMS[f"{scheme}:"].fullmatch(reference)
    if matched is None:
        raise ValueError("not a reference")
    parts = matched.groupdict()
    if scheme == "env":
        return environ.get(parts["name"])
    if scheme == "file":
        return _read_file(name, Path(parts["path"]))
    found = ring()
    if found is None:
        raise _unreadable(name, reference, "This machine has no keyring.")
    with ring_errors():
        return found.get_password(parts["service"], parts["name"])


def _read_file(name: str, path: Path) -> str | None:
    try:
        text = read_regular(path, MAX_VALUE_BYTES)[0].decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"file:{path}", "It is not UTF-8 text.") from error
    except OSError as error:
        raise _unreadable(name, f"file:{path}", error.strerror or str(error)) from error
    if "\0" in text:
        raise _unreadable(name, f"file:{path}", "It holds a NUL character, which no environment variable can.")
    return text.removesuffix("\n").removesuffix("\r")


def _unreadable(name: str, reference: str, why: str) -> DeployDeckError:
    return DeployDeckError(
        "reference-unreadable",
        f"{name} refers to {reference}, which cannot be read.",
        why,
        "Correct the reference or what it names.",
    )
