"""Dockerfile and Containerfile: what the final stage listens on, runs and sets, and the versions its base images mean."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.health import health_of
from deploydeck.scan.parsers.images import runtimes_of

OUR_MARK = "deploydeck"
_MOST_LINES = 5_000
_LONGEST = 8_000
_INSTRUCTION = re.compile(r"^\s{0,40}([A-Za-z]{2,12})\s+(.*)$", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s?([\"']?)([A-Za-z_][A-Za-z0-9_]{0,40})\1")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]{0,60})|\{([A-Za-z_][A-Za-z0-9_]{0,60})(?:(:?[-+?])([^{}]{0,200}))?\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_OF_THE_IMAGE = re.compile(
    r"^(?:PATH|HOME|LANG|LANGUAGE|LC_.*|TZ|TERM|SHELL|USER|UID|GID|PWD|DEBIAN_FRONTEND|DEBCONF_.*|TINI_.*|S6_.*|APP_HOME|APP_DIR|WORKDIR|LD_.*"
    r"|PYTHON(?!_ENV).*|PIP_.*|POETRY_.*|PDM_.*|PIPENV_.*|UV_.*|VIRTUAL_ENV|VIRTUALENV.*|VENV.*|CONDA_.*|NODE_ENV|NODE_OPTIONS|NODE_PATH|NODE_VERSION|NPM_.*|npm_.*"
    r"|PNPM_.*|YARN_.*|COREPACK_.*|BUN_INSTALL.*|NVM_.*|NEXT_TELEMETRY_DISABLED|NUXT_TELEMETRY_DISABLED|ASTRO_TELEMETRY_DISABLED|TURBO_.*|GO(?:PATH|ROOT|OS|ARCH|PROXY|FLAGS|BIN|CACHE|LANG|111MODULE)"
    r"|GO_?\d.*|CGO_.*|CARGO_.*|RUST(?:UP|FLAGS|C|DOC).*|RUST_BACKTRACE|BUNDLE_.*|GEM_.*|RUBY_.*|RUBYOPT|MALLOC_.*|COMPOSER_.*|PHP_.*|APACHE_.*|NGINX_.*|JAVA_.*|JDK_.*"
    r"|JRE_.*|MAVEN_.*|GRADLE_.*|_JAVA_OPTIONS|CATALINA_.*|JVM_.*|DOTNET_.*|NUGET_.*|COMPlus_.*|MIX_(?:ENV|HOME|ARCHIVES)|HEX_.*|ERL_.*|ELIXIR_.*|HOSTNAME|HOST|PORT|DENO_DIR|DENO_INSTALL.*"
    r"|ASPNETCORE_(?:HTTP_PORTS|URLS)|CHROME_.*|PUPPETEER_.*|PLAYWRIGHT_.*|DISPLAY|SHLVL|PS1|BUILDKIT.*|DOCKER.*|SOURCE_DATE_EPOCH|TARGET(?:OS|ARCH|PLATFORM|VARIANT)"
    r"|BUILD(?:OS|ARCH|PLATFORM|VARIANT)|.*_VERSION|VERSION|COMMIT.*|GIT_.*|REVISION|BUILD_DATE|APK_.*|APT_.*|NONROOT.*|USERNAME|USER_.*|GROUP_.*|P?UID|P?GID|(?:HTTPS?|NO|FTP)_PROXY)$",
    re.IGNORECASE,
)
"""Variables that speak to the image's own tools, not to the program."""
_INSTALLS = re.compile(
    r"(?:^|[;&|]|\s)(npm|pnpm|yarn|bun)\s+(?:ci|install|i)\b(?!\s+(?:-g|--global)\b)(?![^;&|]{0,60}\s(?:-g|--global)\b)"
)
_NOT_FINAL = re.compile(r"test|dev|debug|lint|\bci\b|e2e", re.IGNORECASE)
_FINAL = re.compile(r"^(?:prod|production|runner|runtime|release|final|deploy|app|web|serve)", re.IGNORECASE)


@dataclass(slots=True)
class Instruction:
    """One instruction: its keyword in capitals, the rest as one line, and where it begins."""

    keyword: str
    rest: str
    line: int
    text: str


@dataclass(slots=True)
class Stage:
    """A build stage with everything it inherits from a stage it is built on."""

    name: str
    base: Instruction
    image: str
    variables: dict[str, tuple[str, Instruction]] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    expose: list[Instruction] = field(default_factory=list)
    command: Instruction | None = None
    entrypoint: Instruction | None = None
    health: Instruction | None = None
    runs: list[Instruction] = field(default_factory=list)
    declared: list[tuple[str, str, Instruction]] = field(default_factory=list)


def is_ours(text: Text) -> bool:
    """Whether DeployDeck wrote this file: its own earlier output is no evidence."""
    return any(OUR_MARK in line.lower() for line in text.lines[:5])


