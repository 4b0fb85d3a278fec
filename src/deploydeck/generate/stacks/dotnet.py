""".NET: packages restored by project file, published by the SDK, run on the image of ASP.NET Core; Blazor WebAssembly as a site."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import Any

from deploydeck.domain import DeployDeckError, Evidence, Kind
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path, shown
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.compiled import by_directory, environment_lines
from deploydeck.generate.stacks.solutions import PROJECTS, closure, written
from deploydeck.generate.systems import Package, needed
from deploydeck.generate.versions import choose_series

_REGISTRY = "mcr.microsoft.com/dotnet"
_FILE = (".cs", *PROJECTS)
_TARGET = re.compile(r"net(?:coreapp)?(\d{1,2}\.\d)")
_ROLLS = frozenset({"feature", "minor", "major", "latestFeature", "latestMinor", "latestMajor"})
"""Values of rollForward in global.json with which any SDK of the series will do."""
_NATIVE_TOOLS = (
    Package("clang", "Links the native program; stays in this stage"),
    Package("zlib1g-dev", "The native program is linked to it; stays in this stage"),
)
_FIRST_WITH_USER = 8


def _install(question: InstallQuestion) -> Installation:
    files = question.files
    project = _project(question.profile.build_command.value if question.profile.build_command else (), files)
    found = closure(files, project)
    restore: Argv = ("dotnet", "restore", project, *(("--locked-mode",) if found.locked else ()))
    early: tuple[Argv, ...] = () if found.whole else (restore,)
    return Installation(
        "nuget",
        found.manifests,
        early,
        (),
        (restore,),
        "/root/.nuget/packages",
        source_clue=found.whole,
        locked=found.locked,
    )


def _project(build: Argv, files: ProjectFiles) -> str:
    """The project that is published: the one that the build names, else the only one there is. Never chosen from several."""
    named = next((word for word in build if word.endswith(_FILE)), "")
    here = [path.removeprefix("./") for suffix in PROJECTS for path in files.names(".", suffix)]
    if not named and len(here) == 1:
        named = here[0]
    if not named:
        found = "several project files" if here else "no project file"
        raise DeployDeckError(
            "generate-project-unknown",
            f"Which project is to be published is not known: there is {found} in this directory.",
            hint='Name it in deploydeck.toml: [app] build = ["dotnet", "publish", "src/Web/Web.csproj"].',
        )
    return inside_path(named.removeprefix("./").replace("\\", "/"), "project file")


def _decide(draft: Draft) -> Draft:
    """One `dotnet publish` of the project that is started, to a directory of its own."""
    if not draft.image or draft.kind is Kind.NONE:
        return draft
    build = draft.build[0] if draft.build else ("dotnet", "publish")
    if build[:2] not in (("dotnet", "publish"), ("dotnet", "build")):
        raise DeployDeckError(
            "generate-build-unknown",
            f"Where {shown(' '.join(build))} puts the program is not known.",
            "The image takes what `dotnet publish` makes.",
            'Name the project in deploydeck.toml: [app] build = ["dotnet", "publish", "src/Web/Web.csproj"].',
        )
    project = _project((*build, *_words_of(draft.profile.build_command)), draft.files)
    start, native = _started(draft.start, project, draft.files)
    frameworks = written(draft.files, project, "TargetFrameworks")
    publish: Argv = ("dotnet", "publish", project, "--configuration", "Release", "--output", "/app/out")
    if native:
        publish = (*publish, "--use-current-runtime")
    elif draft.kind is Kind.SERVER:
        publish = (*publish, *(("-p:PublishAot=false",) if project.endswith(".cs") else ()), "-p:UseAppHost=false")
    if draft.files.is_file(posixpath.join(posixpath.dirname(project), "packages.lock.json")):
        publish = (*publish, "-p:RestoreLockedMode=true")
    if frameworks and (named := _newest(frameworks.value)):
        publish = (*publish, "--framework", named)
    clues = {**draft.clues, "native": Clue(native), "sdk": _sdk(draft.files)}
    environment = _listens(draft) if draft.kind is Kind.SERVER else ()
    return replace(draft, build=(publish,), start=start, clues=clues, environment=environment)


def _listens(draft: Draft) -> tuple[tuple[str, str], ...]:
    """How ASP.NET Core is told where to listen: by port from .NET 8 on, whose image has a user with a home; by address before."""
    wanted = draft.settings.app.runtime_version or (draft.profile.runtime_version.value if draft.profile.runtime_version else "")
    series = choose_series(DOTNET, wanted) if wanted else DOTNET.default_series
    if series and int(series.split(".")[0]) < _FIRST_WITH_USER:
        return (("HOME", "/tmp"), ("ASPNETCORE_URLS", "http://+:{port}"))  # noqa: S108 - a user without a home
    return (("ASPNETCORE_HTTP_PORTS", "{port}"),)


def _words_of(fact: Any) -> Argv:
    return tuple(fact.value) if fact else ()


def _started(start: Argv, project: str, files: ProjectFiles) -> tuple[Argv, str]:
    """The start from the published directory, and the name of the program when it is a native one."""
    name = written(files, project, "AssemblyName").value or posixpath.splitext(posixpath.basename(project))[0]
    if not start:
        return (), ""
    if start[:2] in (("dotnet", "run"), ("dotnet", "watch")):
        rest = start[start.index("--") + 1 :] if "--" in start else ()
        return ("dotnet", f"{name}.dll", *rest), ""
    if start[0] == "dotnet" and len(start) > 1 and start[1].endswith(".dll"):
        return ("dotnet", posixpath.basename(start[1].replace("\\", "/")), *start[2:]), ""
    program = posixpath.basename(start[0])
    if program != name:
        raise DeployDeckError(
            "generate-start-not-built",
            f"The start command runs {shown(start[0])}, which is not what publishing {shown(project)} makes.",
            "The image holds the published program and nothing that could run a script.",
            f'Set it in deploydeck.toml: [app] start = ["dotnet", "{name}.dll"].' if name.isprintable() else "",
        )
    if project.endswith(".cs"):
        return ("dotnet", f"{name}.dll", *start[1:]), ""
    return (f"/app/{program}", *start[1:]), program


def _newest(frameworks: str) -> str:
    """The newest of several target frameworks that runs on Linux as it is."""
    plain = [
        (tuple(int(n) for n in match[1].split(".")), one) for one in frameworks.split(";") if (match := _TARGET.fullmatch(one))
    ]
    return max(plain)[1] if plain else ""


def _sdk(files: ProjectFiles) -> Clue:
    """The SDK that global.json asks for: `9.0`, or `9.0!` when it asks for one release of it."""
    sdk = files.json("global.json").get("sdk")
    version = str(sdk.get("version", "")) if isinstance(sdk, dict) else ""
    match = re.match(r"(\d{1,2}\.\d)\.\d{3}", version)
    if not match or not isinstance(sdk, dict):
        return NOTHING
    exact = "" if sdk.get("rollForward") in _ROLLS else "!"
    return Clue(f"{match[1]}{exact}", (Evidence(file="global.json", text=version, rule="dotnet-sdk"),))


def _context(request: Request) -> dict[str, Any]:
    profile, choices, config = request.profile, request.choices, request.config
    native, sdk = choices.clue("native"), choices.clue("sdk")
    wanted = sdk.value.rstrip("!")
    newer = wanted in DOTNET.series and DOTNET.series.index(wanted) > DOTNET.series.index(choices.series)
    series = wanted if newer else choices.series
    alone = "msbuild-sdks" not in request.files.json("global.json")
    pinned = f".NET {series} is what the project asks for; the SDK stays in this stage"
    return {
        "builder": f"{_REGISTRY}/sdk:{series}",
        "runner": f"{_REGISTRY}/{'runtime-deps' if native else 'aspnet'}:{choices.series}",
        "system": needed(profile, Preferences(config.preferences), also_build=_NATIVE_TOOLS if native else ()),
        "base_why": pinned if choices.series_evidence or newer else "No version is pinned: the current long-term one",
        "base_evidence": sdk.evidence if newer else choices.series_evidence,
        "manifests": by_directory(choices.install.manifests if choices.install else ()),
        "other_sdk": sdk.value.endswith("!") and alone,
        "other_sdk_evidence": sdk.evidence,
        "cache": f"--mount=type=cache,target={choices.install.cache if choices.install else '/root/.nuget/packages'}",
        "native": native.value,
        "settings": environment_lines(request),
    }


DOTNET = Stack(
    id="dotnet",
    name=".NET",
    languages=("csharp", "fsharp", "visualbasic"),
    managers={"nuget": _install},
    template="docker/dotnet.Dockerfile.j2",
    site_template="docker/_dotnet_build.j2",
    context=_context,
    image=f"{_REGISTRY}/aspnet:{{series}}",
    series=("3.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0"),
    default_series="10.0",
    user="1654:1654",
    decide=_decide,
    leftovers=tuple(
        (pattern, "dotnet-leftovers", "Made by .NET on this machine, for its paths; the image makes its own")
        for pattern in ("**/bin", "**/obj", "**/TestResults", ".vs", "**/*.user")
    ),
    foreign=("**/bin", "**/obj"),
)
