"""Dependencies, variables, services, configuration files, and what a person should know about them."""

from __future__ import annotations

import re

from deploydeck.domain import Dependency, EnvVariable, Evidence, SecretFound, ServiceNeed, Severity, SystemPackage
from deploydeck.redaction import MASK, Redactor
from deploydeck.scan.facts import Found
from deploydeck.scan.match import exact_version, resolved_version
from deploydeck.scan.rules import Ecosystem, Technology, ecosystems
from deploydeck.scan.rules.names import SET_BY_DEPLOYMENT, is_open_address, is_secret
from deploydeck.scan.rules.services import CHOICES, CHOSEN_BY, DATASOURCE_WEIGHT, DEPENDENCY_WEIGHT, IMAGE_WEIGHT, IMAGES, SCHEMES
from deploydeck.scan.state import MAX_EVIDENCE, Scan, certainty, evidence

_LITERAL = re.compile(r"(['\"`])([^'\"`\n]{0,400})\1")
_BUILD_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_")
_EXTRAS = {"redis": "redis", "mongodb": "mongodb", "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql"}
MOST_TRANSITIVE = 20_000
_shapes = Redactor()


def dependencies(scan: Scan, lock_file: str) -> tuple[Dependency, ...]:
    """Declared dependencies of every ecosystem with their resolved versions, then what only a lock names.

    A production entry wins over a development one. Where a lock holds several versions of a transitive package, each is listed.
    """
    registry = {one.id: one.registry for one in ecosystems().values()}
    declared: dict[tuple[str, str], Found] = {}
    for fact in sorted(scan.facts.of("dependency"), key=lambda fact: "development" in fact.tags):
        declared.setdefault((fact.scope, fact.name), fact)
    found = [
        Dependency(
            name=name,
            ecosystem=registry.get(scope, ""),
            requirement=_shapes(_written(scan, fact)),
            version=resolved_version(scan, name, _written(scan, fact), lock_file, scope)
            or exact_version(_written(scan, fact), scope),
            development="development" in fact.tags,
            confidence=0.97,
            evidence=fact.evidence("dependency"),
        )
        for (scope, name), fact in sorted(declared.items())
    ]
    further: dict[tuple[str, str, str], Found] = {}
    for fact in scan.facts.own("locked"):
        if (fact.scope, fact.name) not in declared and "local" not in fact.tags:
            further.setdefault((fact.scope, fact.name, fact.value), fact)
    found += [
        Dependency(
            name=name,
            ecosystem=registry.get(scope, ""),
            version=version,
            direct=False,
            development="development" in fact.tags,
            confidence=0.97,
            evidence=fact.evidence("locked"),
        )
        for (scope, name, version), fact in sorted(further.items())[:MOST_TRANSITIVE]
    ]
    return tuple(found)


def _written(scan: Scan, fact: Found) -> str:
    """The requirement itself where a manifest leaves it to a parent, or points into a catalog of the workspace."""
    if not fact.value:
        return next((one.value for one in scan.facts.of("managed", fact.name, fact.scope) if one.value), "")
    if not fact.value.startswith("catalog:"):
        return fact.value
    catalog = fact.value.removesuffix("default")
    entries = scan.facts.of("catalog", fact.name, fact.scope)
    return next((one.value for one in entries if catalog in one.tags or not one.tags), fact.value)


def variables(scan: Scan) -> tuple[EnvVariable, ...]:
    """Variables the source reads or environment files name. A secret keeps neither its default nor the literals on its lines."""
    by_name: dict[str, list[Found]] = {}
    for fact in scan.facts.of("env"):
        if fact.name not in SET_BY_DEPLOYMENT:
            by_name.setdefault(fact.name, []).append(fact)
    return tuple(_variable(name, facts) for name, facts in sorted(by_name.items()))