def instructions(text: Text) -> Iterator[Instruction]:
    """The instructions with continuation lines joined, comments and heredoc bodies left out."""
    escape = "\\"
    lines = text.lines[:_MOST_LINES]
    index = 0
    for line in lines[:3]:
        if match := re.match(r"^#\s{0,5}escape\s{0,5}=\s{0,5}(\S)", line, re.IGNORECASE):
            escape = match[1]
    while index < len(lines):
        first = index
        parts: list[str] = []
        while index < len(lines):
            line = lines[index].rstrip()
            index += 1
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                if parts:
                    continue
                break
            if line.endswith(escape):
                parts.append(line[:-1])
                continue
            parts.append(line)
            break
        joined = " ".join(part.strip() for part in parts)[:_LONGEST]
        match = _INSTRUCTION.match(joined)
        if not match:
            continue
        keyword = match[1].upper()
        if keyword in {"RUN", "COPY", "ADD", "CMD", "ENTRYPOINT"}:
            for heredoc in _HEREDOC.finditer(joined):
                while index < len(lines) and lines[index].strip() != heredoc[2]:
                    index += 1
                index += 1
        yield Instruction(keyword, match[2].strip(), first + 1, lines[first].strip())


def dockerfile(file: str, data: bytes) -> Iterator[Found]:
    """Facts `expose`, `image-command`, `image-base`, `pin`, `env` and the `platform-…` ones of the stage that is deployed."""
    text = Text(data)
    if is_ours(text):
        return
    other = frozenset() if file in {"Dockerfile", "Containerfile"} else frozenset({"other"})
    if _NOT_FINAL.search(file.rpartition("/")[2].lower().replace("dockerfile", "")):
        other = frozenset({"other", "development"})
    stages = _stages(text)
    if not stages:
        return
    final = _final(stages)
    known = {**final.arguments, **{name: value for name, (value, _) in final.variables.items()}}
    yield from _bases(file, stages, final, other)
    for instruction in final.expose:
        for word in _resolved(instruction.rest, known).split():
            port = word.partition("/")[0].partition("-")[0]
            if re.fullmatch(r"[0-9]{1,5}", port) and not word.lower().endswith("/udp"):
                yield Found("expose", port, "Dockerfile", file, instruction.line, instruction.text, tags=other)
    yield from _installs(file, stages)
    yield from _command(file, final, other)
    if final.health is not None:
        yield from health_of(final.health.rest, file, final.health.line, final.health.text, "Dockerfile", known)
    yield from _variables(file, stages, final, other)


def _stages(text: Text) -> list[Stage]:
    globals_: dict[str, str] = {}
    stages: list[Stage] = []
    for one in instructions(text):
        if one.keyword == "FROM":
            words = [word for word in one.rest.split() if not word.startswith("--")]
            if not words:
                continue
            image = _resolved(words[0], globals_)
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
            parent = next((stage for stage in reversed(stages) if stage.name and stage.name.lower() == image.lower()), None)
            stage = Stage(name, one, parent.image if parent else image)
            if parent:
                stage.variables, stage.arguments = dict(parent.variables), dict(parent.arguments)
                stage.expose, stage.health = list(parent.expose), parent.health
                stage.command, stage.entrypoint = parent.command, parent.entrypoint
                stage.base = parent.base
            stages.append(stage)
            if len(stages) > 60:
                break
        elif one.keyword == "ARG":
            for name, value in _pairs(one.rest, allow_bare=True):
                if stages:
                    stages[-1].arguments[name] = value or globals_.get(name, "")
                    stages[-1].declared.append((name, value, one))
                else:
                    globals_[name] = _resolved(value, globals_)
        elif stages:
            _add(stages[-1], one)
    return stages


def _installs(file: str, stages: list[Stage]) -> Iterator[Found]:
    """The package manager of Node.js that a RUN installs with, when all that install use one."""
    found: dict[str, Instruction] = {}
    for stage in stages:
        for one in stage.runs:
            for match in _INSTALLS.finditer(one.rest[:2000]):
                found.setdefault(match[1], one)
    if len(found) == 1:
        (name, one), *_ = found.items()
        yield Found("installs", name, "", file, one.line, one.text, "Dockerfile")


def _add(stage: Stage, one: Instruction) -> None:
    if one.keyword == "ENV":
        for name, value in _pairs(one.rest):
            known = {**stage.arguments, **{key: item for key, (item, _) in stage.variables.items()}}
            stage.variables[name] = (_resolved(value, known), one)
    elif one.keyword == "RUN":
        stage.runs.append(one)
    elif one.keyword == "EXPOSE":
        stage.expose.append(one)
    elif one.keyword == "CMD":
        stage.command = one
    elif one.keyword == "ENTRYPOINT":
        stage.entrypoint, stage.command = one, None  # an earlier CMD came with an earlier entry point
    elif one.keyword == "HEALTHCHECK":
        stage.health = None if one.rest.upper().startswith("NONE") else one


