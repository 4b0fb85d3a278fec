"""PHP: a document root behind Apache, or a program that listens by itself; packages by Composer, extensions by what is required."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploydeck.domain import DeployDeckError, Evidence, GeneratedFile, Kind
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path, shown
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.render import owned, render
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.assets import node_assets
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.php_extensions import extensions
from deploydeck.generate.systems import needed

APACHE_CONF = ("deploy/apache.conf", "deploy/deploydeck-apache.conf")
"""Where the server configuration goes: the second when the first is the project's own."""
PORT = 8080
"""Where Apache listens inside a container: above 1024, for it does not run as root."""
COMPOSER = "composer:2.9"
_CACHE = "/var/cache/composer"
_GONE = frozenset({"wkhtmltopdf"})
"""Packages that the Debian of the image no longer has."""
_SERVER: Argv = ("apache2-foreground",)

_FRONT_CONTROLLERS = frozenset(
    "cakephp codeigniter craft drupal fat-free flight laminas laravel leaf lumen mezzio slim statamic symfony yii".split()
)
"""Frameworks whose index.php answers every path that is no file."""
_WRITABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cakephp": (("logs", "tmp"), ("logs", "tmp")),
    "codeigniter": (("writable",), ("writable",)),
    "laravel": (
        (
            "bootstrap/cache",
            "storage/app/public",
            "storage/framework/cache/data",
            "storage/framework/sessions",
            "storage/framework/views",
            "storage/logs",
        ),
        ("bootstrap/cache", "storage"),
    ),
    "lumen": (("storage/app", "storage/framework/cache", "storage/framework/views", "storage/logs"), ("storage",)),
    "symfony": (("var/cache", "var/log"), ("var",)),
}
"""Directories that the program expects, and those among them and above that it writes to; the rest of its code belongs to root."""
_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "laravel": (("APP_ENV", "production"), ("LOG_CHANNEL", "stderr")),
    "lumen": (("APP_ENV", "production"), ("LOG_CHANNEL", "stderr")),
    "symfony": (("APP_ENV", "prod"),),
    "codeigniter": (("CI_ENVIRONMENT", "production"),),
}

_VENDOR = (("vendor", "php-leftovers", "Installed on this machine; the image installs what the lock file says"),)


def _composer(question: InstallQuestion) -> Installation:
    """Packages first, by manifest and lock alone; the second run has them there and completes autoloader, plugins and scripts."""
    files = question.files
    locked = files.is_file("composer.lock")
    base: Argv = ("composer", "install", "--no-dev", "--no-interaction", "--no-progress", "--prefer-dist")
    full = (*base, "--optimize-autoloader")
    needs_source = _needs_source(files)
    early = () if needs_source else ((*base, "--no-scripts", "--no-autoloader"),)
    manifests = tuple(path for path in ("composer.json", "composer.lock", "symfony.lock") if files.is_file(path))
    return Installation(
        "composer", manifests, early, (full,), (full,), _CACHE, source_clue=needs_source, locked=locked, leftovers=_VENDOR
    )


def _needs_source(files: ProjectFiles) -> Clue:
    """Why the packages cannot be installed by composer.json alone: packages or patches that lie in the project."""
    manifest = files.json("composer.json")
    repositories = manifest.get("repositories")
    entries = list(repositories.values()) if isinstance(repositories, dict) else repositories
    if isinstance(entries, list) and any(isinstance(one, dict) and one.get("type") in ("path", "artifact") for one in entries):
        return _in_manifest(files, '"repositories"', "composer-local-repository")
    extra = manifest.get("extra")
    if isinstance(extra, dict) and ("patches" in extra or "patches-file" in extra):
        return _in_manifest(files, '"patches', "composer-patches")
    return NOTHING


def _in_manifest(files: ProjectFiles, needle: str, rule: str) -> Clue:
    for number, line in enumerate(files.text("composer.json").split("\n"), 1):
        if needle in line:
            return Clue(rule, (Evidence(file="composer.json", line=number, text=line.strip()[:200], rule=rule),))
    return Clue(rule, (Evidence(file="composer.json", rule=rule),))


