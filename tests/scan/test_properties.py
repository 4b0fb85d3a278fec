# ruff: noqa: E501 - tables read better unbroken
"""Whatever a directory holds, a scan ends in a profile or an error with an answer."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, ProjectProfile, Support, timeless
from deploydeck.scan import ProjectAnalyzer
from deploydeck.scan.commands import parse_command
from deploydeck.scan.facts import Broken
from deploydeck.scan.parsers import Parse, parsers, parsers_for
from deploydeck.scan.parsers.credentials import credentials
from deploydeck.scan.ranges import newest, parse_version, satisfies
from deploydeck.scan.reading import OUR_DEFECT
from tests.clock import quick

MANIFESTS = [
    "requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile", "Pipfile.lock", "package.json", "package-lock.json", "pnpm-lock.yaml",
    "yarn.lock", ".python-version", "runtime.txt", ".nvmrc", ".node-version", ".tool-versions", "Procfile", "Dockerfile", "compose.yaml", ".env",
    ".env.example", "deploydeck.toml", "vite.config.js", "next.config.mjs", "app.py", "src/main.py", "server.js", "index.html", "go.mod", "a.pem",
]  # fmt: skip
EVERY = sorted(
    {
        path
        for parser in parsers()
        if parsers_for(path := re.sub(r"\[[^\]]\]?([^\]])[^\]]{0,60}\]", r"\1", parser.pattern).replace("*", "x").replace("?", "x"))
    }
)
"""A file name for every parser of the table."""
MANIFESTS += EVERY
SECONDS = 3.0
"""What one file of 60 kB may cost at most; a grammar is stopped after two."""
PIECES = [
    "flask", "fastapi", "django", "express", "next", "vite", "==3.1.3", ">=3.11", "[project]\n", "dependencies = [", '"flask"', "]\n", "{", "}", ":", ",",
    '"dependencies"', '"scripts"', '"start"', '"node server.js"', "web: ", "gunicorn app:app", "$PORT", "&& ", "EXPOSE 80\n", "services:\n", "  web:\n",
    "    image: redis\n", "from flask import Flask\n", "app = Flask(__name__)\n", "app.run(port=0x" + "f" * 300 + ")\n", "import os\n", "os.environ['A']\n",
    "process.env.B || ", "app.listen(", "3000)", "\n", " ", "'", '"', "\\ud800", "\0", "\x1b[31m", "[[package]]\n", 'name = "flask"\n', 'version = "1"\n', "&a ",
    "*a", "!!int x", "lts/*", "v22", "99999999999999999999",
]  # fmt: skip
content = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode()),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(PIECES),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "dependencies",
                        "scripts",
                        "start",
                        "engines",
                        "node",
                        "main",
                        "packages",
                        "default",
                        "express",
                        "version",
                        "volta",
                        "name",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=15,
    ).map(lambda value: json.dumps(value).encode()),
)
names = st.one_of(
    st.sampled_from(MANIFESTS),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
        lambda name: name not in {".", ".."}
    ),
)


@given(files=st.dictionaries(names, content, max_size=8))
def test_a_scan_never_fails_unanswered_and_its_profile_survives_json(files: dict[str, bytes]) -> None:
    root = Path(tempfile.mkdtemp(prefix="scan-"))
    try:
        for name, data in files.items():
            try:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(data)
            except OSError:
                continue  # the file system does not take this name
        try:
            profile = ProjectAnalyzer().profile(root)
        except DeployDeckError as error:
            assert error.code
            return
        assert ProjectProfile.model_validate_json(profile.model_dump_json()) == profile
        assert profile.support_reason
        assert profile.support is not Support.SUPPORTED or profile.start or profile.output_dir
        for finding in profile.findings:
            assert finding.message
            assert OUR_DEFECT not in finding.message
            assert finding.code != "start-not-resolved"
        again = ProjectAnalyzer().profile(root)
        assert timeless(again) == timeless(profile)
    finally:
        shutil.rmtree(root)


@given(name=st.sampled_from(MANIFESTS), data=content)
def test_a_parser_finds_facts_or_says_what_is_broken(name: str, data: bytes) -> None:
    for parser in parsers_for(name):
        try:
            for fact in parser.parse(name, data):
                assert fact.line >= 0
                assert fact.file == name
        except Broken as broken:
            assert broken.message


HOSTILE = [
    b"{", b"[", b"(", b"<a ", b"<a>", b"\"", b"'", b"`", b"\\", b"\n", b" ", b"\t", b"=", b"::", b"- ", b"${", b"#{", b"%(", b"a=\n", b"a: ", b"a.", b"a-", b"/*", b"//",
    b"--", b"#", b"import a\n", b"use a\n", b"require a\n", b"ENV['A'] || ", b"env(", b"os.environ", b"process.env.A", b"getenv('A') ?: ", b"listen(", b"listen 80",
    b"port", b"http://a:", b"dependencies", b"dependencies {\n", b"implementation(", b"<dependency>", b"[package]\n", b"name = ", b"gem 'a', ", b"define('A', ",
    b"FROM a\nRUN a \\\n", b"EXPOSE ", b"services:\n", b"  a:\n", b"def a(", b"@Get(", b"get '/' do\n", b"do |a|\n", b"{:a, ", b"deps: [", b"password = \"", b"eyJa.",
    b"a1B2c3D4e5F6g7H8i9J0k1L2/", b"AKIA", b"&a [*a,", b"? : ",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: repr(piece))
def test_no_parser_takes_long_over_repeated_pieces(piece: bytes) -> None:
    data = (piece * (60_000 // len(piece) + 1))[:60_000]

    def read(parse: Parse, path: str) -> None:
        with contextlib.suppress(Broken):
            for _ in parse(path, data):
                pass

    slow = []
    for parser in {parser.parse: parser for parser in parsers()}.values():
        try:
            quick(partial(read, parser.parse, parser.pattern.replace("*", "x")), SECONDS)
        except AssertionError as error:
            slow.append(f"{parser.pattern} ({parser.parse.__module__}): {error}")
    quick(lambda: list(credentials("x.sh", data)), SECONDS)
    assert slow == []


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
def test_commands_and_versions_take_any_text(text: str) -> None:
    command = parse_command(text)
    assert command is None or (all(isinstance(word, str) for word in command.argv) and command.argv)
    version = parse_version(text)
    assert version is None or satisfies(version, ".".join(map(str, version)))
    newest(("3.13", "22"), text)
