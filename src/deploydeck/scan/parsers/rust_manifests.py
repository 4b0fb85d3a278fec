"""What Cargo's own files say: Cargo.toml, Cargo.lock, rust-toolchain, and the small files of Rocket, Trunk, Dioxus and Leptos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_toml, strings, table
from deploydeck.scan.parsers.settings_files import port_settings

SCOPE = "rust"
_SECTION = re.compile(r"^\s{0,20}\[{1,2}\s{0,4}([^\]\[]{1,200}?)\s{0,4}\]{1,2}")
_KEY = re.compile(r"^\s{0,20}[\"']?([A-Za-z0-9_.-]{1,200})[\"']?\s{0,20}=")
_TABLES = (
    ("dependencies", ""), ("dev-dependencies", "development"), ("dev_dependencies", "development"),
    ("build-dependencies", "build"), ("build_dependencies", "build"),
)  # fmt: skip
_CHANNEL = re.compile(r"^(stable|beta|nightly|\d{1,4}(?:\.\d{1,4}){1,2})\b")


class _Lines:
    """The line of each key by its section: `Cargo.toml` keys repeat, so the section must be known."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._at: dict[tuple[str, str], int] = {}
        section = ""
        for number, line in enumerate(text.lines, 1):
            if match := _SECTION.match(line):
                section = match[1].replace('"', "").replace("'", "").replace(" ", "")
                parent, _, last = section.rpartition(".")
                self._at.setdefault((parent, last), number)
            elif match := _KEY.match(line):
                self._at.setdefault((section, match[1]), number)
                self._at.setdefault((section, match[1].partition(".")[0]), number)

    def __call__(self, section: str, key: str) -> int:
        return self._at.get((section, key), 0)


def cargo_toml(file: str, data: bytes) -> Iterator[Found]:
    """The package, its targets, its dependencies with features, and the workspace it heads."""
    text = Text(data)
    top = load_toml(text)
    line = _Lines(text)

    def found(
        kind: str, name: str, value: str, section: str, key: str, tags: frozenset[str] = frozenset(), scope: str = SCOPE
    ) -> Found:
        number = line(section, key)
        return Found(kind, name[:200], value[:200], file, number, text.line(number), scope, tags)

    yield Found("manifest", "Cargo.toml", "", file, 0, "", SCOPE)
    package, workspace = table(top.get("package")), table(top.get("workspace"))
    if isinstance(name := package.get("name"), str):
        yield found("project-name", name, "", "package", "name")
        yield found("package-field", "name", name, "package", "name")
    for key in ("default-run", "edition", "version"):
        if isinstance(package.get(key), str):
            yield found("package-field", key, package[key], "package", key)
    for section, one in (("package", package), ("workspace.package", table(workspace.get("package")))):
        if isinstance(one.get("rust-version"), str):
            yield found("pin", "rust", one["rust-version"], section, "rust-version", scope="rust-version")
    for number, target in enumerate(items(top.get("bin"))[:100]):
        name = table(target).get("name")
        if isinstance(name, str):
            path = table(target).get("path")
            place = text.find(f'"{name}"', line("", "bin"))
            yield Found(
                "entry",
                "bin",
                name[:100],
                file,
                place or number,
                text.line(place),
                SCOPE,
                frozenset({f"path:{path}"} if isinstance(path, str) else ()),
            )
    if table(top.get("lib")):
        kinds = ",".join(str(one) for one in items(table(top["lib"]).get("crate-type", table(top["lib"]).get("crate_type"))))
        yield found("package-field", "lib", kinds, "", "lib")
    if workspace:
        yield from _workspace(file, text, line, workspace)
    enabled = _enabled(table(top.get("features")))
    for prefix, holder in (("", top), *((f"target.{key}.", table(one)) for key, one in table(top.get("target")).items())):
        for name, tag in _TABLES:
            for key, one in table(table(holder).get(name)).items():
                yield from _dependency(file, text, line, f"{prefix}{name}", str(key), one, tag, enabled)
    for key, one in table(table(package.get("metadata")).get("leptos")).items():
        if key in {"site-addr", "site-root", "output-name"} and isinstance(one, str):
            yield found("option", f"leptos.{key}", one, "package.metadata.leptos", key)


def _workspace(file: str, text: Text, line: _Lines, workspace: dict[str, Any]) -> Iterator[Found]:
    start = line("", "workspace") or line("workspace", "members")
    for key, excluded in (("members", False), ("exclude", True)):
        for member in items(workspace.get(key))[:500]:
            if isinstance(member, str):
                number = text.find(f'"{member}"', start) or line("workspace", key)
                yield Found(
                    "workspace",
                    member[:200],
                    "",
                    file,
                    number,
                    text.line(number),
                    "cargo",
                    frozenset({"exclude"} if excluded else ()),
                )
    for member in items(workspace.get("default-members"))[:100]:
        if isinstance(member, str):
            number = line("workspace", "default-members")
            yield Found("package-field", "default-member", member[:200], file, number, text.line(number), SCOPE)
    for key, one in table(workspace.get("dependencies")).items():
        version = one if isinstance(one, str) else table(one).get("version")
        number = line("workspace.dependencies", str(key))
        tags = frozenset(f"extra:{feature}" for feature in items(table(one).get("features"))[:50] if isinstance(feature, str))
        value = version[:100] if isinstance(version, str) else ""
        yield Found("managed", _crate(str(key), one), value, file, number, text.line(number), SCOPE, tags)