def _variable(name: str, facts: list[Found]) -> EnvVariable:
    secret = is_secret(name)
    defaulted = any({"defaulted", "setdefault"} & fact.tags for fact in facts)
    values = [fact.value for fact in facts if "defaulted" in fact.tags and "computed" not in fact.tags]
    values += [fact.value for fact in facts if "sample" in fact.tags and fact.value]
    used = [fact.evidence("env") for fact in facts]
    if secret:
        used = [place.model_copy(update={"text": _masked(place.text, name)}) for place in used]
    return EnvVariable(
        name=name,
        required=not defaulted and any("required" in fact.tags for fact in facts),
        default=_shapes(values[0]) if values and (not secret or is_open_address(name, values[0])) else None,
        secret=secret,
        build_time=name.startswith(_BUILD_PREFIXES) or any("build" in fact.tags for fact in facts),
        used=tuple(dict.fromkeys(used))[:MAX_EVIDENCE],
    )


def _masked(text: str, name: str) -> str:
    """The line without any string literal but the variable's own name; unclosed literals go to the end of the line."""
    masked = _LITERAL.sub(lambda match: match[0] if match[2] == name else f"{match[1]}{MASK}{match[1]}", text)
    rest = _LITERAL.sub("", masked)
    loose = re.search(r"['\"`]", rest)
    return masked[: masked.find(name) + len(name)] + " …" if loose else masked


def services(scan: Scan) -> tuple[ServiceNeed, ...]:
    """Services by dependency, by configuration, by the scheme of a default, and by the images of the compose file.

    Development dependencies do not count, and a dependency alone is weaker than a file that says which service is meant.
    """
    found: dict[str, list[tuple[float, Evidence]]] = {}

    def add(name: str, weight: float, fact: Found) -> None:
        found.setdefault(name, []).append((weight, fact.evidence("service")))

    for one in ecosystems().values():
        prefixes = {key[:-1]: service for key, service in one.services.items() if key.endswith("*")}
        for fact in scan.facts.of("dependency", scope=one.id) if one.services else ():
            if {"development", "optional"} & fact.tags:
                continue
            service = one.services.get(fact.name) or next(
                (name for prefix, name in prefixes.items() if fact.name.startswith(prefix)), ""
            )
            if service:
                add(service, DEPENDENCY_WEIGHT, fact)
            for tag in fact.tags:
                if tag.startswith("extra:") and (
                    service := one.services.get(f"{fact.name}[{tag[6:]}]") or _EXTRAS.get(tag[6:], "")
                ):
                    add(service, DEPENDENCY_WEIGHT, fact)
    for fact in scan.facts.of("datasource"):
        if "sqlite" not in fact.tags:
            add(fact.name, DEPENDENCY_WEIGHT if "weak" in fact.tags else DATASOURCE_WEIGHT, fact)
    for fact in scan.facts.of("env"):
        if "://" in fact.value:
            scheme = fact.value.removeprefix("jdbc:").partition("://")[0].partition("+")[0].lower()
            if service := SCHEMES.get(scheme, ""):
                add(service, DEPENDENCY_WEIGHT, fact)
        elif service := CHOICES.get(CHOSEN_BY.get(fact.name, ""), {}).get(fact.value.lower(), ""):
            add(service, DEPENDENCY_WEIGHT, fact)
    for fact in scan.facts.of("service-image"):
        image = fact.name.partition("@")[0]
        name = "mssql" if "mssql/server" in image else image.rpartition("/")[2].partition(":")[0]
        if service := IMAGES.get(name, ""):
            add(service, IMAGE_WEIGHT, fact)
    return tuple(
        ServiceNeed(
            name=name,
            confidence=certainty(weight for weight, _ in hits),
            evidence=tuple(dict.fromkeys(place for _, place in hits))[:MAX_EVIDENCE],
        )
        for name, hits in sorted(found.items())
    )


