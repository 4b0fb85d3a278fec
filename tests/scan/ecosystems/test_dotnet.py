# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Projects of .NET: what files and sources say, how they are built and started, where they listen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploydeck.domain import Kind, ProjectProfile
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers.dotnet_packages import usual
from deploydeck.scan.parsers.dotnet_project import newest, version_of
from deploydeck.scan.parsers.dotnet_settings import address, is_placeholder, service_of
from tests.scan.trees import codes, parser_for, scan, where

WEB = "Microsoft.NET.Sdk.Web"
PLAIN = "Microsoft.NET.Sdk"


def project(sdk: str = WEB, target: str = "net8.0", properties: str = "", items: str = "") -> str:
    framework = f"    <TargetFramework>{target}</TargetFramework>\n" if target else ""
    return f'<Project Sdk="{sdk}">\n  <PropertyGroup>\n{framework}    {properties}\n  </PropertyGroup>\n  <ItemGroup>\n    {items}\n  </ItemGroup>\n</Project>\n'


def package(name: str, version: str = "1.0.0") -> str:
    return f'<PackageReference Include="{name}" Version="{version}" />\n'


def facts(path: str, content: str | bytes) -> list[Found]:
    parser = parser_for(path)
    assert parser is not None
    return list(parser.parse(path, content.encode() if isinstance(content, str) else content))


def named(found: list[Found], kind: str) -> dict[str, str]:
    return {fact.name: fact.value for fact in found if fact.kind == kind}


def web(tmp_path: Path, program: str, files: Mapping[str, str] | None = None) -> ProjectProfile:
    return scan(tmp_path, {"Shop.csproj": project(), "Program.cs": program, **(files or {})})


@pytest.mark.parametrize(
    ("moniker", "version"),
    [
        ("net8.0", "8.0"), ("net10.0", "10.0"), ("net8.0-windows10.0.19041", "8.0"), ("net9.0-android", "9.0"), ("netcoreapp3.1", "3.1"),
        ("net48", "4.8"), ("net472", "4.7.2"), ("net461", "4.6.1"), ("netstandard2.0", ""), ("", ""), ("$(X)", ""), ("net", ""), ("NET8.0", "8.0"),
    ],
)  # fmt: skip
def test_a_target_framework_names_a_version(moniker: str, version: str) -> None:
    assert version_of(moniker) == version


def test_the_newest_of_several_targets_counts() -> None:
    assert newest("netstandard2.0;net6.0;net10.0;net9.0") == "10.0"
    assert newest("net48;netstandard2.0") == "4.8"
    assert newest(";;") == ""


@pytest.mark.parametrize("name", ["npgsql", "NPGSQL", "Npgsql"])
def test_packages_get_their_usual_spelling(name: str) -> None:
    assert usual(name) == "Npgsql"
    assert usual("npgsql.nodatime") == "Npgsql.nodatime"
    assert usual("Their.Own") == "Their.Own"


def test_a_project_file_says_its_packages_with_their_lines() -> None:
    found = facts(
        "Shop.csproj",
        project(
            properties="<EfVersion>8.0.4</EfVersion>",
            items=package("stackexchange.redis", "2.7.33")
            + '<PackageReference Include="Npgsql"><Version>8.0.2</Version></PackageReference>\n'
            + '<PackageReference Include="Microsoft.EntityFrameworkCore" Version="$(EfVersion)" />\n'
            + '<PackageReference Include="Elsewhere" Version="$(Unknown)" />\n'
            + '<PackageReference Include="Analyzer" Version="1.0" PrivateAssets="all" />\n'
            + '<PackageReference Include="Pinned" VersionOverride="3.1.0" />\n'
            + '<PackageReference Update="Changed" Version="9" />\n'
            + '<ProjectReference Include="..\\Core\\Core.csproj" />\n',
        ),
    )
    assert named(found, "dependency") == {
        "StackExchange.Redis": "2.7.33", "Npgsql": "8.0.2", "Microsoft.EntityFrameworkCore": "8.0.4", "Elsewhere": "", "Analyzer": "1.0", "Pinned": "3.1.0",
    }  # fmt: skip
    assert {fact.name for fact in found if "development" in fact.tags} == {"Analyzer"}
    assert [(fact.name, fact.tags) for fact in found if fact.kind == "uses-project"] == [
        ("../Core/Core.csproj", frozenset({"path"}))
    ]
    assert all(fact.name.lower() in fact.text.lower() for fact in found if fact.kind == "dependency")
    assert named(found, "tool") == {WEB: ""}


