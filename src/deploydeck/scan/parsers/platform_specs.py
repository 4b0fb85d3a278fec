"""Platform files in YAML: Render, App Engine, DigitalOcean, App Runner, Cloud Foundry, Serverless, Kamal, Platform.sh."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import items, load_yaml, table
from deploydeck.scan.parsers.pins import TOOLS
from deploydeck.scan.parsers.places import NO_TAGS, Placed
from deploydeck.scan.parsers.platform_files import service_of, variable, without_installs

_RUNTIME = re.compile(r"^([a-z]{2,10})-?(\d[\d.]{0,10})(?:\.x)?$")
_ENGINES = {
    "PG": "postgresql",
    "MYSQL": "mysql",
    "REDIS": "redis",
    "VALKEY": "redis",
    "MONGODB": "mongodb",
    "KAFKA": "kafka",
    "OPENSEARCH": "opensearch",
}


def _at(directory: Any) -> frozenset[str]:
    """The tag that says for which directory something is meant."""
    path = posixpath.normpath(directory.strip("/")) if isinstance(directory, str) and directory.strip("/") else "."
    return NO_TAGS if path in {".", ""} or path.startswith("..") else frozenset({f"at:{path}"})


def _runtime(placed: Placed, written: Any, keys: tuple[str, ...]) -> Iterator[Found]:
    """`python311`, `nodejs20`, `go1.22`, `python3.12`, `nodejs18.x` as a pin."""
    match = _RUNTIME.match(written.lower()) if isinstance(written, str) else None
    runtime = TOOLS.get(match[1], "") if match else ""
    if not match or not runtime:
        return
    version = match[2]
    if "." not in version and runtime in {"python", "go", "php", "ruby"} and len(version) > 1:
        version = f"{version[0]}.{version[1:]}"
    yield placed.found("pin", runtime, version, keys)


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def render(file: str, data: bytes) -> Iterator[Found]:
    """render.yaml: each service for the directory it is built from, databases, key-value stores. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    placed = Placed(file, text, "render.yaml")
    for service in items(content.get("services"))[:60]:
        one = table(service)
        kind, name = _text(one, "type"), _text(one, "name")
        if kind in {"redis", "keyvalue"}:
            yield placed.found("datasource", "redis", "render service", (kind,))
            continue
        tags = _at(one.get("rootDir"))
        keys = (name,) if name else ()
        if kind in {"web", "pserv", ""}:
            if start := _text(one, "startCommand") or _text(one, "dockerCommand"):
                yield placed.found(
                    "platform-start", "", start, (*keys, "startCommand" if _text(one, "startCommand") else "dockerCommand"), tags
                )
            if path := _text(one, "healthCheckPath"):
                yield placed.found("platform-health", path, "", (*keys, "healthCheckPath"), tags)
            if build := without_installs(_text(one, "buildCommand")):
                yield placed.found("platform-build", "", build, (*keys, "buildCommand"), tags)
            if output := _text(one, "staticPublishPath"):
                yield placed.found(
                    "platform-output", "", output.removeprefix("./").strip("/") or ".", (*keys, "staticPublishPath"), tags
                )
        for variable_ in items(one.get("envVars")):
            entry = table(variable_)
            if "fromDatabase" in entry or "fromService" in entry or "key" in entry:
                yield from variable(placed, _text(entry, "key"), entry.get("value"), keys, tags)
    for _ in items(content.get("databases"))[:1]:
        yield placed.found("datasource", "postgresql", "render database", ("databases",))


