"""Ruby: gems by Bundler as the lock says, assets compiled, and Puma or what the project chose in front of Rack."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from deploydeck.domain import DeployDeckError, Evidence, Kind
from deploydeck.generate.clues import ProjectFiles, search
from deploydeck.generate.names import variable_name
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.assets import node_assets
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.systems import Package, needed

BUNDLE = "/usr/local/bundle"
_CACHE = "/var/cache/bundle"
_COMPILERS = ("build-essential", "git", "libyaml-dev", "pkg-config")
"""For gems with parts in C, and for those that come from git."""
_DUMMY_SINCE = (7, 1)
_THROW_AWAY = {
    "postgresql": "postgresql://localhost/build",
    "mysql": "mysql2://localhost/build",
}
_NEVER = frozenset({"RAILS_MASTER_KEY", "SECRET_KEY_BASE"})
"""A made-up master key opens nothing and only breaks the boot; the base of keys is given in its own way."""

_LOCAL = re.compile(r"^\s{0,40}(gem\b.{0,200}\bpath:|path\s{0,4}[(\"']|gemspec\b)")
_RUBY_FILE = re.compile(r"""^\s{0,40}ruby\s{0,4}\(?\s{0,4}file:\s{0,4}["'](?:\./)?([\w.-]{1,80})["']""")
_PLATFORM = re.compile(r"^  (ruby|(?:x86_64|aarch64)-linux\S{0,20})\s{0,8}$")
_ASSET_GEMS = frozenset({"jsbundling-rails", "cssbundling-rails", "vite_rails", "vite_ruby", "webpacker", "shakapacker"})
_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "jekyll": (("JEKYLL_ENV", "production"),),
    "rails": (("RAILS_ENV", "production"), ("RAILS_LOG_TO_STDOUT", "1"), ("RAILS_SERVE_STATIC_FILES", "1")),
    "hanami": (("HANAMI_ENV", "production"), ("HANAMI_SERVE_ASSETS", "true")),
    "sinatra": (("APP_ENV", "production"),),
}


def _bundler(question: InstallQuestion) -> Installation:
    """Raises DeployDeckError `generate-gem-platform` for a lock that holds no gems for Linux: Bundler would refuse it."""
    files = question.files
    manifest = "gems.rb" if files.is_file("gems.rb") and not files.is_file("Gemfile") else "Gemfile"
    lock = "gems.locked" if manifest == "gems.rb" else "Gemfile.lock"
    locked = files.is_file(lock)
    if locked:
        _require_linux(files, lock)
    needs_source = search(files, manifest, _LOCAL, "#", "gem-in-the-project")
    version = search(files, manifest, _RUBY_FILE, "#", "ruby-version-file").value
    beside = tuple(path for path in dict.fromkeys((version, ".ruby-version", ".tool-versions")) if path and files.is_file(path))
    install: Argv = ("bundle", "install")
    return Installation(
        "bundler",
        (manifest, *((lock,) if locked else ()), *beside),
        () if needs_source else (install,),
        (install,) if needs_source else (),
        (install,),
        _CACHE,
        source_clue=needs_source,
        locked=locked,
    )


def _require_linux(files: ProjectFiles, lock: str) -> None:
    lines = files.text(lock).split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip() == "PLATFORMS"), None)
    if start is None:
        return
    section = lines[start + 1 : start + 30]
    names = section[: next((number for number, line in enumerate(section) if not line.startswith("  ")), len(section))]
    if names and not any(_PLATFORM.match(line) for line in names):
        where = Evidence(file=lock, line=start + 2, text=names[0].strip()[:200], rule="gem-platforms")
        raise DeployDeckError(
            "generate-gem-platform",
            f"{lock} holds no gems for Linux ({where.where}).",
            "Bundler refuses to install from it in an image, for it may not change the lock.",
            "Run `bundle lock --add-platform x86_64-linux aarch64-linux` and commit the lock file.",
        )


def _decide(draft: Draft) -> Draft:
    """Ruby itself runs the scripts below bin, whose mode git may have lost; Puma starts without the command of Rails around it."""
    environment = _ENVIRONMENT.get(draft.framework, (("RACK_ENV", "production"),) if draft.kind is Kind.SERVER else ())
    if not draft.image:
        return replace(draft, environment=environment)
    build = tuple(_by_ruby(command) for command in draft.build)
    start = _by_ruby(draft.start)
    own = bool(draft.settings.app.start)
    if not own and draft.framework == "rails" and _server_of_rails(draft.start) and _gem(draft, "puma"):
        config = ("-C", "config/puma.rb") if draft.files.is_file("config/puma.rb") else ()
        start = ("bundle", "exec", "puma", *config, "-b", "tcp://{host}:{port}")
    elif not own and "ruby" in start and draft.framework == "sinatra" and not {"-o", "-p"} & set(start):
        start = (*start, "-o", "{host}", "-p", "{port}")
    return replace(draft, start=start, build=build, environment=environment)


