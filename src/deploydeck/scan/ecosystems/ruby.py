"""How projects of Ruby are built and started: Rails by its own command, the rest of Rack behind the server among its gems."""

from __future__ import annotations

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_GEMFILES = ("Gemfile", "gems.rb")
_ASSETS = (
    "sprockets", "sprockets-rails", "propshaft", "importmap-rails", "jsbundling-rails", "cssbundling-rails", "tailwindcss-rails",
    "dartsass-rails", "sassc-rails", "sass-rails", "vite_rails", "vite_ruby", "webpacker", "shakapacker", "turbo-rails",
    "stimulus-rails",
)  # fmt: skip
_RAILS_APPS = ("config/application.rb", "config/environment.rb", "config.ru")
_CREDENTIALS = "config/credentials.yml.enc"
_SITES: dict[str, tuple[str, ...]] = {
    "jekyll": ("jekyll", "build"),
    "middleman": ("middleman", "build"),
    "nanoc": ("nanoc", "compile"),
    "bridgetown": ("bridgetown", "deploy"),
}
_WORKERS: dict[str, tuple[str, ...]] = {
    "sidekiq": ("sidekiq",),
    "resque": ("rake", "resque:work"),
    "karafka": ("karafka", "server"),
}
_SERVERS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("puma", "config/puma.rb", ("puma", "-C", "config/puma.rb"), ("puma", "-b", "tcp://{host}:{port}")),
    ("falcon", "falcon.rb", ("falcon", "host"), ("falcon", "serve", "--bind", "http://{host}:{port}")),
    ("unicorn", "config/unicorn.rb", ("unicorn", "-c", "config/unicorn.rb"), ("unicorn", "-o", "{host}", "-p", "{port}")),
    ("iodine", "", (), ("iodine", "-b", "{host}", "-p", "{port}")),
    ("passenger", "", (), ("passenger", "start", "--address", "{host}", "--port", "{port}")),
    ("thin", "", (), ("thin", "start", "-a", "{host}", "-p", "{port}")),
)
"""Gem, its configuration, the command with one that says where to listen, the command without."""
_ADDRESS: dict[str, tuple[str, ...]] = {
    "puma": ("-b", "tcp://{host}:{port}"),
    "unicorn": ("-o", "{host}", "-p", "{port}"),
}
_SCRIPTS = ("app.rb", "main.rb", "server.rb", "web.rb", "application.rb", "api.rb", "index.rb", "bin/server")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    way = technology.start if technology else ""
    if way == "rails":
        if not any(path in scan.tree.entries for path in _RAILS_APPS) and not scan.facts.of("app", "rails"):
            return Resolved(kind=Kind.NONE)  # an engine, or a gem that extends Rails
        _add_master_key(scan)
        return Resolved(start=_rails(scan), build=_assets(scan))
    if technology is not None and way in _SITES:
        return _site(scan, technology)
    if way in _WORKERS:
        place = scan.facts.first("dependency", way, "ruby")
        places = evidence([place], "start") if place else ()
        work: Fact[StartCommand] = Fact(value=StartCommand(argv=(*_bundle(scan), *_WORKERS[way])), confidence=0.8, evidence=places)
        return Resolved(start=work, kind=Kind.NONE)
    if way in {"sinatra", "rack", "hanami"}:
        start = _rack(scan) if "config.ru" in scan.tree.entries else _script(scan, technology)
        if start is None:
            return Resolved(kind=Kind.NONE)
        return Resolved(start=start, build=_hanami_assets(scan) if way == "hanami" else None, port=_own_port(scan, way, start))
    return Resolved(start=_script(scan, technology))


def _add_master_key(scan: Scan) -> None:
    """Encrypted credentials are opened with RAILS_MASTER_KEY, which no source of the project's own reads."""
    if _CREDENTIALS in scan.tree.entries and not scan.facts.of("env", "RAILS_MASTER_KEY"):
        scan.facts.add((Found("env", "RAILS_MASTER_KEY", "", _CREDENTIALS, 0, "", "ruby", frozenset({"required"})),))


def _bundle(scan: Scan) -> tuple[str, ...]:
    return ("bundle", "exec") if any(scan.standing(name) for name in _GEMFILES) else ()


def _gem(scan: Scan, name: str) -> Found | None:
    """Where a gem that production installs is declared, else resolved."""
    declared = scan.facts.of("dependency", name, "ruby")
    if declared:
        return next((fact for fact in declared if "development" not in fact.tags), None)
    return scan.facts.first("locked", name, "ruby")


def _rails(scan: Scan) -> Fact[StartCommand]:
    places = [Evidence(file=path, rule="start") for path in ("bin/rails", "config/puma.rb") if path in scan.tree.entries]
    places += evidence([fact for name in ("puma", "rails") if (fact := _gem(scan, name))], "start")
    if "config/unicorn.rb" in scan.tree.entries and _gem(scan, "unicorn") and not _gem(scan, "puma"):
        return _rack(scan)
    program = ("bin/rails",) if "bin/rails" in scan.tree.entries else (*_bundle(scan), "rails")
    return Fact(
        value=StartCommand(argv=(*program, "server", "-b", "{host}", "-p", "{port}")),
        confidence=0.95,
        evidence=tuple(dict.fromkeys(places)),
        reason="the server of Rails runs Puma" if _gem(scan, "puma") else "the server of Rails",
    )


