"""The small files: .dockerignore, .env.example and deploydeck.toml. Each line comes with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from deploydeck.domain import DeploymentConfig, Evidence, GeneratedFile, Kind, LineReason, ProjectProfile
from deploydeck.generate.clues import ProjectFiles, npmrc_secret
from deploydeck.generate.names import variable_name
from deploydeck.generate.render import HEADER, MAX_EVIDENCE, owned
from deploydeck.generate.request import Choices
from deploydeck.settings import PROJECT_FILE, EnvironmentSettings, Settings

DOCKERIGNORE = ".dockerignore"
ENV_EXAMPLE = ".env.example"

# pattern, rule, why; in the order in which a reader looks for them. Later lines win in this format.
_ALWAYS: tuple[tuple[str, str, str], ...] = (
    (".git", "version-control", "History is not needed to run, and holds what was once deleted"),
    ("**/.env", "secrets", "Values of variables never get into an image"),
    ("**/.env.*", "secrets", "Values of variables never get into an image"),
    ("!**/.env.example", "secrets", "Names without values may come along"),
)
_CREDENTIALS: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "credentials", "Keys and logins never get into an image")
    for pattern in (
        "**/*.pem",
        "**/*.key",
        "**/id_rsa*",
        "**/id_ed25519*",
        "**/.netrc",
        "**/.pypirc",
        ".aws",
        ".ssh",
        "**/*.tfstate*",
    )
)
_OURS: tuple[tuple[str, str, str], ...] = (
    ("Dockerfile*", "deployment-files", "A change here must not make every layer new"),
    (".dockerignore", "deployment-files", "A change here must not make every layer new"),
    ("compose*.y*ml", "deployment-files", "A change here must not make every layer new"),
    ("docker-compose*.y*ml", "deployment-files", "A change here must not make every layer new"),
    (PROJECT_FILE, "deployment-files", "Only DeployDeck reads it"),
    ("**/.deploydeck-*", "deployment-files", "Files DeployDeck writes for a moment"),
)
_DESKTOP: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "desktop-files", "Belongs to this desk, not to the program") for pattern in (".idea", ".vscode", "**/.DS_Store")
)


@dataclass
class _Lines:
    """Lines with reasons, growing."""

    path: str
    lines: list[str] = field(default_factory=list)
    reasons: list[LineReason] = field(default_factory=list)

    def add(self, text: str, rule: str = "", why: str = "", evidence: tuple[Evidence, ...] = ()) -> None:
        self.lines.append(text)
        if rule:
            self.reasons.append(LineReason(line=len(self.lines), rule=rule, why=why, evidence=evidence[:MAX_EVIDENCE]))

    def file(self) -> GeneratedFile:
        return GeneratedFile(path=self.path, content="\n".join(self.lines) + "\n", reasons=tuple(self.reasons))


def dockerignore(profile: ProjectProfile, choices: Choices, files: ProjectFiles, *, own_dockerfile: bool) -> GeneratedFile | None:
    """What stays out of the build. A project's own file is kept and only completed (secrets, foreign packages).

    With a Dockerfile of its own, only those lines are offered: its builder may need anything else. None: nothing to add.
    """
    existing = files.text(DOCKERIGNORE)
    if existing and not owned(existing):
        return _completed(existing, () if own_dockerfile else choices.stack.foreign)
    if files.is_file(DOCKERIGNORE) and not existing:
        return None  # larger than we read: theirs, and left alone
    rows = [*_ALWAYS]
    if not own_dockerfile:
        installed = choices.install.leftovers if choices.install else ()
        rows += [*_CREDENTIALS, *_OURS, *choices.stack.leftovers, *installed, *_DESKTOP]
        if choices.kind is Kind.STATIC and (choices.install or choices.build) and choices.static_dir not in ("", "."):
            rows.append((f"/{choices.static_dir}", "build-output", "The image builds it anew"))
    served = choices.static_dir if choices.kind is Kind.STATIC and not (choices.install or choices.build) else ""
    out = _Lines(DOCKERIGNORE)
    out.add(HEADER)
    for pattern, rule, why in rows:
        if pattern.strip("/*") in served.split("/"):
            continue  # this is what is to be served
        out.add(pattern, rule, why)
    secret = npmrc_secret(files)
    if secret:
        out.add(".npmrc", "credentials", "It holds a login for a registry", secret.evidence)
    for finding in profile.findings:
        for evidence in finding.evidence if finding.code.startswith("secret") else ():
            name = evidence.file.rsplit("/", 1)[-1]
            if name.startswith(".env") and variable_name(name.lstrip(".").replace(".", "_").replace("-", "_")):
                out.add(evidence.file, "secrets", finding.message, (evidence,))
    return out.file()


def _completed(existing: str, foreign: tuple[str, ...]) -> GeneratedFile | None:
    wanted = (
        *_ALWAYS,
        *((pattern, "foreign-packages", "Installed for this machine: it would break the image's own") for pattern in foreign),
    )
    present = {line.strip().removeprefix("**/").strip("/") for line in existing.splitlines()}
    missing = [row for row in wanted if row[0].removeprefix("!").removeprefix("**/") not in present and not row[0].startswith("!")]
    if not missing:
        return None
    newline = "\r\n" if "\r\n" in existing else "\n"
    out = _Lines(DOCKERIGNORE, existing.replace(newline, "\n").removesuffix("\n").split("\n"))
    out.add("# Added by DeployDeck")
    for pattern, rule, why in missing:
        out.add(pattern, rule, why)
        if pattern == "**/.env.*":
            out.add("!**/.env.example", "secrets", "Names without values may come along")
    return out.file()


def env_example(profile: ProjectProfile, files: ProjectFiles) -> GeneratedFile | None:
    """Names of the variables the program reads; values only where the source itself gives a plain default.

    None when there are none, or when the project has such a file of its own.
    """
    variables = [v for v in profile.variables if variable_name(v.name)]
    if not variables or (files.is_file(ENV_EXAMPLE) and not owned(files.head(ENV_EXAMPLE))):
        return None
    out = _Lines(ENV_EXAMPLE)
    out.add(HEADER)
    out.add("# Copy it to .env and fill it in. Keep .env out of version control.")
    for variable in sorted(variables, key=lambda v: (not v.required, v.name)):
        words = ["required" if variable.required else "optional"]
        words += ["secret"] if variable.secret else []
        words += ["used when building"] if variable.build_time else []
        out.add("")
        out.add(f"# {', '.join(words)}")
        default = "" if variable.secret or variable.default is None else variable.default
        why = "A secret: only its name stands here" if variable.secret else "The program reads it"
        out.add(f"{variable.name}={_env_value(default)}", "variable", why, variable.used)
    return out.file()


def _env_value(value: str) -> str:
    """A value one line long. Quoted where it holds more than plain characters; left out when it cannot be written plainly."""
    if not value.isprintable() or "'" in value:
        return ""
    if all(c.isalnum() or c in "_@%+=:,./-" for c in value):
        return value
    return f"'{value}'"


def project_file(
    profile: ProjectProfile, config: DeploymentConfig, settings: Settings, files: ProjectFiles
) -> GeneratedFile | None:
    """deploydeck.toml with the choices made here, so that they are written down and reviewed. None when there is one."""
    if files.is_file(PROJECT_FILE):
        return None
    place = settings.environment(config.environment)
    out = _Lines(PROJECT_FILE)
    out.add(HEADER)
    out.add("")
    default = settings.default_environment
    if default == Settings.model_fields["default_environment"].default or default == config.environment:
        default = config.environment
    out.add(f"default_environment = {_toml(default)}", "default-environment", "Used when no environment is named")
    if config.health.path != "/" or profile.health_path:
        out.add("")
        out.add("[app]", "health-path", "What the scan found, written down so that it can be corrected")
        evidence = profile.health_path.evidence if profile.health_path else ()
        out.add(f"health_path = {_toml(config.health.path)}", "health-path", "Answers 2xx when the program is healthy", evidence)
    out.add("")
    out.add(f"[environments.{_toml_key(config.environment)}]", "environment", "The environment this was generated for")
    out.add(f"target = {_toml(config.target)}", "target", "Where this environment is deployed to")
    port_evidence = profile.port.evidence if profile.port else ()
    out.add(
        f"published_port = {config.published_port}",
        "published-port",
        "Where people reach it on this machine; by default the port of the program",
        port_evidence,
    )
    if place.bind_address != EnvironmentSettings.model_fields["bind_address"].default:
        out.add(f"bind_address = {_toml(place.bind_address)}", "bind-address", "From the settings in force")
    secrets = [variable.name for variable in config.variables if variable.secret]
    if secrets:
        used = tuple(e for v in profile.variables if v.name in secrets for e in v.used)
        listed = ", ".join(_toml(name) for name in secrets)
        out.add(f"secrets = [{listed}]", "secrets", "Values come from the keyring, the environment or .env", used)
    return out.file()


def _toml(text: str) -> str:
    """A TOML basic string. JSON's escapes are TOML's, except that DEL must be escaped and surrogate pairs may not occur."""
    escaped = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return escaped.replace("\x7f", "\\u007f")


def _toml_key(text: str) -> str:
    bare = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if bare else _toml(text)