def test_a_project_file_may_name_its_sdk_in_other_ways() -> None:
    found = facts(
        "A.csproj",
        '<Project>\n<Sdk Name="Aspire.AppHost.Sdk" Version="9.0.0" />\n<Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />\n</Project>',
    )
    assert named(found, "tool") == {"Aspire.AppHost.Sdk": "9.0.0", "Microsoft.NET.Sdk": ""}
    assert named(facts("A.csproj", '<Project Sdk="Godot.NET.Sdk/4.2.1" />'), "tool") == {"Godot.NET.Sdk": "4.2.1"}


def test_properties_without_a_condition_win_and_refer_to_others() -> None:
    found = facts(
        "Api.csproj",
        "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n<PropertyGroup Condition=\"'$(X)'=='1'\"><TargetFramework>net6.0</TargetFramework></PropertyGroup>\n"
        "<PropertyGroup><V>net9.0</V><TargetFramework>$(V)</TargetFramework><AssemblyName>Acme.$(MSBuildProjectName)</AssemblyName></PropertyGroup>\n</Project>",
    )
    assert named(found, "pin") == {"dotnet": "9.0"}
    assert "Acme.Api" in named(found, "project-name")


def test_an_old_project_and_its_list_of_packages() -> None:
    found = facts(
        "Old.vbproj",
        '<?xml version="1.0"?>\n<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003"><PropertyGroup><TargetFrameworkVersion>v4.7.2</TargetFrameworkVersion>'
        "<ProjectTypeGuids>{349c5851-65df-11da-9384-00065b846f21}</ProjectTypeGuids></PropertyGroup></Project>",
    )
    assert named(found, "pin") == {"dotnet": "4.7.2"}
    assert "WebApplication" in named(found, "option")
    packages = facts(
        "packages.config",
        '<packages>\n<package id="NUnit" version="3.1" developmentDependency="true"/>\n<package id="Dapper" version="2.0"/>\n</packages>',
    )
    assert named(packages, "dependency") == {"NUnit": "3.1", "Dapper": "2.0"}
    assert [fact.line for fact in packages] == [2, 3]


def test_central_versions_and_shared_targets() -> None:
    found = facts(
        "Directory.Packages.props",
        '<Project><ItemGroup>\n<PackageVersion Include="Dapper" Version="2.1.0" />\n</ItemGroup></Project>',
    )
    assert named(found, "managed") == {"Dapper": "2.1.0"}
    assert named(
        facts(
            "Directory.Build.props", "<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>"
        ),
        "pin",
    ) == {"dotnet": "9.0"}
    assert named(
        facts("Directory.Build.props", "<Project><PropertyGroup><NetVersion>net9.0</NetVersion></PropertyGroup></Project>"), "pin"
    ) == {"dotnet": "9.0"}
    assert not named(
        facts(
            "tests/Directory.Build.props",
            "<Project><PropertyGroup><TargetFramework>net6.0</TargetFramework></PropertyGroup></Project>",
        ),
        "pin",
    )