def system_packages(scan: Scan, home: Ecosystem | None) -> tuple[SystemPackage, ...]:
    """Debian packages that the ecosystem's dependencies need, locked ones too, each with the dependency that is the reason."""
    needs = {need.dependency: need for need in home.system} if home else {}
    found: dict[str, SystemPackage] = {}
    compiled_in = {
        name
        for fact in scan.facts.of("dependency", scope=home.id if home else "")
        if "extra:bundled" in fact.tags and (need := needs.get(fact.name))
        for name in (*need.build, *need.run)
    }
    for kind in ("dependency", "locked"):
        for fact in scan.facts.of(kind, scope=home.id if home else ""):
            if {"development", "optional", "extra:bundled"} & fact.tags:
                continue
            names = [fact.name, *(f"{fact.name}[{tag[6:]}]" for tag in fact.tags if tag.startswith("extra:"))]
            for need in [needs[name] for name in names if name in needs]:
                for name in dict.fromkeys((*need.build, *need.run)):
                    known = found.get(name)
                    found[name] = SystemPackage(
                        name=name,
                        build=name in need.build or bool(known and known.build),
                        run=name in need.run or bool(known and known.run),
                        because=known.because if known else fact.name,
                        evidence=known.evidence if known else (fact.evidence("system"),),
                    )
    return tuple(found[name] for name in sorted(found) if name not in compiled_in)


def secrets(scan: Scan) -> tuple[SecretFound, ...]:
    """Values that look like live credentials, masked by their parser, and whether git carries the file."""
    return tuple(
        SecretFound(
            kind=fact.name,
            masked=fact.value,
            tracked=(fact.file in scan.tree.tracked) if scan.tree.git else None,
            confidence=0.6 if "generic" in fact.tags else 0.95,
            evidence=fact.evidence("secret"),
        )
        for fact in scan.facts.of("secret")
    )


def report_secrets(scan: Scan) -> None:
    """Live credentials in the tree, values in committed environment files, and private keys."""
    _report_credentials(scan)
    valued: dict[str, list[Found]] = {}
    for fact in scan.facts.of("env"):
        if {"local", "valued"} <= fact.tags and is_secret(fact.name):
            valued.setdefault(fact.file, []).append(fact)
    for file, facts in valued.items():
        if file in scan.tree.tracked:
            names = ", ".join(fact.name for fact in facts[:5])
            scan.finding(
                "committed-secrets",
                Severity.ERROR,
                f"{file} is committed and holds values of secrets ({names}).",
                f"Change these secrets, remove the file from git (git rm --cached {file}) and add it to .gitignore.",
                [fact.evidence("secret") for fact in facts],
            )
    for fact in scan.facts.of("private-key"):
        committed = fact.file in scan.tree.tracked
        scan.finding(
            "private-key",
            Severity.ERROR if committed else Severity.WARNING,
            f"{fact.file} is a private key{' and is committed' if committed else ' inside the project'}.",
            "Keep keys outside the project and give them to the program as a secret.",
            [fact.evidence("secret")],
        )


def _report_credentials(scan: Scan) -> None:
    """What looks like a live credential: in git it is given away, elsewhere it could travel into an image."""
    tracked: dict[bool, list[Found]] = {True: [], False: []}
    for fact in scan.facts.of("secret"):
        if not (
            fact.file.rpartition("/")[2].startswith(".env") and fact.file not in scan.tree.tracked
        ):  # local values are where they belong
            tracked[fact.file in scan.tree.tracked].append(fact)
    for committed, facts in tracked.items():
        sure = [fact for fact in facts if "generic" not in fact.tags]
        for group, certain in ((sure, True), ([fact for fact in facts if "generic" in fact.tags], False)):
            if not group:
                continue
            kinds = ", ".join(dict.fromkeys(fact.name for fact in group))
            where = ", ".join(dict.fromkeys(fact.file for fact in group[:4]))
            scan.finding(
                "secret-committed" if committed else "secret-in-tree",
                (Severity.ERROR if certain else Severity.WARNING)
                if committed
                else (Severity.WARNING if certain else Severity.INFO),
                f"{where}: what looks like {'' if certain else 'possibly '}live credentials ({kinds})"
                + (", and git carries it." if committed else "."),
                "Change them where they were issued, and give them to the program as variables."
                if committed
                else "Keep them out of the project, or out of git and of the image (.gitignore, .dockerignore).",
                [fact.evidence("secret") for fact in group],
            )


