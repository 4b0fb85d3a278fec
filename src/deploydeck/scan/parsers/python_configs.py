"""Configuration files of Python servers and site builders: ports, modules and output directories."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import load_toml, load_yaml, table
from deploydeck.scan.parsers.python_tree import number

_FLASK_APP = re.compile(
    r"^(?:export\s{1,9})?FLASK_APP\s{0,9}=\s{0,9}[\"']?([\w./]{1,100}?)(?::([A-Za-z_]\w{0,60}))?(?:\(.{0,100}\))?[\"']?$"
)
_INI = re.compile(r"^([a-z][a-z0-9_-]{0,40})\s*=\s*(\S.{0,200})$")


def streamlit_config(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    server = table(load_toml(text).get("server"))
    for key, name in (
        ("port", "streamlit.server.port"),
        ("address", "streamlit.server.address"),
        ("baseUrlPath", "streamlit.server.baseUrlPath"),
    ):
        if isinstance(value := server.get(key), str | int) and not isinstance(value, bool):
            line = text.find(key, text.find("[server]"))
            yield Found("option", name, str(value)[:200], file, line, text.line(line), "python")


def hypercorn_toml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    bind = load_toml(text).get("bind")
    for one in bind if isinstance(bind, list) else [bind]:
        if isinstance(one, str):
            host, _, port = one.rpartition(":")
            line = text.find("bind")
            yield Found("listen", number(port), host.strip("[]"), file, line, text.line(line), "python", frozenset({"hypercorn"}))


def uwsgi_ini(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for index, line in enumerate(text.lines, 1):
        match = _INI.match(line.strip())
        if not match:
            continue
        key, value = match[1], match[2].strip()
        if key in {"http", "http-socket"}:
            host, _, port = value.rpartition(":")
            yield Found("listen", number(port), host.strip("[]"), file, index, line.strip(), "python", frozenset({"uwsgi"}))
        elif key in {"module", "wsgi", "wsgi-file"}:
            yield Found("option", f"uwsgi.{key}", value, file, index, line.strip(), "python")
            if re.fullmatch(r"[\w.]{1,100}:[A-Za-z_]\w{0,60}", value):
                yield Found("entry", "wsgi", value, file, index, line.strip(), "python")


def flaskenv(file: str, data: bytes) -> Iterator[Found]:
    """The application that `flask` is told to take, as `module` or `module:name`."""
    text = Text(data)
    for index, line in enumerate(text.lines, 1):
        if match := _FLASK_APP.match(line.strip()):
            module = match[1].removeprefix("./").removesuffix(".py").replace("/", ".")
            yield Found("entry", "wsgi", f"{module}:{match[2] or ''}", file, index, line.strip(), "python")


def mkdocs(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_yaml(text))
    if isinstance(name := content.get("site_name"), str):
        line = text.find("site_name")
        yield Found("manifest", "mkdocs.yml", name[:200], file, line, text.line(line), "python")
    for key in ("site_dir", "docs_dir"):
        if isinstance(value := content.get(key), str):
            line = text.find(f"{key}:")
            yield Found("option", f"mkdocs.{key}", value[:200], file, line, text.line(line), "python")
    theme = content.get("theme")
    theme = theme if isinstance(theme, str) else table(theme).get("name")
    if theme == "material":
        line = text.find("material", text.find("theme:"))
        yield Found("option", "mkdocs.theme", "material", file, line, text.line(line), "python")