def _by_ruby(command: Argv) -> Argv:
    own = command and command[0].removeprefix("./").startswith("bin/")
    return ("ruby", *command) if own else command


def _server_of_rails(start: Argv) -> bool:
    words = [word.removeprefix("./") for word in start if word not in ("bundle", "exec", "ruby")]
    return words[:1] in (["bin/rails"], ["rails"]) and words[1:2] in (["server"], ["s"])


def _gem(draft: Draft, name: str) -> bool:
    return any(dependency.name == name and not dependency.development for dependency in draft.profile.dependencies)


def _context(request: Request) -> dict[str, Any]:
    profile, choices, files = request.profile, request.choices, request.files
    gems = {dependency.name for dependency in profile.dependencies if not dependency.development}
    rails = choices.framework == "rails"
    needs_node = bool(gems & _ASSET_GEMS) and files.is_file("package.json") and bool(choices.build)
    compilers = (Package(name, "Gems with parts in C are compiled; stays in this stage") for name in _COMPILERS)
    system = needed(profile, Preferences(request.config.preferences), also_build=compilers)
    jemalloc = next((name for name in system.run if name.startswith("libjemalloc")), "")
    return {
        "system": system,
        "bundle": BUNDLE,
        "bundle_cache": _CACHE,
        "bootsnap": "bootsnap" in gems and bool(choices.install and choices.install.early),
        "assets": node_assets(profile, files) if needs_node else None,
        "pretend": _pretend(request) if rails else (),
        "jemalloc": jemalloc,
        "rails": rails,
        "expected": ("log", "storage", "tmp/cache", "tmp/pids", "tmp/sockets") if rails else (),
        "writable": tuple(path for path in ("db", "log", "storage", "tmp") if path != "db" or files.is_dir("db")) if rails else (),
    }


def _pretend(request: Request) -> tuple[tuple[str, str], ...]:
    """Values for the step that compiles assets: Rails boots for it, and reads what it requires. None of them is a secret."""
    profile = request.profile
    version = profile.framework.value.version if profile.framework else ""
    match = re.match(r"(\d{1,3})\.(\d{1,3})", version)
    numbers = (int(match[1]), int(match[2])) if match else _DUMMY_SINCE
    key = ("SECRET_KEY_BASE_DUMMY", "1") if numbers >= _DUMMY_SINCE else ("SECRET_KEY_BASE", "only-for-this-build-step")
    names = sorted({v.name for v in profile.variables if v.required and variable_name(v.name)} - _NEVER)
    services = {service.name for service in profile.services}
    database = next((value for name, value in _THROW_AWAY.items() if name in services), "sqlite3:/tmp/build.sqlite3")
    known = {"DATABASE_URL": database, "REDIS_URL": "redis://localhost:6379/0"}
    return (key, *((name, known.get(name, "only-for-this-build-step")) for name in names))


def _requirement(wanted: str, _evidence: tuple[Evidence, ...]) -> str:
    """`~> 3.3.0` of a Gemfile is what other ecosystems write as `~=3.3.0`: the last number may grow."""
    return wanted.replace("~>", "~=")


RUBY = Stack(
    id="ruby",
    name="Ruby",
    languages=("ruby",),
    managers={"bundler": _bundler},
    template="docker/ruby.Dockerfile.j2",
    context=_context,
    image="ruby:{series}-slim",
    series=("3.1", "3.2", "3.3", "3.4", "4.0"),
    default_series="3.4",
    requirement=_requirement,
    exact=True,  # Bundler refuses another Ruby than the one a Gemfile names
    site_template="docker/_ruby_build.j2",
    user="1000:1000",
    decide=_decide,
    leftovers=(
        *(
            (pattern, "ruby-leftovers", "Made on this machine; the image makes its own")
            for pattern in (
                ".bundle",
                "vendor/bundle",
                "log/*",
                "tmp/*",
                "storage/*",
                "coverage",
                "**/node_modules",
            )
        ),
        ("config/master.key", "credentials", "It opens the credentials; give RAILS_MASTER_KEY when the container starts"),
        ("config/credentials/*.key", "credentials", "It opens the credentials; give RAILS_MASTER_KEY when the container starts"),
    ),
    foreign=(".bundle", "vendor/bundle", "**/node_modules"),
)
