# ruff: noqa: E501 - tables read better unbroken
"""Configuration of JavaScript tools: what a build writes where, which adapter or builder it uses, which port is set."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import node_source, node_tree, trees
from deploydeck.scan.parsers.base import Parse, Parser
from deploydeck.scan.parsers.formats import items, load_json, load_yaml, table

_MOST_OPTIONS = 300
_SETTERS = {"setOutputDirectory": "dir.output", "setInputDirectory": "dir.input", "setOutputPath": "output.path"}
_PLAIN = (str, bool, int)


def _option(file: str, text: Text, name: str, value: object, key: str = "") -> Found:
    line = text.find(f'"{key or name.rpartition(".")[2]}"')
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return Found("option", name, shown[:200], file, line, text.line(line), "node")


def script_config(file: str, data: bytes) -> Iterator[Found]:
    """A configuration written as a program: each literal by its dotted path (`build.outDir`), calls by their name (tag call)."""
    yield from node_source.node_source(file, data)
    text = Text(data)
    count = 0
    for node in trees.descend(node_tree.root_of(file, data), frozenset({"pair", "call_expression"})):
        if count >= _MOST_OPTIONS:
            return
        if node.type == "call_expression":
            _, name = node_tree.called(node)
            arguments = node_tree.arguments(node)
            if name in _SETTERS and arguments and (value := node_tree.string(arguments[0])) is not None:
                yield Found("option", _SETTERS[name], value[:200], file, trees.line(node), text.line(trees.line(node)), "node")
            continue
        key, written = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None or written is None:
            continue
        tags: frozenset[str] = frozenset()
        value = node_tree.path_strings(written)
        plain = node_tree.inner(written)
        if value is None and plain.type == "call_expression":
            value, tags = node_tree.called(plain)[1], frozenset({"call"})
        elif value is None and plain.type == "identifier":
            value, tags = trees.text(plain), frozenset({"name"})
        if value is None:
            continue
        names = [node_tree.key_of(key)]
        for around in node_tree.ancestors(node):
            if around.type == "pair" and (outer := around.child_by_field_name("key")) is not None:
                names.append(node_tree.key_of(outer))
        count += 1
        line = trees.line(node)
        yield Found("option", ".".join(reversed(names))[:200], value[:200], file, line, text.line(line), "node", tags)


def tsconfig(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_json(text))
    options = table(content.get("compilerOptions"))
    for key in ("outDir", "rootDir", "outFile", "noEmit", "module", "target"):
        if isinstance(value := options.get(key), _PLAIN):
            yield _option(file, text, f"compilerOptions.{key}", value)
    for glob in items(content.get("include"))[:5]:
        if isinstance(glob, str):
            yield _option(file, text, "include", glob)


def angular(file: str, data: bytes) -> Iterator[Found]:
    """Of the application that is built by default: builder, output, and whether it is rendered on a server."""
    text = Text(data)
    content = table(load_json(text))
    yield Found("manifest", "angular.json", "", file, 1, text.line(1), "node")
    projects = {str(name): table(project) for name, project in table(content.get("projects")).items()}
    applications = {
        name: one for name, one in projects.items() if one.get("projectType", "application") == "application"
    } or projects
    name = content.get("defaultProject")
    if name not in applications:
        name = next((one for one, project in applications.items() if project.get("root") == ""), next(iter(applications), None))
    if not isinstance(name, str) or name not in applications:
        return
    yield _option(file, text, "angular.project", name, name)
    targets = table(applications[name].get("architect")) or table(applications[name].get("targets"))
    build = table(targets.get("build"))
    options = table(build.get("options"))
    if isinstance(builder := build.get("builder") or build.get("executor"), str):
        yield _option(file, text, "angular.builder", builder, "builder")
    output = options.get("outputPath")
    if isinstance(output, str):
        yield _option(file, text, "angular.outputPath", output, "outputPath")
    elif isinstance(output, dict):
        for key in ("base", "browser", "server"):
            if isinstance(value := output.get(key), str):
                yield _option(file, text, f"angular.outputPath.{key}", value, key)
    production = table(table(build.get("configurations")).get("production"))
    for key in ("ssr", "server", "outputMode", "prerender"):
        value = options.get(key, production.get(key))
        if value is not None:
            yield _option(file, text, f"angular.{key}", value if isinstance(value, _PLAIN) else "true", key)
    if "server" in targets or "serve-ssr" in targets:
        server = table(table(targets.get("server")).get("options")).get("outputPath")
        yield _option(file, text, "angular.universal", server if isinstance(server, str) else "true", "server")


def nest_cli(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_json(text))
    for key in ("sourceRoot", "entryFile", "monorepo", "root"):
        if isinstance(value := content.get(key), _PLAIN):
            yield _option(file, text, f"nest.{key}", value, key)
    for name, project in table(content.get("projects")).items():
        if isinstance(root := table(project).get("root"), str) and table(project).get("type") == "application":
            yield _option(file, text, f"nest.projects.{name}", root, str(name))


def tool_file(tool: str) -> Parse:
    """A JSON file that means a tool; its tasks are named."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        text = Text(data)
        content = table(load_json(text))
        yield Found("tool", tool, "", file, 1, text.line(1), "node")
        for name in [*table(content.get("tasks")), *table(content.get("pipeline")), *table(content.get("targetDefaults"))][:60]:
            line = text.find(f'"{name}"')
            yield Found("task", str(name), "", file, line, text.line(line), "node")

    return parse


