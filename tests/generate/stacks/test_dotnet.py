""".NET: which project is published, what is restored before the source is there, and where the program listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generate.stacks.compiled import (
    dockerfile,
    environment,
    last,
    made,
    refused,
    runs,
    sample,
    scanned,
    sound,
    stages,
    started,
)

PROGRAM = 'var app = WebApplication.CreateBuilder(args).Build();\napp.MapGet("/", () => "hello");\napp.Run();\n'


def project(target: str = "net8.0", more: str = "", items: str = "", sdk: str = "Microsoft.NET.Sdk.Web") -> str:
    named = f"<TargetFramework>{target}</TargetFramework>" if target else ""
    return f'<Project Sdk="{sdk}">\n<PropertyGroup>\n{named}\n{more}\n</PropertyGroup>\n{items}\n</Project>\n'


SHOP = {"Shop.csproj": project(), "Program.cs": PROGRAM}
PUBLISH = "dotnet publish Shop.csproj --configuration Release --output /app/out"


@pytest.mark.parametrize("name", ["dotnet", "dotnet-minimal-api", "dotnet-mvc-solution"])
def test_a_sample_gets_a_sound_image(name: str) -> None:
    files = made(sample(name))
    sound(files["Dockerfile"])
    assert {"**/bin", "**/obj"} <= set(files[".dockerignore"].content.split("\n"))


def test_the_published_program_runs_without_the_sdk(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, SHOP))
    assert stages(text)[0][0].arguments == "mcr.microsoft.com/dotnet/sdk:8.0 AS build"
    assert last(text, "FROM") == "mcr.microsoft.com/dotnet/aspnet:8.0"
    assert runs(text) == ["dotnet restore Shop.csproj", f"{PUBLISH} -p:UseAppHost=false"]
    assert started(text) == ["dotnet", "Shop.dll"]
    assert environment(text) == {"ASPNETCORE_HTTP_PORTS": "8080"}
    assert last(text, "USER") == "1654:1654"


def test_before_net_8_it_is_told_an_address(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, "Shop.csproj": project("net6.0")}), app={"port": 8080})
    assert last(text, "FROM") == "mcr.microsoft.com/dotnet/aspnet:6.0"
    assert environment(text) == {"HOME": "/tmp", "ASPNETCORE_URLS": "http://+:8080"}


def test_a_solution_restores_its_project_files_first() -> None:
    found = sample("dotnet-mvc-solution")
    assert found.support_reason == "ASP.NET Core project with nuget, built from here; src/Clinic.Web is what runs"
    text = dockerfile(found)
    for copy in (
        "COPY Directory.Build.props Directory.Packages.props ./",
        "COPY src/Clinic.Data/Clinic.Data.csproj src/Clinic.Data/",
    ):
        assert text.index(copy) < text.index("dotnet restore src/Clinic.Web/Clinic.Web.csproj") < text.index("COPY . .")
    assert "Clinic.Tests" not in text
    assert started(text) == ["dotnet", "Clinic.Web.dll"]


def test_a_lock_decides(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, "packages.lock.json": '{"version": 1, "dependencies": {}}'}))
    assert runs(text)[0] == "dotnet restore Shop.csproj --locked-mode"
    assert runs(text)[1].endswith("-p:RestoreLockedMode=true")


@pytest.mark.parametrize(
    ("sdk", "image", "dropped"),
    [
        ('{"sdk": {"version": "9.0.100"}}', "9.0", True),
        ('{"sdk": {"version": "9.0.100", "rollForward": "latestFeature"}}', "9.0", False),
        ('{"sdk": {"version": "6.0.400"}}', "8.0", True),
        ('{"sdk": {"version": "9.0.100"}, "msbuild-sdks": {"Microsoft.Build.Traversal": "4.1.0"}}', "9.0", False),
        ('{"test": {}}', "8.0", False),
    ],
)
def test_the_sdk_that_is_pinned(tmp_path: Path, sdk: str, image: str, dropped: bool) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, "global.json": sdk}))
    assert stages(text)[0][0].arguments == f"mcr.microsoft.com/dotnet/sdk:{image} AS build"
    assert last(text, "FROM") == "mcr.microsoft.com/dotnet/aspnet:8.0"
    assert ("rm global.json" in runs(text)) is dropped


def test_a_name_of_its_own_and_several_targets(tmp_path: Path) -> None:
    several = project("", "<TargetFrameworks>net8.0;net472;net8.0-windows</TargetFrameworks><AssemblyName>till</AssemblyName>")
    text = dockerfile(scanned(tmp_path, {**SHOP, "Shop.csproj": several}), app={"port": 8080})
    assert started(text) == ["dotnet", "till.dll"]
    assert runs(text)[-1].endswith("--framework net8.0")


def test_a_native_program_needs_no_runtime(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, "Shop.csproj": project(more="<PublishAot>true</PublishAot>")}))
    assert last(text, "FROM") == "mcr.microsoft.com/dotnet/runtime-deps:8.0"
    assert "clang" in text
    assert started(text) == ["/app/Shop"]
    assert "UseAppHost" not in text


def test_blazor_in_the_browser_is_a_site() -> None:
    text = dockerfile(sample("dotnet-blazor-wasm"))
    assert "COPY --from=build /app/out/wwwroot/ /srv/site/" in text
    assert last(text, "FROM") == "nginx:stable"
    assert last(text, "USER") == "101:101"


def test_a_reference_beyond_the_project_is_refused(tmp_path: Path) -> None:
    items = '<ItemGroup><ProjectReference Include="..\\Data\\Data.csproj" /></ItemGroup>'
    error = refused(scanned(tmp_path, {**SHOP, "Shop.csproj": project(items=items)}))
    assert (error.code, '"..\\\\Data\\\\Data.csproj"' in error.what) == ("generate-outside-project", True)


def test_what_is_computed_needs_the_whole_source(tmp_path: Path) -> None:
    items = '<ItemGroup><ProjectReference Include="$(Shared)/Data.csproj" /></ItemGroup>'
    text = dockerfile(scanned(tmp_path, {**SHOP, "Shop.csproj": project(items=items)}))
    assert text.index("COPY . .") < text.index("dotnet restore")


def test_one_of_several_projects_must_be_named(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**SHOP, "Other.csproj": project()})
    text = dockerfile(found, app={"build": ["dotnet", "publish", "Other.csproj"], "start": ["dotnet", "Other.dll"]})
    assert started(text) == ["dotnet", "Other.dll"]
    assert "dotnet publish Other.csproj" in text
    assert "dotnet restore Other.csproj" in text


@pytest.mark.parametrize(
    ("start", "command"),
    [(["dotnet", "run", "--", "--seed"], ["dotnet", "Shop.dll", "--seed"]), (["dotnet", "out/Shop.dll"], ["dotnet", "Shop.dll"])],
)
def test_a_start_of_ones_own(tmp_path: Path, start: list[str], command: list[str]) -> None:
    assert started(dockerfile(scanned(tmp_path, SHOP), app={"start": start})) == command


@pytest.mark.parametrize(
    ("chosen", "code"),
    [({"start": ["./run.sh"]}, "generate-start-not-built"), ({"build": ["make"]}, "generate-build-unknown"),
     ({"build": ["dotnet", "publish", "../x.csproj"]}, "generate-unsafe-path"),
     ({"build": ["dotnet", "publish", "a\nRUN id.csproj"]}, "generate-unsafe-path")],
)  # fmt: skip
def test_what_is_not_published_is_refused(tmp_path: Path, chosen: dict[str, list[str]], code: str) -> None:
    assert refused(scanned(tmp_path, SHOP), app=chosen).code == code


def test_workers_and_packages_of_paket_are_said_to_be_later(tmp_path: Path) -> None:
    assert refused(sample("dotnet-worker")).what == ".NET worker service project; deploying it is not supported yet."
    error = refused(scanned(tmp_path, {**SHOP, "paket.dependencies": "source https://nuget.example\n"}))
    assert error.what.endswith("managed by paket, which is not supported yet.")