def app_engine(file: str, data: bytes) -> Iterator[Found]:
    """app.yaml of App Engine, or of DigitalOcean where it has services. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    if "services" in content or "static_sites" in content:
        yield from digitalocean(file, data)
        return
    if not isinstance(content.get("runtime"), str):
        return
    placed = Placed(file, text, "app.yaml")
    yield from _runtime(placed, content.get("runtime"), ("runtime",))
    if start := _text(content, "entrypoint"):
        yield placed.found("platform-start", "", start, ("entrypoint",))
    for name, value in table(content.get("env_variables")).items():
        yield from variable(placed, name, value, ("env_variables",))
    for check in ("readiness_check", "liveness_check"):
        if path := _text(table(content.get(check)), "path"):
            yield placed.found("platform-health", path, "", (check, "path"))


def digitalocean(file: str, data: bytes) -> Iterator[Found]:
    """The app specification of DigitalOcean. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    content = table(content.get("spec")) or content
    placed = Placed(file, text, "digitalocean")
    for holder in ("services", "static_sites"):
        for service in items(content.get(holder))[:40]:
            one = table(service)
            tags, keys = _at(one.get("source_dir")), (holder, _text(one, "name") or holder)
            if start := _text(one, "run_command"):
                yield placed.found("platform-start", "", start, (*keys, "run_command"), tags)
            if build := without_installs(_text(one, "build_command")):
                yield placed.found("platform-build", "", build, (*keys, "build_command"), tags)
            if output := _text(one, "output_dir"):
                yield placed.found("platform-output", "", output.strip("/"), (*keys, "output_dir"), tags)
            if re.fullmatch(r"[0-9]{2,5}", port := _text(one, "http_port")):
                yield placed.found("platform-port", port, "", (*keys, "http_port"), tags)
            if path := _text(table(one.get("health_check")), "http_path"):
                yield placed.found("platform-health", path, "", (*keys, "http_path"), tags)
            for entry in items(one.get("envs")):
                build_time = frozenset({"build"}) if _text(table(entry), "scope") == "BUILD_TIME" else NO_TAGS
                yield from variable(placed, _text(table(entry), "key"), table(entry).get("value"), keys, tags | build_time)
    for entry in items(content.get("envs")):
        yield from variable(placed, _text(table(entry), "key"), table(entry).get("value"), ("envs",))
    for database in items(content.get("databases")):
        if service := _ENGINES.get(_text(table(database), "engine").upper(), ""):
            yield placed.found("datasource", service, "digitalocean database", ("databases", "engine"))


def app_runner(file: str, data: bytes) -> Iterator[Found]:
    """apprunner.yaml. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    placed = Placed(file, text, "apprunner.yaml")
    run, build = table(content.get("run")), table(table(content.get("build")).get("commands"))
    yield from _runtime(placed, content.get("runtime"), ("runtime",))
    if start := _text(run, "command"):
        yield placed.found("platform-start", "", start, ("run", "command"))
    if command := without_installs(" && ".join(one for one in items(build.get("build")) if isinstance(one, str))):
        yield placed.found("platform-build", "", command, ("build",))
    network = table(run.get("network"))
    port = network.get("port")
    if isinstance(port, str) and re.fullmatch(r"[0-9]{2,5}", port):
        yield placed.found("platform-port", port, "", ("network", "port"))
    for entry in items(run.get("env")):
        yield from variable(placed, _text(table(entry), "name"), table(entry).get("value"), ("env",))


def cloud_foundry(file: str, data: bytes) -> Iterator[Found]:
    """manifest.yml of Cloud Foundry; any other manifest says nothing here."""
    if b"applications:" not in data:
        return
    text = Text(data)
    placed = Placed(file, text, "cloud-foundry")
    for application in items(table(load_yaml(text)).get("applications"))[:20]:
        one = table(application)
        tags = _at(one.get("path"))
        if start := _text(one, "command"):
            yield placed.found("platform-start", "", start, ("command",), tags)
        if path := _text(one, "health-check-http-endpoint"):
            yield placed.found("platform-health", path, "", ("health-check-http-endpoint",), tags)
        for name, value in table(one.get("env")).items():
            yield from variable(placed, name, value, ("env",), tags)
        for service in items(one.get("services")):
            if isinstance(service, str) and (known := service_of(service)):
                yield placed.found("datasource", known, "bound service", (service,), frozenset({"weak"}))


def serverless(file: str, data: bytes) -> Iterator[Found]:
    """serverless.yml: the runtime and variables of the functions. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    placed = Placed(file, text, "serverless.yml")
    provider = table(content.get("provider"))
    yield from _runtime(placed, provider.get("runtime"), ("provider", "runtime"))
    for name, value in table(provider.get("environment")).items():
        yield from variable(placed, name, "" if "${" in str(value) else value, ("environment",))


