# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Projects of Dart and Flutter: what pubspec files and sources say, how they are built and started."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind, ProjectProfile
from deploydeck.scan.facts import Broken, Found
from tests.scan.trees import parser_for, scan, where

SHELF = "name: shop\nenvironment:\n  sdk: ^3.4.0\ndependencies:\n  shelf: ^1.4.0\n"
FLUTTER = "name: shop\nenvironment:\n  sdk: '>=3.2.0 <4.0.0'\n  flutter: 3.19.0\ndependencies:\n  flutter:\n    sdk: flutter\n"


def facts(path: str, content: str | bytes) -> list[Found]:
    parser = parser_for(path)
    assert parser is not None
    return list(parser.parse(path, content.encode() if isinstance(content, str) else content))


def named(found: list[Found], kind: str) -> dict[str, str]:
    return {fact.name: fact.value for fact in found if fact.kind == kind}


def server(tmp_path: Path, source: str) -> ProjectProfile:
    return scan(tmp_path, {"pubspec.yaml": SHELF, "bin/server.dart": source})


def test_a_pubspec_says_what_it_needs_with_its_lines() -> None:
    found = facts(
        "pubspec.yaml",
        "name: shop\nenvironment:\n  sdk: ^3.4.0\ndependencies:\n  http: any\n  core:\n    path: ../core\n  lib:\n    git: https://example.test/x\n"
        "  flutter:\n    sdk: flutter\ndev_dependencies:\n  lints: ^3.0.0\n  http: ^1.0.0\nworkspace:\n  - packages/a\n",
    )
    assert [(fact.name, fact.value, fact.line, "development" in fact.tags) for fact in found if fact.kind == "dependency"] == [
        ("http", "", 5, False), ("core", "", 6, False), ("lib", "", 8, False), ("flutter", "", 10, False), ("lints", "^3.0.0", 13, True), ("http", "^1.0.0", 14, True),
    ]  # fmt: skip
    assert named(found, "uses-project") == {"../core": ""}
    assert named(found, "workspace") == {"packages/a": ""}
    assert [(fact.name, fact.value, fact.scope, fact.line) for fact in found if fact.kind == "pin"] == [
        ("dart", "^3.4.0", "pubspec.yaml", 3)
    ]


def test_a_lock_gives_versions() -> None:
    lock = (
        'packages:\n  shelf:\n    dependency: "direct main"\n    description:\n      name: shelf\n      sha256: abc\n    source: hosted\n    version: "1.4.1"\n'
        '  lints:\n    dependency: "direct dev"\n    version: "3.0.0"\nsdks:\n  dart: ">=3.4.0 <4.0.0"\n'
    )
    found = facts("pubspec.lock", lock)
    assert [(fact.name, fact.value, fact.line, "development" in fact.tags) for fact in found] == [
        ("shelf", "1.4.1", 2, False),
        ("lints", "3.0.0", 9, True),
    ]


@pytest.mark.parametrize(
    ("source", "port", "from_env"),
    [
        ("final port = int.parse(Platform.environment['PORT'] ?? '8081');\nawait serve(handler, ip, port);\n", 8081, True),
        (
            "final s = Platform.environment['PORT'] ?? '8082';\nfinal port = int.tryParse(s) ?? 8082;\nio.serve(h, ip, port);\n",
            8082,
            True,
        ),
        (
            "final portStr = Platform.environment['PORT'] ?? '8';\nfinal port = int.tryParse(portStr) ?? 8083;\nio.serve(h, ip, port);\n",
            8083,
            True,
        ),
        ("await shelf_io.serve(handler, '0.0.0.0', 9090);\n", 9090, False),
        ("await shelf_io.serve(\n  handler,\n  InternetAddress.anyIPv4,\n  9091,\n);\n", 9091, False),
        ("HttpServer.bind('0.0.0.0', 9092).then((s) {});\n", 9092, False),
        ("await HttpServer\n    .bind(InternetAddress.anyIPv4, 9093);\n", 9093, False),
        ("void main() {}\n", 8080, False),
    ],
)
def test_where_it_listens(source: str, port: int, from_env: bool, tmp_path: Path) -> None:
    profile = server(tmp_path, source)
    assert profile.port is not None
    assert profile.port.value == port
    assert profile.start is not None
    assert (profile.start.value.argv, profile.start.value.port_from_env) == (("./bin/server",), from_env)
    assert profile.build_command is not None
    assert profile.build_command.value == ("dart", "compile", "exe", "bin/server.dart", "-o", "bin/server")


def test_a_server_only_for_this_machine_is_said(tmp_path: Path) -> None:
    profile = server(tmp_path, "serve(h, InternetAddress.loopbackIPv4, 8080);\n")
    assert "loopback-bind" in {finding.code for finding in profile.findings}


