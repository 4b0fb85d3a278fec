"""Static site generators of their own: Hugo, Zola, mdBook, Cobalt, Soupault, and Docsify, which needs no build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json, load_toml, load_yaml, table

_HUGO_KEYS = frozenset(
    "title languagecode locale defaultcontentlanguage theme publishdir contentdir enablerobotstxt params menu menus "
    "taxonomies markup module "
    "outputs permalinks paginate pagination enablegitinfo copyright languages minify summarylength googleanalytics disqusshortname "
    "relativeurls canonifyurls builddrafts pygmentsstyle enableemoji sectionpagesmenu rssservices services frontmatter "
    "hascjklanguage "
    "disablekinds imaging security author social blackfriday preservetaxonomynames uglyurls".split()
)
"""Top-level settings of Hugo. A `config.toml` with a base URL and two of them is Hugo's, and not some program's."""
_KEPT = {"baseurl": "baseURL", "publishdir": "publishDir", "theme": "theme", "contentdir": "contentDir"}
_DOCSIFY = re.compile(rb"\$docsify\b|/docsify(?:@[\w.]{1,20})?(?:/lib)?/docsify(?:\.min)?\.js|cdn\.jsdelivr\.net/npm/docsify\b")


def _load(file: str, text: Text) -> dict[str, Any]:
    if file.endswith(".toml"):
        return load_toml(text)
    return table(load_json(text) if file.endswith(".json") else load_yaml(text))


def _at(text: Text, key: str) -> int:
    pattern = re.compile(rf"^\s{{0,20}}[\"']?{re.escape(key)}[\"']?\s{{0,20}}[:=]", re.IGNORECASE)
    return next((number for number, line in enumerate(text.lines, 1) if pattern.match(line[:300])), 0)


def hugo(file: str, data: bytes) -> Iterator[Found]:
    """hugo.* in every format, and its parts below config/_default."""
    text = Text(data)
    yield from _hugo(file, text, _load(file, text))


def _hugo(file: str, text: Text, content: dict[str, Any]) -> Iterator[Found]:
    for key, value in content.items():
        kept = _KEPT.get(str(key).lower())
        if kept and isinstance(value, str):
            line = _at(text, str(key))
            yield Found("setting", kept, short(value), file, line, text.line(line), "sites")


def config(file: str, data: bytes) -> Iterator[Found]:
    """config.*: Hugo's older name, Zola's (base_url), or that of any other program, which says nothing here."""
    if not re.search(rb"base_?url", data, re.IGNORECASE):
        return
    text = Text(data)
    content = _load(file, text)
    names = {str(key).lower(): str(key) for key in content}
    if "base_url" in names and file.endswith(".toml"):
        line = _at(text, names["base_url"])
        yield Found("setting", "base_url", short(content[names["base_url"]]), file, line, text.line(line), "sites")
        if isinstance(output := content.get("output_dir"), str):
            line = _at(text, "output_dir")
            yield Found("setting", "output_dir", output[:200], file, line, text.line(line), "sites")
    elif "baseurl" in names and len(_HUGO_KEYS & names.keys()) >= 2:
        line = _at(text, names["baseurl"])
        yield Found("app", "hugo", "", file, line, text.line(line), "sites")
        yield from _hugo(file, text, content)


def mdbook(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_toml(text)
    yield Found("manifest", "book.toml", "", file, 1, text.line(1), "sites")
    book = table(content.get("book"))
    if isinstance(title := book.get("title"), str) and title.strip():
        line = _at(text, "title")
        yield Found("project-name", title.strip()[:200], "", file, line, text.line(line), "sites")
    if isinstance(output := table(content.get("build")).get("build-dir"), str):
        line = _at(text, "build-dir")
        yield Found("setting", "build-dir", output[:200], file, line, text.line(line), "sites")
    renderers = table(content.get("output"))
    if len(renderers) > 1:  # each gets a directory of its own then
        line = text.find("[output.")
        yield Found("setting", "renderers", ",".join(sorted(map(str, renderers)))[:200], file, line, text.line(line), "sites")


def cobalt(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    if isinstance(output := table(load_yaml(text)).get("destination"), str):
        line = _at(text, "destination")
        yield Found("setting", "destination", output[:200], file, line, text.line(line), "sites")


def soupault(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    if isinstance(output := table(load_toml(text).get("settings")).get("build_dir"), str):
        line = _at(text, "build_dir")
        yield Found("setting", "build_dir", output[:200], file, line, text.line(line), "sites")


def page(file: str, data: bytes) -> Iterator[Found]:
    """index.html: whether Docsify makes its pages in the browser."""
    if match := _DOCSIFY.search(data):
        text = Text(data)
        number = data.count(b"\n", 0, match.start()) + 1
        yield Found("app", "docsify", "", file, number, text.line(number), "sites")


PARSERS: tuple[Parser, ...] = (
    *(Parser(f"hugo.{extension}", hugo, config_kind="hugo") for extension in ("toml", "yaml", "yml", "json")),
    *(
        Parser(f"config/_default/{name}.{extension}", hugo, config_kind="hugo")
        for name in ("hugo", "config")
        for extension in ("toml", "yaml", "yml", "json")
    ),
    *(Parser(f"config.{extension}", config) for extension in ("toml", "yaml", "yml", "json")),
    Parser("book.toml", mdbook, config_kind="mdbook"),
    Parser("_cobalt.yml", cobalt, config_kind="cobalt"),
    Parser("soupault.toml", soupault, config_kind="soupault"),
    Parser("soupault.conf", soupault, config_kind="soupault"),
    Parser("index.html", page),
    Parser("docs/index.html", page),
)