def test_locks_tools_and_paket() -> None:
    lock = json.dumps(
        {
            "version": 1,
            "dependencies": {"net8.0": {"Dapper": {"type": "Direct", "resolved": "2.1.0"}, "core": {"type": "Project"}}},
        },
        indent=1,
    )
    assert named(facts("packages.lock.json", lock), "locked") == {"Dapper": "2.1.0"}
    tools = facts(".config/dotnet-tools.json", '{"tools": {"dotnet-ef": {"version": "8.0.0"}}}')
    assert named(tools, "dependency") == {"dotnet-ef": "8.0.0"}
    assert tools[0].tags == {"development"}
    assert named(facts("paket.dependencies", "source x\nnuget Giraffe ~> 6.0 framework: net8.0\nnuget Dapper\n"), "managed") == {
        "Giraffe": "~> 6.0",
        "Dapper": "",
    }
    assert named(facts("paket.lock", "NUGET\n  remote: x\n    Giraffe (6.4)\n      FSharp.Core (>= 6.0)\n"), "locked") == {
        "Giraffe": "6.4"
    }
    assert named(facts("paket.references", "Giraffe\ngroup Build\nFAKE.Core\n"), "dependency") == {"Giraffe": "", "FAKE.Core": ""}


def test_solutions_name_their_projects_but_not_their_folders() -> None:
    found = facts(
        "Shop.sln",
        'Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Api", "src\\Api\\Api.csproj", "{1}"\n'
        'Project("{2150E333-8FDC-42A3-9474-1A3956D46DE8}") = "src", "src", "{2}"\n'
        'Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Here", "Here.csproj", "{3}"\n',
    )
    assert list(named(found, "workspace")) == ["src/Api"]
    found = facts(
        "Shop.slnx",
        '<Solution><Folder Name="/s/"><Project Path="s/A/A.csproj" /></Folder><Project Path="t\\B\\B.fsproj" /></Solution>',
    )
    assert list(named(found, "workspace")) == ["s/A", "t/B"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("A.csproj", "<Project"), ("A.csproj", ""), ("Directory.Build.props", "{}"), ("S.slnx", "<"), ("packages.config", "x"),
        ("packages.lock.json", "[]"), ("packages.lock.json", '{"dependencies": 1}'), ("packages.lock.json", '{"dependencies": {"n": [1], "m": {"a": 1}}}'),
        ("global.json", "[]"), ("global.json", '{"sdk": 1}'), (".config/dotnet-tools.json", '{"tools": {"a": 1}}'), ("appsettings.json", "[1"),
        ("appsettings.json", '{"a": {"b": [1, {"c": null}]}, "Urls": 7, "Kestrel": []}'), ("Properties/launchSettings.json", '{"profiles": {"a": []}}'),
        ("web.config", "<configuration/>"), ("Program.cs", "var app = WebApplication.CreateBuilder(args; app.Run($\"http://{"), ("Program.cs", "GetEnvironmentVariable(" * 50),
        ("A.csproj", b"\xff\xfe<\x00P\x00"), ("S.sln", b"\xff" * 100), ("Main.fs", "GetEnvironmentVariable \""), ("paket.lock", "    X ("), ("App.razor", "@page"),
        ("A.csproj", '<Project><PropertyGroup><A>$(B)</A><B>$(A)</B><TargetFramework>$(A)</TargetFramework></PropertyGroup></Project>'),
    ],
)  # fmt: skip
def test_odd_files_never_raise_anything_but_broken(path: str, content: str | bytes) -> None:
    try:
        facts(path, content)
    except Broken as broken:
        assert broken.message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://*:5000", ("http", "0.0.0.0", "5000")), ("http://localhost:80/", ("http", "localhost", "80")), ("https://[::]:443", ("https", "0.0.0.0", "443")),
        ("http://+", ("http", "0.0.0.0", "")), ("ftp://x:1", None), ("", None),
    ],
)  # fmt: skip
def test_addresses(written: str, expected: tuple[str, str, str] | None) -> None:
    assert address(written) == expected


