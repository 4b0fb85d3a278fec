"""Parsers: pure functions from a file's name and bytes to facts. This table says which file each one reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from typing import Literal

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import node_manifests, node_source, platform_files, python_manifests, python_source

Parse = Callable[[str, bytes], Iterator[Found]]
Size = Literal["manifest", "lock", "source"]


@dataclass(frozen=True, slots=True)
class Parser:
    """Files at the root whose path matches `pattern` (anywhere in the tree when `anywhere`). `size` names the limit of its read."""

    pattern: str
    parse: Parse
    size: Size = "manifest"
    anywhere: bool = False
    config_kind: str = ""


PARSERS: tuple[Parser, ...] = (
    Parser("requirements*.txt", python_manifests.requirements, config_kind="pip"),
    Parser("requirements/*.txt", python_manifests.requirements, config_kind="pip"),
    Parser("pyproject.toml", python_manifests.pyproject, config_kind="pyproject"),
    Parser("uv.lock", python_manifests.toml_lock, "lock", config_kind="lock"),
    Parser("poetry.lock", python_manifests.toml_lock, "lock", config_kind="lock"),
    Parser("pdm.lock", python_manifests.toml_lock, "lock", config_kind="lock"),
    Parser("Pipfile", python_manifests.pipfile, config_kind="pipenv"),
    Parser("Pipfile.lock", python_manifests.pipfile_lock, "lock", config_kind="lock"),
    Parser("package.json", node_manifests.package_json, config_kind="package.json"),
    Parser("package-lock.json", node_manifests.package_lock, "lock", config_kind="lock"),
    Parser("npm-shrinkwrap.json", node_manifests.package_lock, "lock", config_kind="lock"),
    Parser("pnpm-lock.yaml", node_manifests.pnpm_lock, "lock", config_kind="lock"),
    Parser("yarn.lock", node_manifests.yarn_lock, "lock", config_kind="lock"),
    Parser(".python-version", platform_files.pin_file("python", ".python-version"), config_kind="version"),
    Parser("runtime.txt", platform_files.pin_file("python", "runtime.txt"), config_kind="version"),
    Parser(".nvmrc", platform_files.pin_file("node", ".nvmrc"), config_kind="version"),
    Parser(".node-version", platform_files.pin_file("node", ".node-version"), config_kind="version"),
    Parser(".tool-versions", platform_files.tool_versions, config_kind="version"),
    Parser("Procfile", platform_files.procfile, config_kind="procfile"),
    Parser("Dockerfile", platform_files.dockerfile, config_kind="dockerfile"),
    Parser("Containerfile", platform_files.dockerfile, config_kind="dockerfile"),
    Parser("compose.y*ml", platform_files.compose, config_kind="compose"),
    Parser("docker-compose.y*ml", platform_files.compose, config_kind="compose"),
    Parser(".env*", platform_files.env_file),
    Parser("deploydeck.toml", platform_files.override_lines, config_kind="deploydeck"),
    Parser("*.pem", platform_files.private_key, anywhere=True),
    Parser("*.key", platform_files.private_key, anywhere=True),
    Parser("id_rsa", platform_files.private_key, anywhere=True),
    Parser("next.config.*", node_source.build_config, config_kind="next"),
    Parser("vite.config.*", node_source.build_config, config_kind="vite"),
    Parser("*.py", python_source.python_source, "source", anywhere=True),
    *(
        Parser(f"*.{extension}", node_source.node_source, "source", anywhere=True)
        for extension in ("js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "vue", "svelte")
    ),
)

_BY_NAME = {parser.pattern: parser for parser in PARSERS if "*" not in parser.pattern and not parser.anywhere}
_BY_EXTENSION = {
    parser.pattern.rpartition(".")[2]: parser for parser in PARSERS if parser.anywhere and parser.pattern.startswith("*.")
}
_BY_PATTERN = tuple(
    (re.compile(translate(parser.pattern)), parser) for parser in PARSERS if "*" in parser.pattern and not parser.anywhere
)


def parser_for(path: str) -> Parser | None:
    """The parser of a file by its path relative to the root; manifests count only at the root."""
    directory, _, name = path.rpartition("/")
    if not directory or directory == "requirements":
        if path in _BY_NAME:
            return _BY_NAME[path]
        for pattern, parser in _BY_PATTERN:
            if pattern.match(path) and path.count("/") == parser.pattern.count("/"):
                return parser
    if name == "id_rsa":
        return next(parser for parser in PARSERS if parser.pattern == "id_rsa")
    return _BY_EXTENSION.get(name.rpartition(".")[2]) if "." in name else None


__all__ = ["PARSERS", "Parser", "parser_for"]
