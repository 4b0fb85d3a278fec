# ruff: noqa: E501 - small programs read better unbroken
"""Swift, Zig, C, C++, Haskell, Crystal, Nim and OCaml projects: one true-to-life tree each, then the odd forms."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers.compiled_projects import PARSERS
from tests.scan.trees import scan

PROJECTS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "vapor": (
        {
            "Package.swift": '// swift-tools-version:5.9\nimport PackageDescription\n\nlet package = Package(\n    name: "hello",\n    dependencies: [\n        .package(url: "https://github.com/vapor/vapor.git", from: "4.89.0"),\n        .package(url: "https://github.com/vapor/fluent-postgres-driver.git", .upToNextMajor(from: "2.8.0")),\n    ],\n    targets: [\n        .executableTarget(\n            name: "App",\n            dependencies: []),\n        .testTarget(name: "AppTests")\n    ]\n)\n',
            "Package.resolved": '{\n  "pins" : [\n    {\n      "identity" : "vapor",\n      "location" : "https://github.com/vapor/vapor.git",\n      "state" : {\n        "version" : "4.92.1"\n      }\n    }\n  ],\n  "version" : 2\n}\n',
            "Sources/App/configure.swift": 'import Vapor\n\npublic func configure(_ app: Application) async throws {\n    let h = Environment.get("DATABASE_HOST") ?? "localhost"\n    let p = Environment.get("API_TOKEN")!\n    app.http.server.configuration.port = Environment.get("PORT").flatMap(Int.init) ?? 8081\n    app.get("api", "health") { req in "ok" }\n}\n',
        },
        {"language": "swift", "framework": "vapor", "version": "4.92.1", "manager": "swiftpm", "runtime": "5.9", "build": ("swift", "build", "-c", "release"), "start": (".build/release/App", "serve", "--env", "production", "--hostname", "{host}", "--port", "{port}"), "port": 8081, "health": "/api/health", "services": ["postgresql"], "variables": {"DATABASE_HOST": "localhost", "API_TOKEN": None}, "required": {"API_TOKEN"}},
    ),
    "hummingbird": (
        {
            "Package.swift": '// swift-tools-version: 6.0\nlet package = Package(\n    name: "todos",\n    dependencies: [\n        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.0.0"),\n    ],\n    targets: [.executableTarget(name: "Todos")]\n)\n',
            "Sources/Todos/main.swift": 'import Hummingbird\nlet router = Router()\nrouter.get("/health") { _, _ in HTTPResponse.Status.ok }\nlet app = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 8090)))\nlet level = ProcessInfo.processInfo.environment["LOG_LEVEL"] ?? "info"\n',
        },
        {"language": "swift", "framework": "hummingbird", "runtime": "6.0", "start": (".build/release/Todos",), "port": 8090, "health": "/health", "variables": {"LOG_LEVEL": "info"}, "required": set()},
    ),
    "zap": (
        {
            "build.zig": 'const exe = b.addExecutable(.{\n    .name = "srv",\n    .root_source_file = b.path("src/main.zig"),\n});\n',
            "build.zig.zon": '.{\n    .name = .srv,\n    .version = "0.1.0",\n    .minimum_zig_version = "0.13.0",\n    .dependencies = .{\n        .zap = .{\n            .url = "https://github.com/zigzap/zap/archive/refs/tags/v0.8.0.tar.gz",\n            .hash = "x",\n        },\n    },\n    .paths = .{""},\n}\n',
            "src/main.zig": 'const zap = @import("zap");\npub fn main() !void {\n    const k = std.posix.getenv("API_URL") orelse "x";\n    var listener = zap.HttpListener.init(.{\n        .port = 3000,\n    });\n}\n',
        },
        {"language": "zig", "framework": "zap", "version": "0.8.0", "manager": "zig", "runtime": "0.13.0", "build": ("zig", "build", "-Doptimize=ReleaseSafe"), "start": ("./zig-out/bin/srv",), "port": 3000, "variables": {"API_URL": "x"}, "required": set()},
    ),
    "drogon": (
        {
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(demo VERSION 1.0 LANGUAGES CXX)\n# add_executable(old x.cc)\nset(CMAKE_CXX_STANDARD 17)\nfind_package(Drogon CONFIG REQUIRED)\nadd_executable(${PROJECT_NAME}\n  main.cc)\nadd_subdirectory(test)\n",
            "test/CMakeLists.txt": "add_executable(demo_test t.cc)\n",
            "main.cc": '#include <drogon/drogon.h>\nint main() {\n  const char* t = std::getenv("DB_HOST");\n  drogon::app().registerHandler("/health", f);\n  drogon::app().addListener("0.0.0.0", 8848);\n}\n',
        },
        {"language": "cpp", "framework": "drogon", "start": ("./build/demo",), "port": 8848, "health": "/health", "variables": {"DB_HOST": None}, "required": set(), "tools": {"cmake"}},
    ),
    "crow with conan": (
        {
            "CMakeLists.txt": "project(api)\nset(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\nadd_executable(api src/main.cpp)\n",
            "conanfile.txt": "[requires]\ncrowcpp-crow/1.0\nlibpqxx/7.9.0\n\n[test_requires]\ngtest/1.14.0\n\n[generators]\nCMakeDeps\n",
            "src/main.cpp": '#include "crow.h"\n#define PORT 18080\nint main() {\n  crow::SimpleApp app;\n  CROW_ROUTE(app, "/health")([]() { return "ok"; });\n  app.port(PORT).multithreaded().run();\n}\n',
        },
        {"language": "cpp", "framework": "crow", "version": "1.0", "manager": "conan", "start": ("./build/bin/api",), "port": 18080, "health": "/health", "services": ["postgresql"], "tools": {"cmake"}},
    ),
    "c with make": (
        {"Makefile": "TARGET = srv\nall:\n\tgcc -o $(TARGET) main.c\n", "main.c": "#include <stdio.h>\n#define PORT 8085\nint main(void) {\n  addr.sin_port = htons(PORT);\n}\n"},
        {"language": "c", "framework": None, "build": ("make",), "start": ("./srv",), "port": 8085, "tools": {"make"}},
    ),
    "meson": (
        {"meson.build": "project('shop', 'cpp')\nexecutable('shop', 'main.cpp', dependencies: dependency('pistache', version: '>=0.0.5'))\n", "main.cpp": '#include <pistache/endpoint.h>\nint main() {\n  Pistache::Address addr(Pistache::Ipv4::any(), Pistache::Port(9080));\n}\n'},
        {"language": "cpp", "framework": "pistache", "start": ("./build/shop",), "port": 9080, "tools": {"meson"}},
    ),
    "scotty with stack": (
        {
            "stack.yaml": "resolver: lts-22.13\npackages:\n- .\n",
            "package.yaml": "name: shop\ndependencies:\n- base >= 4.7 && < 5\n- scotty\n- postgresql-simple >= 0.6\nexecutables:\n  shop-exe:\n    main: Main.hs\n",
            "app/Main.hs": 'module Main where\nimport Web.Scotty\nmain :: IO ()\nmain = do\n  key <- getEnv "API_KEY"\n  h <- lookupEnv "HOST_X"\n  l <- fromMaybe "info" <$> lookupEnv "LOG_LEVEL"\n  port <- maybe 3000 read <$> lookupEnv "PORT"\n  scotty port $ do\n    get "/health" $ text "ok"\n',
        },
        {"language": "haskell", "framework": "scotty", "manager": "stack", "runtime": "9.6", "build": ("stack", "build"), "start": ("stack", "exec", "shop-exe"), "port": 3000, "health": "/health", "services": ["postgresql"], "variables": {"API_KEY": None, "HOST_X": None, "LOG_LEVEL": "info"}, "required": {"API_KEY"}, "env": True},
    ),
    "servant with cabal": (
        {
            "shop.cabal": "cabal-version: 2.4\nname: shop\nversion: 0.1\n\nexecutable shop-server\n  main-is: Main.hs\n  build-depends:\n      base >=4.16 && <5\n    , servant-server ^>=0.20\n    , warp\n  default-language: Haskell2010\n\ntest-suite spec\n  build-depends: hspec\n",
            "cabal.project": "packages: .\nwith-compiler: ghc-9.6.4\n", "cabal.project.freeze": "constraints: any.servant-server ==0.20.1,\n             any.warp ==3.3.31\n",
            "app/Main.hs": "main :: IO ()\nmain = run 8081 app\n",
        },
        {"language": "haskell", "framework": "servant", "version": "0.20.1", "manager": "cabal", "runtime": "9.6.4", "start": ("cabal", "run", "shop-server"), "port": 8081},
    ),
    "kemal": (
        {
            "shard.yml": "name: blog\nversion: 0.1.0\n\ntargets:\n  blog:\n    main: src/blog.cr\n\ndependencies:\n  kemal:\n    github: kemalcr/kemal\n    version: ~> 1.5.0\n  pg:\n    github: will/crystal-pg\n\ndevelopment_dependencies:\n  ameba:\n    github: crystal-ameba/ameba\n\ncrystal: '>= 1.10.0'\n",
            "shard.lock": "version: 2.0\nshards:\n  kemal:\n    git: https://github.com/kemalcr/kemal.git\n    version: 1.5.0\n",
            "src/blog.cr": 'require "kemal"\nget "/health" do\n "ok"\nend\nx = ENV["DB_NAME"]\ny = ENV["LEVEL"]? || "info"\nz = ENV.fetch("MODE", "dev")\nKemal.run\n',
        },
        {"language": "crystal", "framework": "kemal", "version": "1.5.0", "manager": "shards", "runtime": "1.10", "build": ("shards", "build", "--production", "--release"), "start": ("./bin/blog",), "port": 3000, "health": "/health", "services": ["postgresql"], "variables": {"DB_NAME": None, "LEVEL": "info", "MODE": "dev"}, "required": {"DB_NAME"}},
    ),
    "jester": (
        {
            "app.nimble": 'version = "0.1.0"\nbin = @["app"]\nsrcDir = "src"\nrequires "nim >= 1.6.0"\nrequires "jester >= 0.5.0", "redis"\n',
            "src/app.nim": 'import jester, os\nlet p = getEnv("LOG_LEVEL", "info")\nroutes:\n  get "/health":\n    resp "ok"\nlet settings = newSettings(port = Port(5002))\n',
        },
        {"language": "nim", "framework": "jester", "manager": "nimble", "runtime": "1.6", "build": ("nimble", "build", "-d:release"), "start": ("./app",), "port": 5002, "health": "/health", "services": ["redis"], "variables": {"LOG_LEVEL": "info"}, "required": set()},
    ),
    "dream": (
        {
            "dune-project": "(lang dune 3.10)\n(package\n (name shop)\n (depends\n  (ocaml (>= 4.14))\n  (dream (>= 1.0.0~alpha5))\n  (alcotest :with-test)\n  dune))\n",
            "bin/dune": "(executable\n (public_name shop)\n (name main)\n (libraries dream))\n",
            "bin/main.ml": 'let () =\n  let db = Sys.getenv "DB_NAME" in\n  Dream.run ~interface:"0.0.0.0" ~port:8082\n  @@ Dream.router [ Dream.get "/health" (fun _ -> Dream.html "ok") ]\n',
        },
        {"language": "ocaml", "framework": "dream", "runtime": "4.14", "build": ("dune", "build", "--profile", "release"), "start": ("./_build/default/bin/main.exe",), "port": 8082, "health": "/health", "variables": {"DB_NAME": None}, "required": {"DB_NAME"}, "tools": {"dune"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_a_project(name: str, tmp_path: Path) -> None:
    files, expected = PROJECTS[name]
    profile = scan(tmp_path, files)
    told = {
        "language": profile.language.value.id if profile.language else None,
        "framework": profile.framework.value.id if profile.framework else None,
        "version": profile.framework.value.version if profile.framework else "",
        "manager": profile.package_manager.value.name if profile.package_manager else None,
        "runtime": profile.runtime_version.value if profile.runtime_version else None,
        "build": profile.build_command.value if profile.build_command else None,
        "start": profile.start.value.argv if profile.start else None,
        "env": profile.start is not None and profile.start.value.port_from_env,
        "port": profile.port.value if profile.port else None,
        "health": profile.health_path.value if profile.health_path else None,
        "services": [service.name for service in profile.services],
        "variables": {one.name: one.default for one in profile.variables},
        "required": {one.name for one in profile.variables if one.required},
        "tools": {tool.value.id for tool in profile.build_tools},
    }
    assert {key: told[key] for key in expected} == expected
    assert profile.kind is Kind.SERVER
    assert profile.start is not None
    assert profile.start.evidence


def test_development_dependencies_are_told_apart(tmp_path: Path) -> None:
    for name, package in (("crow with conan", "gtest"), ("servant with cabal", "hspec"), ("kemal", "ameba"), ("dream", "alcotest")):
        profile = scan(tmp_path / package, PROJECTS[name][0])
        assert {one.name: one.development for one in profile.dependencies}[package] is True


@pytest.mark.parametrize(
    "files",
    [
        {"Package.swift": '// swift-tools-version:5.9\nlet package = Package(name: "lib", targets: [.target(name: "Lib")])\n', "Sources/Lib/x.swift": "public struct X {}\n"},
        {"shard.yml": "name: lib\n", "src/lib.cr": "module Lib\nend\n"},
        {"lib.nimble": 'version = "1.0"\nrequires "nim >= 1.0"\n', "src/lib.nim": "proc x() = discard\n"},
        {"dune-project": "(lang dune 3.0)\n", "src/dune": "(library (name x))\n", "src/x.ml": "let x = 1\n"},
        {"CMakeLists.txt": "project(lib)\nadd_library(lib x.cpp)\n", "x.cpp": "int x() { return 1; }\n"},
        {"lib.cabal": "name: lib\nlibrary\n  build-depends: base\n", "src/X.hs": "module X where\n"},
        {"build.zig": 'const lib = b.addStaticLibrary(.{ .name = "x" });\n', "src/x.zig": "pub fn x() void {}\n"},
    ],
    ids=lambda files: next(iter(files)),
)  # fmt: skip
def test_a_library_has_neither_start_nor_port(files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert (profile.start, profile.port, profile.kind) == (None, None, Kind.NONE)


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ('.package(url: "https://x.test/a/Vapor.git", exact: "4.1.0"),', "==4.1.0"),
        ('.package(url: "https://x.test/a/Vapor", "1.0.0"..<"2.0.0"),', ">=1.0.0, <2.0.0"),
        ('.package(url: "https://x.test/a/Vapor", branch: "main"),', "main"),
        ('.package(name: "V", url: "https://x.test/a/Vapor", from: "4.0.0"),', "^4.0.0"),
        ('.package(\n  url: "https://x.test/a/Vapor",\n  from: "4.0.0"\n),', None),
    ],
)
def test_swift_requirements(line: str, requirement: str | None, tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {"Package.swift": f'// swift-tools-version:5.9\nlet package = Package(\n name: "x",\n dependencies: [\n{line}\n])\n'},
    )
    found = {one.name: one.requirement for one in profile.dependencies}
    if requirement is not None:
        assert found == {"vapor": requirement}


def test_fetched_content_is_a_dependency_with_its_tag(tmp_path: Path) -> None:
    text = 'project(x)\nFetchContent_Declare(httplib\n  GIT_REPOSITORY https://x.test/cpp-httplib.git\n  GIT_TAG v0.15.3)\nCPMAddPackage("gh:fmtlib/fmt#10.2.1")\n'
    found = {one.name: one.requirement for one in scan(tmp_path, {"CMakeLists.txt": text}).dependencies}
    assert found == {"httplib": "0.15.3", "fmt": "==10.2.1"}


def test_vcpkg_and_conan_scripts(tmp_path: Path) -> None:
    vcpkg = '{\n "name": "x",\n "dependencies": [\n  "fmt",\n  {"name": "libpqxx", "version>=": "7.0"}\n ]\n}\n'
    found = {one.name: one.requirement for one in scan(tmp_path / "a", {"vcpkg.json": vcpkg}).dependencies}
    assert found == {"fmt": "", "libpqxx": ">=7.0"}
    script = 'class X(ConanFile):\n    requires = "fmt/10.2.1", "zlib/1.3"\n    def requirements(self):\n        self.requires("boost/1.83.0")\n'
    found = {one.name: one.version for one in scan(tmp_path / "b", {"conanfile.py": script}).dependencies}
    assert found == {"fmt": "10.2.1", "zlib": "1.3", "boost": "1.83.0"}


HOSTILE = [b"", b"\xff\xfe\x00", b"(" * 3000, b"{" * 3000, b'"' * 3000, b"a: [1, 2, {b: c}]\n", b'{"pins": 3, "dependencies": {"a": 1}, "requires": [1], "overrides": [2]}', b"dependencies: 3\nexecutables: [1]\ntargets: 4\n", b"x" * 60_000, b"port = " * 8000, b'getenv("' * 8000]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:16]))
def test_hostile_files_do_not_escape(data: bytes) -> None:
    for parser in PARSERS:
        with suppress(Broken):
            assert all(isinstance(fact, Found) for fact in parser.parse(parser.pattern.replace("*", "x"), data))