@pytest.mark.parametrize(
    ("value", "service"),
    [
        ("Host=db;Database=x;Username=u;Password=p", "postgresql"), ("Server=db;Port=5432;Database=x;User Id=u", "postgresql"),
        ("Server=.;Database=x;Trusted_Connection=True", "mssql"), ("Data Source=(localdb)\\mssqllocaldb;Initial Catalog=x", "mssql"),
        ("Server=db;Database=x;User Id=sa;Password=p;", "mssql"), ("Server=db;Port=3306;Database=x;Uid=u;Pwd=p", "mysql"), ("server=db;user=root;database=x;password=p", "mysql"),
        ("Data Source=app.db", "sqlite"), ("Filename=:memory:", "sqlite"), ("mongodb://db:27017", "mongodb"), ("localhost:6379,abortConnect=false", "redis"),
        ("amqp://g:g@mq", "rabbitmq"), ("https://example.test", ""), ("", ""), ("plain words", ""), (";;;=", ""),
    ],
)  # fmt: skip
def test_connection_strings_tell_their_service(value: str, service: str) -> None:
    assert service_of(value) == service


def test_placeholders_are_no_values() -> None:
    assert all(map(is_placeholder, ("", " ", "<your key>", "YOUR_API_KEY", "change me", "${KEY}", "#{key}#", "***")))
    assert not any(map(is_placeholder, ("5", "smtp.example.test", "true")))


@pytest.mark.parametrize(
    ("program", "port", "from_env"),
    [
        ('builder.WebHost.UseUrls("http://0.0.0.0:5000");', 5000, False),
        ('app.Urls.Add("http://*:3000");', 3000, False),
        ('app.Run("http://0.0.0.0:3100");', 3100, False),
        ('await app.RunAsync("http://0.0.0.0:3100");', 3100, False),
        ("builder.WebHost.ConfigureKestrel(o => o.ListenAnyIP(8085));", 8085, False),
        ("builder.WebHost.UseKestrel(o => { o.ListenAnyIP(443, l => l.UseHttps()); o.ListenAnyIP(8086); });", 8086, False),
        ("builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Any, 8087));", 8087, False),
        ('builder.WebHost.UseSetting("urls", "http://*:7001");', 7001, False),
        ('var port = Environment.GetEnvironmentVariable("PORT") ?? "5050";\napp.Run($"http://0.0.0.0:{port}");', 5050, True),
        (
            'var port = Environment.GetEnvironmentVariable("PORT") ?? "5050";\nvar url = $"http://0.0.0.0:{port}";\napp.Run(url);',
            5050,
            True,
        ),
        (
            'var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "5051");\nx.ConfigureKestrel(o => o.ListenAnyIP(port));',
            5051,
            True,
        ),
        (
            'var p = Environment.GetEnvironmentVariable("PORT");\nif (!string.IsNullOrEmpty(p)) builder.WebHost.UseUrls("http://*:" + p);',
            8080,
            True,
        ),
        ('const string Url = "http://*:6001";\napp.Run(Url);', 6001, False),
        ("app.Run();", 8080, False),
    ],
)
def test_where_it_listens(program: str, port: int, from_env: bool, tmp_path: Path) -> None:
    profile = web(tmp_path, f"var app = WebApplication.CreateBuilder(args).Build();\n{program}\n")
    assert profile.port is not None
    assert profile.port.value == port
    assert profile.port.evidence
    assert profile.start is not None
    assert (profile.start.value.argv, profile.start.value.port_from_env) == (("dotnet", "Shop.dll"), from_env)


@pytest.mark.parametrize(("target", "port"), [("net10.0", 8080), ("net8.0", 8080), ("net7.0", 80), ("netcoreapp3.1", 80)])
def test_the_port_of_the_image_changed_with_version_8(target: str, port: int, tmp_path: Path) -> None:
    profile = scan(
        tmp_path, {"Shop.csproj": project(target=target), "Program.cs": "WebApplication.CreateBuilder(args).Build().Run();\n"}
    )
    assert profile.port is not None
    assert profile.port.value == port
    assert where(profile.port) == ["Shop.csproj:3"]


