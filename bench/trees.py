# ruff: noqa: E501 - lines of other languages read better unbroken
"""A large tree for the scan benchmark, shaped like a real polyglot repository, in a git checkout.

The shape follows what large public repositories of several languages have in common (counts of pulumi, kubernetes-like and
workspace repositories), not what our scanner is quick at:

- deep directories, in Java and in generated clients seven to ten levels below the root;
- several hundred manifests: services and packages that are real components, and more of them under tests/ and examples/, because
  integration tests and samples are whole little projects;
- lock files of the size that they have: a few large ones at the root, smaller ones beside examples;
- a quarter of the sources generated (API clients), a few of them hundreds of kilobytes;
- sizes of files as they are in repositories: most below 4 kB, a long tail;
- documents, test data, images and configuration, which no parser may need but every scanner must pass.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.sources import SOURCES, document, test_data

LANGUAGES = ("typescript", "python", "go", "java", "rust", "csharp")
WORDS = (
    "account billing cart catalog customer delivery discount event export feed gateway identity import inventory invoice ledger mail "
    "market media message metric network notice order partner payment policy price product profile queue quota rate refund region report "
    "resource return review route rule schedule search session shipment stock storage subscription tax tenant ticket token trace user "
    "vendor warehouse webhook workflow"
).split()

SERVICES = 36
"""Programs and libraries that are components: with a manifest, sources, tests. Large monorepos have some dozens."""
EXAMPLES = 600
"""Little projects below examples/ and tests/integration/: a manifest and two to eight files each."""
LARGEST = 380_000
"""Bytes of the largest sources: generated clients and bundles that were committed."""


def large_tree(root: Path, files: int = 60_000, seed: int = 7) -> Path:
    """Write a tree of about so many files under `root`, commit it, and return it. The same seed gives the same tree."""
    tree = _Tree(root, random.Random(seed))
    _at_root(tree)
    for number in range(EXAMPLES):
        _example(tree, number)
    left = files - tree.files
    for number in range(SERVICES):
        _service(tree, number, int(left * 0.6) // SERVICES)
    _generated(tree, int(left * 0.2))
    _documents(tree, files - tree.files)
    git = ("git", "-C", str(root), "-c", "core.compression=0", "-c", "gc.auto=0")
    for arguments in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=b", "-c", "user.email=b@example.test", "commit", "-qm", "x"),
    ):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    return root


class _Tree:
    """Writes files and counts them."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.files = 0
        self._made: set[str] = set()

    def write(self, path: str, content: str) -> None:
        directory = path.rpartition("/")[0]
        if directory not in self._made:
            (self.root / directory).mkdir(parents=True, exist_ok=True)
            self._made.add(directory)
        (self.root / path).write_text(content)
        self.files += 1

    def size(self) -> int:
        """Bytes of a source file: half of them below 2.5 kB, one in a hundred above 40 kB, as in most repositories."""
        return min(int(self.chance.lognormvariate(7.8, 1.15)), LARGEST)

    def word(self) -> str:
        return self.chance.choice(WORDS)


def _at_root(tree: _Tree) -> None:
    """A workspace of pnpm, cargo, go and uv, as a repository that grew has; lock files for all of it."""
    tree.write(
        "package.json",
        json.dumps({"name": "mono", "private": True, "workspaces": ["packages/*"], "scripts": {"build": "turbo build"}}),
    )
    tree.write("package-lock.json", _npm_lock(tree, 1_800))
    tree.write("pnpm-workspace.yaml", "packages:\n  - packages/*\n")
    tree.write("go.work", "go 1.24\n\nuse (\n" + "".join(f"\t./services/{name}\n" for name in _names("go", "services")) + ")\n")
    tree.write("Cargo.toml", '[workspace]\nresolver = "2"\nmembers = ["services/*-rust", "packages/*-rust"]\n')
    tree.write("Cargo.lock", _cargo_lock(tree, 420))
    tree.write("uv.lock", _uv_lock(tree, 220))
    tree.write("Dockerfile", "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n")
    tree.write("docker-compose.yml", "services:\n  db:\n    image: postgres:17\n  cache:\n    image: redis:7\n")
    for number in range(30):
        tree.write(
            f".github/workflows/check{number}.yml", f"name: check {number}\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-24.04\n"
        )


def _names(language: str, area: str) -> Iterator[str]:
    for number in range(SERVICES):
        if LANGUAGES[number % len(LANGUAGES)] == language and _area(number) == area:
            yield _name(number)


def _area(number: int) -> str:
    return "services" if number % 3 else "packages"


def _name(number: int) -> str:
    return f"{WORDS[number % len(WORDS)]}-{LANGUAGES[number % len(LANGUAGES)]}"


