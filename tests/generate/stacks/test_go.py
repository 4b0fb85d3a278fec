"""Go: which program is built, from which image, and what comes along with it."""

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

MAIN = 'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.ListenAndServe(":8080", nil)\n}\n'
HELLO = {"go.mod": "module example.test/hello\n\ngo 1.24\n", "main.go": MAIN}
ALONE = "gcr.io/distroless/static-debian12:nonroot"


@pytest.mark.parametrize(
    "project",
    ["go", "go-chi-cmd-layout", "go-echo-loopback", "go-fiber-mongo", "go-gin-redis", "go-nethttp-postgres", "go-std-templates",
     "go-work-monorepo"],
)  # fmt: skip
def test_a_sample_gets_a_sound_image(project: str) -> None:
    files = made(sample(project))
    sound(files["Dockerfile"])
    assert ".git" in files[".dockerignore"].content


def test_a_program_without_c_stands_alone(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, HELLO))
    assert stages(text)[0][0].arguments == "golang:1.24 AS build"
    assert last(text, "FROM") == ALONE
    assert "CGO_ENABLED=0" in text
    assert runs(text)[-1] == "go build -trimpath -buildvcs=false -ldflags=-s -o /out/app ."
    assert started(text) == ["/app/app"]
    assert last(text, "USER") == "65532:65532"


def test_the_health_check_is_a_program_that_holds_nothing_of_the_project(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path / "a", HELLO))
    other = dockerfile(scanned(tmp_path / "b", {**HELLO, "go.mod": "module example.test/other\n\ngo 1.24\n"}), app={"port": 9000})
    assert '"/usr/local/bin/healthcheck", "127.0.0.1:8080", "/", "localhost"' in last(text, "HEALTHCHECK")
    assert '"127.0.0.1:9000"' in last(other, "HEALTHCHECK")
    assert runs(text)[0] == runs(other)[0]
    assert "/healthcheck/main.go" in runs(text)[0]


def test_modules_come_before_the_source(tmp_path: Path) -> None:
    text = dockerfile(sample("go-chi-cmd-layout"))
    assert text.index("COPY go.mod go.sum ./") < text.index("go mod download") < text.index("COPY . .")
    vendored = {**HELLO, "vendor/modules.txt": "# example.test/dep v1.0.0\n"}
    assert "go mod download" not in dockerfile(scanned(tmp_path, vendored))


def test_the_main_package_that_serves_is_built_and_what_it_reads_comes_along() -> None:
    text = dockerfile(sample("go-std-templates"))
    assert runs(text)[-1].endswith("-o /out/app ./cmd/guestbook")
    copies = [one.arguments for one in stages(text)[-1] if one.name == "COPY"]
    assert "--from=build --chown=65532:65532 /src/templates /app/templates" in copies
    assert "--from=build --chown=65532:65532 /src/migrations /app/migrations" in copies
    assert environment(text) == {"HOST": "0.0.0.0", "PORT": "8085"}


def test_a_dependency_with_c_gets_the_c_library_it_was_linked_to() -> None:
    text = dockerfile(sample("go-echo-loopback"))
    assert stages(text)[0][0].arguments == "golang:1.22-bookworm AS build"
    assert last(text, "FROM") == "debian:bookworm-slim"
    assert "CGO_ENABLED=1" in text
    assert "ca-certificates" in text
    assert "gcc" not in text  # the image of Go has it


def test_c_in_the_source_is_seen(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**HELLO, "clock/clock.go": 'package clock\n\n// int now(void);\nimport "C"\n'})
    file = made(found)["Dockerfile"]
    assert "CGO_ENABLED=1" in file.content
    assert any(place.where == "clock/clock.go:4" for reason in file.reasons if reason.rule == "cgo" for place in reason.evidence)
    tested = scanned(tmp_path / "b", {**HELLO, "clock_test.go": 'package main\n\nimport "C"\n'})
    assert "CGO_ENABLED=0" in dockerfile(tested)


def test_packages_that_are_asked_for_need_a_system(tmp_path: Path) -> None:
    text = dockerfile(scanned(tmp_path, HELLO), build={"run_packages": ["ffmpeg"]})
    assert last(text, "FROM") == "debian:bookworm-slim"
    assert "ffmpeg" in text
    assert "CGO_ENABLED=0" in text


