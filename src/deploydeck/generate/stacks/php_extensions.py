"""The extensions of PHP that a project needs and how each gets into the official image.

Names of packages are those of Debian 13, which the base image is pinned to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploydeck.domain import DeployDeckError, Evidence, ProjectProfile
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.names import shown

_THERE = frozenset(
    "core ctype curl date dom fileinfo filter hash iconv json lexbor libxml mbstring mysqlnd opcache openssl pcre pdo pdo_sqlite "
    "phar posix random readline reflection session simplexml sodium spl sqlite3 standard tokenizer uri xml xmlreader xmlwriter "
    "zend-opcache zlib".split()
)
"""Compiled into the image, or there and enabled."""


@dataclass(frozen=True)
class Extension:
    """`pecl`: fetched from there, else from the source of PHP that the image carries. `configure` are its flags."""

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    configure: tuple[str, ...] = ()
    pecl: bool = False


_KNOWN: dict[str, Extension] = {
    **dict.fromkeys(
        (
            "bcmath",
            "calendar",
            "exif",
            "gettext",
            "mysqli",
            "pcntl",
            "pdo_mysql",
            "shmop",
            "sockets",
            "sysvmsg",
            "sysvsem",
            "sysvshm",
        ),
        Extension(),
    ),
    "bz2": Extension(("libbz2-dev",), ("libbz2-1.0",)),
    "ffi": Extension(("libffi-dev",), ("libffi8",), ("--with-ffi",)),
    "ftp": Extension(("libssl-dev",)),
    "gd": Extension(
        ("libfreetype-dev", "libjpeg-dev", "libpng-dev", "libwebp-dev"),
        ("libfreetype6", "libjpeg62-turbo", "libpng16-16t64", "libwebp7"),
        ("--with-freetype", "--with-jpeg", "--with-webp"),
    ),
    "gmp": Extension(("libgmp-dev",), ("libgmp10",)),
    "intl": Extension(("libicu-dev",), ("libicu76",)),
    "ldap": Extension(("libldap-dev",), ("libldap2",)),
    "pdo_pgsql": Extension(("libpq-dev",), ("libpq5",)),
    "pgsql": Extension(("libpq-dev",), ("libpq5",)),
    "soap": Extension(("libxml2-dev",), ("libxml2",)),
    "tidy": Extension(("libtidy-dev",), ("libtidy58",)),
    "xsl": Extension(("libxslt1-dev",), ("libxslt1.1",)),
    "zip": Extension(("libzip-dev",), ("libzip5",)),
    "amqp": Extension(("librabbitmq-dev",), ("librabbitmq4",), pecl=True),
    "apcu": Extension(pecl=True),
    "igbinary": Extension(pecl=True),
    "imagick": Extension(("libmagickwand-dev",), ("libmagickwand-7.q16-10",), pecl=True),
    "memcached": Extension(("libmemcached-dev", "libssl-dev", "zlib1g-dev"), ("libmemcached11t64",), pecl=True),
    "mongodb": Extension(("libssl-dev", "zlib1g-dev"), (), pecl=True),
    "msgpack": Extension(pecl=True),
    "rdkafka": Extension(("librdkafka-dev",), ("librdkafka1",), pecl=True),
    "redis": Extension(pecl=True),
    "swoole": Extension(("libssl-dev",), (), pecl=True),
    "uuid": Extension(("uuid-dev",), ("libuuid1",), pecl=True),
    "yaml": Extension(("libyaml-dev",), ("libyaml-0-2",), pecl=True),
}

_BY_PACKAGE: dict[str, tuple[str, ...]] = {
    "dompdf/dompdf": ("gd",),
    "endroid/qr-code": ("gd",),
    "hyperf/framework": ("pcntl", "swoole"),
    "intervention/image": ("gd",),
    "laravel/horizon": ("pcntl",),
    "laravel/reverb": ("pcntl",),
    "mongodb/laravel-mongodb": ("mongodb",),
    "mongodb/mongodb": ("mongodb",),
    "moneyphp/money": ("bcmath",),
    "php-amqplib/php-amqplib": ("sockets",),
    "phpoffice/phpspreadsheet": ("gd", "zip"),
    "symfony/amqp-messenger": ("amqp",),
    "workerman/workerman": ("pcntl",),
}
"""What a package needs although no lock file says it, or although it says it nowhere itself."""
_BY_SERVICE: dict[str, tuple[str, ...]] = {
    "mysql": ("pdo_mysql",),
    "postgresql": ("pdo_pgsql",),
    "mongodb": ("mongodb",),
    "memcached": ("memcached",),
}
_OLD_WAYS: dict[str, str] = {"mysql": "mysqli", "postgresql": "pgsql"}
"""Beside PDO, where no framework says which of the two the program uses."""
_BY_FRAMEWORK: dict[str, tuple[str, ...]] = {
    "wordpress": ("exif", "gd", "intl", "mysqli", "zip"),
    "drupal": ("gd", "pdo_mysql"),
    "cakephp": ("intl",),
    "codeigniter": ("intl", "mysqli"),
}
_OWN_CLIENTS = ("predis/predis", "cheprasov/php-redis-client")
_FIRST_MAJOR = r"[\^~=v ]{0,4}1\."
_MONGODB_1 = "1.21.0"
"""The last 1.x of the driver: its API is another than that of 2, and the newest is 2."""


@dataclass(frozen=True)
class Extensions:
    """What to install, by way, and the Debian packages. `pecl` has a version where one matters; `evidence` says who asks."""

    core: tuple[str, ...] = ()
    pecl: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    configure: tuple[tuple[str, ...], ...] = ()
    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def extensions(profile: ProjectProfile, files: ProjectFiles, framework: str) -> Extensions:
    """Declared ones first, then those of locked packages, of services and of the framework.

    Raises DeployDeckError `generate-php-extension` for one that the image cannot be given in a known way.
    """
    wanted = _declared(files)
    if any(
        one.name == "mongodb/mongodb" and re.match(_FIRST_MAJOR, one.version or one.requirement) for one in profile.dependencies
    ):
        wanted.setdefault("mongodb", "1.")
    for name in (*_of_packages(profile), *_of_services(profile, framework), *_BY_FRAMEWORK.get(framework, ())):
        wanted.setdefault(name, "")
    names = sorted(name for name in wanted if name not in _THERE)
    places = _places(profile)
    for name in names:
        if name not in _KNOWN:
            place = places.get(name)
            raise DeployDeckError(
                "generate-php-extension",
                f"The PHP extension {shown(name)} cannot be installed by DeployDeck" + (f" ({place.where})." if place else "."),
                f"Known are {', '.join(sorted(_KNOWN))}, and what comes with the image.",
                "Write a Dockerfile of your own that installs it; DeployDeck then uses that one.",
            )
    rows = [_KNOWN[name] for name in names]
    return Extensions(
        core=tuple(name for name in names if not _KNOWN[name].pecl),
        pecl=tuple(_release(name, wanted[name]) for name in names if _KNOWN[name].pecl),
        enable=tuple(name for name in names if _KNOWN[name].pecl),
        names=tuple(names),
        configure=tuple((name, *_KNOWN[name].configure) for name in names if _KNOWN[name].configure),
        build=tuple(sorted({package for row in rows for package in row.build})),
        run=tuple(sorted({package for row in rows for package in row.run})),
        evidence=tuple(places[name] for name in names if name in places),
    )


def _declared(files: ProjectFiles) -> dict[str, str]:
    """Extensions of composer.json and of every locked package with the version asked for, without those that a package brings."""
    found: dict[str, str] = {}
    brought: set[str] = set()
    lock = files.json("composer.lock")
    packages = lock.get("packages")
    for package in (files.json("composer.json"), *(packages if isinstance(packages, list) else ())):
        for name, version in _strings(package, "require"):
            if name.startswith("ext-"):
                found.setdefault(_plain(name), version)
        brought |= {_plain(name) for name, _ in (*_strings(package, "provide"), *_strings(package, "replace"))}
    return {name: version for name, version in found.items() if name not in brought}


def _strings(package: Any, section: str) -> Iterable[tuple[str, str]]:
    entries = package.get(section) if isinstance(package, Mapping) else None
    return [(str(name), str(version)) for name, version in entries.items()] if isinstance(entries, Mapping) else []


def _plain(name: str) -> str:
    return name.removeprefix("ext-").lower().replace(" ", "-")


def _of_packages(profile: ProjectProfile) -> tuple[str, ...]:
    names = {dependency.name for dependency in profile.dependencies if not dependency.development}
    return tuple(one for name in sorted(names) for one in _BY_PACKAGE.get(name, ()))


def _of_services(profile: ProjectProfile, framework: str) -> tuple[str, ...]:
    services = {service.name for service in profile.services}
    names = {dependency.name for dependency in profile.dependencies}
    found = [one for service in sorted(services) for one in _BY_SERVICE.get(service, ())]
    if not framework:
        found += [one for service, one in _OLD_WAYS.items() if service in services]
    if "redis" in services and not names & set(_OWN_CLIENTS):
        found.append("redis")
    return tuple(found)


def _release(name: str, wanted: str) -> str:
    """The name for pecl, with a version where the newest would be another program."""
    old = name == "mongodb" and re.match(_FIRST_MAJOR, wanted) is not None
    return f"{name}-{_MONGODB_1}" if old else name


def _places(profile: ProjectProfile) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    for dependency in profile.dependencies:
        asked = (_plain(dependency.name),) if dependency.name.startswith("ext-") else _BY_PACKAGE.get(dependency.name, ())
        for name in asked:
            if dependency.evidence:
                found.setdefault(name, dependency.evidence)
    for service in profile.services:
        for name in (*_BY_SERVICE.get(service.name, ()), _OLD_WAYS.get(service.name, "")):
            if service.evidence:
                found.setdefault(name, service.evidence[0])
    return found