def _enabled(features: dict[str, Any]) -> frozenset[str]:
    """What the default features turn on, the names of optional dependencies among it."""
    found: set[str] = set()
    waiting = ["default"]
    while waiting and len(found) < 2000:
        for one in items(features.get(waiting.pop()))[:500]:
            if isinstance(one, str) and "?" not in one:
                name = one.removeprefix("dep:").partition("/")[0]
                if name not in found:
                    found.add(name)
                    waiting.append(name)
    return frozenset(found)


def _crate(key: str, one: Any) -> str:
    renamed = table(one).get("package")
    return renamed if isinstance(renamed, str) else key


def _dependency(
    file: str, text: Text, line: _Lines, section: str, key: str, one: Any, tag: str, enabled: frozenset[str]
) -> Iterator[Found]:
    number = line(section, key)
    more = table(one)
    version = one if isinstance(one, str) else strings(more).get("version", "")
    tags = {tag} if tag else set[str]()
    if more.get("optional") in {True, "true"} and key not in enabled:
        tags.add("optional")
    tags |= {f"extra:{feature}" for feature in items(more.get("features"))[:50] if isinstance(feature, str)}
    if more.get("default-features") is False or more.get("default_features") is False:
        tags.add("no-default")
    if more.get("workspace") is True:
        tags.add("managed")
    name = _crate(key, one)
    yield Found("dependency", name[:200], version[:100], file, number, text.line(number), SCOPE, frozenset(tags))
    if isinstance(more.get("path"), str):
        yield Found("uses-project", more["path"][:200], name, file, number, text.line(number), SCOPE, frozenset({"path"}))


def cargo_lock(file: str, data: bytes) -> Iterator[Found]:
    """Every package with its version; those that neither a registry nor a repository is said to provide have the tag `local`.

    Read by lines: these files are large and regular.
    """
    text = Text(data)
    name, version, number, source = "", "", 0, False

    def package() -> Iterator[Found]:
        if name and version:
            yield Found("locked", name, version, file, number, text.line(number), SCOPE, frozenset(() if source else ("local",)))

    for at, raw in enumerate(text.lines, 1):
        line = raw.strip()
        if line.startswith("[["):
            yield from package()
            name, version, number, source = "", "", 0, False
        elif line.startswith('name = "'):
            name = line[8:-1][:200]
        elif line.startswith('version = "') and name:
            version, number = line[11:-1][:100], at
        elif line.startswith(("source = ", "checksum = ")):
            source = True
    yield from package()


def toolchain(file: str, data: bytes) -> Iterator[Found]:
    """rust-toolchain and rust-toolchain.toml, in the old form (one word) or as a table."""
    text = Text(data)
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("#")[0].strip()
        match = re.match(r"channel\s{0,9}=\s{0,9}[\"']([^\"']{1,80})", line)
        word = match[1] if match else line if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", line) else ""
        if word and (version := _CHANNEL.match(word)):
            yield Found("pin", "rust", version[1], file, number, raw, "rust-toolchain")
            return


def rocket_toml(file: str, data: bytes) -> Iterator[Found]:
    """Rocket.toml: the release profile beats the default one, and `debug` does not count."""
    text = Text(data)
    top = load_toml(text)
    for profile in ("release", "production", "default", "global"):
        one = table(top.get(profile))
        if isinstance(port := one.get("port"), int) and not isinstance(port, bool) and 0 < port < 65536:
            number = next((n for n, line in enumerate(text.lines, 1) if re.match(rf"\s*port\s*=\s*{port}\b", line)), 0)
            yield Found("option", "rocket.port", str(port), file, number, text.line(number), SCOPE, frozenset({profile}))
        if isinstance(host := one.get("address"), str):
            number = text.find(host)
            yield Found("option", "rocket.address", host[:60], file, number, text.line(number), SCOPE, frozenset({profile}))


def trunk_toml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = load_toml(text)
    yield Found("manifest", file.rpartition("/")[2], "", file, 0, "", SCOPE)
    dist = table(top.get("build")).get("dist") or table(top.get("application")).get("out_dir")
    if isinstance(dist, str):
        number = text.find(f'"{dist}"')
        yield Found("option", "outDir", dist[:100], file, number, text.line(number), SCOPE)


_settings = port_settings(SCOPE)

PARSERS: tuple[Parser, ...] = (
    *(
        Parser(path, _settings)
        for path in (
            "configuration.yaml",
            "configuration.yml",
            "configuration/base.yaml",
            "configuration/base.yml",
            "config/default.toml",
            "config/base.toml",
            "Settings.toml",
            "settings.toml",
            "config/base.yaml",
        )
    ),
    Parser("Cargo.toml", cargo_toml, config_kind="manifest"),
    Parser("Cargo.lock", cargo_lock, "lock", config_kind="lock"),
    Parser("rust-toolchain", toolchain, config_kind="version"),
    Parser("rust-toolchain.toml", toolchain, config_kind="version"),
    Parser("Rocket.toml", rocket_toml, config_kind="rocket"),
    Parser("Trunk.toml", trunk_toml, config_kind="trunk"),
    Parser("Dioxus.toml", trunk_toml, config_kind="dioxus"),
)
