# ruff: noqa: E501 - tables read better unbroken
"""Facts of several JavaScript files joined: routes with the prefixes they are mounted below, ports that stand in another file."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_EXTENSIONS = (
    ".ts",
    ".js",
    ".mjs",
    ".cjs",
    ".tsx",
    ".jsx",
    ".mts",
    ".cts",
    "/index.ts",
    "/index.js",
    "/index.mjs",
    "/index.cjs",
    ".json",
)
_DEEPEST = 6
_MOST_ROUTES = 3000
_APP_NAMES = frozenset({"app", "server", "fastify", "application", "api", "instance", "f", "elysia", "hono"})
_CONFIG_FILE = re.compile(
    r"^[\w.-]{0,40}\.config\.[cm]?[jt]s$|(?:^|/)(?:vite|vitest|next|nuxt|astro|svelte|playwright|jest|cypress|rollup|tailwind|postcss|drizzle)"
    r"\.config\.[cm]?[jt]s$|(?:^|/)(?:webpack|gulpfile|Gruntfile|karma)\b",
    re.IGNORECASE,
)
"""Configurations of tools; `config/app.config.ts` is the program's own."""
_PARAMETER = re.compile(r"[\[\]$:*{}]")


def module_file(scan: Scan, importer: str, module: str) -> str:
    """The file of the component that a specifier names; "" when it is a package or not there."""
    if module.startswith("."):
        bases = [posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))]
    elif module.startswith(("@/", "~/", "#/")):
        bases = [f"src/{module[2:]}", module[2:], f"app/{module[2:]}"]
    elif module.startswith(("src/", "app/", "server/", "lib/")):
        bases = [module]
    elif module.startswith("#"):
        bases = [module[1:], f"src/{module[1:]}", f"app/{module[1:]}"]
    else:
        return ""
    for base in bases:
        if base in scan.tree.entries:
            return base
        for extension in _EXTENSIONS:
            if base + extension in scan.tree.entries:
                return base + extension
        stem = re.sub(r"\.[cm]?jsx?$", "", base)
        if stem != base:
            for extension in (".ts", ".tsx", ".mts", ".cts"):
                if stem + extension in scan.tree.entries:
                    return stem + extension
    return ""


def link_routes(scan: Scan) -> None:
    """Add a fact route for each local-route whose whole path is certain."""
    local = scan.facts.own("local-route")
    if not local:
        return
    to_name: dict[tuple[str, str], list[Found]] = {}
    to_file: dict[str, list[Found]] = {}
    vague = False
    for mount in scan.facts.own("mount"):
        target = next((tag[3:] for tag in mount.tags if tag.startswith("to:")), "")
        if target.startswith("#"):
            to_name.setdefault((mount.file, target[1:]), []).append(mount)
        elif file := module_file(scan, mount.file, target):
            to_file.setdefault(file, []).append(mount)
        vague = vague or bool(mount.name)
    prefix = scan.facts.first("global-prefix")
    versioned = scan.facts.first("versioned")
    found: list[Found] = []
    for fact in local[:_MOST_ROUTES]:
        if "kind:nest" in fact.tags:
            part = ""
            if versioned is not None:
                told = next((tag[8:] for tag in fact.tags if tag.startswith("version:")), None)
                number = versioned.name if told is None else told
                if told == "" or (number and number != "neutral" and not versioned.value):
                    continue  # several versions, or one that a header says
                part = "" if number in {"", "neutral"} else f"v{number}"
            if prefix is not None and prefix.name == "?":
                continue
            excluded = prefix is not None and fact.name.strip("/") in {one.strip("/") for one in prefix.value.split()}
            path = joined(joined("" if prefix is None or excluded else prefix.name, part), fact.name)
            found.append(replace(fact, kind="route", name=path, value="app"))
            continue
        for above in _prefixes(fact.file, fact.value, fact.tags, to_name, to_file, vague, 0):
            found.append(replace(fact, kind="route", name=joined(above, fact.name), value="app"))
    scan.facts.add(found)