def report_django(scan: Scan) -> None:
    """Settings that are fine on a desk and not in production."""
    _report_static(scan)
    debug = [fact for fact in scan.facts.of("setting", "DEBUG") if fact.value == "True" and not _is_development(fact.file)]
    if debug:
        scan.finding(
            "django-debug",
            Severity.WARNING,
            "DEBUG is True: errors show source and settings to everyone.",
            "Read it from a variable and default to False.",
            evidence(debug, "django"),
        )
    hosts = [fact for fact in scan.facts.of("setting", "ALLOWED_HOSTS") if not _is_development(fact.file)]
    if hosts and all(not fact.value and "computed" not in fact.tags for fact in hosts) and not debug:
        scan.finding(
            "django-allowed-hosts",
            Severity.WARNING,
            "ALLOWED_HOSTS is empty: with DEBUG off, Django answers every request with 400.",
            "Read the host names from a variable.",
            evidence(hosts, "django"),
        )
    elif fixed := [fact for fact in hosts if fact.value and "*" not in fact.value and "computed" not in fact.tags]:
        scan.finding(
            "django-allowed-hosts",
            Severity.INFO,
            f"ALLOWED_HOSTS is fixed to {fixed[0].value}: other host names are answered with 400.",
            "Read the host names from a variable, or set [health] host_header in deploydeck.toml.",
            evidence(fixed, "django"),
        )
    keys = [fact for fact in scan.facts.of("setting", "SECRET_KEY") if fact.value == "literal" and not _is_development(fact.file)]
    if keys:
        scan.finding(
            "secret-in-source",
            Severity.WARNING,
            "SECRET_KEY is written in the settings.",
            "Read it from a variable, and change it: whoever has the source has the key.",
            evidence(keys, "django"),
        )


_SERVES_STATIC = ("whitenoise", "servestatic", "dj-static", "django-storages", "cloudinary", "django-cloudinary-storage")
_BRINGS_STATIC = ("django.contrib.admin", "rest_framework", "wagtail.admin", "cms")


def _report_static(scan: Scan) -> None:
    """Django serves static files itself only while DEBUG is on; production needs something else that does."""
    urls = [fact for fact in scan.facts.of("setting", "STATIC_URL") if not _is_development(fact.file)]
    own = any("static" in path.split("/")[:-1] for path in scan.tree.entries)
    brought = any(scan.facts.of("installed-app", name) for name in _BRINGS_STATIC)
    served = (
        any(scan.facts.of("dependency", name, "python") for name in _SERVES_STATIC)
        or any(fact.value.startswith(("whitenoise", "django.views.static")) for fact in scan.facts.of("import", scope="python"))
        or any("nginx" in path.rpartition("/")[2] or path.rpartition("/")[2] == "Caddyfile" for path in scan.tree.entries)
    )
    if urls and (own or brought) and not served and not any(fact.value.startswith("http") for fact in urls):
        scan.finding(
            "django-static-unserved",
            Severity.WARNING,
            "Nothing serves the static files: Django does so only while DEBUG is on.",
            "Add whitenoise and its middleware behind SecurityMiddleware, or put a web server before the program.",
            evidence(urls, "django"),
        )


def report_unused(scan: Scan, technology: Technology) -> None:
    """A framework that is listed and never imported: perhaps left over, perhaps not what is deployed."""
    scope = technology.ecosystem
    if technology.start not in {"wsgi", "asgi", "django", "node"} or not technology.packages:
        return
    declared = scan.facts.of("dependency", technology.packages[0], scope)
    names = {name.replace("-", "_") if scope == "python" else name for name in technology.packages}
    imported = any(scan.facts.of("import", name, scope) for name in names)
    if declared and not imported and not scan.tree.truncated and not scan.unread:
        scan.finding(
            "framework-never-imported",
            Severity.WARNING,
            f"{technology.name} is listed as a dependency but imported nowhere.",
            "Remove it if it is left over, or set [app] framework and start in deploydeck.toml.",
            evidence(declared[:1], technology.id),
        )


def _is_development(file: str) -> bool:
    return bool(re.search(r"dev|local|test", file.rpartition("/")[2]))