def test_settings_and_exposed_ports_win_over_the_image(tmp_path: Path) -> None:
    profile = web(
        tmp_path / "a", "app.Run();", {"appsettings.json": '{"Kestrel": {"Endpoints": {"Http": {"Url": "http://localhost:5005"}}}}'}
    )
    assert profile.port is not None
    assert (profile.port.value, where(profile.port)) == (5005, ["appsettings.json:1"])
    assert "loopback-bind" in codes(profile)
    profile = web(tmp_path / "b", "app.Run();", {"Dockerfile": "FROM x\nEXPOSE 9000\n"})
    assert profile.port is not None
    assert profile.port.value == 9000
    profile = web(
        tmp_path / "c",
        "app.Run();",
        {"Properties/launchSettings.json": '{"profiles": {"x": {"applicationUrl": "http://localhost:5123"}}}'},
    )
    assert profile.port is not None
    assert profile.port.value == 8080
    profile = web(tmp_path / "d", "app.Run();", {"appsettings.Development.json": '{"Urls": "http://localhost:5123"}'})
    assert profile.port is not None
    assert profile.port.value == 8080


@pytest.mark.parametrize(
    ("files", "framework", "start", "kind"),
    [
        ({"A.csproj": project()}, "aspnet", ("dotnet", "A.dll"), Kind.SERVER),
        (
            {"A.csproj": project(properties="<AssemblyName>Acme.Web</AssemblyName>")},
            "aspnet",
            ("dotnet", "Acme.Web.dll"),
            Kind.SERVER,
        ),
        ({"A.csproj": project(properties="<PublishAot>true</PublishAot>")}, "aspnet", ("./A",), Kind.SERVER),
        ({"A.csproj": project(properties="<OutputType>Library</OutputType>")}, "aspnet", None, Kind.NONE),
        ({"A.fsproj": project(items=package("Giraffe"))}, "giraffe", ("dotnet", "A.dll"), Kind.SERVER),
        ({"A.fsproj": project(items=package("Saturn") + package("Giraffe"))}, "saturn", ("dotnet", "A.dll"), Kind.SERVER),
        ({"A.csproj": project("Microsoft.NET.Sdk.Worker")}, "worker-service", ("dotnet", "A.dll"), Kind.SERVER),
        ({"A.csproj": project(PLAIN, properties="<OutputType>Exe</OutputType>")}, None, ("dotnet", "A.dll"), Kind.SERVER),
        ({"A.csproj": project(PLAIN)}, None, None, Kind.NONE),
        ({"A.csproj": project(PLAIN, properties="<OutputType>Exe</OutputType>", items=package("xunit.v3"))}, None, None, Kind.NONE),
        (
            {"A.csproj": project(PLAIN, "net8.0-windows", "<OutputType>WinExe</OutputType><UseWPF>true</UseWPF>")},
            "wpf",
            None,
            Kind.NONE,
        ),
        ({"A.csproj": project(PLAIN, properties="<OutputType>Exe</OutputType><UseMaui>true</UseMaui>")}, "maui", None, Kind.NONE),
        (
            {
                "A.csproj": project(
                    PLAIN, properties="<OutputType>Exe</OutputType>", items=package("Microsoft.Azure.Functions.Worker")
                )
            },
            "azure-functions",
            None,
            Kind.SERVER,
        ),
        ({"A.csproj": project("Microsoft.NET.Sdk.BlazorWebAssembly")}, "blazor", None, Kind.STATIC),
        (
            {"A.csproj": project(), "Program.cs": "app.MapRazorComponents<App>().AddInteractiveServerRenderMode();\n"},
            "blazor",
            ("dotnet", "A.dll"),
            Kind.SERVER,
        ),
        ({"A.csproj": project(items=package("FastEndpoints"))}, "aspnet", ("dotnet", "A.dll"), Kind.SERVER),
        ({"A.vbproj": project()}, "aspnet", ("dotnet", "A.dll"), Kind.SERVER),
        (
            {"A.csproj": project(PLAIN, properties="<OutputType>Exe</OutputType>", items=package("Aspire.Hosting.AppHost"))},
            None,
            None,
            Kind.NONE,
        ),
        ({"A.csproj": project(PLAIN, "net48", "<OutputType>Exe</OutputType>")}, None, None, Kind.NONE),
    ],
)
def test_frameworks_and_starts(
    files: dict[str, str], framework: str | None, start: tuple[str, ...] | None, kind: Kind, tmp_path: Path
) -> None:
    profile = scan(tmp_path, files)
    assert (profile.framework and profile.framework.value.id) == framework
    assert (profile.start and profile.start.value.argv) == start
    assert profile.kind is kind


