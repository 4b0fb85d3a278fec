"""The start command: what a person wrote (override, Procfile, platform files, Dockerfile), else what the ecosystem resolved."""

from __future__ import annotations

from deploydeck.domain import Alternative, Fact, Severity, StartCommand
from deploydeck.scan.commands import Command, development_server, parse_command
from deploydeck.scan.ecosystems import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Ecosystem, Technology
from deploydeck.scan.state import Scan

_SERVES_FILES = frozenset({"nginx", "httpd", "apache2-foreground", "caddy", "nginx-debug"})
_INTERPRETED = frozenset({"python", "node", "deno", "ruby", "php", "perl", "r", "julia", "lua"})
_THROUGH_MANAGER = frozenset({"npm", "pnpm", "yarn", "bun"})


def start(
    scan: Scan, home: Ecosystem | None, technology: Technology | None, known: Resolved
) -> tuple[Fact[StartCommand] | None, bool]:
    """The start command, and whether a person said it outright."""
    detected = known.start
    explicit = _explicit(scan, home, known)
    if explicit is not None and detected is not None and (why := development_server(Command(explicit.value.argv))):
        scan.finding(
            "development-start",
            Severity.WARNING,
            f"{explicit.evidence[0].where} starts a development server ({why}); {detected.value.argv[0]} is used instead.",
            "Write the production command there.",
            explicit.evidence,
        )
        detected, explicit = detected.model_copy(update={"reason": f"{explicit.evidence[0].file} is replaced: {why}"}), None
    if scan.overrides.start:
        argv = tuple(scan.overrides.start)
        value = StartCommand(argv=argv, port_from_env=not any("{port}" in word for word in argv))
        return scan.overridden("start", value, explicit or detected), True
    if explicit is not None and detected is not None and explicit.value.argv[0] != detected.value.argv[0]:
        explicit = explicit.model_copy(update={"alternatives": (Alternative(value=detected.value, evidence=detected.evidence),)})
    if explicit is None and detected is None:
        return _image_command(scan, home), False
    return (explicit or detected), explicit is not None


def output(scan: Scan, detected: Fact[str] | None) -> Fact[str] | None:
    """The output directory, with its override."""
    wanted = scan.overrides.output_dir
    return detected if wanted is None else scan.overridden("output_dir", wanted, detected)


def _explicit(scan: Scan, home: Ecosystem | None, known: Resolved) -> Fact[StartCommand] | None:
    if process := scan.facts.first("process", "web"):
        return _written(scan, process, process.value, 0.97, "the web line of the Procfile", known)
    if platform := scan.facts.first("platform-start"):
        return _written(scan, platform, platform.value, 0.95, f"{platform.file} says so", known)
    if home is not None and home.id in _INTERPRETED and known.start is None:
        return _image_command(scan, home)
    return None


def _image_command(scan: Scan, home: Ecosystem | None) -> Fact[StartCommand] | None:
    """The command of the project's own Dockerfile, unless it only serves files or runs something the image alone holds."""
    image = scan.facts.first("image-command")
    command = parse_command(image.value) if image else None
    if image is None or command is None or command.argv[0].rpartition("/")[2] in _SERVES_FILES:
        return None
    return _written(scan, image, image.value, 0.8, f"the command of {image.file}", Resolved())


def _written(scan: Scan, place: Found, text: str, confidence: float, reason: str, known: Resolved) -> Fact[StartCommand] | None:
    command = parse_command(text)
    if command is None:
        return None
    if command.argv[0] in _THROUGH_MANAGER and command.argv[-1] == "start" and known.start is not None:
        script = scan.facts.own("script", "start")
        places = (place.evidence("start"), *(one.evidence("start") for one in script[:1]), *known.start.evidence[:4])
        return known.start.model_copy(update={"evidence": tuple(dict.fromkeys(places))})
    if command.loopback:
        scan.finding(
            "loopback-bind",
            Severity.WARNING,
            f"{place.evidence('').where} binds to this machine only; the address was left to the target.",
            "Write 0.0.0.0 there.",
            [place.evidence("start")],
        )
    bound = command.bound()
    own = any("env" in fact.tags for fact in scan.facts.of("listen") if fact.file in command.argv)
    value = StartCommand(argv=bound.argv, port_from_env=not bound.has_port and (command.server_reads_port or own))
    reason += "" if bound is command else ", with the address to listen on"
    return Fact(value=value, confidence=confidence, evidence=(place.evidence("start"),), reason=reason)
