# ruff: noqa: E501 - small programs read better unbroken
"""Rust projects: manifests, toolchains, binaries, ports, variables and routes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers.rust_manifests import cargo_lock, cargo_toml, rocket_toml, toolchain, trunk_toml
from deploydeck.scan.parsers.rust_source import rust_source
from tests.scan.trees import codes, scan, where

PACKAGE = '[package]\nname = "shop-api"\nversion = "0.1.0"\nedition = "2021"\n'


def cargo(dependencies: str = "", more: str = "") -> str:
    return f"{PACKAGE}{more}\n[dependencies]\n{dependencies}"


def facts(source: str, kind: str) -> list[Found]:
    return [fact for fact in rust_source("src/main.rs", source.encode()) if fact.kind == kind]


def program(body: str, rest: str = "") -> str:
    return f"use std::env;\n\n#[tokio::main]\nasync fn main() {{\n{body}\n}}\n{rest}"


SERVES = program('let l = TcpListener::bind("0.0.0.0:3000").await.unwrap();')


def test_dependencies_with_features_targets_and_lock(tmp_path: Path) -> None:
    text = cargo(
        'axum = "0.7"\ntokio = { version = "1", features = ["full"] }\nsqlx = { version = "0.7", features = ["postgres"], optional = true }\nalias = { package = "real-name", version = "2" }\n'
        'inner = { path = "../inner" }\n\n[dev-dependencies]\nreqwest = "0.12"\n\n[build-dependencies]\ntonic-build = "0.11"\n\n[target.\'cfg(unix)\'.dependencies]\nlibc = "0.2"\n\n[features]\ndefault = ["store"]\nstore = ["dep:sqlx"]\n'
    )
    lock = 'version = 3\n\n[[package]]\nname = "axum"\nversion = "0.7.5"\nsource = "registry+x"\n\n[[package]]\nname = "hyper"\nversion = "1.2.0"\nsource = "registry+x"\n\n[[package]]\nname = "shop-api"\nversion = "0.1.0"\n'
    profile = scan(tmp_path, {"Cargo.toml": text, "Cargo.lock": lock, "src/main.rs": SERVES})
    found = {one.name: (one.version, one.direct, one.development) for one in profile.dependencies}
    assert found["axum"] == ("0.7.5", True, False)
    assert found["hyper"] == ("1.2.0", False, False)
    assert found["reqwest"] == ("", True, True)
    assert {"real-name", "libc", "inner", "tonic-build"} <= set(found)
    assert "shop-api" not in found
    place = next(one for one in profile.dependencies if one.name == "axum").evidence
    assert place is not None
    assert place.line == 7
    assert [service.name for service in profile.services] == ["postgresql"]
    assert profile.framework is not None
    assert (profile.framework.value.id, profile.framework.value.version) == ("axum", "0.7.5")


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.80.1"\n'}, "1.80.1"),
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "stable"\n'}, "stable"),
        ({"rust-toolchain": "nightly-2024-05-01\n"}, "nightly"),
        ({"rust-toolchain": "1.79\n"}, "1.79"),
        ({"rust-toolchain": "1.79.0-x86_64-unknown-linux-gnu\n"}, "1.79.0"),
        ({"Cargo.toml": cargo(more='rust-version = "1.75"\n')}, "1.75"),
        ({"rust-toolchain": "# nothing\n"}, None),
    ],
)
def test_the_rust_version(files: dict[str, str], version: str | None, tmp_path: Path) -> None:
    found = scan(tmp_path, {"Cargo.toml": cargo(), **files}).runtime_version
    assert (found.value if found else None) == version


LISTENS: list[tuple[str, str, str, str, bool]] = [
    ('let l = tokio::net::TcpListener::bind("0.0.0.0:3000").await.unwrap();', "", "3000", "0.0.0.0", False),
    ("let a = SocketAddr::from(([127, 0, 0, 1], 3001));\nlet l = TcpListener::bind(a).await?;", "", "3001", "127.0.0.1", False),
    ('HttpServer::new(f).bind(("0.0.0.0", 8080))?.run().await', "", "8080", "0.0.0.0", False),
    ('HttpServer::new(f).bind("127.0.0.1:8081")?.run().await', "", "8081", "127.0.0.1", False),
    ("warp::serve(r).run(([127, 0, 0, 1], 3030)).await;", "", "3030", "127.0.0.1", False),
    ("let l = TcpListener::bind(ADDR).await;", 'const ADDR: &str = "0.0.0.0:3002";\n', "3002", "0.0.0.0", False),
    ('let l = TcpListener::bind(format!("0.0.0.0:{PORT}")).await;', "const PORT: u16 = 3003;\n", "3003", "0.0.0.0", False),
    ('let l = TcpListener::bind(format!("{}:{}", "0.0.0.0", 3004)).await;', "", "3004", "0.0.0.0", False),
    ('let port: u16 = env::var("PORT").unwrap_or_else(|_| "3005".to_string()).parse().unwrap();\nlet l = TcpListener::bind(("0.0.0.0", port)).await;', "", "3005", "0.0.0.0", True),
    ('let port = env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(3006u16);\nlet l = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;', "", "3006", "0.0.0.0", True),
    ('let port = match env::var("PORT") { Ok(p) => p, Err(_) => "3007".to_string() };\nlet l = TcpListener::bind(format!("0.0.0.0:{}", port)).await;', "", "3007", "0.0.0.0", True),
    ("let addr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(0, 0, 0, 0)), 3008);\naxum::Server::bind(&addr).serve(s).await;", "", "3008", "0.0.0.0", False),
    ('let addr: SocketAddr = "0.0.0.0:3009".parse().unwrap();\nServer::builder().add_service(x).serve(addr).await;', "", "3009", "0.0.0.0", False),
    ('app.listen("127.0.0.1:3010").await?;', "", "3010", "127.0.0.1", False),
    ('Server::new(TcpListener::bind("0.0.0.0:3011")).run(app).await', "", "3011", "0.0.0.0", False),
    ('gotham::start("127.0.0.1:3012", router)', "", "3012", "127.0.0.1", False),
    ('let l = TcpListener::bind(&format!("0.0.0.0:{}", env::var("PORT").unwrap())).await;', "", "", "0.0.0.0", True),
]  # fmt: skip


@pytest.mark.parametrize(("body", "rest", "port", "host", "env"), LISTENS, ids=[row[0][:60].replace("\n", " ") for row in LISTENS])
def test_where_it_listens(body: str, rest: str, port: str, host: str, env: bool) -> None:
    found = facts(program(body, rest), "listen")
    assert [(one.name, one.value) for one in found] == [(port, host)]
    assert ("env" in found[0].tags) is env


@pytest.mark.parametrize(
    "body",
    [
        'UdpSocket::bind("0.0.0.0:53")',
        'TcpListener::bind("127.0.0.1:0")',
        "query.bind(user_id).fetch_one(&pool)",
        'let metrics = TcpListener::bind("0.0.0.0:9090");',
        "cmd.run(args)",
    ],
)
def test_what_is_not_the_programs_port(body: str) -> None:
    assert facts(program(body), "listen") == []


ENVIRONMENT: list[tuple[str, str, dict[str, tuple[str, set[str]]]]] = [
    ('let x = env::var("A_B").expect("no");', "", {"A_B": ("", {"required"})}),
    ('let x = std::env::var("A_B")?;', "", {"A_B": ("", {"required"})}),
    ('let x = env::var("A_B").unwrap();', "", {"A_B": ("", {"required"})}),
    ('let x = env::var("A_B").context("no")?;', "", {"A_B": ("", {"required"})}),
    ('let x = env::var("A_B").ok();', "", {"A_B": ("", set())}),
    ('let x = env::var("A_B").unwrap_or("d".into());', "", {"A_B": ("d", {"defaulted"})}),
    ('let x = env::var("A_B").unwrap_or_else(|_| String::from("d"));', "", {"A_B": ("d", {"defaulted"})}),
    ('let x = env::var("A_B").unwrap_or_else(|_| panic!("no"));', "", {"A_B": ("", {"required"})}),
    ('let x = env::var("A_B").unwrap_or_default();', "", {"A_B": ("", {"defaulted", "computed"})}),
    ('if let Ok(v) = env::var("A_B") { f(v) }', "", {"A_B": ("", set())}),
    ('let x = dotenvy::var("A_B").unwrap();', "", {"A_B": ("", {"required"})}),
    ('let x = env!("A_B"); let y = option_env!("C_D"); let z = env!("CARGO_PKG_VERSION");', "", {"A_B": ("", {"build", "required"}), "C_D": ("", {"build"})}),
    ('let x = get("A_B", "d");', 'fn get(key: &str, def: &str) -> String { env::var(key).unwrap_or(def.to_string()) }\n', {"A_B": ("d", {"defaulted"})}),
    ("", 'struct Args {\n  #[arg(long, env = "A_B", default_value = "8080")]\n  port: u16,\n  #[arg(env)]\n  token: String,\n  #[clap(long, env = "C_D")]\n  more: Option<String>,\n}\n', {"A_B": ("8080", {"defaulted"}), "TOKEN": ("", {"required"}), "C_D": ("", set())}),
    ('let c = envy::prefixed("APP_").from_env::<Conf>();', "struct Conf {\n  url: String,\n  level: Option<String>,\n}\n", {"APP_URL": ("", {"required"}), "APP_LEVEL": ("", set())}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "rest", "expected"), ENVIRONMENT)
def test_variables(body: str, rest: str, expected: dict[str, tuple[str, set[str]]]) -> None:
    assert {fact.name: (fact.value, set(fact.tags)) for fact in facts(program(body, rest), "env")} == expected


ROUTES: list[tuple[str, list[tuple[str, str]]]] = [
    (program('let app = Router::new().route("/health", get(h)).route("/x", post(y));'), [("/health", "app")]),
    (program('let app = Router::new().nest("/api", Router::new().route("/health", get(h)));'), [("/api/health", "app")]),
    ("fn api() -> Router {\n  Router::new().route(\"/health\", get(h))\n}\n", [("/health", "router")]),
    ('#[get("/healthz")]\nasync fn healthz() {}\n', [("/healthz", "app")]),
    ('#[get("/health")]\nasync fn health() {}\nfn c(cfg: &mut ServiceConfig) { cfg.service(web::scope("/api").service(health)); }\n', [("/api/health", "app")]),
    ('#[get("/health")]\nfn health() {}\n#[launch]\nfn rocket() -> _ { rocket::build().mount("/api", routes![health]) }\n', [("/api/health", "app")]),
    (program('let app = Route::new().at("/health", get(h));'), [("/health", "app")]),
    ("use warp::Filter;\n" + program('let h = warp::path("health").map(f); let x = warp::path!("a" / "b");'), [("/health", "app"), ("/a/b", "app")]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), ROUTES)
def test_routes(source: str, expected: list[tuple[str, str]]) -> None:
    assert [(fact.name, fact.value) for fact in facts(source, "route")] == expected


BINARIES: list[tuple[dict[str, str], str, tuple[str, ...]]] = [
    ({"Cargo.toml": cargo(), "src/main.rs": SERVES}, "shop-api", ()),
    ({"Cargo.toml": cargo(more='[[bin]]\nname = "srv"\npath = "src/main.rs"\n'), "src/main.rs": SERVES}, "srv", ()),
    ({"Cargo.toml": cargo(more='default-run = "b"\n'), "src/bin/a.rs": SERVES, "src/bin/b.rs": SERVES}, "b", ("--bin", "b")),
    ({"Cargo.toml": cargo(), "src/main.rs": SERVES, "src/bin/seed.rs": "fn main() {}\n"}, "shop-api", ("--bin", "shop-api")),
    ({"Cargo.toml": cargo(), "src/main.rs": "fn main() {}\n", "src/bin/server.rs": SERVES}, "server", ("--bin", "server")),
    ({"Cargo.toml": cargo(), "src/bin/server/main.rs": SERVES}, "server", ()),
]  # fmt: skip


@pytest.mark.parametrize(("files", "name", "more"), BINARIES)
def test_which_binary(files: dict[str, str], name: str, more: tuple[str, ...], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.build_command is not None
    assert profile.port is not None
    assert profile.start.value.argv == (f"./target/release/{name}",)
    assert profile.build_command.value == ("cargo", "build", "--release", *more)
    assert profile.port.value == 3000


def test_rocket_reads_its_own_file(tmp_path: Path) -> None:
    main = "#[macro_use] extern crate rocket;\n#[launch]\nfn rocket() -> _ { rocket::build() }\n"
    files = {"Cargo.toml": cargo('rocket = "0.5"\n'), "src/main.rs": main}
    plain = scan(tmp_path / "a", files)
    assert plain.port is not None
    assert plain.port.value == 8000
    files["Rocket.toml"] = '[debug]\nport = 1111\n[default]\naddress = "127.0.0.1"\nport = 8001\n'
    told = scan(tmp_path / "b", files)
    assert told.port is not None
    assert (told.port.value, where(told.port)) == (8001, ["Rocket.toml:5"])
    assert "loopback-bind" in codes(told)


def test_libraries_and_tools_are_not_started(tmp_path: Path) -> None:
    library = scan(tmp_path / "a", {"Cargo.toml": cargo(), "src/lib.rs": "pub fn x() {}\n"})
    tool = scan(tmp_path / "b", {"Cargo.toml": cargo('clap = "4"\n'), "src/main.rs": "fn main() {}\n"})
    assert (library.start, library.port, library.build_command, library.kind) == (None, None, None, Kind.NONE)
    assert (tool.start, tool.port, tool.kind) == (None, None, Kind.NONE)
    assert tool.build_command is not None


@pytest.mark.parametrize(
    ("dependency", "files", "framework", "output"),
    [
        ('yew = "0.21"\n', {"index.html": "", "Trunk.toml": '[build]\ndist = "public"\n'}, "yew", "public"),
        ('leptos = { version = "0.6", features = ["csr"] }\n', {"index.html": ""}, "leptos", "dist"),
        ('sycamore = "0.8"\n', {"index.html": ""}, "sycamore", "dist"),
        (
            'dioxus = { version = "0.5", features = ["web"] }\n',
            {"Dioxus.toml": '[application]\nout_dir = "dist"\n'},
            "dioxus",
            "dist",
        ),
    ],
)
def test_programs_for_the_browser(dependency: str, files: dict[str, str], framework: str, output: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, {"Cargo.toml": cargo(dependency), "src/main.rs": "fn main() {}\n", **files})
    assert profile.framework is not None
    assert profile.output_dir is not None
    assert (profile.framework.value.id, profile.output_dir.value, profile.kind) == (framework, output, Kind.STATIC)
    assert (profile.start, profile.port) == (None, None)


def test_leptos_with_a_server(tmp_path: Path) -> None:
    text = cargo('leptos = "0.6"\nleptos_axum = "0.6"\naxum = "0.7"\n', '[package.metadata.leptos]\nsite-addr = "127.0.0.1:3100"\n')
    profile = scan(tmp_path, {"Cargo.toml": text, "src/main.rs": program("let l = TcpListener::bind(&addr).await;")})
    assert profile.framework is not None
    assert profile.build_command is not None
    assert profile.port is not None
    assert (profile.framework.value.id, profile.build_command.value[:2], profile.port.value) == (
        "leptos",
        ("cargo", "leptos"),
        3100,
    )


def test_a_workspace(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n[workspace.dependencies]\nsqlx = { version = "0.7", features = ["mysql"] }\n',
        "crates/api/Cargo.toml": '[package]\nname = "api"\nversion.workspace = true\n[dependencies]\naxum = "0.7"\nsqlx.workspace = true\ncommon = { path = "../common" }\n',
        "crates/api/src/main.rs": SERVES,
        "crates/common/Cargo.toml": '[package]\nname = "common"\n', "crates/common/src/lib.rs": "pub fn x() {}\n",
    }  # fmt: skip
    profile = scan(tmp_path, files)
    assert [(one.path, one.depends_on) for one in profile.components] == [("crates/api", ("crates/common",)), ("crates/common", ())]
    assert profile.primary == "crates/api"
    assert profile.build_command is not None
    assert profile.build_command.value == ("cargo", "build", "--release", "-p", "api")
    assert [service.name for service in profile.components[0].profile.services] == ["mysql"]


def test_a_port_of_the_settings(tmp_path: Path) -> None:
    main = program('let l = TcpListener::bind(format!("{}:{}", c.application.host, c.application.port)).await;')
    files = {
        "Cargo.toml": cargo('actix-web = "4"\n'),
        "src/main.rs": main,
        "configuration/base.yaml": "database:\n  port: 5432\napplication:\n  port: 8000\n",
    }
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert (profile.port.value, where(profile.port)) == (8000, ["configuration/base.yaml:4"])


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00",
        b"[package",
        b"[package]\nname = 3\n[dependencies]\na = 1\nb = [1]\nc = {features = 3, path = 4}\n[[bin]]\nname = 1\n",
        b"workspace = 3\n",
        b"[workspace]\nmembers = 3\n",
        b"lib = 3\nbin = 4\ntarget = 5\n",
    ],
)
def test_odd_manifests_do_not_escape(data: bytes) -> None:
    for parse in (cargo_toml, cargo_lock, toolchain, rocket_toml, trunk_toml):
        with suppress(Broken):
            assert all(isinstance(fact, Found) for fact in parse("Cargo.toml", data))


@pytest.mark.parametrize(
    "data",
    [
        b"fn main() { env::var(",
        b"\xff\xfe fn main() {}",
        b"fn f() {" + b"(" * 5000 + b'env::var("A_B")',
        b'const A: &str = format!("{' + b"{" * 3000,
    ],
)
def test_hostile_source_does_not_escape(data: bytes) -> None:
    assert all(isinstance(fact, Found) for fact in rust_source("src/main.rs", data))