@pytest.mark.parametrize(("name", "language"), [("A.csproj", "csharp"), ("A.fsproj", "fsharp"), ("A.vbproj", "visualbasic")])
def test_the_project_file_names_the_language_and_bundled_scripts_do_not(name: str, language: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, {name: project(PLAIN), "wwwroot/lib/jquery/jquery.js": "var x = 1;\n" * 5000})
    assert profile.language is not None
    assert profile.language.value.id == language
    assert profile.package_manager is not None
    assert profile.package_manager.value.name == "nuget"


def test_blazor_in_the_browser_is_a_site(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"Client.csproj": project("Microsoft.NET.Sdk.BlazorWebAssembly"), "wwwroot/index.html": "<p>"})
    assert profile.output_dir is not None
    assert (profile.output_dir.value, profile.single_page, profile.port) == ("out/wwwroot", True, None)


@pytest.mark.parametrize(
    ("program", "name", "required", "default"),
    [
        ('var x = Environment.GetEnvironmentVariable("NAME");', "NAME", False, None),
        ('var x = Environment.GetEnvironmentVariable("NAME") ?? "shop";', "NAME", False, "shop"),
        ('var x = Environment.GetEnvironmentVariable("NAME") ?? throw new Exception("no");', "NAME", True, None),
        ('var x = Environment.GetEnvironmentVariable("NAME")!;', "NAME", True, None),
        ('var x = int.Parse(Environment.GetEnvironmentVariable("SIZE") ?? "5");', "SIZE", False, "5"),
        ('var x = Environment.GetEnvironmentVariable("A") ?? Environment.GetEnvironmentVariable("B") ?? "c";', "A", False, "c"),
        (
            'var x = Environment.GetEnvironmentVariable("NAME");\nif (string.IsNullOrEmpty(x)) throw new Exception();',
            "NAME",
            True,
            None,
        ),
        ('var x = Environment.GetEnvironmentVariable("NAME");\nif (x is null) { throw new Exception(); }', "NAME", True, None),
        ('var x = Environment.GetEnvironmentVariable("NAME") != null ? 1 : throw new Exception();', "NAME", True, None),
        ('var x = Environment.GetEnvironmentVariable("NAME") != null ? "on" : "off";', "NAME", False, None),
        (
            'var v = Environment.GetEnvironmentVariable("NAME");\nvar x = Environment.GetEnvironmentVariable("NAME") == null ? "off" : v;',
            "NAME",
            False,
            "off",
        ),
        ('const string Key = "NAME";\nvar x = Environment.GetEnvironmentVariable(Key);', "NAME", False, None),
        ('var x = builder.Configuration["Smtp:Host"];', "Smtp__Host", False, None),
        ('var x = builder.Configuration["Smtp:Host"] ?? throw new Exception();', "Smtp__Host", True, None),
        ('var x = _configuration.GetValue<int>("Limits:Max", 7);', "Limits__Max", False, "7"),
        ('var x = config.GetSection("Smtp")["Host"];', "Smtp__Host", False, None),
        ('var s = config.GetSection("Smtp");\nvar x = s["Host"];', "Smtp__Host", False, None),
        ('var x = config.GetSection("Smtp:Host").Value;', "Smtp__Host", False, None),
        ('var x = builder.Configuration.GetConnectionString("Main");', "ConnectionStrings__Main", False, None),
        ('Env.GetString("NAME", "x");', "NAME", False, "x"),
    ],
)
def test_variables(program: str, name: str, required: bool, default: str | None, tmp_path: Path) -> None:
    found = {variable.name: variable for variable in web(tmp_path, program).variables}
    assert name in found
    assert (found[name].required, found[name].default) == (required, default)
    assert found[name].used[0].file == "Program.cs"


