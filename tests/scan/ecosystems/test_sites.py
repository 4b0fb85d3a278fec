# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Static site generators of their own: which one, how it is built, where it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind, Support
from deploydeck.scan.facts import Broken
from tests.scan.trees import parser_for, scan

PAGE = {"content/_index.md": "# Hello\n"}
HUGO = 'baseURL = "https://example.test/"\ntitle = "Notes"\nlanguageCode = "en"\n'


@pytest.mark.parametrize(
    ("files", "framework", "build", "output"),
    [
        ({"hugo.toml": HUGO, **PAGE}, "hugo", ("hugo", "--minify"), "public"),
        ({"hugo.yaml": "baseURL: https://example.test\npublishDir: dist\n"}, "hugo", ("hugo", "--minify"), "dist"),
        ({"hugo.json": '{"baseURL": "x", "publishDir": "./www"}'}, "hugo", ("hugo", "--minify"), "www"),
        ({"config.toml": HUGO, **PAGE}, "hugo", ("hugo", "--minify"), "public"),
        ({"config.yaml": "baseurl: x\ntitle: y\ntheme: z\n", **PAGE}, "hugo", ("hugo", "--minify"), "public"),
        ({"config/_default/config.toml": HUGO, **PAGE}, "hugo", ("hugo", "--minify"), "public"),
        ({"config/_default/hugo.yaml": "publishdir: out\n", **PAGE}, "hugo", ("hugo", "--minify"), "out"),
        ({"hugo.toml": HUGO, "go.mod": "module x\n\ngo 1.21\n\nrequire github.com/google/docsy v0.9.0\n"}, "hugo", ("hugo", "--minify"), "public"),
        ({"hugo.toml": HUGO, "package.json": '{"scripts": {"build": "hugo --gc --minify"}}'}, "hugo", ("hugo", "--gc", "--minify"), "public"),
        ({"hugo.toml": HUGO, "package.json": '{"scripts": {"build": "hugo && pagefind"}}'}, "hugo", ("hugo", "--minify"), "public"),
        ({"hugo.toml": HUGO + 'publishDir = "/etc"\n'}, "hugo", ("hugo", "--minify"), "public"),
        ({"config.toml": 'base_url = "https://example.test"\n', **PAGE}, "zola", ("zola", "build"), "public"),
        ({"config.toml": 'base_url = "x"\noutput_dir = "dist"\n', "templates/index.html": "x"}, "zola", ("zola", "build"), "dist"),
        ({"book.toml": '[book]\ntitle = "Guide"\n', "src/SUMMARY.md": "x"}, "mdbook", ("mdbook", "build"), "book"),
        ({"book.toml": '[build]\nbuild-dir = "out"\n[output.html]\n[output.linkcheck]\n'}, "mdbook", ("mdbook", "build"), "out/html"),
        ({"_cobalt.yml": "destination: ./dist\n"}, "cobalt", ("cobalt", "build"), "dist"),
        ({"soupault.toml": '[settings]\nbuild_dir = "out"\n'}, "soupault", ("soupault",), "out"),
    ],
)  # fmt: skip
def test_generators(files: dict[str, str], framework: str, build: tuple[str, ...], output: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.id == framework
    assert profile.build_command is not None
    assert profile.build_command.value == build
    assert profile.output_dir is not None
    assert (profile.output_dir.value, profile.kind, profile.start, profile.port) == (output, Kind.STATIC, None, None)


@pytest.mark.parametrize(
    "files",
    [
        {"config.toml": 'baseURL = "https://api.example.test"\ntimeout = 5\n', **PAGE},
        {"config.toml": "port = 5\n", **PAGE},
        {"config.yaml": "base_url: x\n", **PAGE},
        {"config.json": '{"api": {"baseURL": "x"}}', **PAGE},
        {"config.toml": "[[[\nbaseURL"},
    ],
)
def test_settings_of_other_programs_are_no_site(files: dict[str, str], tmp_path: Path) -> None:
    assert scan(tmp_path, files).framework is None


def test_docsify_is_served_as_it_is(tmp_path: Path) -> None:
    page = '<div id="app"></div>\n<script>\n  window.$docsify = { name: "x" }\n</script>\n'
    profile = scan(tmp_path, {"docs/index.html": page, "docs/README.md": "# x\n"})
    assert [tool.value.id for tool in profile.build_tools] == ["docsify"]
    assert profile.output_dir is not None
    assert (profile.kind, profile.support, profile.output_dir.value) == (Kind.STATIC, Support.SUPPORTED, "docs")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("hugo.toml", "a = ["), ("hugo.yaml", "- 1\n"), ("hugo.json", "[]"), ("config.toml", "base_url = 5\noutput_dir = []\n"), ("config.yaml", "baseurl: [1]\ntitle: {a: b}\ntheme: [x]\n"),
        ("book.toml", "book = 5\nbuild = []\noutput = 'x'\n"), ("book.toml", "[book]\ntitle = 5\n"), ("_cobalt.yml", "[1]"), ("soupault.toml", "settings = 1\n"),
        ("index.html", b"\xff$docsify"), ("config/_default/hugo.toml", "x"),
    ],
)  # fmt: skip
def test_odd_files_never_raise_anything_but_broken(path: str, content: str | bytes) -> None:
    parser = parser_for(path)
    assert parser is not None
    try:
        list(parser.parse(path, content.encode() if isinstance(content, str) else content))
    except Broken as broken:
        assert broken.message