def _service(tree: _Tree, number: int, count: int) -> None:
    """A component: manifest, Dockerfile, sources in layers, a third of the files tests, some configuration and documents."""
    language = LANGUAGES[number % len(LANGUAGES)]
    home = f"{_area(number)}/{_name(number)}"
    for name, content in _manifest(tree, language, _name(number), 8 + number % 30).items():
        tree.write(f"{home}/{name}", content)
    if number % 2:
        tree.write(f"{home}/Dockerfile", 'FROM debian:12-slim\nCOPY app /app\nEXPOSE 8080\nCMD ["/app"]\n')
    top = {"java": "src/main/java/test/example/mono", "csharp": "Source", "go": "internal"}.get(language, "src")
    tests = {"java": "src/test/java/test/example/mono", "go": "internal"}.get(language, "tests")
    extension, write = SOURCES[language]
    entry = {"typescript": "src/index.ts", "python": "app/main.py", "go": "main.go", "rust": "src/main.rs"}.get(language)
    if entry:
        tree.write(f"{home}/{entry}", write(tree.chance, 1_500, "program"))
    areas, parts = tree.chance.sample(WORDS, 6), tree.chance.sample(WORDS, 9)  # so that a directory holds five to ten files
    for index in range(count):
        area, part = tree.chance.choice(areas), tree.chance.choice(parts)
        deep = f"{area}/{part}" if index % 3 else f"{area}/{part}/impl"
        kind = index % 20
        if kind < 9:
            tree.write(f"{home}/{top}/{deep}/{part}{index}.{extension}", write(tree.chance, tree.size(), "library"))
        elif kind < 15:
            ending = {"go": f"{part}{index}_test.go", "python": f"test_{part}{index}.py", "typescript": f"{part}{index}.test.ts"}
            name = ending.get(language, f"{part.title()}{index}Test.{extension}")
            tree.write(f"{home}/{tests}/{deep}/{name}", write(tree.chance, tree.size(), "library"))
        elif kind < 18:
            tree.write(
                f"{home}/tests/testdata/{deep}/{part}{index}.{('json', 'yaml', 'txt')[kind - 15]}",
                test_data(tree.chance, tree.size() // 2),
            )
        else:
            tree.write(f"{home}/docs/{area}/{part}{index}.md", document(tree.chance, tree.size()))


def _generated(tree: _Tree, count: int) -> None:
    """Clients that a generator wrote for every language, one file a resource and version, some of them enormous."""
    for index in range(count):
        language = LANGUAGES[index % 4]
        extension, write = SOURCES[language]
        size = tree.chance.randint(150_000, LARGEST) if index % 400 == 0 else tree.size() * 2
        place = f"sdk/{language}/src/generated/{WORDS[index % 23]}/v{index % 3 + 1}/{WORDS[index % 7]}/inputs"
        tree.write(f"{place}/{tree.word()}{index}.{extension}", write(tree.chance, min(size, LARGEST), "generated"))


def _example(tree: _Tree, number: int) -> None:
    """A sample or an integration test: a whole little project, every tenth with a lock file."""
    language = LANGUAGES[number % len(LANGUAGES)]
    home = f"{('examples', 'tests/integration', 'tests/smoke/cases')[number % 3]}/{tree.word()}-{language}-{number}"
    for name, content in _manifest(tree, language, f"sample{number}", 4).items():
        tree.write(f"{home}/{name}", content)
    tree.write(f"{home}/README.md", document(tree.chance, 900))
    extension, write = SOURCES[language]
    for index in range(tree.chance.randint(1, 6)):
        tree.write(
            f"{home}/{'index' if index == 0 else tree.word() + str(index)}.{extension}",
            write(tree.chance, 1_200, "program" if index == 0 else "library"),
        )
    if number % 10 == 0 and language == "typescript":
        tree.write(f"{home}/package-lock.json", _npm_lock(tree, 120))


def _documents(tree: _Tree, count: int) -> None:
    """The rest: the web site's pages, images, translations, fixtures, scripts."""
    writers: tuple[tuple[str, Callable[[], str]], ...] = (
        ("md", lambda: document(tree.chance, tree.size())),
        ("png", lambda: "\x00PNG" + "\x01" * (tree.size() // 4)),
        ("svg", lambda: "<svg xmlns='http://www.w3.org/2000/svg'>" + "<path d='M0 0L9 9'/>" * (tree.size() // 60) + "</svg>\n"),
        ("json", lambda: test_data(tree.chance, tree.size())),
        ("css", lambda: ".part { color: red; margin: 0 }\n" * (tree.size() // 64 + 1)),
        ("yaml", lambda: test_data(tree.chance, tree.size() // 2)),
        ("sh", lambda: "#!/bin/sh\nset -eu\n" + 'echo "step"\n' * (tree.size() // 90)),
        ("html", lambda: "<!doctype html>\n<p>" + "words and words " * (tree.size() // 40) + "</p>\n"),
    )
    for index in range(count):
        extension, write = writers[index % len(writers)]
        place = ("website/content", "website/static", "assets", "testdata/golden", "tools")[index % 5]
        tree.write(f"{place}/{WORDS[index % 19]}/{WORDS[index % 13]}/{tree.word()}{index}.{extension}", write())


def _manifest(tree: _Tree, language: str, name: str, dependencies: int) -> dict[str, str]:
    words = [f"{tree.word()}-{tree.word()}" for _ in range(dependencies)]
    match language:
        case "typescript":
            package = {
                "name": name, "version": "1.0.0", "scripts": {"start": "node dist/index.js", "build": "tsc -p .", "test": "vitest"},
                "dependencies": {"express": "^5.1.0", "pg": "^8.16.0"} | {word: f"^{len(word)}.1.0" for word in words},
                "devDependencies": {"typescript": "^5.9.0", "vitest": "^3.0.0"},
            }  # fmt: skip
            return {
                "package.json": json.dumps(package, indent=2),
                "tsconfig.json": '{"compilerOptions": {"strict": true, "outDir": "dist"}}\n',
            }
        case "python":
            listed = "".join(f'    "{word}>={len(word)}.0",\n' for word in words)
            return {
                "pyproject.toml": f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.12"\ndependencies = [\n    "fastapi>=0.115",\n{listed}]\n'
            }
        case "go":
            listed = "".join(f"\tgithub.com/example/{word} v1.{len(word)}.0\n" for word in words)
            sums = "".join(f"github.com/example/{word} v1.{len(word)}.0 h1:{'a1B2' * 10}aaa=\n" for word in words * 4)
            return {"go.mod": f"module example.test/{name}\n\ngo 1.24\n\nrequire (\n{listed})\n", "go.sum": sums}
        case "java":
            listed = "".join(
                f"<dependency><groupId>test.{word}</groupId><artifactId>{word}</artifactId><version>1.{len(word)}</version></dependency>\n"
                for word in words
            )
            return {
                "pom.xml": f"<project><modelVersion>4.0.0</modelVersion><groupId>test.example</groupId><artifactId>{name}</artifactId><version>1</version>\n<dependencies>\n{listed}</dependencies></project>\n"
            }
        case "rust":
            listed = "".join(f'{word} = "1.{len(word)}"\n' for word in dict.fromkeys(words))
            return {
                "Cargo.toml": f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\naxum = "0.8"\n{listed}'
            }
        case _:
            listed = "".join(f'    <PackageReference Include="{word}" Version="1.{len(word)}.0" />\n' for word in words)
            return {
                f"{name}.csproj": f'<Project Sdk="Microsoft.NET.Sdk.Web">\n  <PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup>\n  <ItemGroup>\n{listed}  </ItemGroup>\n</Project>\n'
            }


def _npm_lock(tree: _Tree, count: int) -> str:
    packages: dict[str, object] = {"": {"name": "mono", "version": "1.0.0"}}
    for number in range(count):
        name = f"{tree.word()}-{tree.word()}{number}"
        packages[f"node_modules/{name}"] = {
            "version": f"{number % 9}.{number % 17}.0", "resolved": f"https://packages.example.test/{name}/-/{name}-1.0.0.tgz",
            "integrity": f"sha512-{tree.chance.getrandbits(350):088x}", "dependencies": {tree.word(): "^1.0.0"}, "engines": {"node": ">=18"},
        }  # fmt: skip
    return json.dumps({"name": "mono", "lockfileVersion": 3, "requires": True, "packages": packages}, indent=2)


def _cargo_lock(tree: _Tree, count: int) -> str:
    return "version = 4\n\n" + "\n".join(
        f'[[package]]\nname = "{tree.word()}-{tree.word()}{number}"\nversion = "1.{number % 20}.0"\nsource = "registry+https://packages.example.test/index"\nchecksum = "{tree.chance.getrandbits(256):064x}"\ndependencies = [\n "{tree.word()}",\n]\n'
        for number in range(count)
    )


def _uv_lock(tree: _Tree, count: int) -> str:
    return 'version = 1\nrequires-python = ">=3.12"\n\n' + "\n".join(
        f'[[package]]\nname = "{tree.word()}-{tree.word()}{number}"\nversion = "2.{number % 20}.0"\nsource = {{ registry = "https://packages.example.test/simple" }}\nsdist = {{ url = "https://packages.example.test/a.tar.gz", hash = "sha256:{tree.chance.getrandbits(256):064x}", size = 1234 }}\n'
        for number in range(count)
    )