def test_settings_are_the_defaults_of_variables_and_secrets_stay_out(tmp_path: Path) -> None:
    settings = {
        "Smtp": {"Host": "mail.example.test", "Password": "hunter22"},
        "ConnectionStrings": {"Main": "Host=db;Database=x;Password=topsecret"},
        "Mail": {"From": "", "Size": 3},
    }
    program = 'var a = builder.Configuration["Smtp:Host"];\nvar b = builder.Configuration["Smtp:Password"];\nvar c = builder.Configuration.GetConnectionString("Main");\nservices.Configure<Mail>(builder.Configuration.GetSection("Mail"));\n'
    profile = web(tmp_path, program, {"appsettings.json": json.dumps(settings, indent=2)})
    found = {variable.name: (variable.default, variable.secret) for variable in profile.variables}
    assert found == {
        "Smtp__Host": ("mail.example.test", False), "Smtp__Password": (None, True), "ConnectionStrings__Main": (None, True), "Mail__From": (None, False),
    }  # fmt: skip
    assert [service.name for service in profile.services] == ["postgresql"]
    text = profile.model_dump_json()
    assert "topsecret" not in text
    assert "hunter22" not in text


@pytest.mark.parametrize(
    ("program", "health"),
    [
        ('app.MapHealthChecks("/healthz");', "/healthz"),
        ('app.UseHealthChecks("/health");', "/health"),
        ('app.MapGet("/ping", () => "ok");', "/ping"),
        ('var api = app.MapGroup("/api").WithTags("x");\napi.MapGet("/health", () => 1);', "/api/health"),
        ('app.MapGroup("/api").MapGet("health", () => 1);', "/api/health"),
        (
            '[ApiController]\n[Route("api/[controller]")]\npublic class HealthController : ControllerBase { [HttpGet] public int Get() => 1; }',
            "/api/health",
        ),
        ('[Route("x")]\npublic class XController : Controller { [HttpGet("/status")] public int Get() => 1; }', "/status"),
        (
            '[Route("[controller]/[action]")]\npublic class HealthController : Controller { [HttpGet] public int Live() => 1; }',
            "/health/live",
        ),
        ('app.MapPost("/health", () => 1);\napp.MapGet("/", () => "hi");', "/"),
        ('app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}");', "/"),
    ],
)
def test_health(program: str, health: str, tmp_path: Path) -> None:
    profile = web(tmp_path, program)
    assert profile.health_path is not None
    assert profile.health_path.value == health
    assert profile.health_path.evidence


@pytest.mark.parametrize(
    ("program", "service"),
    [
        ("o.UseNpgsql(c);", "postgresql"), ("o.UseSqlServer(c);", "mssql"), ("o.UseMySql(c, v);", "mysql"), ("s.AddStackExchangeRedisCache(x => {});", "redis"),
        ("var r = ConnectionMultiplexer.Connect(c);", "redis"), ("x.UsingRabbitMq((a, b) => {});", "rabbitmq"), ("var m = new MongoClient(c);", "mongodb"),
        ('builder.AddNpgsqlDbContext<Db>("db");', "postgresql"), ("o.UseSqlite(c);", None),
    ],
)  # fmt: skip
def test_services_in_the_source(program: str, service: str | None, tmp_path: Path) -> None:
    assert [one.name for one in web(tmp_path, program).services] == ([service] if service else [])