def nx_project(file: str, data: bytes) -> Iterator[Found]:
    """project.json of Nx: the executors by their package, where the build writes, which port is served."""
    text = Text(data)
    content = table(load_json(text))
    targets = table(content.get("targets")) or table(content.get("architect"))
    if not targets and "$schema" not in content:
        return
    if isinstance(name := content.get("name"), str) and "/" not in file:
        line = text.find('"name"')
        yield Found("project-name", name, "", file, line, text.line(line), "node")
    for name, target in targets.items():
        executor = table(target).get("executor") or table(target).get("builder")
        if not isinstance(executor, str):
            continue
        line = text.find(f'"{executor}"')
        yield Found("tool", executor.partition(":")[0], executor, file, line, text.line(line), "node")
        options = table(table(target).get("options"))
        for key in ("outputPath", "port", "main", "outputFileName", "ssr", "command"):
            if isinstance(value := options.get(key), _PLAIN):
                yield _option(file, text, f"nx.{name}.{key}", value, key)


def yarnrc(file: str, data: bytes) -> Iterator[Found]:
    """.yarnrc.yml: the release that is checked in says the version."""
    text = Text(data)
    path = table(load_yaml(text)).get("yarnPath")
    if isinstance(path, str) and (match := re.search(r"yarn-(\d[\w.-]{0,30}?)\.c?js$", path)):
        line = text.find("yarnPath")
        yield Found("manager-version", "yarn", match[1], file, line, text.line(line), "yarnPath")


def node_settings(file: str, data: bytes) -> Iterator[Found]:
    """config/default.* and config/production.* of the `config` package (Feathers, LoopBack): port and host."""
    text = Text(data)
    content = table(load_yaml(text) if file.endswith(("yaml", "yml")) else load_json(text))
    for prefix, values in (("", content), ("server.", table(content.get("server"))), ("app.", table(content.get("app")))):
        for key in ("port", "PORT", "host", "hostname"):
            value = values.get(key)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                line = text.find(key)
                yield Found("constant", prefix + key, str(value)[:100], file, line, text.line(line), "node", frozenset({"config"}))


def environment_map(file: str, data: bytes) -> Iterator[Found]:
    """config/custom-environment-variables.*: which variable sets which value; the place of PORT among them."""
    text = Text(data)
    waiting: list[tuple[str, Any]] = [("", load_yaml(text) if file.endswith(("yaml", "yml")) else load_json(text))]
    for _ in range(2000):
        if not waiting:
            return
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            name = value.get("__name")
            if isinstance(name, str):
                value = name
            else:
                waiting += [(f"{path}.{key}".lstrip("."), entry) for key, entry in value.items()]
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", value):
            line = text.find(value)
            yield Found("env", value, "", file, line, text.line(line), "node")
            yield Found("constant", path, "", file, line, text.line(line), "node", frozenset({"config", f"variable:{value}"}))


def ionic(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_json(text))
    for key in ("webDir", "type"):
        if isinstance(value := content.get(key), str):
            yield _option(file, text, key, value)


def pm2(file: str, data: bytes) -> Iterator[Found]:
    """A process file of PM2 in JSON."""
    text = Text(data)
    content = load_json(text)
    for app in items(table(content).get("apps")) or items(content) or [content]:
        if isinstance(script := table(app).get("script"), str):
            yield _option(file, text, "apps.script", script, "script")


def lockb(file: str, data: bytes) -> Iterator[Found]:
    """bun.lockb is binary: that it is there is all it says."""
    yield Found("manifest", posixpath.basename(file), "", file, 0, "", "node")