def _final(stages: list[Stage]) -> Stage:
    """The last stage, unless it is for tests or development and another one is named after production."""
    last = stages[-1]
    if _NOT_FINAL.search(last.name) and not _FINAL.match(last.name):
        named = [stage for stage in stages if _FINAL.match(stage.name) and (stage.command or stage.entrypoint)]
        return named[-1] if named else last
    return last


def _pairs(rest: str, allow_bare: bool = False) -> Iterator[tuple[str, str]]:
    """`A=1 B="2 3"`, and the old form `A 1`."""
    first, _, value = rest.partition(" ")
    if "=" not in first:
        if allow_bare:
            yield from ((word, "") for word in rest.split() if _NAME.fullmatch(word))
        elif _NAME.fullmatch(first):
            yield first, value.strip().strip("\"'")
        return
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    for word in words:
        name, equals, item = word.partition("=")
        if _NAME.fullmatch(name) and (equals or allow_bare):
            yield name, item


def _resolved(text: str, known: dict[str, str]) -> str:
    """The text with `$NAME`, `${NAME}` and `${NAME:-default}` replaced by what is known; unknown ones stay."""

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1] or match[2], "")
        if found:
            return found
        return match[4] if match[3] in {":-", "-"} else match[0]

    return _VARIABLE.sub(value, text)[:_LONGEST]


def _bases(file: str, stages: list[Stage], final: Stage, tags: frozenset[str]) -> Iterator[Found]:
    seen: set[str] = set()
    yield Found("image-base", final.image[:200], final.name[:60], file, final.base.line, final.base.text, tags=tags)
    for stage in (final, *reversed(stages)):
        for runtime, version in runtimes_of(stage.image):
            if runtime not in seen and "development" not in tags:
                seen.add(runtime)
                yield Found("pin", runtime, version, file, stage.base.line, stage.base.text, "Dockerfile")


def words_of(rest: str) -> tuple[list[str] | None, str]:
    """An exec form as words, or None and the shell form as text."""
    if rest.startswith("["):
        try:
            words = json.loads(rest)
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return words, ""
    return None, rest


def joined(words: list[str]) -> str:
    """Words as one line of shell; variables stay open, because that is what was meant."""
    return " ".join(shlex.quote(word) if re.search(r"[\s'\"&|;<>()`*?!#~]", word) or not word else word for word in words)


def _command(file: str, final: Stage, tags: frozenset[str]) -> Iterator[Found]:
    place = final.command or final.entrypoint
    if place is None:
        return
    entry, entry_text = words_of(final.entrypoint.rest) if final.entrypoint else ([], "")
    command, command_text = words_of(final.command.rest) if final.command else ([], "")
    if entry is None:
        value, place = entry_text, final.entrypoint or place  # the shell form takes no CMD
    else:
        value = " ".join(part for part in (joined(entry), command_text if command is None else joined(command)) if part)
        if entry and not _is_wrapper(entry):
            place = final.entrypoint or place
    if value.strip():
        yield Found("image-command", "", value.strip()[:2000], file, place.line, place.text, "Dockerfile", tags)


def _is_wrapper(words: list[str]) -> bool:
    name = words[0].rpartition("/")[2]
    return name in {"tini", "dumb-init", "sh", "bash", "catatonit", "my_init"} or name.endswith(".sh") or "entrypoint" in name


def _variables(file: str, stages: list[Stage], final: Stage, tags: frozenset[str]) -> Iterator[Found]:
    if "development" in tags:
        return
    for name, (value, place) in final.variables.items():
        if name in {"PORT", "ASPNETCORE_HTTP_PORTS", "HTTP_PORT", "SERVER_PORT"} and re.fullmatch(r"[0-9]{1,5}", value):
            yield Found("platform-port", value, "", file, place.line, place.text, "Dockerfile", tags)
        elif name in {"ASPNETCORE_URLS", "URLS"} and (match := re.search(r":(\d{2,5})(?:\D|$)", value)):
            yield Found("platform-port", match[1], "", file, place.line, place.text, "Dockerfile", tags)
        if not _OF_THE_IMAGE.match(name) and (not value or "$" not in value):
            yield Found("env", name, "", file, place.line, f"ENV {name}=", "Dockerfile", frozenset({"image"}))
    given = {name for stage in stages for name in stage.variables}
    for stage in stages:
        for name, _, place in stage.declared:
            if name in given and not _OF_THE_IMAGE.match(name):  # handed on by ENV, so the build reads it
                yield Found("env", name, "", file, place.line, f"ARG {name}", "Dockerfile", frozenset({"image", "build"}))