@pytest.mark.parametrize(
    ("line", "image"),
    [("go 1.24", "golang:1.24"), ("go 1.23.4", "golang:1.23"), ("go 1.24.0\n\ntoolchain go1.25.3", "golang:1.25"),
     ("go 1.13", "golang:1.26"), ("", "golang:1.26")],
)  # fmt: skip
def test_the_version_of_go_mod_decides(tmp_path: Path, line: str, image: str) -> None:
    text = dockerfile(scanned(tmp_path, {**HELLO, "go.mod": f"module example.test/hello\n\n{line}\n"}))
    assert stages(text)[0][0].arguments == f"{image} AS build"


def test_a_version_without_an_image_is_not_replaced_in_silence(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**HELLO, "go.mod": "module example.test/hello\n\ngo 1.99\n"})
    assert refused(found).code == "generate-runtime-version"


def test_a_workspace_is_built_from_its_root() -> None:
    found = sample("go-work-monorepo")
    assert found.support_reason == "Gorilla mux project with go, built from here; services/orders is what runs"
    text = dockerfile(found)
    assert "COPY lib/telemetry/go.mod lib/telemetry/" in text
    assert runs(text)[-1].endswith("-o /out/app ./services/orders")


def test_modules_beyond_the_project_are_refused(tmp_path: Path) -> None:
    module = "module example.test/hello\n\ngo 1.24\n\nrequire example.test/lib v0.0.0\n\nreplace example.test/lib => ../lib\n"
    error = refused(scanned(tmp_path, {**HELLO, "go.mod": module}))
    assert (error.code, '"../lib"' in error.what) == ("generate-outside-project", True)


def test_a_module_inside_the_project_is_copied_first(tmp_path: Path) -> None:
    module = (
        "module example.test/hello\n\ngo 1.24\n\nrequire example.test/lib v0.0.0\n\nreplace (\n\texample.test/lib => ./lib\n)\n"
    )
    text = dockerfile(scanned(tmp_path, {**HELLO, "go.mod": module, "lib/go.mod": "module example.test/lib\n\ngo 1.24\n"}))
    assert "COPY lib/go.mod lib/" in text


@pytest.mark.parametrize(
    ("start", "build", "command"),
    [
        (["go", "run", "./cmd/web", "--verbose"], None, ["/app/app", "--verbose"]),
        (["./shop", "serve"], ["go", "build", "-o", "shop", "-tags", "netgo", "."], ["/app/shop", "serve"]),
        (["bin/shop"], ["make", "release"], ["/app/shop"]),
    ],
)
def test_a_start_of_ones_own(tmp_path: Path, start: list[str], build: list[str] | None, command: list[str]) -> None:
    chosen = {"start": start, **({"build": build} if build else {})}
    text = dockerfile(scanned(tmp_path, {**HELLO, "cmd/web/main.go": MAIN}), app=chosen)
    assert started(text) == command
    if start[:2] == ["go", "run"]:
        assert runs(text)[-1].endswith("-o /out/app ./cmd/web")
    elif build and build[0] == "make":
        assert runs(text)[-1] == "make release"
        assert "COPY --from=build --chown=65532:65532 /src/bin/shop /app/shop" in text
    else:
        assert runs(text)[-1] == "go build -trimpath -buildvcs=false -ldflags=-s -tags netgo -o /out/shop ."


@pytest.mark.parametrize("start", [["./start.sh"], ["sh", "-c", "exec ./app"], ["make", "run"], ["./a\nRUN id"]])
def test_what_is_not_the_program_is_refused(tmp_path: Path, start: list[str]) -> None:
    found = scanned(tmp_path, {**HELLO, "start.sh": "exec ./app\n"})
    assert refused(found, app={"start": start}).code == "generate-start-not-built"


def test_grpc_is_said_to_be_later() -> None:
    assert refused(sample("go-grpc-mysql")).code == "generate-unsupported"


def test_names_of_files_stay_names(tmp_path: Path) -> None:
    odd = {
        **HELLO,
        "go.mod": 'module example.test/hello\n\ngo 1.24\n\nreplace example.test/lib => "./a;id"\n',
        "a;id/go.mod": "module x\n",
    }
    assert refused(scanned(tmp_path / "a", odd)).code == "generate-unsafe-path"
    text = dockerfile(scanned(tmp_path / "b", {**HELLO, "go.mod": "module example.test/hello\n\ngo 1.24\n"}), app={"build": [
        "go", "build", "-tags", "x\nRUN id", "."]})  # fmt: skip
    assert "\nRUN id" not in text
