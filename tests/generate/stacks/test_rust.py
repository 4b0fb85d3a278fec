"""Rust: dependencies in a layer of their own, the binary that serves, and what its crates need of the system."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.stacks.crates import crates
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

MAIN = 'fn main() {\n    std::net::TcpListener::bind("0.0.0.0:8080").unwrap();\n}\n'
LOCK = 'version = 4\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n'
PACKAGE = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'
SHOP = {"Cargo.toml": f'{PACKAGE}\n[dependencies]\naxum = "0.8"\n', "Cargo.lock": LOCK, "src/main.rs": MAIN}


@pytest.mark.parametrize("project", ["rust-actix-loopback", "rust-axum-postgres", "rust-rocket", "rust-std-tcp", "rust-workspace"])
def test_a_sample_gets_a_sound_image(project: str) -> None:
    files = made(sample(project))
    sound(files["Dockerfile"])
    assert "\ntarget\n" in files[".dockerignore"].content
    assert "\nrust-toolchain.toml\n" in files[".dockerignore"].content


def test_dependencies_are_compiled_before_the_source_is_there(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, SHOP))
    build = "cargo build --locked --release"
    assert runs(text)[:4] == ["mkdir -p src && echo 'fn main() {}' > src/main.rs", build,
                              "find . -name '*.rs' -not -path './target/*' -exec touch {} +", build]  # fmt: skip
    assert text.index("COPY Cargo.toml Cargo.lock ./") < text.index("fn main()") < text.index("COPY . .")
    assert "COPY --from=build --chown=10001:10001 /src/target/release/shop /app/shop" in text
    assert started(text) == ["/app/shop"]


def test_without_a_lock_it_is_said(tmp_path: Path) -> None:
    file = made(scanned(tmp_path, {path: content for path, content in SHOP.items() if path != "Cargo.lock"}))["Dockerfile"]
    assert "--locked" not in file.content
    assert "unlocked-install" in {reason.rule for reason in file.reasons}


def test_the_signal_to_stop_reaches_the_program(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, SHOP))
    assert last(text, "ENTRYPOINT") == '["tini", "-s", "--"]'
    assert "        tini \\\n" in text


@pytest.mark.parametrize(
    ("files", "image"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.85"\n'}, "rust:1.85-slim"),
        ({"rust-toolchain": "1.84.1\n"}, "rust:1.84-slim"),
        ({".tool-versions": "rust 1.88.0\n"}, "rust:1.88-slim"),
        ({"Cargo.toml": f'{PACKAGE}rust-version = "1.74"\n\n[dependencies]\naxum = "0.8"\n'}, "rust:1.90-slim"),
        ({"Cargo.toml": f'{PACKAGE}rust-version = "1.95"\n\n[dependencies]\naxum = "0.8"\n'}, "rust:1.100-slim"),
        ({"rust-toolchain": "stable\n"}, "rust:1.90-slim"),
        ({}, "rust:1.90-slim"),
    ],
)
def test_a_toolchain_is_taken_and_a_minimum_is_one(tmp_path: Path, files: dict[str, str], image: str) -> None:
    text = dockerfile(scanned(tmp_path, {**SHOP, **files}))
    assert stages(text)[0][0].arguments == f"{image} AS build"


def test_a_nightly_has_no_image(tmp_path: Path) -> None:
    assert refused(scanned(tmp_path, {**SHOP, "rust-toolchain": "nightly-2025-01-01\n"})).code == "generate-runtime-version"


def test_rocket_is_told_where_to_listen() -> None:
    found = environment(dockerfile(sample("rust-rocket")))
    assert found == {"ROCKET_ADDRESS": "0.0.0.0", "ROCKET_PORT": "8004"}


def test_a_workspace_is_built_from_its_root() -> None:
    found = sample("rust-workspace")
    assert found.support_reason == "axum project with cargo, built from here; crates/gateway is what runs"
    text = dockerfile(found)
    assert "COPY crates/messages/Cargo.toml crates/messages/" in text
    assert "touch crates/messages/src/lib.rs" in text
    assert runs(text)[3] == "cargo build --locked --release -p gateway"
    assert started(text) == ["/app/gateway"]


def test_a_member_alone_is_refused(tmp_path: Path) -> None:
    manifest = '[package]\nname = "shop"\nversion.workspace = true\n\n[dependencies]\naxum = { workspace = true }\n'
    error = refused(scanned(tmp_path, {**SHOP, "Cargo.toml": manifest}))
    assert error.code == "generate-workspace-member"
    assert "directory of the workspace" in error.hint


def test_a_crate_beyond_the_project_is_refused(tmp_path: Path) -> None:
    manifest = f'{PACKAGE}\n[dependencies]\naxum = "0.8"\nshared = {{ path = "../shared" }}\n'
    assert refused(scanned(tmp_path, {**SHOP, "Cargo.toml": manifest})).code == "generate-outside-project"


def test_the_default_binary_is_started_and_its_files_come_along() -> None:
    text = dockerfile(sample("rust-std-tcp"))
    assert runs(text)[3] == "cargo build --locked --release --bin beacon"
    assert started(text) == ["/app/beacon"]
    assert "/src/templates /app/templates" in text
    assert environment(text) == {"HOST": "0.0.0.0", "PORT": "7070"}


def test_what_crates_need_of_the_system(tmp_path: Path) -> None:
    manifest = f'{PACKAGE}\n[dependencies]\naxum = "0.8"\nopenssl-sys = "0.9"\n'
    text = dockerfile(scanned(tmp_path, {**SHOP, "Cargo.toml": manifest}))
    build, run = text.split("# Run:")
    assert "libssl-dev" in build
    assert "pkg-config" in build
    assert "libssl3" in run
    assert "libssl-dev" not in run


def test_queries_are_checked_against_files(tmp_path: Path) -> None:
    assert "SQLX_OFFLINE" not in dockerfile(scanned(tmp_path, SHOP))
    text = dockerfile(scanned(tmp_path, {".sqlx/query-1.json": "{}"}))
    assert "ENV SQLX_OFFLINE=true" in text


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {".cargo/config.toml": '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n'},
            "vendored",
        ),
        ({"src/bin/a;id.rs": "fn main() {}\n"}, "name"),
    ],
)
def test_where_such_a_layer_cannot_be_made_the_source_comes_first(tmp_path: Path, files: dict[str, str], why: str) -> None:
    found = scanned(tmp_path, {**SHOP, **files})
    assert crates(ProjectFiles(tmp_path)).whole.value == why
    text = dockerfile(found)
    assert "fn main()" not in text
    assert ";id" not in text.replace("--bin", "")
    assert len([command for command in runs(text) if command.startswith("cargo build")]) == 1


def test_everything_that_cargo_looks_for_has_something_in_its_place(tmp_path: Path) -> None:
    manifest = (
        f'{PACKAGE}build = "make/build.rs"\n\n[lib]\npath = "src/shop.rs"\n\n[[bin]]\nname = "tool"\n\n[[bench]]\nname = "fast"\n\n'
        '[[test]]\nname = "all"\npath = "checks/all.rs"\n\n[target."cfg(unix)".dependencies]\nunix = { path = "crates/unix" }\n'
    )
    unix = '[package]\nname = "unix"\nversion = "0.1.0"\n'
    paths = (
        "make/build.rs src/shop.rs src/main.rs src/bin/tool/main.rs src/bin/other.rs benches/fast.rs checks/all.rs "
        "crates/unix/src/lib.rs examples/none.rs"
    )
    empty = dict.fromkeys(paths.split(), "")
    scanned(tmp_path, {"Cargo.toml": manifest, "crates/unix/Cargo.toml": unix, **empty})
    found = crates(ProjectFiles(tmp_path))
    assert found.manifests == ("Cargo.toml", "crates/unix/Cargo.toml")
    assert set(found.empty) == {"src/shop.rs", "crates/unix/src/lib.rs"}
    assert set(found.mains) == {
        "make/build.rs", "src/main.rs", "src/bin/tool/main.rs", "src/bin/other.rs", "benches/fast.rs", "checks/all.rs",
    }  # fmt: skip


def test_cargo_run_becomes_the_binary_that_it_would_start(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, SHOP), app={"start": ["cargo", "run", "--release", "--", "serve", "--all"]})
    assert started(text) == ["/app/shop", "serve", "--all"]


def test_a_script_is_refused(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**SHOP, "run.sh": "exec target/release/shop\n"})
    assert refused(found, app={"start": ["./run.sh"]}).code == "generate-start-not-built"


def test_a_program_that_serves_nothing_is_not_deployed() -> None:
    assert refused(sample("rust")).code == "generate-unsupported"
    assert refused(sample("rust-clap-cli")).code == "generate-unsupported"
