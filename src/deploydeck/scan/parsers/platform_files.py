"""Platform files in JSON and TOML: Heroku, Fly, Railway, Nixpacks, Vercel, Netlify, Firebase, Cloudflare and static buildpacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import items, load_json, load_toml, load_yaml, strings, table
from deploydeck.scan.parsers.pins import version_of
from deploydeck.scan.parsers.places import NO_TAGS, Placed
from deploydeck.scan.rules.names import is_secret

ADDONS = (
    ("postgres", "postgresql"), ("mysql", "mysql"), ("cleardb", "mysql"), ("jawsdb", "mysql"), ("maria", "mysql"), ("redis",
    "redis"), ("valkey", "redis"),
    ("keyvalue", "redis"), ("key-value", "redis"), ("kv", "redis"), ("mongo", "mongodb"), ("amqp", "rabbitmq"), ("rabbit",
    "rabbitmq"), ("kafka", "kafka"),
    ("bonsai", "elasticsearch"), ("elasticsearch", "elasticsearch"), ("opensearch", "opensearch"), ("searchbox", "elasticsearch"),
    ("memcache", "memcached"), ("bucketeer", "s3"), ("mssql", "mssql"), ("clickhouse", "clickhouse"), ("nats", "nats"), ("solr",
    "solr"),
)  # fmt: skip
"""A part of an add-on's name (`heroku-postgresql:mini`, `cloudamqp`) and the service it is; the first that fits."""
VERSION_VARIABLES = {
    "PYTHON_VERSION": "python", "NODE_VERSION": "node", "RUBY_VERSION": "ruby", "GO_VERSION": "go", "PHP_VERSION": "php",
    "JAVA_VERSION": "java", "ELIXIR_VERSION": "elixir", "BUN_VERSION": "bun", "DENO_VERSION": "deno",
    "NIXPACKS_NODE_VERSION": "node", "NIXPACKS_PYTHON_VERSION": "python",
}  # fmt: skip
"""Variables by which platforms choose the version of a runtime."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_INSTALLS = re.compile(
    r"^(?:(?:npm|pnpm|yarn|bun)\s+(?:ci|i|install|add)\b|yarn$|(?:python3?\s+-m\s+)?pip3?\s+install\b|(?:poetry|pdm|uv|pipenv|bundle|composer)\s+(?:install|sync)\b"
    r"|uv\s+pip\s+install\b|pip3?\s+install\b|go\s+mod\s+download\b|mix\s+deps\.get\b|cargo\s+fetch\b|dotnet\s+restore\b|corepack\s|apt(?:-get)?\s|curl\s|echo\s|export\s|set\s|chmod\s)"
)


def service_of(name: str) -> str:
    """The service of an add-on's or engine's name; "" when it is none we know."""
    lowered = name.lower()
    return next((service for part, service in ADDONS if part in lowered), "")


def without_installs(command: str) -> str:
    """A build command without the steps that only install, which every deployment does anyway."""
    steps = [step.strip() for step in re.split(r"&&|;|\n", command)]
    return " && ".join(step for step in steps if step and not _INSTALLS.match(step))


def variable(placed: Placed, name: str, value: Any, keys: tuple[str, ...], tags: frozenset[str] = NO_TAGS) -> Iterator[Found]:
    """A variable that a platform file sets; a runtime's version or the port is said as such. A secret's value is dropped."""
    if not _VARIABLE.fullmatch(name):
        return
    plain = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if name in VERSION_VARIABLES:
        if version := version_of(VERSION_VARIABLES[name], plain):
            yield placed.found(
                "pin", VERSION_VARIABLES[name], version, (*keys, name), frozenset(tag for tag in tags if tag.startswith("at:"))
            )
        return
    if name == "PORT":
        if re.fullmatch(r"[0-9]{2,5}", plain):
            yield placed.found("platform-port", plain, "", (*keys, name), frozenset(tag for tag in tags if tag.startswith("at:")))
        return
    scheme = re.match(r"[a-z][a-z0-9+.-]{1,20}://", plain)
    kept = "" if is_secret(name) else plain[:200]
    yield placed.variable(name, scheme[0] if scheme else kept, keys, tags | {"platform"} | ({"valued"} if plain else set()))


def heroku_app(file: str, data: bytes) -> Iterator[Found]:
    """app.json of Heroku, Dokku and Scalingo; the one of Expo says nothing here. Raises Broken."""
    text = Text(data)
    content = table(load_json(text))
    if "expo" in content or not {"env", "addons", "formation", "buildpacks", "healthchecks", "scripts", "stack"} & set(content):
        return
    placed = Placed(file, text, "app.json")
    for name, wanted in table(content.get("env")).items():
        value = wanted.get("value") if isinstance(wanted, dict) else wanted
        tags = {"platform"}
        if isinstance(wanted, dict):
            if wanted.get("required") is False or "generator" in wanted or isinstance(value, str):
                tags |= {"defaulted"} if isinstance(value, str) and value and "generator" not in wanted else set()
            else:
                tags.add("required")
        if _VARIABLE.fullmatch(name) and name != "PORT":
            yield placed.variable(name, value if isinstance(value, str) and not is_secret(name) else "", ("env",), frozenset(tags))
    for addon in items(content.get("addons")):
        plan = addon.get("plan") if isinstance(addon, dict) else addon
        if isinstance(plan, str) and (service := service_of(plan.partition(":")[0])):
            yield placed.found("datasource", service, "add-on", (plan,))
    for check in items(table(content.get("healthchecks")).get("web")):
        if isinstance(path := table(check).get("path"), str) and path.startswith("/"):
            yield placed.found("platform-health", path, "", ("healthchecks", "path"))


def heroku_yml(file: str, data: bytes) -> Iterator[Found]:
    """heroku.yml: run commands and add-ons. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    placed = Placed(file, text, "heroku.yml")
    for name, run in table(content.get("run")).items():
        command = run.get("command") if isinstance(run, dict) else run
        line = " && ".join(str(one) for one in command) if isinstance(command, list) else command
        if isinstance(line, str) and line.strip():
            yield placed.found("process", str(name)[:40], line.strip(), ("run", str(name)))
    for addon in items(table(content.get("setup")).get("addons")):
        if isinstance(plan := table(addon).get("plan"), str) and (service := service_of(plan.partition(":")[0])):
            yield placed.found("datasource", service, "add-on", (plan,))


