"""PHP: what composer.json, composer.lock and the configuration of its servers say. The sources are in `php_source`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text, short
from deploydeck.scan.parsers import php_source
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, load_yaml, strings, table
from deploydeck.scan.parsers.keys import Keys

_KEY = re.compile(r'"([^"\\\n]{1,200})"\s{0,20}:')
_NAMED = re.compile(r'"name"\s{0,8}:\s{0,8}"([^"\\\n]{1,200})"')
_PLATFORM = re.compile(r"^(?:php(?:-\w+)?|hhvm|lib-.*|composer(?:-plugin-api|-runtime-api)?)$")
_SERVICES = {
    "pdo_pgsql": "postgresql", "pgsql": "postgresql", "pdo_mysql": "mysql", "mysqli": "mysql",
    "pdo_sqlsrv": "mssql", "sqlsrv": "mssql",
}  # fmt: skip


def _object(text: Text) -> dict[str, Any]:
    value = load_json(text)
    if not isinstance(value, dict):
        raise Broken("holds no object", 1)
    return value


def composer_json(file: str, data: bytes) -> Iterator[Found]:
    """Packages and extensions with their constraints, the PHP they ask for, scripts, local packages."""
    text = Text(data)
    content = _object(text)
    keys = Keys(text, _KEY)

    def found(kind: str, name: str, value: str, number: int, scope: str = "php", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, number, text.line(number), scope, tags)

    yield found("manifest", "composer.json", short(content.get("type", "")), 0)
    if isinstance(name := content.get("name"), str) and name:
        yield found("project-name", name, "", keys.line("name"))
    for section, development in (("require", False), ("require-dev", True)):
        start = keys.line(section)
        for package, constraint in strings(content.get(section)).items():
            package = package.lower()
            number = keys.line(package, start)
            if package == "php" and not development:
                yield found("pin", "php", _constraint(constraint), number, "composer.json")
            elif not _PLATFORM.match(package):
                tags = frozenset({"development"} if development else ())
                yield found("dependency", package, constraint, number, tags=tags)
    config = table(content.get("config"))
    if isinstance(platform := table(config.get("platform")).get("php"), str):
        yield found("pin", "php", platform, keys.line("php", keys.line("platform")), "config.platform")
    start = keys.line("scripts")
    for script, value in table(content.get("scripts")).items():
        lines = [value] if isinstance(value, str) else [one for one in items(value) if isinstance(one, str)]
        if lines:
            yield found("script", str(script), " && ".join(lines), keys.line(str(script), start))
    for binary in [content["bin"]] if isinstance(content.get("bin"), str) else items(content.get("bin")):
        if isinstance(binary, str):
            yield found("package-field", "bin", binary, keys.line("bin"))
    yield from _layout(content, keys, found)


def _constraint(text: str) -> str:
    """A constraint with "||" between its alternatives, which older files write as "|"."""
    return re.sub(r"\s{0,20}\|{1,2}\s{0,20}", " || ", text[:200]).strip()


def _layout(content: dict[str, Any], keys: Keys, found: Any) -> Iterator[Found]:
    """Local packages, and where a scaffold puts the document root."""
    repositories = content.get("repositories")
    for repository in repositories.values() if isinstance(repositories, dict) else items(repositories):
        url = table(repository).get("url")
        if table(repository).get("type") == "path" and isinstance(url, str) and url and not url.startswith("/"):
            if url.startswith(".."):
                yield found("uses-project", url, "", keys.line("url"), tags=frozenset({"path"}))
            else:
                yield found("workspace", url, "", keys.line("url"), "composer")
    extra = table(content.get("extra"))
    root = table(table(extra.get("drupal-scaffold")).get("locations")).get("web-root")
    if isinstance(root, str):
        yield found("option", "web-root", root, keys.line("web-root"))
    elif isinstance(root := extra.get("wordpress-install-dir"), str):
        yield found("option", "web-root", root.rpartition("/")[0] or ".", keys.line("wordpress-install-dir"))
    elif isinstance(root := extra.get("public-dir"), str):
        yield found("option", "web-root", root, keys.line("public-dir"))


def composer_lock(file: str, data: bytes) -> Iterator[Found]:
    """The resolved packages."""
    text = Text(data)
    content = _object(text)
    keys = Keys(text, _NAMED)
    for section, development in (("packages", False), ("packages-dev", True)):
        for package in items(content.get(section)):
            name, version = table(package).get("name"), table(package).get("version")
            if isinstance(name, str) and isinstance(version, str) and name:
                number = keys.line(name)
                plain = re.sub(r"^v(?=\d)", "", version)[:100]
                tags = frozenset({"development"} if development else ())
                yield Found("locked", name.lower()[:200], plain, file, number, text.line(number), "php", tags)


def roadrunner(file: str, data: bytes) -> Iterator[Found]:
    """Where RoadRunner listens."""
    text = Text(data)
    address = table(table(load_yaml(text)).get("http")).get("address")
    if isinstance(address, str):
        host, _, port = address.rpartition(":")
        variable = re.fullmatch(r"\$\{PORT(?::-(\d{1,5}))?\}?", port) if "${" in address else None
        number = text.find(address)
        if port.isdigit():
            yield Found("listen", port, host, file, number, text.line(number), "php")
        elif variable or "${PORT" in address:
            default = re.search(r"(\d{2,5})\}?$", address)
            yield Found("listen", default[1] if default else "", "", file, number, text.line(number), "php", frozenset({"env"}))
    yield Found("manifest", ".rr.yaml", "", file, 0, "", "php")


def symfony_yaml(file: str, data: bytes) -> Iterator[Found]:
    """Variables of `%env(X)%`, paths in routes.yaml, and the driver of Doctrine."""
    text = Text(data)
    for number, row in enumerate(text.lines, 1):
        if len(row) > 20_000 or row.lstrip().startswith("#"):
            continue
        yield from php_source.env_processors(file, number, row)
        if file.startswith("config/routes") and (match := re.match(r"^\s{1,8}path:\s{0,8}['\"]?(/[\w/.-]{0,100})['\"]?\s*$", row)):
            yield Found("route", match[1], "app", file, number, row, "php")
        if "doctrine" in file and (match := re.match(r"^\s{1,30}driver:\s{0,8}['\"]?(\w{1,30})", row)) and match[1] in _SERVICES:
            yield Found("datasource", _SERVICES[match[1]], "doctrine driver", file, number, row, "php")


def theme(file: str, data: bytes) -> Iterator[Found]:
    """The header that makes a stylesheet the theme of a WordPress site."""
    if match := re.search(rb"(?m)^[ \t*/]{0,20}Theme Name:", data[:8192]):
        text = Text(data)
        number = data.count(b"\n", 0, match.start()) + 1
        yield Found("app", "wordpress-theme", "", file, number, text.line(number), "php")


def marker(name: str) -> Any:
    """A parser for a file whose presence is what matters."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        yield Found("manifest", name, "", file, 0, "", "php")

    return parse


PARSERS: tuple[Parser, ...] = (
    Parser("composer.json", composer_json, config_kind="composer"),
    Parser("composer.lock", composer_lock, "lock", config_kind="composer"),
    Parser("symfony.lock", marker("symfony.lock")),
    Parser(".rr.yaml", roadrunner, config_kind="roadrunner"),
    Parser(".rr.yml", roadrunner, config_kind="roadrunner"),
    Parser("style.css", theme),
    Parser("config/*.yaml", symfony_yaml),
    Parser("config/*/*.yaml", symfony_yaml),
    Parser("config/*/*.yml", symfony_yaml),
    Parser("config/*/*/*.yaml", symfony_yaml),
    Parser("app/config/*.yml", symfony_yaml),
    *php_source.PARSERS,
)