def _assets(scan: Scan) -> Fact[tuple[str, ...]] | None:
    """`assets:precompile`, where there is an asset pipeline; an application that is only an API has none."""
    gem = next((fact for name in _ASSETS if (fact := _gem(scan, name))), None)
    api = scan.facts.first("setting", "api_only", "ruby")
    folder = next((path for path in scan.files("app/assets/**")), "")
    if gem is None and (api is not None or not folder):
        return None
    places = evidence([gem], "build") if gem else (Evidence(file=folder, rule="build"),)
    program = ("bin/rails",) if "bin/rails" in scan.tree.entries else (*_bundle(scan), "rails")
    return Fact(value=(*program, "assets:precompile"), confidence=0.9, evidence=places, reason="it has an asset pipeline")


def _hanami_assets(scan: Scan) -> Fact[tuple[str, ...]] | None:
    gem = _gem(scan, "hanami-assets")
    if gem is None:
        return None
    return Fact(value=(*_bundle(scan), "hanami", "assets", "compile"), confidence=0.85, evidence=evidence([gem], "build"))


def _site(scan: Scan, technology: Technology) -> Resolved:
    known = [fact for name in technology.packages if (fact := scan.facts.first("dependency", name, "ruby"))]
    config = next((path for path in ("_config.yml", "config.rb", "nanoc.yaml") if path in scan.tree.entries), "")
    places = evidence(known, "build") or ((Evidence(file=config, rule="build"),) if config else ())
    own = f"bin/{technology.start}"
    program = (own,) if own in scan.tree.entries else (*_bundle(scan), technology.start)
    build: Fact[tuple[str, ...]] = Fact(value=(*program, *_SITES[technology.start][1:]), confidence=0.9, evidence=places)
    set_ = scan.facts.first("option", "destination")
    if set_ is not None and set_.value and not set_.value.startswith(("/", "..")):
        output: Fact[str] = Fact(
            value=set_.value.removeprefix("./").rstrip("/"), confidence=0.95, evidence=evidence([set_], "output")
        )
    else:
        output = Fact(value=technology.output, confidence=0.85, evidence=places, reason=f"where {technology.name} writes")
    return Resolved(build=build, output=output)


def _rack(scan: Scan) -> Fact[StartCommand]:
    """The application of config.ru behind the server among the gems, else rackup."""
    ru = [Evidence(file="config.ru", rule="start")] if "config.ru" in scan.tree.entries else []
    for name, config, with_config, plain in _SERVERS:
        gem = _gem(scan, name)
        if gem is None:
            continue
        places: tuple[Evidence, ...] = (*ru, gem.evidence("start"))
        argv, from_env, reason = plain, False, f"{name} is among the gems"
        if config and config in scan.tree.entries:
            listening = [fact for fact in scan.facts.of("listen", scope="ruby") if fact.file == config]
            address = () if listening else _ADDRESS.get(name, ())
            argv, from_env = (*with_config, *address), any("env" in fact.tags for fact in listening)
            places = (*ru, Evidence(file=config, rule="start"), gem.evidence("start"))
            reason = f"{config} says how {name} runs"
        value = StartCommand(argv=(*_bundle(scan), *argv), port_from_env=from_env)
        return Fact(value=value, confidence=0.92, evidence=places, reason=reason)
    value = StartCommand(argv=(*_bundle(scan), "rackup", "--host", "{host}", "--port", "{port}"))
    return Fact(value=value, confidence=0.85, evidence=tuple(ru), reason="no server is among the gems, so rackup chooses one")


def _script(scan: Scan, technology: Technology | None) -> Fact[StartCommand] | None:
    """A program that serves by itself: the file that listens or holds a classic Sinatra application."""
    listening = [fact for fact in scan.facts.of("listen", scope="ruby") if not fact.file.startswith("config/")]
    candidates = list(listening)
    if technology is not None and technology.id == "sinatra":
        candidates += [fact for fact in scan.facts.of("import", "sinatra", "ruby") if fact.value == "sinatra"]
        candidates += scan.facts.of("app", "sinatra") + [
            fact for fact in scan.facts.of("route", scope="ruby") if fact.value == "app"
        ]
    elif technology is not None:
        candidates += scan.facts.of("app", technology.id)
    candidates = [fact for fact in candidates if not fact.file.endswith((".rake", ".ru"))]
    if scan.facts.of("manifest", "gemspec", "ruby"):  # a gem is used by something else
        candidates = [fact for fact in candidates if not fact.file.startswith("lib/")]
    if not candidates:
        return None

    def rank(fact: Found) -> tuple[int, int]:
        return (_SCRIPTS.index(fact.file) if fact.file in _SCRIPTS else len(_SCRIPTS), fact.file.count("/"))

    best = min(candidates, key=rank)
    literal = any(fact.file == best.file and fact.name and "env" not in fact.tags for fact in listening)
    reads = any(fact.file == best.file and "env" in fact.tags for fact in listening)
    value = StartCommand(
        argv=(*_bundle(scan), "ruby", best.file),
        port_from_env=reads or bool(technology and technology.id == "sinatra" and not literal),
    )
    return Fact(value=value, confidence=0.8, evidence=(best.evidence("start"),), reason=f"{best.file} serves by itself")


def _own_port(scan: Scan, way: str, start: Fact[StartCommand] | None) -> Fact[int] | None:
    """Sinatra's own default where no Rack server starts it."""
    if way != "sinatra" or start is None or "ruby" not in start.value.argv:
        return None
    return Fact(value=4567, confidence=0.75, evidence=(), reason="the default of Sinatra when it serves by itself")