def fly(file: str, data: bytes) -> Iterator[Found]:
    """fly.toml: port, checks, processes and variables. Raises Broken."""
    text = Text(data)
    content = load_toml(text)
    placed = Placed(file, text, "fly.toml")
    http = table(content.get("http_service"))
    services = [http, *(table(one) for one in items(content.get("services")))]
    for service in services:
        port = service.get("internal_port")
        if isinstance(port, int) and 0 < port < 65536:
            yield placed.found("platform-port", str(port), "", ("internal_port",))
        for check in [*items(service.get("checks")), *items(service.get("http_checks"))]:
            if isinstance(path := table(check).get("path"), str) and path.startswith("/"):
                yield placed.found("platform-health", path, "", (path,))
    for check in table(content.get("checks")).values():
        if isinstance(path := table(check).get("path"), str) and path.startswith("/"):
            yield placed.found("platform-health", path, "", (path,))
    processes = strings(content.get("processes"))
    main = next((name for name in ("app", "web", "server", "api") if name in processes), "") or (
        next(iter(processes), "") if len(processes) == 1 else ""
    )
    if main and processes[main].strip():
        yield placed.found("platform-start", "", processes[main].strip(), ("[processes]", main))
    for name, value in table(content.get("env")).items():
        yield from variable(placed, name, value, ("[env]",))
    build = table(content.get("build"))
    for name, value in table(build.get("args")).items():
        yield from variable(placed, name, value, ("args",), frozenset({"build"}))


def railway_json(file: str, data: bytes) -> Iterator[Found]:
    """railway.json, nixpacks.json, railpack.json. Raises Broken."""
    text = Text(data)
    yield from _railway(Placed(file, text, file.rpartition("/")[2].partition(".")[0]), table(load_json(text)))


def railway_toml(file: str, data: bytes) -> Iterator[Found]:
    """railway.toml and nixpacks.toml. Raises Broken."""
    text = Text(data)
    yield from _railway(Placed(file, text, file.rpartition("/")[2].partition(".")[0]), load_toml(text))