def test_a_solution_is_built_from_its_root(tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {
            "Shop.sln": 'Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Api", "src\\Api\\Api.csproj", "{1}"\nProject("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "T", "tests\\T\\T.csproj", "{1}"\n',
            "Directory.Build.props": "<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>",
            "src/Api/Api.csproj": project(target="", items='<ProjectReference Include="..\\Core\\Core.csproj" />'),
            "src/Api/Program.cs": "WebApplication.CreateBuilder(args).Build().Run();\n",
            "src/Core/Core.csproj": project(PLAIN, target=""),
            "tests/T/T.csproj": project(PLAIN, target="", items=package("xunit")),
        },
    )
    components = {one.path: one for one in profile.components}
    assert set(components) == {"src/Api", "src/Core", "tests/T"}
    assert components["src/Api"].depends_on == ("src/Core",)
    assert components["src/Api"].declared_by is not None
    api = components["src/Api"].profile
    assert api.build_command is not None
    assert api.build_command.value == ("dotnet", "publish", "src/Api/Api.csproj", "-c", "Release", "-o", "out")
    assert api.runtime_version is not None
    assert (api.runtime_version.value, where(api.runtime_version)) == ("9.0", ["Directory.Build.props:1"])
    assert components["tests/T"].profile.start is None
    assert profile.start is not None
    assert profile.start.value.argv == ("dotnet", "Api.dll")


def test_several_projects_in_one_directory_are_told_apart(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"Shop.sln": "Microsoft\n", "Shop.csproj": project()})
    assert profile.build_command is not None
    assert profile.build_command.value == ("dotnet", "publish", "Shop.csproj", "-c", "Release", "-o", "out")
    profile = scan(tmp_path / "one", {"Shop.csproj": project()})
    assert profile.build_command is not None
    assert profile.build_command.value == ("dotnet", "publish", "-c", "Release", "-o", "out")


@pytest.mark.parametrize(
    ("target", "sdk", "version", "conflict"),
    [
        ("net8.0", "9.0.100", "8.0", False),
        ("net9.0", "8.0.404", "9.0", True),
        ("net8.0", "8.0.100", "8.0", False),
        ("", "8.0.100", "8.0", False),
    ],
)
def test_the_target_decides_and_an_sdk_may_be_newer(target: str, sdk: str, version: str, conflict: bool, tmp_path: Path) -> None:
    profile = scan(tmp_path, {"Shop.csproj": project(target=target), "global.json": json.dumps({"sdk": {"version": sdk}})})
    assert profile.runtime_version is not None
    assert profile.runtime_version.value == version
    assert ("runtime-version-conflict" in codes(profile)) is conflict
    assert bool(profile.runtime_version.alternatives) is conflict


def test_a_program_of_one_file(tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {
            "app.cs": '#:sdk Microsoft.NET.Sdk.Web\n#:package Dapper@2.1.0\nvar app = WebApplication.CreateBuilder(args).Build();\napp.Run("http://0.0.0.0:3000");\n'
        },
    )
    assert profile.framework is not None
    assert profile.framework.value.id == "aspnet"
    assert profile.start is not None
    assert profile.start.value.argv == ("./app",)
    assert profile.runtime_version is not None
    assert profile.runtime_version.value == "10.0"
    assert [(one.name, one.version) for one in profile.dependencies] == [("Dapper", "2.1.0")]


def test_fsharp_and_visual_basic_sources(tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {
            "A.fsproj": project(items=package("Giraffe")),
            "Program.fs": 'let key = Environment.GetEnvironmentVariable "KEY_NAME" |> Option.ofObj |> Option.defaultValue "x"\nlet app = choose [ route "/health" >=> text "ok" ]\nlet b = WebApplication.CreateBuilder()\nb.WebHost.UseUrls("http://0.0.0.0:8085") |> ignore\n',
        },
    )
    assert profile.port is not None
    assert profile.health_path is not None
    assert (profile.port.value, profile.health_path.value) == (8085, "/health")
    assert [(one.name, one.default) for one in profile.variables] == [("KEY_NAME", "x")]
    found = facts(
        "Main.vb", 'Dim a = If(Environment.GetEnvironmentVariable("KEY_NAME"), "d")\n\' Environment.GetEnvironmentVariable("NO")\n'
    )
    assert [(fact.name, fact.value) for fact in found] == [("KEY_NAME", "d")]


def test_a_chain_of_thousands_of_calls_costs_no_square() -> None:
    chain = "app" + "".join(f'.MapGet("/x{number}", () => 1)' for number in range(6000))
    assert len(facts("Program.cs", f"{chain};\n".replace(").", ")\n."))) < 20_000
