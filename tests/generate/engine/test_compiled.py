"""Go, Rust and Elixir, built and started by a real engine from what the generator writes.

Their registries are not needed: the projects use nothing but what comes with the language. Bases that cannot be had are made of
Debian's packages in the same versions (tests/generate/engine/bases). .NET is not in Debian and is only held to its form.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from tests.generate.engine.proof import MARKS, SECRET, ends, needs_image, project
from tests.generate.golden import PROJECTS
from tests.generate.samples import write
from tests.generate.test_engine import docker, lives, name, prepared

__all__ = ["name"]
pytestmark = MARKS
BASES = Path(__file__).parent / "bases"


def base(tag: str, file: str, of: str) -> None:
    """Make sure of a base image: the one that is there, else the stand-in made of Debian's packages."""
    if subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode != 0:
        needs_image(of)
        docker("build", "--quiet", "--tag", tag, "--file", str(BASES / file), str(BASES), timeout=600)


def grown(sample: str, tmp_path: Path, **changed: str) -> Path:
    """The sample, beside a secret that must stay behind."""
    root = tmp_path / sample
    shutil.copytree(PROJECTS / sample, root)
    return project(root, changed)


def page(port: str, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def files(image: str, tmp_path: Path) -> dict[str, bytes]:
    """Everything below /app of an image that may have no shell to ask."""
    made, packed = docker("create", image), tmp_path / "image.tar"
    try:
        docker("export", "--output", str(packed), made, timeout=120)
    finally:
        docker("rm", made)
    with tarfile.open(packed) as archive:
        members = [one for one in archive if one.isfile() and one.name.startswith("app/")]
        return {one.name: read.read() for one in members if (read := archive.extractfile(one))}


def clean(image: str, tmp_path: Path) -> set[str]:
    """No secret is in the image. Returns the names of what is below /app."""
    found = files(image, tmp_path)
    assert found
    assert not [path for path, content in found.items() if SECRET.encode() in content]
    assert SECRET not in docker("history", "--no-trunc", image)
    return set(found)


def test_a_static_program_of_go_lives_without_a_shell(tmp_path: Path, name: str) -> None:
    needs_image("golang:1.24")
    needs_image("gcr.io/distroless/static-debian12:nonroot")
    root = grown("go-std-templates", tmp_path)
    port = lives(root, prepared(root), name)
    assert "We will come again." in page(port)
    assert clean(name, tmp_path) == {"app/app", "app/templates/page.html", "app/migrations/0001_entries.sql"}
    assert subprocess.run(["docker", "exec", name, "sh"], capture_output=True, check=False).returncode != 0
    ends(name)


def test_the_health_check_of_go_tells_a_sick_program_from_a_healthy_one(tmp_path: Path, name: str) -> None:
    needs_image("golang:1.24")
    needs_image("gcr.io/distroless/static-debian12:nonroot")
    sick = 'package main\n\nimport "net/http"\n\nfunc main() {\n'
    sick += '\thttp.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {\n'
    sick += '\t\tif r.URL.Path != "/" {\n\t\t\tw.WriteHeader(503)\n\t\t}\n\t})\n\thttp.ListenAndServe(":8080", nil)\n}\n'
    root = project(tmp_path / "sick", {"go.mod": "module example.test/sick\n\ngo 1.24\n", "main.go": sick})
    lives(root, prepared(root), name)
    probe = json.loads(docker("inspect", name))[0]["Config"]["Healthcheck"]["Test"][1:]
    assert subprocess.run(["docker", "exec", name, *probe], check=False).returncode == 0
    elsewhere = [*probe[:2], "/sick", *probe[3:]]
    assert subprocess.run(["docker", "exec", name, *elsewhere], check=False).returncode == 1
    nobody = [probe[0], "127.0.0.1:9", *probe[2:]]
    assert subprocess.run(["docker", "exec", name, *nobody], check=False).returncode == 1


C = {
    "go.mod": "module example.test/clock\n\ngo 1.19\n",
    "clock/clock.go": "package clock\n\n// #include <time.h>\n// static long now(void) { return (long)time(0); }\n"
    'import "C"\n\n// Now is the time in seconds, as C tells it.\nfunc Now() int64 { return int64(C.now()) }\n',
    "main.go": 'package main\n\nimport (\n\t"fmt"\n\t"net/http"\n\n\t"example.test/clock/clock"\n)\n\nfunc main() {\n'
    '\thttp.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, clock.Now()) })\n'
    '\thttp.ListenAndServe(":8080", nil)\n}\n',
}


def test_a_program_of_go_and_c_lives_on_the_system_it_was_built_on(tmp_path: Path, name: str) -> None:
    base("golang:1.19-bookworm", "golang-1.19-bookworm.Dockerfile", "debian:bookworm-slim")
    root = project(tmp_path / "clock", C)
    port = lives(root, prepared(root), name)
    assert int(page(port)) > 1_700_000_000
    clean(name, tmp_path)
    ends(name)


def test_a_program_of_rust_lives_and_a_change_of_it_is_built(tmp_path: Path, name: str) -> None:
    needs_image("rust:1.85-slim")
    root = grown("rust-std-tcp", tmp_path)
    config = prepared(root)
    port = lives(root, config, name)
    assert page(port) == "<h1>The beacon is lit.</h1>\n"
    assert clean(name, tmp_path) == {"app/beacon", "app/templates/page.html"}
    ends(name)
    docker("rm", name)
    source = (root / "crates/wire/src/lib.rs").read_text()
    write(root, {"crates/wire/src/lib.rs": source.replace("{body}", "again: {body}").replace("body.len()", "body.len() + 7")})
    assert page(lives(root, config, name)) == "again: <h1>The beacon is lit.</h1>\n"


def test_a_release_of_elixir_lives(tmp_path: Path, name: str) -> None:
    base("elixir:1.18-slim", "elixir-1.18.Dockerfile", "debian:trixie-slim")
    root = grown("elixir-gen-tcp", tmp_path)
    port = lives(root, prepared(root), name)
    assert page(port) == "The lantern is lit."
    found = clean(name, tmp_path)
    assert "app/bin/lantern" in found
    assert not [path for path in found if path.endswith((".ex", ".exs")) and "releases/" not in path]
    ends(name)