def _prefixes(
    file: str,
    owner: str,
    tags: frozenset[str],
    to_name: dict[tuple[str, str], list[Found]],
    to_file: dict[str, list[Found]],
    vague: bool,
    depth: int,
) -> list[str]:
    """The paths an object of a file is mounted at; empty when that is uncertain."""
    if depth > _DEEPEST:
        return []
    mounts = to_name.get((file, owner), []) or to_file.get(file, [])
    if mounts and "kind:app" not in tags:
        result = []
        for mount in mounts[:8]:
            if mount.name == "?":
                continue
            for above in _prefixes(mount.file, mount.value, frozenset(), to_name, to_file, vague, depth + 1):
                result.append(joined(above, mount.name))
        return result[:16]
    certain = "kind:either" in tags or "kind:app" in tags or owner.rpartition(".")[2] in _APP_NAMES or owner in {"Elysia", "Hono"}
    return [""] if certain or not vague else []


def joined(prefix: str, path: str) -> str:
    """Two parts of a path as one."""
    return "/" + "/".join(part for part in (prefix.strip("/"), path.strip("/")) if part)


_FILE_ROUTES: dict[str, tuple[tuple[str, str], ...]] = {
    "nuxt": ((r"(?:src/)?server/(api/.+?|)(?:\.get)?\.[jt]s", "/"), (r"(?:src/)?server/routes/(.+?)(?:\.get)?\.[jt]s", "/"), (r"(?:app/|src/)?pages/(index)\.vue", "/"), (r"(?:app/|src/)?(app)\.vue", "=/")),
    "nitro": ((r"(?:src/|server/)?(api/.+?)(?:\.get)?\.[jt]s", "/"), (r"(?:src/|server/)?routes/(.+?)(?:\.get)?\.[jt]s", "/")),
    "sveltekit": ((r"src/routes/(.*?/?)\+server\.[jt]s", "/"), (r"src/routes/(.*?/?)\+page\.svelte", "/")),
    "astro": ((r"src/pages/(.+?)\.(?:[jt]s|astro|md|mdx)", "/"),),
    "remix": ((r"app/routes/(.+?)(?:/route)?\.(?:[jt]sx?)", "."),),
    "react-router": ((r"app/routes/(.+?)(?:/route)?\.(?:[jt]sx?)", "."),),
    "solid-start": ((r"src/routes/(.+?)\.[jt]sx?", "/"),),
    "tanstack-start": ((r"(?:src|app)/routes/(.+?)(?:/route)?\.[jt]sx?", "."),),
    "qwik-city": ((r"src/routes/(.*?/?)index\.[jt]sx?", "/"),),
    "fresh": ((r"routes/(.+?)\.[jt]sx?", "/"),),
    "blitz": ((r"(?:src/)?pages/(api/.+?|index)\.[jt]sx?", "/"), (r"(?:src/)?app/(.+?)/route\.[jt]sx?", "/")),
    "payload": ((r"(?:src/)?app/(.+?)/route\.[jt]sx?", "/"),),
    "nextjs": ((r"(?:src/)?app/(.+?)/route\.[jt]sx?", "/"),),
    "medusa": ((r"src/api/(.+?)/route\.[jt]s", "/"),),
    "redwood": ((r"api/src/functions/(.+?)(?:/\1)?\.[jt]s", "/"),),
}  # fmt: skip
"""Where files are routes: a pattern with the path in group 1, and what separates its parts ("." also a dot)."""


def file_routes(scan: Scan, technology: str) -> None:
    """Add a fact route for each file that is one."""
    patterns = [(re.compile(pattern), separator) for pattern, separator in _FILE_ROUTES.get(technology, ())]
    found: list[Found] = []
    for path in scan.tree.entries if patterns else ():
        for pattern, separator in patterns:
            match = pattern.fullmatch(path)
            if not match or len(found) > _MOST_ROUTES:
                continue
            inner = match[1]
            if separator == "=/":
                inner = ""
            if separator == ".":
                inner = inner.replace("[.]", "\0").replace(".", "/").replace("\0", ".")
            parts = [part for part in inner.split("/") if part and not re.fullmatch(r"\(.*\)|_\w*|index", part)]
            route = "/" + "/".join(part.removesuffix("_") for part in parts)
            if not _PARAMETER.search(route):
                found.append(Found("route", route, "app", path, 0, "", "node"))
    scan.facts.add(found)


