"""Names and paths from a scanned project, made safe for the place they go to, or refused."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from deploydeck.domain import DeployDeckError

_SIMPLE_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./^-]+")
_SAFE_PATH = re.compile(r"[\w./@+ -]+")
_PACKAGE = re.compile(
    r"@?[A-Za-z0-9][A-Za-z0-9._/-]{0,120}(?:\[[A-Za-z0-9,._-]{1,120}\])?(?:(?:==|>=|~=|@)[A-Za-z0-9.*+!_-]{1,60})?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9.+-]{1,63}(?:=[A-Za-z0-9.+:~-]{1,60})?")
_YAML_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_.-]+)?")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"})
_MIRROR = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[a-z0-9][a-z0-9._-]*)*/?")


def slug(name: str) -> str:
    """A name for containers and labels: [a-z0-9-], 1 to 40 characters, whatever the project is called."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "app"


def variable_name(name: str) -> bool:
    """Whether the name can be an environment variable everywhere."""
    return _VARIABLE.fullmatch(name) is not None


def inside_path(path: str, meaning: str) -> str:
    """A relative path inside the project, normalised. Raises DeployDeckError `generate-unsafe-path`."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or _SAFE_PATH.fullmatch(path) is None:
        raise DeployDeckError(
            "generate-unsafe-path",
            f"The {meaning} {shown(path)} cannot be used.",
            "It must be a relative path inside the project, of letters, digits, spaces and . _ - + @ only.",
            "Rename it, or set another one in deploydeck.toml.",
        )
    return str(pure)


def package_spec(spec: str) -> str:
    """A package to install besides the declared ones. Raises DeployDeckError `generate-unsafe-package`."""
    if _PACKAGE.fullmatch(spec) is None:
        raise DeployDeckError("generate-unsafe-package", f"{shown(spec)} is not a package name with an optional version.")
    return spec


def debian_package(name: str) -> bool:
    """Whether it is the name of a Debian package, perhaps with an exact version (`libpq5=17.6-1`)."""
    return _DEBIAN.fullmatch(name) is not None


def mirror(prefix: str) -> str:
    """A registry prefix that ends with a slash, or nothing. Raises DeployDeckError `generate-registry-mirror`."""
    if not prefix:
        return ""
    if _MIRROR.fullmatch(prefix) is None:
        raise DeployDeckError(
            "generate-registry-mirror",
            f"build.registry_mirror {shown(prefix)} is not a registry prefix.",
            hint="Write it as host, host:port or host/path, without a scheme.",
        )
    return prefix.rstrip("/") + "/"


def exec_form(argv: Sequence[str]) -> str:
    """The JSON array of a Dockerfile instruction. ASCII only, so no line break, control character or here-document survives."""
    return json.dumps(list(argv), ensure_ascii=True).replace("<<", "\\u003c\\u003c").replace("\x7f", "\\u007f")


def run_form(argv: Sequence[str]) -> str:
    """A command for RUN: plain words as people write them, anything else as a JSON array that no shell reads."""
    if argv and all(_SIMPLE_WORD.fullmatch(word) for word in argv) and "=" not in argv[0]:
        return " ".join(argv)
    return exec_form(argv)


def run_with_secrets(argv: Sequence[str], secrets: Sequence[str]) -> str:
    """A command for RUN that finds build secrets in variables of their names. They are mounted for this step and in no layer.

    A secret that is not given is empty. Only a shell can read the mounted files, so words that are not plain become its arguments.
    """
    if not secrets:
        return run_form(argv)
    mounts = " ".join(f"--mount=type=secret,id={name}" for name in secrets)
    values = " ".join(f'{name}="$(cat /run/secrets/{name} 2>/dev/null)"' for name in secrets)
    plain = run_form(argv)
    if not plain.startswith("["):
        return f"{mounts} {values} {plain}"
    script = f'{values} exec "$@"'
    return f"{mounts} {exec_form(['sh', '-c', script, 'sh', *argv])}"


def steps_form(commands: Sequence[Sequence[str]]) -> str:
    """Several commands for one RUN, each only when the one before succeeded. Words that are not plain are quoted for the shell."""
    return " \\\n    && ".join(" ".join(_shell_word(word) for word in argv) for argv in commands)


def _shell_word(word: str) -> str:
    """One word as a POSIX shell reads it, on one line: line breaks and control characters have no place in a Dockerfile's line."""
    if _SIMPLE_WORD.fullmatch(word):
        return word
    printable = "".join(c if c.isprintable() else "?" for c in word).replace("<<", "?")
    return "'" + printable.replace("'", "'\\''") + "'"


def copy_form(sources: Sequence[str], destination: str) -> str:
    """Sources and destination for COPY; the JSON form when a name holds a space or a letter beyond ASCII."""
    words = [*sources, destination]
    if all(_SIMPLE_WORD.fullmatch(word) for word in words):
        return " ".join(words)
    return exec_form(words)


def variable_form(value: str) -> str:
    """A value for ENV and ARG: as it is where it is plain, else quoted so that nothing in it is replaced or ends it."""
    if _SIMPLE_WORD.fullmatch(value):
        return value
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def yaml_text(value: str) -> str:
    """A YAML scalar that every reader takes for this text: plain where no reader could err, else double-quoted."""
    if _YAML_PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    return '"' + "".join(_yaml_character(c) for c in value) + '"'


def _yaml_character(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    if 0xD800 <= ord(c) <= 0xDFFF:
        return "\ufffd"  # half a character cannot be written
    if c.isprintable():
        return c
    return f"\\x{ord(c):02x}" if ord(c) < 0x100 else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def shown(text: str) -> str:
    """Hostile text for a message: quoted, escaped, not long."""
    return json.dumps(text if len(text) <= 80 else text[:77] + "...")
