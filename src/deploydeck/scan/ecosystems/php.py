"""How projects of PHP are built and started: a document root behind FrankenPHP, or the server the program brings itself."""

from __future__ import annotations

import re

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_ROOTS = (
    "public",
    "web",
    "webroot",
    "htdocs",
    "pub",
    "public_html",
    "docroot",
    "www",
    "html",
    "wwwroot",
    "httpdocs",
    "root",
    "src/public",
)
_SITES: dict[str, tuple[str, ...]] = {
    "jigsaw": ("vendor/bin/jigsaw", "build", "production"),
    "sculpin": ("vendor/bin/sculpin", "generate", "--env=prod"),
}
_OWN_SERVERS: dict[str, tuple[tuple[str, ...], str]] = {
    "hyperf": (("php", "bin/hyperf.php", "start"), "bin/hyperf.php"),
    "webman": (("php", "start.php", "start"), "start.php"),
}
_MYSQL = frozenset({"wordpress", "joomla", "magento", "prestashop", "mediawiki", "drupal", "shopware"})
"""They run on MySQL unless something in the project says otherwise."""
_CONNECTIONS = {
    "pgsql": "postgresql", "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "mysqli": "mysql",     "sqlsrv": "mssql", "mongodb": "mongodb", "mysqlnd": "mysql", "postgre": "postgresql",
}  # fmt: skip
_DRIVERS: dict[str, dict[str, str]] = {
    "CACHE_STORE": {"redis": "redis", "memcached": "memcached"},
    "CACHE_DRIVER": {"redis": "redis", "memcached": "memcached"},
    "QUEUE_CONNECTION": {"redis": "redis", "rabbitmq": "rabbitmq"},
    "QUEUE_DRIVER": {"redis": "redis"},
    "SESSION_DRIVER": {"redis": "redis", "memcached": "memcached"},
    "BROADCAST_DRIVER": {"redis": "redis"},
    "BROADCAST_CONNECTION": {"redis": "redis"},
    "FILESYSTEM_DISK": {"s3": "s3"},
    "FILESYSTEM_DRIVER": {"s3": "s3"},
    "SCOUT_DRIVER": {"meilisearch": "meilisearch", "typesense": "typesense", "elastic": "elasticsearch"},
}
"""Laravel's switches: which service a value needs."""
_BUILT_IN = re.compile(r"\bphp\s{1,8}(?:-\S{1,40}\s{1,8}){0,4}-S\s{0,8}[\w.\[\]:-]{0,60}:(\d{2,5})\b")
_LOCKS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"))


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    way = technology.start if technology else ""
    if technology is not None and way in _SITES:
        known = [fact for name in technology.packages if (fact := scan.facts.first("dependency", name, "php"))]
        build: Fact[tuple[str, ...]] = Fact(value=_SITES[way], confidence=0.85, evidence=evidence(known, "build"))
        return Resolved(build=build, output=Fact(value=technology.output, confidence=0.85, evidence=evidence(known, "output")))
    _add_services(scan, technology)
    build_ = _assets(scan)
    if way in _OWN_SERVERS:
        argv, file = _OWN_SERVERS[way]
        place = Evidence(file=file if file in scan.tree.entries else "composer.json", rule="start")
        return Resolved(start=Fact(value=StartCommand(argv=argv), confidence=0.9, evidence=(place,)), build=build_)
    for start in (_octane(scan), _roadrunner(scan, way)):
        if start is not None:
            own_port: Fact[int] | None = (
                Fact(value=8000, confidence=0.75, reason="the default of Octane") if "octane:start" in start.value.argv else None
            )
            return Resolved(start=start, build=build_, port=own_port, output=_root(scan, technology))
    own = _script(scan)
    root = _root(scan, technology)
    if own is not None and (way == "script" or root is None):
        return Resolved(start=own, build=build_)
    if root is None or _is_part(scan, technology):
        return Resolved(build=build_, kind=Kind.NONE)
    script = _development_server(scan)
    if script is not None and script[0].name == "start":
        scan.finding(
            "development-start",
            Severity.WARNING,
            f"{script[0].evidence('').where} starts a development server (php -S); frankenphp is used instead.",
            "Write the production command there.",
            [script[0].evidence("start")],
        )
    argv = ("frankenphp", "php-server", "--root", root.value, "--listen", "{host}:{port}")
    served: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv), confidence=0.85, evidence=root.evidence, reason=f"{root.value} is the document root"
    )
    port: Fact[int] = Fact(
        value=80, confidence=0.7, evidence=(), reason="the port of a web server; nothing in the project says otherwise"
    )
    if script is not None:
        port = Fact(value=script[1], confidence=0.7, evidence=evidence([script[0]], "port"), reason="the port its own script uses")
    wanted = script is not None or technology is None or technology.port is None
    return Resolved(start=served, build=build_, output=root, port=port if wanted else None)