@pytest.mark.parametrize(
    ("source", "name", "required", "default"),
    [
        ("final x = Platform.environment['NAME'];", "NAME", False, None),
        ("final x = Platform.environment['NAME'] ?? 'shop';", "NAME", False, "shop"),
        ("final x = Platform.environment['NAME'] ??\n      'shop';", "NAME", False, "shop"),
        ("final x = Platform.environment['NAME']!;", "NAME", True, None),
        ("final x = Platform.environment['NAME'] ?? throw StateError('no');", "NAME", True, None),
        ("final x = Platform.environment['NAME'] ?? other();", "NAME", False, None),
        ("final x = dotenv.env['NAME'] ?? '';", "NAME", False, ""),
        ("const x = String.fromEnvironment('NAME', defaultValue: 'y');", "NAME", False, "y"),
    ],
)
def test_variables(source: str, name: str, required: bool, default: str | None, tmp_path: Path) -> None:
    found = {variable.name: variable for variable in server(tmp_path, source).variables}
    assert (found[name].required, found[name].default) == (required, default)
    assert found[name].build_time is ("fromEnvironment" in source)


@pytest.mark.parametrize(
    ("source", "health"),
    [
        ("final r = Router()\n  ..get('/healthz', ok)\n  ..post('/x', ok);\n", "/healthz"),
        ("router.get('/health', ok);\n", "/health"),
        ("class S {\n  @Route.get('/ping')\n  Response ping(Request r) => x;\n}\n", "/ping"),
    ],
)
def test_health(source: str, health: str, tmp_path: Path) -> None:
    profile = server(tmp_path, source)
    assert profile.health_path is not None
    assert (profile.health_path.value, bool(profile.health_path.evidence)) == (health, True)


@pytest.mark.parametrize(
    ("files", "framework", "start", "kind"),
    [
        ({"pubspec.yaml": SHELF, "bin/server.dart": "void main() {}"}, "shelf", ("./bin/server",), Kind.SERVER),
        ({"pubspec.yaml": SHELF, "bin/a.dart": "x", "bin/shop.dart": "x"}, "shelf", ("./bin/shop",), Kind.SERVER),
        ({"pubspec.yaml": SHELF, "bin/a.dart": "serve(h, i, 80);", "bin/main.dart": "x"}, "shelf", ("./bin/a",), Kind.SERVER),
        ({"pubspec.yaml": SHELF}, "shelf", None, Kind.SERVER),
        ({"pubspec.yaml": "name: a\ndependencies:\n  dart_frog: ^1.0.0\n  shelf: ^1.0.0\n"}, "dart-frog", ("dart", "build/bin/server.dart"), Kind.SERVER),
        ({"pubspec.yaml": "name: a\ndependencies:\n  serverpod: 2.0.0\n", "bin/main.dart": "x"}, "serverpod", ("./bin/main",), Kind.SERVER),
        ({"pubspec.yaml": "name: a\n", "bin/a.dart": "void main() {}"}, None, ("./bin/a",), Kind.SERVER),
        ({"pubspec.yaml": "name: a\nexecutables:\n  a:\n", "bin/a.dart": "void main() {}"}, None, None, Kind.NONE),
        ({"pubspec.yaml": "name: a\n", "lib/a.dart": "class A {}"}, None, None, Kind.NONE),
        ({"pubspec.yaml": FLUTTER, "lib/main.dart": "void main() {}", "android/app/build.gradle": "x"}, "flutter", None, Kind.NONE),
        ({"pubspec.yaml": FLUTTER, "lib/main.dart": "void main() {}", "web/index.html": "<p>"}, "flutter", None, Kind.STATIC),
        ({"pubspec.yaml": "name: a\ndependencies:\n  jaspr: ^0.15.0\njaspr:\n  mode: static\n"}, "jaspr", None, Kind.STATIC),
        ({"pubspec.yaml": "name: a\ndependencies:\n  jaspr: ^0.15.0\njaspr:\n  mode: server\n"}, "jaspr", ("./build/jaspr/app",), Kind.SERVER),
    ],
)  # fmt: skip
def test_frameworks_and_starts(
    files: dict[str, str], framework: str | None, start: tuple[str, ...] | None, kind: Kind, tmp_path: Path
) -> None:
    profile = scan(tmp_path, files)
    assert (profile.framework and profile.framework.value.id) == framework
    assert (profile.start and profile.start.value.argv) == start
    assert profile.kind is kind
    assert profile.language is not None
    assert profile.language.value.id == "dart"


def test_a_flutter_web_build(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"pubspec.yaml": FLUTTER, "lib/main.dart": "void main() {}", "web/index.html": "<p>"})
    assert profile.build_command is not None
    assert profile.output_dir is not None
    assert profile.build_command.value == ("flutter", "build", "web", "--release")
    assert (profile.output_dir.value, where(profile.output_dir)[0], profile.single_page) == ("build/web", "web/index.html", True)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pubspec.yaml", "[1, 2]"), ("pubspec.yaml", "a: [b"), ("pubspec.yaml", "name: [x]\ndependencies: 5\ndev_dependencies:\n - a\nenvironment: x\nworkspace: y\n"),
        ("pubspec.yaml", "dependencies:\n  a: {b: {c: d}}\n  5: 6\nflutter: 1\njaspr: 2\n"), ("pubspec.lock", "packages:\n  a:\n"), ("pubspec.lock", b"\xff\xfe"),
        ("lib/a.dart", "Platform.environment['"), ("bin/a.dart", "serve(" * 5000), ("lib/b.dart", b"\xff serve("),
    ],
)  # fmt: skip
def test_odd_files_never_raise_anything_but_broken(path: str, content: str | bytes) -> None:
    try:
        facts(path, content)
    except Broken as broken:
        assert broken.message