def link_ports(scan: Scan) -> None:
    """Add a fact listen where a program listens on what another file, a schema or a sample file says."""
    found: list[Found] = []
    for fact in scan.facts.own("listen", scope="node"):
        if fact.name and "fallback" not in fact.tags:
            continue
        if fact.name:
            for name in (tag[5:] for tag in fact.tags if tag.startswith("name:") and "." in tag):
                constant = _constant(scan, fact.file, name, [], 4)
                if constant is not None and constant.value.isdigit() and 0 < int(constant.value[:6]) < 65536:
                    tags = constant.tags | {f"instead:{fact.file}:{fact.line}"}
                    found.append(replace(constant, kind="listen", name=constant.value, value=fact.value, tags=frozenset(tags)))
                    break
            continue
        names = [tag[5:] for tag in fact.tags if tag.startswith("name:")]
        variables = [tag[9:] for tag in fact.tags if tag.startswith("variable:")]
        modules = [tag[5:] for tag in fact.tags if tag.startswith("from:")]
        for name in names:
            if constant := _constant(scan, fact.file, name, modules):
                more = {tag[9:] for tag in constant.tags if tag.startswith("variable:")}
                variables += sorted(more)
                if constant.value.isdigit() and 0 < int(constant.value[:6]) < 65536:
                    tags = (fact.tags - {"unknown"}) | constant.tags | ({"env"} if "PORT" in more else set())
                    found.append(replace(constant, kind="listen", name=constant.value, value=fact.value, tags=frozenset(tags)))
                    found.append(replace(fact, name="", tags=frozenset({"linked", f"by:{constant.file}"})))
                    break
            elif re.fullmatch(r"(?:\w+\.){0,4}[A-Z][A-Z0-9_]*", name):
                variables.append(name.rpartition(".")[2])
        else:
            if default := _default(scan, variables):
                tags = fact.tags | ({"env"} if "PORT" in variables else set())
                found.append(
                    replace(
                        default,
                        kind="listen",
                        name=default.value,
                        value=fact.value,
                        tags=frozenset(tags - {"unknown"}),
                        scope="node",
                    )
                )
                found.append(replace(fact, name="", tags=frozenset({"linked", f"by:{default.file}"})))
            elif "PORT" in variables and "env" not in fact.tags:
                found.append(replace(fact, tags=fact.tags | {"env"}))
    scan.facts.add(found)


def configured_port(scan: Scan) -> Found | None:
    """The port of a configuration file that a framework reads by itself: config/server.* of Strapi, config/default.* of others."""
    files = re.compile(
        r"(?:^|/)config/(?:server|default|production|env/production/server)\.\w{2,4}$|(?:^|/)(?:payload|keystone|medusa-config|astro\.config)\b"
    )
    found = [
        fact
        for fact in scan.facts.own("constant")
        if files.search(fact.file) and fact.value and fact.name.rpartition(".")[2].lower() == "port"
    ]
    return next(iter(sorted(found, key=lambda fact: fact.name.count("."))), None)


def _constant(scan: Scan, importer: str, name: str, modules: list[str], rules: int = 6) -> Found | None:
    """The constant of another file that a dotted name most likely is."""
    constants = [fact for fact in scan.facts.own("constant") if not _CONFIG_FILE.search(fact.file)]
    rest = name.partition(".")[2]
    last = name.rpartition(".")[2]
    origin = next((file for module in modules if (file := module_file(scan, importer, module))), "")

    def fits(rule: int, fact: Found) -> bool:
        end = fact.name.rpartition(".")[2] == last
        match rule:
            case 0:
                return bool(origin) and fact.file == origin and fact.name in {name, rest}
            case 1:
                return bool(origin) and fact.file == origin and end
            case 2:
                return fact.name == name and fact.file != importer
            case 3:
                return bool(rest) and fact.name == rest
            case 4:
                return bool(rest) and fact.name.endswith(f".{rest}")
            case _:
                return end and "port" in last.lower() and re.search(r"config|env|const|setting", fact.file) is not None

    for rule in range(rules):
        if matching := [fact for fact in constants if fits(rule, fact)]:
            valued = [fact for fact in matching if fact.value]
            valued.sort(
                key=lambda fact: (not re.search(r"prod", fact.name + fact.file), bool(re.search(r"(?:^|\.)test\b|dev", fact.name)))
            )
            best = valued[0] if valued else matching[0]
            variables = {tag for fact in matching for tag in fact.tags if tag.startswith("variable:")}
            return replace(best, tags=best.tags | variables)
    return None


def _default(scan: Scan, variables: list[str]) -> Found | None:
    """The default of a variable, from the source first, then from sample files."""
    for name in dict.fromkeys(variables):
        facts = [
            fact for fact in scan.facts.own("env", name) if re.fullmatch(r"[1-9]\d{1,4}", fact.value) and int(fact.value) < 65536
        ]
        facts.sort(key=lambda fact: "sample" in fact.tags)
        if facts:
            return facts[0]
    return None
