"""System packages that a dependency needs: to build it, and to run it. Debian names (facts/stacks.md section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.domain import Dependency, Evidence


@dataclass(frozen=True)
class SystemPackages:
    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


_COMPILER = ("gcc", "libc6-dev")
_NODE_GYP = ("g++", "make", "python3")

PYTHON: dict[str, SystemPackages] = {
    "psycopg2": SystemPackages((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "mysqlclient": SystemPackages((*_COMPILER, "default-libmysqlclient-dev", "pkg-config"), ("libmariadb3",)),
    "pycairo": SystemPackages((*_COMPILER, "libcairo2-dev", "pkg-config"), ("libcairo2",)),
    "xmlsec": SystemPackages((*_COMPILER, "libxmlsec1-dev", "pkg-config"), ("libxmlsec1-openssl",)),
    "python-ldap": SystemPackages((*_COMPILER, "libldap2-dev", "libsasl2-dev"), ("libldap2", "libsasl2-2")),
    "pyodbc": SystemPackages((), ("unixodbc",)),
    "pdf2image": SystemPackages((), ("poppler-utils",)),
    "pydub": SystemPackages((), ("ffmpeg",)),
    "moviepy": SystemPackages((), ("ffmpeg",)),
    "weasyprint": SystemPackages((), ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")),
    "opencv-python": SystemPackages((), ("libgl1", "libglib2.0-0")),
    "uwsgi": SystemPackages(_COMPILER, ()),
}
NODE: dict[str, SystemPackages] = {
    "bcrypt": SystemPackages(_NODE_GYP, ()),
    "better-sqlite3": SystemPackages(_NODE_GYP, ()),
    "sqlite3": SystemPackages(_NODE_GYP, ()),
    "argon2": SystemPackages(_NODE_GYP, ()),
    "node-sass": SystemPackages(_NODE_GYP, ()),
    "prisma": SystemPackages(("openssl",), ("openssl",)),
    "@prisma/client": SystemPackages(("openssl",), ("openssl",)),
}
_TABLES = {"python": PYTHON, "node": NODE}


@dataclass(frozen=True)
class Needed:
    """Packages for both stages, sorted, and the dependencies that ask for them."""

    build: tuple[str, ...]
    run: tuple[str, ...]
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def system_packages(language: str, dependencies: tuple[Dependency, ...]) -> Needed:
    table = _TABLES.get(language, {})
    build: set[str] = set()
    run: set[str] = set()
    names: dict[str, None] = {}
    evidence: list[Evidence] = []
    for dependency in dependencies:
        name = re.sub(r"[-_.]+", "-", dependency.name).lower() if language == "python" else dependency.name
        row = table.get(name)
        if row is None:
            continue
        build.update(row.build)
        run.update(row.run)
        names[name] = None
        if dependency.evidence:
            evidence.append(dependency.evidence)
    return Needed(tuple(sorted(build)), tuple(sorted(run)), tuple(names), tuple(evidence))