def _development_server(scan: Scan) -> tuple[Found, int] | None:
    """A script that runs PHP's own server, with the port it names."""
    for fact in scan.facts.own("script", scope="php"):
        if (match := _BUILT_IN.search(fact.value)) and 0 < int(match[1]) < 65536:
            return fact, int(match[1])
    return None


def _root(scan: Scan, technology: Technology | None) -> Fact[str] | None:
    """The document root: named by the scaffold, else the first usual directory with an index.php, else the framework's own."""
    named = scan.facts.first("option", "web-root", "php")
    if named is not None:
        value = named.value.removeprefix("./").rstrip("/") or "."
        if not value.startswith(("/", "..")):
            return Fact(value=value, confidence=0.95, evidence=evidence([named], "root"))
    own = (technology.output,) if technology is not None and technology.output else ()
    for directory in (*own, *_ROOTS, ""):
        path = f"{directory}/index.php" if directory else "index.php"
        if path in scan.tree.entries:
            return Fact(value=directory or ".", confidence=0.9, evidence=(Evidence(file=path, rule="root"),))
    whole = technology is not None and any(
        path in scan.tree.entries for path in ("artisan", "symfony.lock", "bin/console", "wp-config.php")
    )
    if own and whole:
        place = next(path for path in ("artisan", "symfony.lock", "bin/console", "wp-config.php") if path in scan.tree.entries)
        return Fact(value=own[0], confidence=0.7, evidence=(Evidence(file=place, rule="root"),))
    if technology is not None and technology.id == "wordpress" and "wp-config.php" in scan.tree.entries:
        return Fact(
            value=".", confidence=0.7, evidence=(Evidence(file="wp-config.php", rule="root"),)
        )  # the core comes in its image
    pages = [path for path in scan.tree.entries if path.endswith(".php") and "/" not in path]
    if technology is None and len(pages) > 1 and not scan.files("composer.json"):
        return Fact(
            value=".", confidence=0.6, evidence=(Evidence(file=min(pages), rule="root"),), reason="pages in the directory itself"
        )
    return None


def _is_part(scan: Scan, technology: Technology | None) -> bool:
    """A plugin or theme of WordPress, or a package: it has an index.php and runs only inside something else."""
    if technology is not None and technology.id == "wordpress":
        site = ("wp-config.php", "wp-config-sample.php", "wp-load.php", "wp-settings.php", "config/application.php")
        whole = (
            any(path in scan.tree.entries for path in site)
            or bool(scan.files("wp-content/**"))
            or bool(scan.files("wp-includes/**"))
        )
        return not (whole or scan.facts.of("option", "web-root", "php") or "web/wp-config.php" in scan.tree.entries)
    manifest = scan.facts.first("manifest", "composer.json", "php")
    library = manifest is not None and (
        manifest.value == "library" or manifest.value.endswith(("-plugin", "-module", "-bundle", "-theme"))
    )
    return library and technology is None


