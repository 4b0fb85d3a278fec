# ruff: noqa: E501 - small manifests read better unbroken
"""Small projects of compiled languages and what an expert says of them; each stands for a mistake that was made with a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind, ProjectProfile
from tests.scan.trees import codes, scan

SERVES = 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":8080", nil) }\n'
GO_MOD = "module example.org/shop\n\ngo 1.25\n"
BOOT = "<plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin>"


def pom(name: str, *dependencies: str, parent: str = "", body: str = "") -> str:
    listed = "".join(
        f"<dependency><groupId>{one.split(':')[0]}</groupId><artifactId>{one.split(':')[1]}</artifactId></dependency>"
        for one in dependencies
    )
    above = (
        f"<parent><groupId>org.shop</groupId><artifactId>{parent}</artifactId><version>1.0</version></parent>"
        if parent
        else "<groupId>org.shop</groupId><version>1.0</version>"
    )
    return f"<project>{above}<artifactId>{name}</artifactId><dependencies>{listed}</dependencies>{body}</project>"


def boot(name: str) -> str:
    return f"package org.shop;\n@SpringBootApplication\npublic class {name} {{\n public static void main(String[] a) {{ SpringApplication.run({name}.class, a); }}\n}}\n"


def variables(profile: ProjectProfile) -> dict[str, tuple[bool, str | None]]:
    return {one.name: (one.required, one.default) for one in profile.variables}


def services(profile: ProjectProfile) -> list[str]:
    return [one.name for one in profile.services]


def dependencies(profile: ProjectProfile) -> dict[str, str]:
    return {one.name: one.version for one in profile.dependencies}


def test_a_toolchain_beside_the_oldest_version_is_no_conflict(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"go.mod": "module x\n\ngo 1.24.0\n\ntoolchain go1.25.2\n", "main.go": SERVES})
    assert profile.runtime_version is not None
    assert profile.runtime_version.value == "1.25.2"
    assert not profile.runtime_version.alternatives
    assert "runtime-version-conflict" not in codes(profile)


def test_a_module_that_is_imported_is_a_dependency_whatever_its_mark(tmp_path: Path) -> None:
    mod = (
        GO_MOD
        + "\nrequire (\n\tgithub.com/gofiber/fiber/v3 v3.0.0 // indirect\n\tgo.mongodb.org/mongo-driver v1.16.1 // indirect\n\tgolang.org/x/text v0.16.0 // indirect\n)\n"
    )
    main = 'package main\nimport (\n\t"github.com/gofiber/fiber/v3"\n\t"go.mongodb.org/mongo-driver/mongo"\n)\nfunc main() { app := fiber.New(); app.Listen(":3000") }\n'
    profile = scan(tmp_path, {"go.mod": mod, "main.go": main})
    direct = {one.name for one in profile.dependencies if one.direct}
    assert direct == {"github.com/gofiber/fiber/v3", "go.mongodb.org/mongo-driver"}
    assert services(profile) == ["mongodb"]


def test_a_setting_bound_to_a_flag_has_its_default(tmp_path: Path) -> None:
    files = {
        "go.mod": GO_MOD + "\nrequire github.com/spf13/viper v1.15.0\n",
        "main.go": 'package main\nimport (\n\t"fmt"\n\t"net/http"\n\t"github.com/spf13/viper"\n)\nfunc main() {\n\tcmd.Flags().IntP("p", "p", 8123, "port")\n\tviper.BindPFlag("app.http_port", cmd.Flags().Lookup("p"))\n\thttp.ListenAndServe(fmt.Sprintf(":%d", viper.GetInt("app.http_port")), nil)\n}\n',
    }
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert profile.port.value == 8123


def test_the_settings_file_of_viper_says_the_port(tmp_path: Path) -> None:
    main = 'package main\nimport (\n\t"net/http"\n\t"github.com/spf13/viper"\n)\nfunc main() {\n\tviper.AutomaticEnv()\n\thttp.ListenAndServe(":" + viper.GetString("PORT"), nil)\n}\n'
    profile = scan(tmp_path, {"go.mod": GO_MOD, "config.yaml": "PORT: 8085\n", "main.go": main})
    assert profile.port is not None
    assert profile.port.value == 8085


def test_a_prefix_of_all_variables(tmp_path: Path) -> None:
    source = 'package main\nimport "github.com/caarlos0/env/v11"\ntype DB struct {\n\tHost string `env:"HOST"`\n}\ntype Config struct {\n\tName string `env:"NAME"`\n\tDB DB `envPrefix:"DB_"`\n}\nfunc load() { env.ParseWithOptions(&Config{}, env.Options{Prefix: "SHOP_"}) }\n'
    profile = scan(tmp_path, {"go.mod": GO_MOD, "main.go": SERVES, "config.go": source})
    assert set(variables(profile)) == {"SHOP_NAME", "SHOP_DB_HOST"}


@pytest.mark.parametrize(("lock", "version"), [
    ('[[package]]\nname = "axum"\nversion = "0.8.1"\nchecksum = "94bc"\n', "0.8.1"),
    ('[[package]]\nname = "axum"\nversion = "0.8.1"\n', "0.8.1"),
    ('[[package]]\nname = "axum"\nversion = "0.7.9"\nsource = "registry+x"\n\n[[package]]\nname = "axum"\nversion = "0.8.4"\nsource = "registry+x"\n', "0.8.4"),
    ("", ""),
])  # fmt: skip
def test_what_cargo_locked(lock: str, version: str, tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n\n[dependencies]\naxum = "0.8"\n',
        "src/main.rs": "fn main() {}\n",
    }
    profile = scan(tmp_path, {**files, **({"Cargo.lock": "version = 4\n\n" + lock} if lock else {})})
    assert dependencies(profile)["axum"] == version
    assert "shop" not in dependencies(profile)


def test_features_of_diesel_need_its_libraries(tmp_path: Path) -> None:
    head = '[package]\nname = "shop"\nversion = "0.1.0"\n\n[dependencies]\nrocket = "0.5.1"\ndiesel = { version = "2", features = ["postgres"] }\n'
    profile = scan(tmp_path, {"Cargo.toml": head, "src/main.rs": "fn main() {}\n"})
    assert {one.name for one in profile.system_packages} == {"libpq-dev", "libpq5"}
    bundled = scan(tmp_path, {"Cargo.toml": head + 'pq-sys = { version = "0.7", features = ["bundled"] }\n'})
    assert not bundled.system_packages


def test_an_address_given_to_a_function_of_another_file(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "auth"\nversion = "0.1.0"\n\n[dependencies]\ntonic = "0.12"\n',
        "src/main.rs": 'mod server;\nfn main() {\n    let addr = "0.0.0.0:50051".parse().unwrap();\n    server::run(addr);\n}\n',
        "src/server.rs": "use tonic::transport::Server;\npub async fn run(addr: SocketAddr) {\n    Server::builder().add_service(x).serve(addr).await;\n}\n",
    }
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert profile.port.value == 50051
    assert profile.health_path is None


def test_an_image_that_starts_the_only_project_inside(tmp_path: Path) -> None:
    web = '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup><ProjectReference Include="..\\Data\\Data.csproj" /></ItemGroup></Project>'
    data = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup><PackageReference Include="Npgsql" Version="10.0.1" /></ItemGroup></Project>'
    files = {
        "Shop.slnx": '<Solution><Project Path="src/Web/Web.csproj" /><Project Path="src/Data/Data.csproj" /></Solution>',
        "Dockerfile": 'FROM mcr.microsoft.com/dotnet/aspnet:10.0\nEXPOSE 8080\nENTRYPOINT ["dotnet", "Web.dll"]\n',
        "src/Web/Web.csproj": web,
        "src/Web/Program.cs": "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n",
        "src/Data/Data.csproj": data,
        "src/Data/Store.cs": "class Store {}\n",
    }
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert (profile.framework.value.id, profile.framework.value.version) == ("aspnet", "10.0")
    inside = {one.path: one.profile for one in profile.components}
    assert services(inside["src/Web"]) == ["postgresql"]
    assert profile.build_command is not None


def test_spring_that_only_serves_grpc(tmp_path: Path) -> None:
    files = {
        "pom.xml": pom(
            "auth",
            "org.springframework.boot:spring-boot-starter-grpc-server",
            "org.springframework.boot:spring-boot-starter-actuator",
            body=f"<build><plugins>{BOOT}</plugins></build>",
        ),
        "src/main/java/org/shop/Auth.java": boot("Auth"),
        "src/main/resources/application.yml": "spring:\n  grpc:\n    server:\n      port: 9092\n",
    }
    profile = scan(tmp_path, files)
    assert profile.kind is Kind.SERVER
    assert profile.port is not None
    assert profile.port.value == 9092
    assert profile.health_path is None
    (tmp_path / "src/main/resources/application.yml").write_text("app: {}\n")
    default = scan(tmp_path, {})
    assert default.port is not None
    assert default.port.value == 9090


def test_modules_of_one_framework_do_not_contradict_each_other(tmp_path: Path) -> None:
    bom = "<dependencyManagement><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-dependencies</artifactId><version>3.5.0</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>"
    plugins = f"<build><plugins>{BOOT}</plugins></build>"
    files = {
        "pom.xml": pom(
            "shop", body=f"<packaging>pom</packaging><modules><module>orders</module><module>gateway</module></modules>{bom}"
        ),
        "orders/pom.xml": pom("orders", "org.springframework.boot:spring-boot-starter-web", parent="shop", body=plugins),
        "orders/src/main/java/org/shop/Orders.java": boot("Orders"),
        "gateway/pom.xml": pom("gateway", "org.springframework.cloud:spring-cloud-starter-gateway", parent="shop", body=plugins),
        "gateway/src/main/java/org/shop/Gateway.java": boot("Gateway"),
    }
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert not profile.framework.alternatives
    inside = {one.path: one.profile.framework for one in profile.components}
    assert {path: framework.value.version for path, framework in inside.items() if framework} == {
        "orders": "3.5.0",
        "gateway": "3.5.0",
    }
    assert profile.start is not None
    assert "gateway" in profile.start.value.argv[-1]


def test_packages_that_are_called_example_are_no_examples(tmp_path: Path) -> None:
    files = {
        "build.gradle.kts": 'plugins { kotlin("jvm") version "2.1.0"\n application }\napplication { mainClass.set("com.example.AppKt") }\ndependencies { implementation("io.ktor:ktor-server-netty:3.0.3") }\n',
        "settings.gradle.kts": 'rootProject.name = "shop"\n',
        "src/main/kotlin/com/example/App.kt": 'package com.example\nimport io.ktor.server.netty.Netty\nclass Nothing\nfun main() { embeddedServer(Netty, port = 9000) { routing { get("/health") { } } } }\n',
    }
    profile = scan(tmp_path, files)
    assert profile.health_path is not None
    assert profile.health_path.value == "/health"
    assert profile.port is not None
    assert profile.port.value == 9000


def test_a_convention_plugin_that_brings_spring_boot(tmp_path: Path) -> None:
    files = {
        "build.gradle.kts": 'plugins {\n  id("org.acme.gradle-spring-boot") version "5.15.3"\n  kotlin("plugin.spring") version "2.1.0"\n}\ndependencies { implementation("org.springframework.boot:spring-boot-starter-webflux") }\n',
        "settings.gradle.kts": 'rootProject.name = "shop"\n',
        "src/main/kotlin/org/acme/App.kt": "package org.acme\nimport org.springframework.boot.runApplication\n@SpringBootApplication\nclass App\nfun main(args: Array<String>) { runApplication<App>(*args) }\n",
    }
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.start.value.argv == ("java", "-jar", "build/libs/shop.jar")
    assert profile.port is not None


def test_functional_routes_of_spring(tmp_path: Path) -> None:
    files = {
        "pom.xml": pom(
            "shop", "org.springframework.boot:spring-boot-starter-webflux", body=f"<build><plugins>{BOOT}</plugins></build>"
        ),
        "src/main/java/org/shop/Shop.java": boot("Shop"),
        "src/main/kotlin/org/shop/Routes.kt": 'package org.shop\nimport org.springframework.web.reactive.function.server.router\nfun api() = router {\n    GET("/ping") { ServerResponse.ok().build() }\n}\n',
    }
    profile = scan(tmp_path, files)
    assert profile.health_path is not None
    assert profile.health_path.value == "/ping"


def test_defaults_as_shells_write_them(tmp_path: Path) -> None:
    files = {
        "pom.xml": pom("shop", "io.dropwizard:dropwizard-core"),
        "config.yml": "database:\n  user: ${DB_USER:-shop}\n  retries: ${RETRIES:-1}\n",
        "src/main/java/org/shop/Shop.java": "public class Shop { public static void main(String[] a) { } }\n",
    }
    found = variables(scan(tmp_path, files))
    assert found["DB_USER"] == (False, "shop")


def test_sbt_without_a_packager_runs_the_main_class(tmp_path: Path) -> None:
    files = {
        "build.sbt": 'name := "shop"\nscalaVersion := "2.13.8"\nlibraryDependencies += "org.http4s" %% "http4s-ember-server" % "0.23.11"\nlibraryDependencies += tests % Test\n',
        "project/Dependencies.scala": 'object Dependencies { lazy val tests = "org.scalatest" %% "scalatest" % "3.2.11" }\n',
        "src/main/scala/Main.scala": "import cats.effect._\nobject Main extends IOApp.Simple { val run = IO.unit }\n",
    }
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.start.value.argv == ("sbt", "run")
    assert {one.name: one.development for one in profile.dependencies}["org.scalatest:scalatest"]


def test_the_version_of_play_is_its_plugins(tmp_path: Path) -> None:
    files = {
        "build.sbt": 'name := "shop"\nscalaVersion := "2.13.10"\nlazy val root = (project in file(".")).enablePlugins(PlayScala)\n',
        "project/plugins.sbt": 'addSbtPlugin("com.typesafe.play" % "sbt-plugin" % "2.8.19")\n',
        "conf/routes": "GET / controllers.Home.index()\n",
    }
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.version == "2.8.19"


@pytest.mark.parametrize("body", [
    'guard let url = Environment.get("API_URL") else {\n        throw Abort(.internalServerError)\n    }',
    'if let url = Environment.get("API_URL") {\n        return url\n    } else {\n        fatalError("API_URL is empty")\n    }',
    'if let text = Environment.get("API_URL"),\n       let url = URL(string: text) {\n        return url\n    } else {\n        fatalError("none")\n    }',
])  # fmt: skip
def test_swift_that_fails_without_a_variable(body: str, tmp_path: Path) -> None:
    package = '// swift-tools-version:6.0\nimport PackageDescription\nlet package = Package(name: "App", dependencies: [.package(url: "https://example.org/vapor/vapor.git", from: "4.110.0")], targets: [.executableTarget(name: "App")])\n'
    profile = scan(
        tmp_path,
        {
            "Package.swift": package,
            "Sources/App/configure.swift": f"import Vapor\nfunc configure() throws -> URL {{\n    {body}\n}}\n",
        },
    )
    assert variables(profile)["API_URL"] == (True, None)


def test_a_library_of_swift_serves_nothing(tmp_path: Path) -> None:
    package = '// swift-tools-version:5.9\nimport PackageDescription\nlet package = Package(name: "kit", dependencies: [.package(url: "https://example.org/vapor/vapor.git", from: "4.66.1")], targets: [.target(name: "Kit")])\n'
    profile = scan(tmp_path, {"Package.swift": package, "Sources/Kit/Kit.swift": "import Vapor\npublic struct Kit {}\n"})
    assert profile.kind is Kind.NONE
    assert profile.health_path is None


@pytest.mark.parametrize(("default", "shown"), [
    ("redis://localhost:6379/1", "redis://localhost:6379/1"),
    ("redis://:secret@localhost:6379", None),
    ("jdbc:postgresql://localhost/shop", "jdbc:postgresql://localhost/shop"),
    ("jdbc:postgresql://localhost/shop?password=x", None),
])  # fmt: skip
def test_the_default_of_an_address_is_shown_without_credentials(default: str, shown: str | None, tmp_path: Path) -> None:
    main = f'package main\nimport ("net/http"; "os")\nfunc getEnv(k, d string) string {{ if v := os.Getenv(k); v != "" {{ return v }}; return d }}\nfunc main() {{ getEnv("REDIS_URL", "{default}"); http.ListenAndServe(":80", nil) }}\n'
    found = variables(scan(tmp_path, {"go.mod": GO_MOD, "main.go": main}))
    assert found["REDIS_URL"] == (False, shown)


def test_gin_without_an_address_takes_port(tmp_path: Path) -> None:
    files = {
        "go.mod": GO_MOD + "\nrequire github.com/gin-gonic/gin v1.10.0\n",
        "main.go": 'package main\nimport "example.org/shop/routes"\nfunc main() {\n\tr := routes.Setup()\n\tr.Run()\n}\n',
        "routes/routes.go": 'package routes\nimport "github.com/gin-gonic/gin"\nfunc Setup() *gin.Engine {\n\tr := gin.Default()\n\treturn r\n}\n',
    }
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.start.value.port_from_env
    assert profile.port is not None
    assert profile.port.value == 8080


def test_an_address_that_is_a_constant_of_another_file(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "hotel"\nversion = "0.1.0"\n\n[dependencies]\nactix-web = "4.9.0"\n',
        "src/main.rs": "use constants::REST_HOST;\nmod constants;\n#[actix_web::main]\nasync fn main() {\n    HttpServer::new(move || App::new()).bind(REST_HOST).unwrap().run().await;\n}\n",
        "src/constants.rs": 'pub const REST_HOST: (&str, u16) = ("0.0.0.0", 8085);\n',
    }
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert profile.port.value == 8085


def test_another_program_that_listens_here_only(tmp_path: Path) -> None:
    serve = 'fn main() {{ let l = TcpListener::bind("{}").unwrap(); }}\n'
    files = {
        "Cargo.toml": '[package]\nname = "web"\nversion = "0.1.0"\ndefault-run = "web"\n',
        "src/main.rs": serve.format("0.0.0.0:3030"),
        "src/bin/probe.rs": serve.format("127.0.0.1:3032"),
    }
    profile = scan(tmp_path, files)
    assert "loopback-bind" not in codes(profile)