_SCRIPTS = (
    ("next", ("next.config.*",)), ("vite", ("vite.config.*",)), ("nuxt", ("nuxt.config.*",)), ("astro", ("astro.config.*",)),
    ("svelte", ("svelte.config.*",)), ("vue", ("vue.config.*",)), ("gatsby", ("gatsby-config.*",)), ("docusaurus", ("docusaurus.config.*",)),
    ("eleventy", (".eleventy.*", "eleventy.config.*")), ("rsbuild", ("rsbuild.config.*",)), ("rspack", ("rspack.config.*",)),
    ("webpack", ("webpack.*", "config/webpack.*", "build/webpack.*")), ("farm", ("farm.config.*",)),
    ("vitepress", (".vitepress/config.*", "docs/.vitepress/config.*")), ("vuepress", (".vuepress/config.*", "docs/.vuepress/config.*")),
    ("gridsome", ("gridsome.config.*",)), ("remix", ("remix.config.*",)), ("react-router", ("react-router.config.*",)),
    ("app", ("app.config.*",)), ("nitro", ("nitro.config.*",)), ("tsup", ("tsup.config.*", "tsdown.config.*")), ("rollup", ("rollup.config.*",)),
    ("snowpack", ("snowpack.config.*",)), ("ember", ("ember-cli-build.*",)), ("capacitor", ("capacitor.config.*",)),
    ("gulp", ("gulpfile.*",)), ("medusa", ("medusa-config.*",)), ("payload", ("payload.config.*", "src/payload.config.*")),
    ("keystone", ("keystone.*",)), ("strapi", ("config/server.*",)),
    ("craco", ("craco.config.*",)), ("preact", ("preact.config.*",)), ("lume", ("_config.js", "_config.ts")), ("nitro", ("server/nitro.config.*",)), ("metalsmith", ("metalsmith.*",)),
)  # fmt: skip
_CODE = re.compile(r"\.(?:[cm]?[jt]s|tsx|jsx)$")


_RUN_TIME = frozenset({"medusa", "payload", "keystone", "strapi"})
"""Configurations that the running program reads; all others only the build does."""
_READ_TWICE = (("ecosystem.config", False), ("pm2.config", False), ("knexfile", True), ("drizzle.config", True),
    ("mikro-orm.config", True), ("ormconfig", True))  # fmt: skip
"""Programs that another module reads too, by their exact names, and whether they count in any directory."""


def _script(file: str, data: bytes) -> Iterator[Found]:
    """A file whose name a configuration has; only programs are read as such."""
    if file.endswith(".json"):
        yield from ionic(file, data)
    elif _CODE.search(file):
        yield from script_config(file, data)


def _build_script(file: str, data: bytes) -> Iterator[Found]:
    """As `_script`, of a configuration that only the build reads: so are its variables. Those of Nuxt count at run time too."""
    for fact in _script(file, data):
        if fact.kind == "env" and not fact.name.startswith(("NUXT_", "NITRO_")):
            fact = replace(fact, tags=fact.tags | {"build"})
        yield fact


PARSERS: tuple[Parser, ...] = (
    *(
        Parser(glob, _script if kind in _RUN_TIME else _build_script, config_kind=kind)
        for kind, globs in _SCRIPTS
        for glob in globs
    ),
    *(
        Parser(f"{name}.{ending}", _script, anywhere=anywhere)
        for name, anywhere in _READ_TWICE
        for ending in ("js", "cjs", "mjs", "ts")
    ),
    Parser("tsconfig.json", tsconfig, config_kind="typescript"),
    Parser("tsconfig.*.json", tsconfig, config_kind="typescript"),
    Parser("angular.json", angular, config_kind="angular"),
    Parser(".angular-cli.json", tool_file("angular-cli"), config_kind="angular"),
    Parser("nest-cli.json", nest_cli, config_kind="nest"),
    Parser("turbo.json", tool_file("turbo"), config_kind="turbo"),
    Parser("nx.json", tool_file("nx"), config_kind="nx"),
    Parser("project.json", nx_project, config_kind="nx"),
    *(Parser(f"{directory}/*/project.json", nx_project, config_kind="nx") for directory in ("apps", "packages", "services")),
    Parser(".yarnrc.yml", yarnrc, config_kind="yarn"),
    *(
        Parser(f"config/{name}.{extension}", node_settings)
        for name in ("default", "production")
        for extension in ("json", "json5", "yaml", "yml")
    ),
    *(Parser(f"config/custom-environment-variables.{extension}", environment_map) for extension in ("json", "yaml", "yml")),
    Parser("ionic.config.json", ionic, config_kind="ionic"),
    Parser("pm2.json", pm2, config_kind="pm2"),
    Parser("bun.lockb", lockb, "lock", config_kind="lock"),
)