def _octane(scan: Scan) -> Fact[StartCommand] | None:
    declared = [fact for fact in scan.facts.of("dependency", "laravel/octane", "php") if "development" not in fact.tags]
    if not declared:
        return None
    argv = ("php", "artisan", "octane:start", "--host={host}", "--port={port}")
    return Fact(value=StartCommand(argv=argv), confidence=0.9, evidence=evidence(declared, "start"), reason="Octane serves it")


def _roadrunner(scan: Scan, way: str) -> Fact[StartCommand] | None:
    config = scan.facts.first("manifest", ".rr.yaml", "php")
    if config is None:
        return None
    reads = any("env" in fact.tags for fact in scan.facts.of("listen", scope="php") if fact.file == config.file)
    value = StartCommand(argv=("rr", "serve", "-c", config.file), port_from_env=reads)
    return Fact(value=value, confidence=0.9, evidence=evidence([config], "start"), reason=f"{config.file} configures RoadRunner")


def _script(scan: Scan) -> Fact[StartCommand] | None:
    """A program that listens by itself."""
    listening = [fact for fact in scan.facts.of("listen", scope="php") if not fact.file.startswith("config/")]
    if not listening:
        return None
    best = min(listening, key=lambda fact: (fact.file.count("/"), fact.file))
    workerman = any(fact.file == best.file for fact in scan.facts.of("import", "Workerman", "php"))
    argv = ("php", best.file, "start") if workerman else ("php", best.file)
    value = StartCommand(argv=argv, port_from_env="env" in best.tags)
    return Fact(value=value, confidence=0.8, evidence=(best.evidence("start"),), reason=f"{best.file} listens")


def _assets(scan: Scan) -> Fact[tuple[str, ...]] | None:
    """The build of the scripts and styles: package.json beside composer.json, else Symfony's asset mapper."""
    script = next((fact for name in ("build", "production", "prod") for fact in scan.facts.own("script", name, "node")), None)
    if script is not None:
        manager = next((name for lock, name in _LOCKS if scan.standing(lock)), "npm")
        return Fact(value=(manager, "run", script.name), confidence=0.9, evidence=evidence([script], "build"))
    mapper = scan.facts.first("dependency", "symfony/asset-mapper", "php")
    if mapper is not None:
        return Fact(value=("php", "bin/console", "asset-map:compile"), confidence=0.85, evidence=evidence([mapper], "build"))
    return None


def _add_services(scan: Scan, technology: Technology | None) -> None:
    """Services that only the framework's own switches tell: their sample value, else the default in the configuration."""
    found: list[Found] = []
    connection = _switch(scan, "DB_CONNECTION")
    if connection is not None:
        if service := _CONNECTIONS.get(connection.value.lower()):
            found.append(_datasource(service, connection))
    elif technology is not None and technology.id in _MYSQL and not scan.facts.of("datasource"):
        marker = next(iter(scan.facts.of("app", technology.id)), None) or Found("app", technology.id, file=_marker(scan))
        found.append(_datasource("mysql", marker))
    for name, services in _DRIVERS.items():
        switch = _switch(scan, name)
        if switch is not None and (service := services.get(switch.value.lower())):
            found.append(_datasource(service, switch))
    scan.facts.add(found)


def _switch(scan: Scan, name: str) -> Found | None:
    facts = scan.facts.own("env", name)
    sample = [fact for fact in facts if "sample" in fact.tags and fact.value]
    default = [fact for fact in facts if "defaulted" in fact.tags and fact.value and fact.scope == "php"]
    return next(iter((*sample, *default)), None)


def _marker(scan: Scan) -> str:
    usual = ("wp-config.php", "wp-config-sample.php", "composer.json", "index.php")
    return next((path for path in usual if path in scan.tree.entries), "")


def _datasource(service: str, place: Found) -> Found:
    return Found("datasource", service, "chosen by a setting", place.file, place.line, place.text, "php")