def _railway(placed: Placed, content: dict[str, Any]) -> Iterator[Found]:
    build, deploy = table(content.get("build")), table(content.get("deploy"))
    start, phases, steps = table(content.get("start")), table(content.get("phases")), table(content.get("steps"))
    for holder, key in ((deploy, "startCommand"), (start, "cmd")):
        if isinstance(value := holder.get(key), str) and value.strip():
            yield placed.found("platform-start", "", value.strip(), (key,))
    if isinstance(path := deploy.get("healthcheckPath"), str) and path:
        yield placed.found("platform-health", path if path.startswith("/") else f"/{path}", "", ("healthcheckPath",))
    commands = [build.get("buildCommand")]
    commands += [" && ".join(one for one in items(table(phases.get("build")).get("cmds")) if isinstance(one, str) and one != "...")]
    commands += [
        " && ".join(one for one in items(table(steps.get("build")).get("commands")) if isinstance(one, str) and one != "...")
    ]
    for command in commands:
        if isinstance(command, str) and (wanted := without_installs(command)):
            yield placed.found("platform-build", "", wanted, ("buildCommand" if command is commands[0] else "build",))
    for name, value in [*table(content.get("variables")).items(), *table(deploy.get("variables")).items()]:
        yield from variable(placed, name, value, ("variables",))


def vercel(file: str, data: bytes) -> Iterator[Found]:
    """vercel.json: build command, output directory, variables. Raises Broken."""
    text = Text(data)
    content = table(load_json(text))
    placed = Placed(file, text, "vercel.json")
    if isinstance(command := content.get("buildCommand"), str) and (wanted := without_installs(command)):
        yield placed.found("platform-build", "", wanted, ("buildCommand",))
    if isinstance(output := content.get("outputDirectory"), str) and output:
        yield placed.found("platform-output", "", _directory(output), ("outputDirectory",))
    for holder, tags in ((content.get("env"), NO_TAGS), (table(content.get("build")).get("env"), frozenset({"build"}))):
        for name, value in table(holder).items():
            yield from variable(placed, name, "" if str(value).startswith("@") else value, ("env",), tags)


def netlify(file: str, data: bytes) -> Iterator[Found]:
    """netlify.toml: build command, publish directory, variables; `base` says for which directory. Raises Broken."""
    text = Text(data)
    content = load_toml(text)
    placed = Placed(file, text, "netlify.toml")
    build = table(content.get("build"))
    base = build.get("base")
    where = frozenset({f"at:{_directory(base)}"}) if isinstance(base, str) and _directory(base) not in {"", "."} else NO_TAGS
    if isinstance(command := build.get("command"), str) and (wanted := without_installs(command)):
        yield placed.found("platform-build", "", wanted, ("[build]", "command"), where)
    if isinstance(output := build.get("publish"), str) and output:
        yield placed.found("platform-output", "", _directory(output), ("[build]", "publish"), where)
    production = table(table(content.get("context")).get("production"))
    for holder in (build.get("environment"), production.get("environment")):
        for name, value in table(holder).items():
            yield from variable(placed, name, value, ("environment",), frozenset({"build"}) | where)


def firebase(file: str, data: bytes) -> Iterator[Found]:
    """firebase.json: the directory that hosting serves. Raises Broken."""
    text = Text(data)
    hosting = table(load_json(text)).get("hosting")
    placed = Placed(file, text, "firebase.json")
    for one in [hosting] if isinstance(hosting, dict) else items(hosting)[:5]:
        if isinstance(public := table(one).get("public"), str) and public:
            yield placed.found("platform-output", "", _directory(public), ("public",))


def static_json(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    if isinstance(root := table(load_json(text)).get("root"), str) and root:
        yield Placed(file, text, "static.json").found("platform-output", "", _directory(root), ("root",))


def staticfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.match(r"^root:\s{0,10}(\S{1,200})", line):
            yield Found("platform-output", "", _directory(match[1]), file, number, line, "Staticfile")


def wrangler_toml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from _wrangler(Placed(file, text, "wrangler"), load_toml(text))


def wrangler_json(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from _wrangler(Placed(file, text, "wrangler"), table(load_json(text)))


def _wrangler(placed: Placed, content: dict[str, Any]) -> Iterator[Found]:
    site = table(content.get("site"))
    for output in (content.get("pages_build_output_dir"), site.get("bucket"), table(content.get("assets")).get("directory")):
        if isinstance(output, str) and output:
            yield placed.found("platform-output", "", _directory(output), (output,))
    if isinstance(command := table(content.get("build")).get("command"), str) and (wanted := without_installs(command)):
        yield placed.found("platform-build", "", wanted, ("command",))
    for name, value in table(content.get("vars")).items():
        yield from variable(placed, name, value, ("vars",))


def _directory(path: str) -> str:
    return path.strip().removeprefix("./").strip("/") or "."