def kamal(file: str, data: bytes) -> Iterator[Found]:
    """config/deploy.yml of Kamal: port and health path of the proxy, variables, accessories. Templates in it may not parse."""
    if b"servers:" not in data and b"accessories:" not in data:
        return
    plain = re.sub(rb"(?m)^[ \t]{0,40}<%[^=\n][^\n]{0,500}$", b"", data)  # a line of Ruby gives nothing
    text = Text(re.sub(rb"<%[^%]{0,500}%>", b"erb", plain))
    content = table(load_yaml(text))
    placed = Placed(file, text, "kamal")
    proxy, check = table(content.get("proxy")), table(content.get("healthcheck"))
    for port, key in ((_text(proxy, "app_port"), "app_port"), (_text(check, "port"), "port")):
        if re.fullmatch(r"[0-9]{2,5}", port):
            yield placed.found("platform-port", port, "", (key,))
    for path in (_text(table(proxy.get("healthcheck")), "path"), _text(check, "path")):
        if path.startswith("/"):
            yield placed.found("platform-health", path, "", ("healthcheck", "path"))
    env = table(content.get("env"))
    for name, value in table(env.get("clear")).items():
        yield from variable(placed, name, value, ("env", "clear"))
    for name in items(env.get("secret")):
        if isinstance(name, str):
            yield from variable(placed, name.partition(":")[0], "", ("env", "secret"))
    for name, accessory in table(content.get("accessories")).items():
        if isinstance(image := table(accessory).get("image"), str):
            yield placed.found("service-image", image, name, ("accessories", "image"))


def platform_sh(file: str, data: bytes) -> Iterator[Found]:
    """.platform.app.yaml. Raises Broken."""
    text = Text(data)
    yield from _platform_app(Placed(file, text, "platform-sh"), table(load_yaml(text)), NO_TAGS)


def _platform_app(placed: Placed, content: dict[str, Any], tags: frozenset[str]) -> Iterator[Found]:
    runtime, _, version = _text(content, "type").partition(":")
    if runtime in TOOLS and re.match(r"\d", version):
        yield placed.found("pin", TOOLS[runtime], version, ("type",), tags)
    web = table(content.get("web"))
    if start := _text(table(web.get("commands")), "start"):
        yield placed.found("platform-start", "", start, ("web", "start"), tags)
    if build := without_installs(_text(table(content.get("hooks")), "build").replace("\n", " && ")):
        yield placed.found("platform-build", "", build, ("hooks", "build"), tags)
    for name, value in table(table(content.get("variables")).get("env")).items():
        yield from variable(placed, name, value, ("variables", "env"), tags)


def platform_services(file: str, data: bytes) -> Iterator[Found]:
    """.platform/services.yaml. Raises Broken."""
    text = Text(data)
    yield from _platform_services(Placed(file, text, "platform-sh"), table(load_yaml(text)))


def _platform_services(placed: Placed, services: dict[str, Any]) -> Iterator[Found]:
    for one in services.values():
        kind = _text(table(one), "type")
        if service := service_of(kind):
            yield placed.found("datasource", service, "platform service", (kind,))


def upsun(file: str, data: bytes) -> Iterator[Found]:
    """.upsun/config.yaml: applications and services in one file. Raises Broken."""
    text = Text(data)
    content = table(load_yaml(text))
    placed = Placed(file, text, "platform-sh")
    for application in table(content.get("applications")).values():
        one = table(application)
        yield from _platform_app(placed, one, _at(table(one.get("source")).get("root")))
    yield from _platform_services(placed, table(content.get("services")))
