"""How projects of .NET are built and started: the published program of the project file, and the port its version listens on."""

from __future__ import annotations

import posixpath
import re

from deploydeck.domain import Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.ranges import parse_version
from deploydeck.scan.rules import Technology
from deploydeck.scan.rules.names import is_secret
from deploydeck.scan.state import Scan, evidence

_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_SOLUTIONS = (".sln", ".slnx")
_RUNNABLE_SDKS = frozenset({"Microsoft.NET.Sdk.Web", "Microsoft.NET.Sdk.Worker"})
_WASM = "Microsoft.NET.Sdk.BlazorWebAssembly"
_ASPIRE_SDK, _ASPIRE = "Aspire.AppHost.Sdk", "Aspire.Hosting.AppHost"
_NEVER_DEPLOYED = ("IsTestProject", "IsAspireHost", "PackAsTool")
_NO_SERVER = frozenset({"azure-functions", "aws-lambda-dotnet"})
_LEAVES_PER_SECTION = 40
_ANY_MAJOR = frozenset({"major", "latestMajor"})


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    _settings_to_variables(scan)
    _sdk_pin(scan)
    project = _project(scan)
    if project is None:
        return _single_file(scan, technology)
    role = technology.role if technology else None
    if role == "app" or (technology is not None and technology.id in _NO_SERVER):
        return Resolved(build=_build(scan, project))
    if _tools(scan, _WASM):
        return _assembly_in_browser(scan, project)
    start = _start(scan, project)
    if start is None:
        library = technology is not None and technology.start == "dotnet" and not _old_web(scan) and not _full_framework(scan)
        return Resolved(kind=Kind.NONE if library else None)
    return Resolved(start=start, build=_build(scan, project), port=_default_port(scan, technology))


def _tools(scan: Scan, name: str) -> list[Found]:
    return scan.facts.own("tool", name, "dotnet")


def _option(scan: Scan, name: str) -> Found | None:
    found = scan.facts.own("option", name, "dotnet")
    return found[0] if found else None


def _project(scan: Scan) -> Found | None:
    """The project file that is deployed: one that can run before others, then by name."""
    found = [fact for fact in scan.facts.own("project-name", scope="dotnet") if fact.file.endswith(_PROJECTS)]
    runnable = {fact.file for fact in scan.facts.own("tool", scope="dotnet") if fact.name in _RUNNABLE_SDKS}
    programs = {fact.file for fact in scan.facts.own("option", "OutputType", "dotnet") if fact.value.lower() == "exe"}
    tests = {fact.file for fact in scan.facts.own("option", "IsTestProject", "dotnet")}
    rank = lambda fact: (fact.file in tests, fact.file not in runnable, fact.file not in programs, fact.file)  # noqa: E731
    return min(found, key=rank, default=None)


def _start(scan: Scan, project: Found) -> Fact[StartCommand] | None:
    """The published program; None for libraries, tests, desktop programs, tools and what only IIS runs."""
    if any(_option(scan, name) for name in _NEVER_DEPLOYED) or _tools(scan, _ASPIRE_SDK) or scan.facts.own("dependency", _ASPIRE):
        return None
    kind = _option(scan, "OutputType")
    written = kind.value.lower() if kind else ""
    sdk = next((fact for name in sorted(_RUNNABLE_SDKS) for fact in _tools(scan, name)), None)
    if written == "library" or (written != "exe" and sdk is None) or _old_web(scan) or _full_framework(scan):
        return None
    native = _option(scan, "PublishAot") or (_option(scan, "SelfContained") and _option(scan, "PublishSingleFile"))
    name = project.name
    argv = (f"./{name}",) if native else ("dotnet", f"{name}.dll")
    because = sdk or kind
    places = evidence([one for one in (project, because, native) if one], "start")
    listening = scan.facts.own("listen", scope="dotnet")
    reason = f"what publishing {project.file} gives"
    return Fact(
        value=StartCommand(argv=argv, port_from_env=any("env" in fact.tags for fact in listening)),
        confidence=0.93 if sdk else 0.8,
        evidence=places,
        reason=reason,
    )


def _old_web(scan: Scan) -> bool:
    return bool(_option(scan, "WebApplication") or _option(scan, "web.config/system.web"))


def _full_framework(scan: Scan) -> bool:
    """Whether it targets the .NET Framework, whose programs start by themselves and only on Windows."""
    pin = next(iter(scan.facts.of("pin", "dotnet", "TargetFramework")), None)
    return (
        pin is not None
        and "net" in pin.text.lower()
        and bool(re.search(r"TargetFrameworkVersion|>\s{0,4}net[234]\d{1,2}\s{0,4}<", pin.text))
    )


def _build(scan: Scan, project: Found) -> Fact[tuple[str, ...]]:
    """`dotnet publish`, naming the project where there are several to choose from; inside a solution from the solution's root."""
    here = [name for name in scan.names.get("", ()) if name.endswith(_PROJECTS + _SOLUTIONS)]
    outside = [fact for fact in scan.facts.own("uses-project", scope="dotnet") if fact.name.startswith("../")]
    solution = any(name.endswith(_SOLUTIONS) for name in scan.above)
    where: tuple[str, ...] = ()
    if scan.directory and (outside or solution):
        where = (posixpath.join(scan.directory, project.file),)
    elif len(here) > 1:
        where = (project.file,)
    return Fact(
        value=("dotnet", "publish", *where, "-c", "Release", "-o", "out"),
        confidence=0.9,
        evidence=(project.evidence("build"),),
        reason="the project is published" + (", from the root of its solution" if scan.directory and where else ""),
    )


