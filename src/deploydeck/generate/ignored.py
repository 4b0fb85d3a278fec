"""What stays out of an image: .dockerignore, each line with its reason."""

from __future__ import annotations

from deploydeck.domain import GeneratedFile, Kind, SecretFound
from deploydeck.generate.clues import npmrc_secret
from deploydeck.generate.lines import Lines
from deploydeck.generate.render import HEADER, owned
from deploydeck.generate.request import Request
from deploydeck.settings import PROJECT_FILE

DOCKERIGNORE = ".dockerignore"

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
        "**/*.p12",
        "**/*.pfx",
        "**/*.jks",
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
_PIPELINES: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "pipeline-files", "A change of the pipeline must not make every layer new")
    for pattern in (
        ".github",
        ".gitlab-ci.yml",
        ".gitlab",
        ".circleci",
        "Jenkinsfile*",
        "azure-pipelines*.yml",
        "bitbucket-pipelines.yml",
    )
)
_INFRASTRUCTURE: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "infrastructure-files", "It makes the place the program runs in, and is no part of it")
    for pattern in ("**/.terraform", "**/*.tf", "**/*.tfvars")
)
_BESIDE_A_SITE: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "deployment-files", "It lies among the files that are served, and is no part of the site")
    for pattern in ("ci/deploy.sh", "infra/arm", "infra/cloudformation", "infra/terraform")
)
"""What DeployDeck writes into a project whose root is the site."""
_OTHER_HISTORY: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "version-control", "History is not needed to run") for pattern in (".hg", ".svn")
)
_PROGRAM = frozenset(
    "py pyi js jsx mjs cjs ts tsx mts cts vue svelte astro go rs java kt kts scala groovy clj rb php cs fs vb ex exs erl hs "
    "swift dart cr nim zig lua pl pm r jl c h cc cpp hpp html css scss sql sh bash tf".split()
)
"""Endings of what is the program itself: a secret in it must be taken out of the file, not the file out of the image."""
_MANIFESTS = frozenset(
    "package.json package-lock.json pyproject.toml requirements.txt composer.json pom.xml build.gradle Cargo.toml go.mod "
    "settings.xml nuget.config Gemfile".split()
)
_DESKTOP: tuple[tuple[str, str, str], ...] = tuple(
    (pattern, "desktop-files", "Belongs to this desk, not to the program") for pattern in (".idea", ".vscode", "**/.DS_Store")
)


def dockerignore(request: Request, *, own_dockerfile: bool) -> GeneratedFile | None:
    """What stays out of the build. A project's own file is kept and only completed (secrets, foreign packages).

    With a Dockerfile of its own, only those lines are offered: its builder may need anything else. None: nothing to add.
    """
    choices, files = request.choices, request.files
    existing = files.text(DOCKERIGNORE)
    if existing and not owned(existing):
        return _completed(existing, () if own_dockerfile else choices.stack.foreign)
    if files.is_file(DOCKERIGNORE) and not existing:
        return None  # larger than we read: theirs, and left alone
    built = bool(choices.install or choices.build)
    rows = [*_ALWAYS]
    if not own_dockerfile:
        rows += [*_OTHER_HISTORY, *_CREDENTIALS, *_OURS, *_PIPELINES, *_INFRASTRUCTURE, *choices.stack.leftovers]
        rows += [*(choices.install.leftovers if choices.install else ()), *_DESKTOP]
        if choices.kind is Kind.STATIC and built and choices.static_dir not in ("", "."):
            rows.append((f"/{choices.static_dir}", "build-output", "The image builds it anew"))
        if choices.kind is Kind.STATIC and not built and choices.static_dir in ("", "."):
            rows += _BESIDE_A_SITE
    served = choices.static_dir if choices.kind is Kind.STATIC and not built else ""
    out = Lines(DOCKERIGNORE)
    out.add(HEADER)
    for pattern, rule, why in rows:
        if pattern.strip("/*") in served.split("/"):
            continue  # this is what is to be served
        out.add(pattern, rule, why)
    login = npmrc_secret(files)
    if login:
        out.add(".npmrc", "credentials", "It holds a login for a registry", login.evidence)
    for path, secret in _with_secrets(request.profile.secrets).items():
        why = f"It holds what looks like a live credential ({secret.kind})"
        out.add(_pattern(path), "secrets", why, (secret.evidence.model_copy(update={"text": ""}),))
    return out.file()


def _with_secrets(found: tuple[SecretFound, ...]) -> dict[str, SecretFound]:
    """Files that hold a secret for sure and can stay out: neither the program itself nor what installs it."""
    files: dict[str, SecretFound] = {}
    for secret in found:
        path = secret.evidence.file
        name = path.rpartition("/")[2]
        ending = name.rpartition(".")[2].lower() if "." in name.lstrip(".") else ""
        covered = name.startswith(".env") or name == ".npmrc"
        if secret.confidence >= 0.9 and path and ending not in _PROGRAM and name not in _MANIFESTS and not covered:
            files.setdefault(path, secret)
    return files


def _pattern(path: str) -> str:
    """A pattern that matches this file. A character that has a meaning in patterns, or cannot stand in a line, matches as any."""
    return "/" + "".join(c if c.isprintable() and c not in "*?[]\\" and c != " " else "?" for c in path)


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
    out = Lines(DOCKERIGNORE, existing.replace(newline, "\n").removesuffix("\n").split("\n"))
    out.add("# Added by DeployDeck")
    for pattern, rule, why in missing:
        out.add(pattern, rule, why)
        if pattern == "**/.env.*":
            out.add("!**/.env.example", "secrets", "Names without values may come along")
    return out.file()
