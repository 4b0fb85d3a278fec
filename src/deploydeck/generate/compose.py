"""compose.yaml: the program as its Dockerfile builds it, beside the services it needs, on this machine.

Written line by line, so that comments and reasons stay at their lines; every value goes through `yaml_text`. What may stand in a
value is decided here: `$` of a plain value is doubled, for compose would replace it; a secret is only ever `${NAME:?…}`.
"""

from __future__ import annotations

import re

from deploydeck.domain import DeploymentConfig, Evidence, GeneratedFile, Kind, ServiceSpec, VariableSource
from deploydeck.generate.docker import build_arguments, build_secrets
from deploydeck.generate.lines import Lines
from deploydeck.generate.names import variable_name, yaml_text
from deploydeck.generate.render import HEADER
from deploydeck.generate.request import Request
from deploydeck.generate.services import SERVICES, missing_services
from deploydeck.generate.stacks.site import SITE

COMPOSE = "compose.yaml"
COMPOSE_FILES = (COMPOSE, "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Where compose looks, in its order."""
_PLAIN_DEFAULT = re.compile(r"[A-Za-z0-9_./:,@+-]{1,200}")
APP = "app"
"""The name of the program among the services, and its host name for them."""


def compose_wanted(request: Request) -> bool:
    """Whether the settings ask for the file or, where they say nothing, the program needs a service beside it."""
    asked = request.settings.generate.compose
    return bool(request.config.services) if asked is None else asked


def compose_file(request: Request, *, own_dockerfile: bool) -> GeneratedFile:
    """The file. `own_dockerfile`: the image is the project's own, so nothing is assumed of its user or its health check."""
    config, out = request.config, Lines(COMPOSE)
    out.add(HEADER)
    out.add("# docker compose up --build --wait; values come from .env, see .env.example.")
    out.add("")
    out.add(f"name: {yaml_text(config.app)}", "compose-project", "One name for the containers, the network and the volumes")
    out.add("")
    out.add("services:", "compose-services", "The program and what it needs beside it")
    _program(out, request, own_dockerfile=own_dockerfile)
    for spec in config.services:
        _service(out, request, spec)
    volumes = [spec.name for spec in config.services if spec.data]
    if volumes:
        out.add("")
        out.add("volumes:", "compose-volume", "What must outlive the containers; `docker compose down --volumes` removes it")
        for name in volumes:
            out.add(f"  {name}:", "compose-volume", f"The data of {SERVICES[name].title}")
    mounted = _mounted(request)
    if mounted:
        out.add("")
        out.add("secrets:", "build-secret", "Given to single steps of the build, in no layer of the image")
        for name in mounted:
            out.add(f"  {name}:", "build-secret", "The project reads it while it is built", _used(request, name))
            out.add(f"    environment: {name}", "build-secret", "Its value comes from .env or the environment")
    for name in missing_services(request.profile):
        out.add(f"# {name} is needed too, and is not started here.")
    return out.file()


def in_compose(value: str, host: str, password: str) -> str:
    """The value of a service's variable as compose reads it, with the password taken from .env."""
    return value.replace("$", "$$").replace("{host}", host).replace("{password}", _required(password))


def _required(name: str) -> str:
    return f"${{{name}:?set it in .env}}"


def _program(out: Lines, request: Request, *, own_dockerfile: bool) -> None:
    config = request.config
    site = config.recipe.kind is Kind.STATIC
    out.add(f"  {APP}:", "compose-program", f"The program itself: {config.recipe.framework or config.recipe.language}")
    out.add("    build:", "compose-build", "Built from this directory with the same Dockerfile as everywhere")
    out.add("      context: .", "compose-build", "The project's directory")
    out.add(f"      dockerfile: {yaml_text(config.dockerfile)}", "compose-build", "The same Dockerfile as everywhere")
    _build(out, request, own_dockerfile=own_dockerfile)
    out.add(
        f"    image: {yaml_text(f'{config.app}:local')}", "compose-image", "The name of what is built here; it is pushed nowhere"
    )
    out.add("    init: true", "compose-init", "A first process that passes signals on and takes in orphans")
    out.add("    restart: unless-stopped", "compose-restart", "Back after a crash or a restart of the machine")
    port = request.profile.port.evidence if request.profile.port else ()
    out.add("    ports:", "published-port", "Where people reach it")
    out.add(f"      - target: {config.port}", "port", "Where the program listens, as in the Dockerfile", port)
    out.add(f'        published: "{config.published_port}"', "published-port", "Where people reach it on this machine")
    out.add(f"        host_ip: {yaml_text(config.bind_address)}", "bind-address", "Only this address of the machine answers")
    _environment(out, request)
    _depends(out, config)
    if not own_dockerfile:
        stack = SITE if site else request.choices.stack
        test = ["CMD", *stack.probe(config)]
        evidence = request.profile.health_path.evidence if request.profile.health_path else ()
        _health(out, test, f"Asks {config.health.path} as the Dockerfile does", evidence, start=30)
        out.add("    cap_drop:", "compose-hardening", "It runs without root and needs no privilege of the system")
        out.add("      - ALL", "compose-hardening", "It runs without root and needs no privilege of the system")
    _no_new_privileges(out)
    if site and not own_dockerfile:
        _sealed(out, "The server writes below /tmp only")
    _limits(out, config)


def _build(out: Lines, request: Request, *, own_dockerfile: bool) -> None:
    open_arguments = [one for one in build_arguments(request) if one.value is None and not own_dockerfile]
    if open_arguments:
        out.add("      args:", "build-argument", "What becomes part of what is built")
        for argument in open_arguments:
            # without a value compose passes it on only where it is set
            out.add(f"        {argument.name}:", "build-argument", "Passed on from .env where it is set", argument.evidence)
    mounted = _mounted(request)
    if mounted:
        out.add("      secrets:", "build-secret", "Mounted for single steps of the build")
        for name in mounted:
            out.add(f"        - {name}", "build-secret", "The project reads it while it is built", _used(request, name))


def _mounted(request: Request) -> tuple[str, ...]:
    """Build secrets that must be there: compose refuses to start without one that it names."""
    required = {variable.name for variable in request.profile.variables if variable.required}
    return tuple(name for name in build_secrets(request) if name in required)


def _used(request: Request, name: str) -> tuple[Evidence, ...]:
    return next((variable.used for variable in request.profile.variables if variable.name == name), ())


def _environment(out: Lines, request: Request) -> None:
    """Every variable of the running program: of a service, of the settings, required from .env, or passed on where it is set."""
    config = request.config
    rows: dict[str, tuple[str, str, str]] = {}
    for spec in config.services:
        title = SERVICES[spec.name].title
        for name, value in spec.variables:
            rows[name] = (f" {yaml_text(in_compose(value, spec.name, spec.password))}", "service", f"How the program finds {title}")
    for variable in config.variables:
        if variable.name in rows:
            continue
        if variable.source is VariableSource.SETTINGS and variable.value is not None:
            text = f" {yaml_text(variable.value.replace('$', '$$'))}"
            rows[variable.name] = (text, "variable", f"From the settings of {config.environment}")
        else:
            why = "A secret: its value is in .env or the environment, never here" if variable.secret else "The program needs it"
            rows[variable.name] = (f" {yaml_text(_required(variable.name))}", "variable", why)
    fixed = {name for name, _ in config.recipe.environment}
    for read in request.profile.variables:
        if read.name not in rows and read.name not in fixed and not read.build_time and variable_name(read.name):
            default = read.default or ""
            if read.secret or not _PLAIN_DEFAULT.fullmatch(default):
                rows[read.name] = ("", "variable", "The program reads it; passed on from .env where it is set")
            else:
                text = f" {yaml_text(f'${{{read.name}:-{default}}}')}"
                rows[read.name] = (
                    text,
                    "variable",
                    "The program reads it; its own default where .env has no value",
                )
    if config.recipe.kind is Kind.STATIC or not rows:
        return
    out.add("    environment:", "variable", "Variables of the running program")
    for name in sorted(rows):
        value, rule, why = rows[name]
        out.add(f"      {yaml_text(name)}:{value}", rule, why, _used(request, name))


def _depends(out: Lines, config: DeploymentConfig) -> None:
    if not config.services:
        return
    out.add("    depends_on:", "compose-order", "The program starts when what it needs answers")
    for spec in config.services:
        why = f"{SERVICES[spec.name].title} answers first"
        out.add(f"      {spec.name}:", "compose-order", why)
        out.add("        condition: service_healthy", "compose-order", why)


def _service(out: Lines, request: Request, spec: ServiceSpec) -> None:
    row = SERVICES[spec.name]
    need = next((need for need in request.profile.services if need.name == spec.name), None)
    evidence = need.evidence if need else ()
    out.add("")
    out.add(f"  {spec.name}:", "service", f"The program needs {row.title}", evidence)
    out.add(f"    image: {yaml_text(spec.image)}", "service-image", f"{row.title} in a fixed version line", evidence)
    if spec.name == "rabbitmq":
        out.add(f"    hostname: {spec.name}", "service-host", "Its data belong to a host name, so it keeps one")
    if row.command:
        out.add("    command:", "service-command", _COMMAND.get(row.name, f"How {row.title} is started"))
        for word in row.command:
            out.add(f"      - {yaml_text(word)}", "service-command", _COMMAND.get(row.name, f"How {row.title} is started"))
    out.add("    restart: unless-stopped", "compose-restart", "Back after a crash or a restart of the machine")
    if row.environment:
        out.add("    environment:", "service-environment", f"How {row.title} sets itself up the first time")
        for name, value in row.environment:
            text = yaml_text(in_compose(value, spec.name, spec.password))
            why = "The password is in .env, never here" if "{password}" in value else f"How {row.title} sets itself up"
            out.add(f"      {name}: {text}", "service-environment", why)
    if spec.data:
        out.add("    volumes:", "compose-volume", f"The data of {row.title} outlive its container")
        out.add(f"      - {spec.name}:{spec.data}", "compose-volume", f"Where {row.title} keeps its data")
    _health(out, list(row.health), f"The program starts when {row.title} answers", (), start=60)
    _no_new_privileges(out)
    if row.sealed:
        _sealed(out, f"{row.title} writes to its volume only" if spec.data else f"{row.title} keeps everything in memory")


_COMMAND = {"redis": "Writes what it is told to disk; without a password, for only the program reaches it"}


def _health(out: Lines, test: list[str], why: str, evidence: tuple[Evidence, ...], *, start: int) -> None:
    out.add("    healthcheck:", "healthcheck", why, evidence)
    out.add("      test:", "healthcheck", why, evidence)
    for word in test:
        out.add(f"        - {yaml_text(word.replace('$', '$$'))}", "healthcheck", why, evidence)
    for name, value in (("interval", "5s"), ("timeout", "5s"), ("retries", "12"), ("start_period", f"{start}s")):
        out.add(f"      {name}: {value}", "healthcheck", "Failures while it starts do not count; asked often, so that it is quick")


def _no_new_privileges(out: Lines) -> None:
    out.add("    security_opt:", "compose-hardening", "No program in it can gain rights it did not start with")
    out.add("      - no-new-privileges:true", "compose-hardening", "No program in it can gain rights it did not start with")


def _sealed(out: Lines, why: str) -> None:
    out.add("    read_only: true", "compose-hardening", f"Nothing can change the image's files. {why}")
    out.add("    tmpfs:", "compose-hardening", "Temporary files, gone with the container")
    out.add("      - /tmp", "compose-hardening", "Temporary files, gone with the container")


def _limits(out: Lines, config: DeploymentConfig) -> None:
    limits = config.limits
    if limits.memory_bytes is None and limits.cpus is None:
        return
    asked = {one.name: one.source for one in config.preferences}
    out.add("    deploy:", "limits", "What one copy may take")
    out.add("      resources:", "limits", "What one copy may take")
    out.add("        limits:", "limits", "What one copy may take")
    if limits.cpus is not None:
        out.add(f'          cpus: "{limits.cpus:g}"', "limits", f"Asked for by {asked.get('cpus', 'the settings')}")
    if limits.memory_bytes is not None:
        out.add(f"          memory: {limits.memory_bytes}b", "limits", f"Asked for by {asked.get('memory-mb', 'the settings')}")