def _decide(draft: Draft) -> Draft:
    """What has a document root is served by Apache in an image; another program is started as the scan found it."""
    environment = _ENVIRONMENT.get(draft.framework, ())
    if not draft.image or draft.kind is not Kind.SERVER:
        return replace(draft, environment=environment)
    root = _document_root(draft)
    if root:
        return replace(draft, start=_SERVER, port=PORT, environment=environment, clues={**draft.clues, "root": root})
    if draft.start and draft.start[0] != "php":
        raise DeployDeckError(
            "generate-php-server",
            f"The image for PHP has no {shown(draft.start[0])}.",
            "DeployDeck serves a document root with Apache, and starts programs that PHP itself runs.",
            'Set [app] output_dir to the document root, or start = ["php", "server.php"], or write a Dockerfile of your own.',
        )
    return replace(draft, environment=environment)


def _document_root(draft: Draft) -> Clue:
    """The directory with the pages; nothing where the command is the person's own, or one of a program that listens by itself."""
    profile, app = draft.profile, draft.settings.app
    if app.start:
        return NOTHING
    if app.output_dir:
        return Clue(_inside(app.output_dir))
    if profile.output_dir is None:
        return NOTHING
    return Clue(_inside(profile.output_dir.value), profile.output_dir.evidence)


def _inside(path: str) -> str:
    return "." if path in (".", "./") else inside_path(path.rstrip("/"), "document root")


def _context(request: Request) -> dict[str, Any]:
    profile, choices, files = request.profile, request.choices, request.files
    root = choices.clue("root")
    assets = node_assets(profile, files) if _needs_node(choices.build) else None
    expected, writable = _WRITABLE.get(choices.framework, ((), ()))
    return {
        "system": needed(profile, Preferences(request.config.preferences), without="ext-", gone=_GONE),
        "missing": tuple(sorted({one.name for one in profile.system_packages if one.run} & _GONE)),
        "server_image": f"php:{choices.series}-{'apache' if root else 'cli'}-trixie",
        "apache": bool(root),
        "root_evidence": root.evidence,
        "extensions": extensions(profile, files, choices.framework),
        "composer": COMPOSER if choices.install else "",
        "composer_cache": _CACHE,
        "assets": assets,
        "dotenv": choices.framework == "symfony",
        "expected": expected,
        "writable": writable,
        "frozen": bool(writable),
        "conf": _conf(files) if root else "",
    }


def _needs_node(build: tuple[Argv, ...]) -> bool:
    return any(command and command[0] in ("npm", "pnpm", "yarn", "bun", "npx") for command in build)


def _conf(files: ProjectFiles) -> str:
    return next((path for path in APACHE_CONF if not files.is_file(path) or owned(files.head(path))), APACHE_CONF[-1])


def _files(request: Request) -> tuple[GeneratedFile, ...]:
    """The configuration of Apache, where it is the server."""
    root = request.choices.clue("root")
    if not root:
        return ()
    context = {
        "port": request.config.port,
        "root": "/app" if root.value == "." else f"/app/{root.value}",
        "root_evidence": root.evidence,
        "whole": root.value == ".",
        "front_controller": request.choices.framework in _FRONT_CONTROLLERS,
    }
    return (render("docker/apache.conf.j2", _conf(request.files), context),)


PHP = Stack(
    id="php",
    name="PHP",
    languages=("php",),
    managers={"composer": _composer},
    template="docker/php.Dockerfile.j2",
    context=_context,
    image="php:{series}-apache-trixie",
    series=("8.1", "8.2", "8.3", "8.4", "8.5"),
    default_series="8.4",
    files=_files,
    user="33:33",
    decide=_decide,
    leftovers=(
        *(
            (pattern, "php-leftovers", "Made on this machine; the image makes its own")
            for pattern in (
                "**/node_modules",
                "**/.phpunit.cache",
                "**/.phpunit.result.cache",
                ".php-cs-fixer.cache",
                "bootstrap/cache/*.php",
                "storage/framework/cache/data/*",
                "storage/framework/sessions/*",
                "storage/framework/views/*",
                "storage/logs/*",
                "var/cache",
                "var/log",
            )
        ),
        ("**/auth.json", "credentials", "It holds logins for package repositories"),
    ),
    foreign=("**/node_modules",),
    needs_manager=False,
)
