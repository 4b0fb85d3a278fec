# ruff: noqa: E501 - small programs read better unbroken
"""Go projects: modules, main packages, ports, variables and routes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import Kind, ProjectProfile
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers.go_modules import app_conf, go_mod, go_sum, go_work
from deploydeck.scan.parsers.go_source import go_source
from tests.scan.trees import codes, scan, where

GIN = "require github.com/gin-gonic/gin v1.9.1\n"


def module(requires: str = "", version: str = "1.26") -> str:
    return f"module github.com/acme/shop\n\ngo {version}\n\n{requires}"


def facts(source: str, kind: str, file: str = "main.go") -> list[Found]:
    return [fact for fact in go_source(file, source.encode()) if fact.kind == kind]


def program(body: str, imports: str = "", rest: str = "") -> str:
    return f'package main\n\nimport (\n\t"os"\n{imports})\n\nfunc main() {{\n{body}\n}}\n{rest}'


def told(profile: ProjectProfile) -> dict[str, Any]:
    return {
        "framework": profile.framework.value.id if profile.framework else None,
        "start": profile.start.value.argv if profile.start else None,
        "build": profile.build_command.value if profile.build_command else None,
        "port": profile.port.value if profile.port else None,
        "health": profile.health_path.value if profile.health_path else None,
        "kind": profile.kind,
    }


def test_go_mod_gives_versions_and_places(tmp_path: Path) -> None:
    text = (
        "module github.com/acme/shop // x\n\ngo 1.26.2\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.1\n\tgithub.com/lib/pq v1.10.9 // indirect\n)\n\n"
        "require github.com/old/lib v2.0.0+incompatible\nreplace github.com/acme/lib => ../lib\nreplace example.com/a v1.0.0 => example.com/b v1.1.0\n"
        "tool (\n\tgithub.com/a-h/templ/cmd/templ\n)\n"
    )
    profile = scan(tmp_path, {"go.mod": text})
    found = {
        dependency.name: (dependency.requirement, dependency.version, dependency.direct) for dependency in profile.dependencies
    }
    assert found == {
        "github.com/gin-gonic/gin": ("v1.9.1", "v1.9.1", True),
        "github.com/lib/pq": ("", "v1.10.9", False),
        "github.com/old/lib": ("v2.0.0+incompatible", "v2.0.0", True),
    }
    assert profile.runtime_version is not None
    assert (profile.runtime_version.value, where(profile.runtime_version)) == ("1.26.2", ["go.mod:3"])
    assert profile.name == "github.com/acme/shop"
    assert [fact.name for fact in go_mod("go.mod", text.encode()) if fact.kind == "uses-project"] == ["../lib"]
    assert {tool.value.id for tool in profile.build_tools} == {"templ"}


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"go.mod": "module x\ngo 1.25\ntoolchain go1.26.1\n"}, "1.26.1"),
        ({"go.mod": "module x\ngo 1.25\ntoolchain go1.26.1-custom\n"}, "1.26.1"),
        ({"go.mod": "module x\ngo 1.25\ntoolchain default\n"}, None),
        ({"go.mod": "module x\ngo 1.25\n"}, "1.25"),
        ({"go.mod": "module x\n"}, None),
        ({"go.work": "go 1.26\nuse ./api\n"}, "1.26"),
    ],
)
def test_the_go_version(files: dict[str, str], version: str | None, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    if version is not None:
        assert profile.runtime_version is not None
        assert profile.runtime_version.value == version
    assert "runtime-version-conflict" not in codes(profile)


def test_an_old_line_is_reported(tmp_path: Path) -> None:
    assert "runtime-end-of-life" in codes(scan(tmp_path, {"go.mod": module(version="1.19")}))


def test_go_sum_counts_only_before_go_1_17(tmp_path: Path) -> None:
    files = {
        "go.mod": module(version="1.16") + "require github.com/a/b v1.0.0\n",
        "go.sum": "github.com/a/b v1.0.0 h1:x=\ngithub.com/c/d v1.2.0 h1:x=\ngithub.com/c/d v1.3.0/go.mod h1:x=\n",
    }
    assert {one.name: one.version for one in scan(tmp_path / "a", files).dependencies} == {
        "github.com/a/b": "v1.0.0",
        "github.com/c/d": "v1.2.0",
    }
    files["go.mod"] = module() + "require github.com/a/b v1.0.0\n"
    assert {one.name for one in scan(tmp_path / "b", files).dependencies} == {"github.com/a/b"}


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"module", b"require (\n\tx", b"\x00" * 100, b"require ( a v1 )\n" * 10])
def test_odd_modules_do_not_escape(data: bytes) -> None:
    for parse in (go_mod, go_sum, go_work, app_conf):
        with suppress(Broken):
            assert all(isinstance(fact, Found) for fact in parse("go.mod", data))


LISTENS: list[tuple[str, str, str, str | None, bool]] = [
    ('http.ListenAndServe(":8080", nil)', "", "", "8080", False),
    ('http.ListenAndServe("127.0.0.1:8081", nil)', "", "", "8081", False),
    ('http.ListenAndServe(":"+os.Getenv("PORT"), nil)', "", "", None, True),
    ('port := os.Getenv("PORT")\nif port == "" {\n\tport = "9000"\n}\nhttp.ListenAndServe(":"+port, nil)', "", "", "9000", True),
    ('http.ListenAndServe(fmt.Sprintf("%s:%d", "0.0.0.0", 8082), nil)', "", "", "8082", False),
    ("http.ListenAndServe(addr, nil)", "", 'const addr = ":8083"\n', "8083", False),
    ('http.ListenAndServe(net.JoinHostPort("", "8084"), nil)', "", "", "8084", False),
    ('http.ListenAndServe(":"+cmp.Or(os.Getenv("PORT"), "8085"), nil)', "", "", "8085", True),
    (
        'http.ListenAndServe(":"+getEnv("PORT", "8086"), nil)',
        "",
        'func getEnv(key, def string) string {\n\tif v := os.Getenv(key); v != "" {\n\t\treturn v\n\t}\n\treturn def\n}\n',
        "8086",
        True,
    ),
    ('srv := &http.Server{Addr: ":8087", Handler: mux}\nsrv.ListenAndServe()', "", "", "8087", False),
    ('addr := flag.String("addr", ":4000", "x")\nhttp.ListenAndServe(*addr, nil)', "", "", "4000", False),
    (
        'var cfg config\nflag.IntVar(&cfg.port, "port", 4001, "x")\nhttp.ListenAndServe(fmt.Sprintf(":%d", cfg.port), nil)',
        "",
        "",
        "4001",
        False,
    ),
    ('l, _ := net.Listen("tcp", ":8088")\nhttp.Serve(l, nil)', "", "", "8088", False),
    ("r := gin.Default()\nr.Run()", '\t"github.com/gin-gonic/gin"\n', "", "8080", True),
    ('r := gin.Default()\nr.Run(":8089")', '\t"github.com/gin-gonic/gin"\n', "", "8089", False),
    ('e := echo.New()\ne.Logger.Fatal(e.Start(":1323"))', '\t"github.com/labstack/echo/v4"\n', "", "1323", False),
    ('app := fiber.New()\nlog.Fatal(app.Listen(":3000"))', '\t"github.com/gofiber/fiber/v2"\n', "", "3000", False),
    ('fasthttp.ListenAndServe(":8090", h)', "", "", "8090", False),
    ('app.Run(iris.Addr(":8091"))', '\t"github.com/kataras/iris/v12"\n', "", "8091", False),
    ('server.Start(":8092")', "", "", "8092", False),
    (
        "http.ListenAndServe(port(), nil)",
        "",
        'func port() string {\n\tif p := os.Getenv("PORT"); p != "" {\n\t\treturn ":" + p\n\t}\n\treturn ":8093"\n}\n',
        "8093",
        True,
    ),
]


@pytest.mark.parametrize(
    ("body", "imports", "rest", "port", "env"), LISTENS, ids=[row[0].replace("\n", " ")[:60] for row in LISTENS]
)
def test_where_it_listens(body: str, imports: str, rest: str, port: str | None, env: bool) -> None:
    found = facts(program(body, imports, rest), "listen")
    assert len(found) == 1
    assert found[0].name == (port or "")
    assert ("env" in found[0].tags) is env


@pytest.mark.parametrize(
    "body",
    [
        'exec.Command("ls").Run()',
        't.Run("x", f)',
        "cmd.Start()",
        'http.ListenAndServe(":9090", promhttp.Handler())',
        'go func() { http.ListenAndServe("localhost:6060", nil) }()',
        'metricsServer := &http.Server{Addr: ":9100"}',
        'l, _ := net.Listen("tcp", "127.0.0.1:0")\nhttp.Serve(l, nil)',
        'client.Get("http://x:8080/health")',
    ],
)
def test_what_is_not_the_programs_port(body: str) -> None:
    assert facts(program(body), "listen") == []


ENVIRONMENT: list[tuple[str, str, dict[str, tuple[str, set[str]]]]] = [
    ('x := os.Getenv("A_B")', "", {"A_B": ("", set())}),
    ('x := os.Getenv("A_B")\nif x == "" {\n\tlog.Fatal("no")\n}', "", {"A_B": ("", {"required"})}),
    ('x := os.Getenv("A_B")\nif len(x) == 0 {\n\tpanic("no")\n}', "", {"A_B": ("", {"required"})}),
    ('x := os.Getenv("A_B")\nif x == "" {\n\tx = "d"\n}', "", {"A_B": ("d", {"defaulted"})}),
    ('x, ok := os.LookupEnv("A_B")\nif !ok {\n\tos.Exit(1)\n}', "", {"A_B": ("", {"required"})}),
    ('if x := os.Getenv("A_B"); x == "" {\n\tlog.Fatalf("no")\n}', "", {"A_B": ("", {"required"})}),
    ('if v := os.Getenv("A_B"); v != "" {\n\tcfg.x = v\n}', "", {"A_B": ("", set())}),
    ('if os.Getenv("A_B") == "" {\n\tpanic("x")\n}', "", {"A_B": ("", {"required"})}),
    ('x := getEnv("A_B", "d")\ny := mustGetenv("C_D")\nz := env.GetString("E_F", "g")', "", {"A_B": ("d", {"defaulted"}), "C_D": ("", {"required"}), "E_F": ("g", {"defaulted"})}),
    ('x := getEnv("A_B", other())', "", {"A_B": ("", {"defaulted", "computed"})}),
    ("", 'type C struct {\n\tPort int `env:"HTTP_PORT,required"`\n\tHost string `env:"HTTP_HOST" envDefault:"h"`\n\tDB DB `envPrefix:"DB_"`\n}\ntype DB struct {\n\tName string `env:"NAME,notEmpty"`\n}\n', {"HTTP_PORT": ("", {"required"}), "HTTP_HOST": ("h", {"defaulted"}), "DB_NAME": ("", {"required"})}),
    ("", 'type C struct {\n\tA string `env:"A_B" env-default:"x"`\n\tB string `env:"B_C" env-required:"true"`\n\tD string `env:"D_E,default=z"`\n}\n', {"A_B": ("x", {"defaulted"}), "B_C": ("", {"required"}), "D_E": ("z", {"defaulted"})}),
    ('envconfig.Process("shop", &c)', 'type C struct {\n\tDebug bool\n\tRedisURL string `split_words:"true" default:"r"`\n\tKey string `envconfig:"API_KEY" required:"true"`\n}\n', {"SHOP_DEBUG": ("", set()), "SHOP_REDIS_URL": ("r", {"defaulted"}), "SHOP_API_KEY": ("", {"required"})}),
    ('os.Setenv("A_B", "x")\nt.Setenv("C_D", "x")', "", {}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "rest", "expected"), ENVIRONMENT)
def test_variables(body: str, rest: str, expected: dict[str, tuple[str, set[str]]]) -> None:
    imports = '\t"github.com/kelseyhightower/envconfig"\n'
    found = {fact.name: (fact.value, set(fact.tags)) for fact in facts(program(body, imports, rest), "env")}
    assert found == expected


def test_viper_keys_become_variables() -> None:
    source = 'package c\nimport "github.com/spf13/viper"\nfunc f() {\n\tviper.SetEnvPrefix("shop")\n\tviper.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))\n\tviper.AutomaticEnv()\n\tviper.SetDefault("server.port", 7000)\n\tviper.BindEnv("db.url", "DATABASE_URL")\n\tviper.GetString("log.level")\n}\n'
    found = {fact.name: fact.value for fact in facts(source, "env")}
    assert found == {"SHOP_SERVER_PORT": "7000", "DATABASE_URL": "", "SHOP_LOG_LEVEL": ""}


def test_helpers_of_another_file_are_joined(tmp_path: Path) -> None:
    files = {
        "go.mod": module(),
        "main.go": program('a := conf.Str("LOG_LEVEL", "info")\nb := conf.Need("API_TOKEN")\nc := other.Thing("NOT_A_VARIABLE")'),
        "conf/c.go": 'package conf\nfunc Str(name, def string) string {\n\tif v, ok := os.LookupEnv(name); ok {\n\t\treturn v\n\t}\n\treturn def\n}\nfunc Need(name string) string {\n\tv := os.Getenv(name)\n\tif v == "" {\n\t\tpanic(name)\n\t}\n\treturn v\n}\n',
    }
    found = {one.name: (one.default, one.required) for one in scan(tmp_path, files).variables}
    assert found == {"LOG_LEVEL": ("info", False), "API_TOKEN": (None, True)}


ROUTES: list[tuple[str, str, list[tuple[str, str]]]] = [
    ('http.HandleFunc("/healthz", h)', "", [("/healthz", "app")]),
    ('mux.HandleFunc("GET /healthz", h)\nmux.HandleFunc("POST /x", h)\nmux.HandleFunc("GET /{$}", h)', "", [("/healthz", "app"), ("/", "app")]),
    ('r := gin.Default()\nv1 := r.Group("/api/v1")\nv1.GET("/ping", p)\nr.POST("/y", p)', "", [("/api/v1/ping", "app")]),
    ('r := chi.NewRouter()\nr.Route("/api", func(r chi.Router) {\n\tr.Get("/health", h)\n})', "", [("/api/health", "app")]),
    ('r := mux.NewRouter()\ns := r.PathPrefix("/api").Subrouter()\ns.HandleFunc("/live", h).Methods("GET")\ns.HandleFunc("/z", h).Methods("POST")', "", [("/api/live", "app")]),
    ("", 'func add(g *gin.RouterGroup) {\n\tg.GET("/health", h)\n}\n', [("/health", "router")]),
    ("", 'func add(r *gin.Engine) {\n\tr.GET("/health", h)\n}\n', [("/health", "app")]),
    ('router.HandlerFunc(http.MethodGet, "/v1/healthcheck", h)', "", [("/v1/healthcheck", "app")]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "rest", "expected"), ROUTES)
def test_routes(body: str, rest: str, expected: list[tuple[str, str]]) -> None:
    assert [(fact.name, fact.value) for fact in facts(program(body, "", rest), "route")] == expected


def test_a_gin_server(tmp_path: Path) -> None:
    body = (
        'r := gin.Default()\nr.GET("/health", h)\nport := os.Getenv("PORT")\nif port == "" {\n\tport = "9090"\n}\nr.Run(":" + port)'
    )
    profile = scan(tmp_path, {"go.mod": module(GIN), "go.sum": "", "main.go": program(body, '\t"github.com/gin-gonic/gin"\n')})
    assert told(profile) == {
        "framework": "gin",
        "start": ("./app",),
        "build": ("go", "build", "-o", "app", "."),
        "port": 9090,
        "health": "/health",
        "kind": Kind.SERVER,
    }
    assert profile.start is not None
    assert profile.start.value.port_from_env
    assert profile.package_manager is not None
    assert (profile.package_manager.value.name, profile.package_manager.value.lock_file) == ("go", "go.sum")


SERVES = program('http.ListenAndServe(":8080", nil)', '\t"net/http"\n')
QUIET = program("x := 1")


@pytest.mark.parametrize(
    ("files", "target", "binary"),
    [
        ({"main.go": SERVES}, ".", "app"),
        ({"cmd/api/main.go": SERVES}, "./cmd/api", "app"),
        ({"cmd/shop/main.go": SERVES, "cmd/server/main.go": SERVES}, "./cmd/shop", "app"),
        ({"cmd/worker/main.go": SERVES, "cmd/server/main.go": SERVES}, "./cmd/server", "app"),
        ({"cmd/migrate/main.go": QUIET, "cmd/zzz/main.go": SERVES}, "./cmd/zzz", "app"),
        ({"main.go": SERVES, "scripts/seed/main.go": QUIET}, ".", "app"),
        ({"main.go": SERVES, "app/x.go": "package app\n"}, ".", "server"),
        ({"main.go": SERVES, "gen.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n"}, ".", "app"),
        (
            {
                "cmd/a/main.go": program("api.Start()", '\t"github.com/acme/shop/internal/api"\n'),
                "cmd/b/main.go": QUIET,
                "internal/api/a.go": 'package api\nimport "net/http"\nfunc Start() { http.ListenAndServe(":8080", nil) }\n',
            },
            "./cmd/a",
            "app",
        ),
    ],
)
def test_which_main_package(files: dict[str, str], target: str, binary: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, {"go.mod": module(), **files})
    assert profile.build_command is not None
    assert profile.build_command.value == ("go", "build", "-o", binary, target)
    assert profile.start is not None
    assert profile.start.value.argv == (f"./{binary}",)
    assert profile.port is not None
    assert profile.port.value == 8080


def test_a_library_has_neither_start_nor_port(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"go.mod": module(GIN), "lib.go": "package lib\n", "lib_test.go": "package main\nfunc main() {}\n"})
    assert (profile.start, profile.port, profile.build_command, profile.kind) == (None, None, None, Kind.NONE)


def test_a_command_line_tool_has_no_start(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"go.mod": module("require github.com/spf13/cobra v1.8.0\n"), "main.go": QUIET})
    assert (profile.start, profile.port, profile.kind) == (None, None, Kind.NONE)
    assert profile.build_command is not None


def test_a_subcommand_that_serves_is_started(tmp_path: Path) -> None:
    files = {
        "go.mod": module("require github.com/spf13/cobra v1.8.0\n"),
        "main.go": program("cmd.Execute()", '\t"github.com/acme/shop/cmd"\n'),
        "cmd/serve.go": 'package cmd\nvar serveCmd = &cobra.Command{Use: "serve", Run: func(cmd *cobra.Command, args []string) {\n\thttp.ListenAndServe(fmt.Sprintf(":%d", port), r)\n}}\nvar port int\nfunc init() { serveCmd.Flags().IntVarP(&port, "port", "p", 8085, "x") }\n',
    }
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.port is not None
    assert (profile.start.value.argv, profile.port.value) == (("./app", "serve"), 8085)


CONFIGURED: list[tuple[dict[str, str], int]] = [
    ({"config/c.go": 'package config\ntype C struct {\n\tPort string `env:"HTTP_PORT" envDefault:"4100"`\n}\n'}, 4100),
    ({"config/c.go": 'package config\nfunc Load() C {\n\treturn C{Port: getEnv("APP_PORT", "4200")}\n}\n'}, 4200),
    ({"configs/config.yaml": "database:\n  port: 5432\nserver:\n  http:\n    addr: 0.0.0.0:4300\n"}, 4300),
    ({"config/c.go": "package config\nconst Port = 4400\n"}, 4400),
    (
        {
            "config/c.go": 'package config\nimport "github.com/spf13/viper"\nfunc f() {\n\tviper.SetDefault("server.port", "4500")\n}\n'
        },
        4500,
    ),
]


@pytest.mark.parametrize(("files", "port"), CONFIGURED)
def test_a_port_of_another_file(files: dict[str, str], port: int, tmp_path: Path) -> None:
    main = program('http.ListenAndServe(":" + cfg.Port, nil)', '\t"github.com/acme/shop/config"\n')
    profile = scan(tmp_path, {"go.mod": module(), "main.go": main, **files})
    assert profile.port is not None
    assert profile.port.value == port
    assert next(iter(files)) in where(profile.port)[0]


def test_grpc_beside_http_does_not_decide(tmp_path: Path) -> None:
    body = 'lis, _ := net.Listen("tcp", ":50051")\ns := grpc.NewServer()\ngo s.Serve(lis)\n'
    files = {"go.mod": module("require google.golang.org/grpc v1.60.0\n"), "main.go": program(body, '\t"google.golang.org/grpc"\n')}
    alone = scan(tmp_path / "a", files)
    assert alone.framework is not None
    assert alone.port is not None
    assert (alone.framework.value.id, alone.port.value) == ("grpc", 50051)
    files["main.go"] = program(body + 'http.ListenAndServe(":8080", nil)', '\t"google.golang.org/grpc"\n')
    both = scan(tmp_path / "b", files)
    assert both.port is not None
    assert (both.port.value, "port-conflict" in codes(both)) == (8080, False)


def test_services_and_system_packages(tmp_path: Path) -> None:
    text = "require (\n\tgithub.com/jackc/pgx/v5 v5.5.0\n\tgithub.com/redis/go-redis/v9 v9.0.0\n\tgithub.com/mattn/go-sqlite3 v1.14.0\n\tgithub.com/segmentio/kafka-go v0.4.0\n\tgithub.com/go-sql-driver/mysql v1.7.0 // indirect\n)\n"
    profile = scan(tmp_path, {"go.mod": module(text), "main.go": SERVES})
    assert {service.name for service in profile.services} == {"postgresql", "redis", "kafka"}
    assert "gcc" in {package.name for package in profile.system_packages}


def test_a_workspace_and_its_modules(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.26\n\nuse (\n\t./api\n\t./lib\n)\n",
        "api/go.mod": "module example.com/api\n\ngo 1.26\n\nreplace example.com/lib => ../lib\n", "api/main.go": SERVES,
        "lib/go.mod": "module example.com/lib\n\ngo 1.26\n", "lib/l.go": "package lib\n",
    }  # fmt: skip
    profile = scan(tmp_path, files)
    assert [(one.path, one.depends_on) for one in profile.components] == [("api", ("lib",)), ("lib", ())]
    assert profile.primary == "api"
    assert profile.start is not None
    assert all(one.declared_by is not None for one in profile.components)


@pytest.mark.parametrize(
    "data",
    [
        b"package main\nfunc main() { http.Listen",
        b"\xff\xfe package main",
        b"package main\n" + b"((((" * 5000 + b'os.Getenv("A")',
        b"package x\nvar a = " + b"a + " * 5000 + b'os.Getenv("A_B")',
    ],
)
def test_hostile_source_does_not_escape(data: bytes) -> None:
    assert all(isinstance(fact, Found) for fact in go_source("main.go", data))