def _assembly_in_browser(scan: Scan, project: Found) -> Resolved:
    places = evidence(_tools(scan, _WASM), "output")
    output: Fact[str] = Fact(
        value="out/wwwroot", confidence=0.9, evidence=places, reason="where publishing puts the files of Blazor WebAssembly"
    )
    return Resolved(build=_build(scan, project), output=output, kind=Kind.STATIC, single_page=True)


def _single_file(scan: Scan, technology: Technology | None) -> Resolved:
    """A program of one file, which publishes to a native program unless it says otherwise."""
    entry = next(iter(scan.facts.own("entry", "single-file", "dotnet")), None)
    if entry is None:
        return Resolved()
    stem = entry.file.removesuffix(".cs")
    plain = (aot := _option(scan, "PublishAot")) is not None and aot.value.lower() == "false"
    places = evidence([entry, *([aot] if aot else [])], "start")
    listening = scan.facts.own("listen", scope="dotnet")
    value = StartCommand(
        argv=("dotnet", f"{stem}.dll") if plain else (f"./{stem}",), port_from_env=any("env" in fact.tags for fact in listening)
    )
    return Resolved(
        start=Fact(value=value, confidence=0.8, evidence=places, reason=f"what publishing {entry.file} gives"),
        build=Fact(value=("dotnet", "publish", entry.file, "-c", "Release", "-o", "out"), confidence=0.8, evidence=places),
        port=_default_port(scan, technology),
    )


def _default_port(scan: Scan, technology: Technology | None) -> Fact[int] | None:
    """8080 in images of .NET 8 and later, 80 before; None where a Dockerfile or compose file says what is exposed."""
    if technology is None or technology.start != "dotnet" or technology.role == "worker" or technology.id in {"suave", "embedio"}:
        return None
    for fact in (*scan.facts.own("env", "ASPNETCORE_HTTP_PORTS"), *scan.facts.own("env", "ASPNETCORE_URLS")):
        if match := re.search(r"(?:^|:)(\d{2,5})(?:[;/]|$)", fact.value):
            return Fact(
                value=int(match[1]), confidence=0.85, evidence=(fact.evidence("port"),), reason=f"{fact.file} sets {fact.name}"
            )
    pins = scan.facts.of("pin", "dotnet", "TargetFramework")
    listening = any(fact.name for fact in scan.facts.own("listen", scope="dotnet"))
    if scan.facts.of("expose") or scan.facts.of("platform-port") or listening or not pins:
        return None
    written = pins[0].value.lstrip(">=")
    modern = (parse_version(written) or (0,))[0] >= 8
    return Fact(
        value=8080 if modern else 80,
        confidence=0.75,
        evidence=(pins[0].evidence("port"),),
        reason=f"images of .NET {written} listen on {8080 if modern else 80} unless told otherwise (8080 from .NET 8 on)",
    )


def _sdk_pin(scan: Scan) -> None:
    """Let global.json count where it matters: as the only pin, or where its SDK is too old for the target framework."""
    sdk = next(iter(scan.facts.of("pin", "dotnet-sdk")), None)
    numbers = parse_version(sdk.value) if sdk else None
    if sdk is None or not numbers or len(numbers) < 2:
        return
    targets = scan.facts.of("pin", "dotnet", "TargetFramework")
    has_project = any(fact.file.endswith(_PROJECTS) for fact in scan.facts.own("project-name", scope="dotnet"))
    wanted = (parse_version(targets[0].value.lstrip(">=")) or ()) if targets else ()
    version = ".".join(map(str, numbers[:2]))
    pin = Found("pin", "dotnet", version, sdk.file, sdk.line, sdk.text, "global.json")
    if targets and numbers[:2] < wanted[:2] and not sdk.tags & _ANY_MAJOR:
        scan.facts.add([pin])
        scan.finding(
            "sdk-too-old",
            Severity.WARNING,
            f"{sdk.file.lstrip('/')} pins SDK {sdk.value}, which cannot build for .NET {targets[0].value}.",
            "Raise the SDK in global.json, or let it roll forward.",
            evidence([sdk, targets[0]], "pin"),
        )
    elif not targets and has_project:
        scan.facts.add([pin])


def _settings_to_variables(scan: Scan) -> None:
    """A setting that the source reads is a variable too (`Section:Key` is `Section__Key`); appsettings has the default."""
    values: dict[str, Found] = {}
    for fact in scan.facts.own("setting", scope="dotnet"):
        values.setdefault(fact.name.lower(), fact)
    added: dict[tuple[str, str, int], Found] = {}
    for fact in scan.facts.own("configuration", scope="dotnet"):
        known = values.get(fact.name.lower())
        tags, value = fact.tags, fact.value
        if known is not None and "valued" in known.tags:
            tags = frozenset({"defaulted"} | ({"computed"} if not known.value else set()))
            value = known.value
        name = fact.name.replace(":", "__")
        value = "" if is_secret(name) else value
        added[name, fact.file, fact.line] = Found("env", name, value, fact.file, fact.line, fact.text, "dotnet", tags)
    for section in scan.facts.own("configuration-section", scope="dotnet"):
        prefix = f"{section.name.lower()}:"
        empty = [one for key, one in values.items() if key.startswith(prefix) and "valued" not in one.tags]
        for one in empty[:_LEAVES_PER_SECTION]:  # a place held for a value that someone must give
            name = one.name.replace(":", "__")
            added.setdefault((name, one.file, one.line), Found("env", name, "", one.file, one.line, one.text, "dotnet"))
    scan.facts.add(added.values())
