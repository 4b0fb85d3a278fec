# ruff: noqa: E501 - tables read better unbroken
"""JavaScript and TypeScript source: imports by a pattern, everything else by the syntax tree of files that can hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_LONGEST_LINE = 20_000
_MOST_BYTES = 1_500_000
_IMPORT = re.compile(
    r"(?:\brequire\(\s{0,8}|\bfrom\s{0,8}|\bimport\s{0,8}|\bimport\(\s{0,8})(['\"])(node:|npm:|jsr:|https?://)?/?"
    r"([@A-Za-z$#][@A-Za-z0-9._/:^~-]{0,160})\1"
)
_URL = re.compile(
    r"^https?://[^/\s]{1,100}/(?:x/|npm/|gh/[^/\s]{1,60}/)?((?:@[\w.-]{1,60}/)?[\w.-]{1,80})(?:@v?([\w.-]{1,40}))?(?:/|$)"
)
_STRONG = (
    b"process.env", b"meta.env", b"Deno.env", b"Bun.env", b"Netlify.env", b"process?.env", b".listen(", b".listen (", b"serve(", b"$env/", b"astro:env",
    b"runtimeConfig", b"cleanEnv", b"createEnv", b"parseEnv", b"getOrThrow", b"onfig.get", b"onfigService.get", b"Controller(", b"setGlobalPrefix",
    b"createTerminus", b"createYoga(", b"socket.io", b"WebSocketServer", b"loadEnv(", b"startStandaloneServer", b"validateSync", b"DataSource", b"forRoot", b".routes()", b".register(", b"PORT", b"requireEnv",
    b"getEnv", b"envField", b"EnvVar", b"EnvironmentVar", b"envSchema", b"/env", b"dialect:", b"router)", b"Router)", b"Routes)", b"routes)",
)  # fmt: skip
_WEAK = (
    b"nv(",
    b"nv.",
    b"nv[",
    b"('/",
    b'("/',
    b"(`/",
    b".route(",
    b"ort:",
    b"ort =",
    b"ort=",
    b"client:",
    b"env }",
    b"pathname",
    b".url =",
    b"(req.url",
    b".path ==",
    b"nv.get(",
    b"ENV",
)
"""Literals that a file worth a tree holds. Looking for them is much faster than one pattern; the weak ones need the pattern too."""
_WORTH_PARSING = re.compile(
    rb"\b[eE]nv(?:\.[A-Za-z]|\(|\[)|\benv\s{0,2}\}|\.(?:get|all|route|use|GET)\(\s{0,8}['\"`]/|\.route\(\s{0,4}[{\[]|\bpathname\b|\breq(?:uest)?\.url\b|\b(?:ctx|context|request|req)\.path\s{0,2}=="
    rb"|\bport\b['\"]?\s{0,4}(?::|=)|(?:get|require|must)\w{0,20}(?:Env|ENV)|\bclient\s{0,3}:\s{0,3}['\"]"
)
_COMMENT = re.compile(r"^\s{0,200}(?://|\*|/\*)")
_LONGEST_OF_A_PROGRAM = 50_000


def node_source(file: str, data: bytes) -> Iterator[Found]:
    """Facts import, env, listen, constant, route, local-route, mount, datasource."""
    if b"require(" in data or b"import" in data or b"from" in data:
        yield from imports(file, Text(data))
    if len(data) > _MOST_BYTES or not _worth(data) or max(map(len, data.split(b"\n"))) > _LONGEST_OF_A_PROGRAM:
        return
    from deploydeck.scan.parsers import node_data, node_env, node_listen, node_routes
    from deploydeck.scan.parsers.node_program import Program

    program = Program(file, data)
    yield from node_env.variables(program)
    yield from node_listen.listening(program)
    yield from node_routes.routes(program)
    yield from node_data.datasources(program)


def _worth(data: bytes) -> bool:
    if any(word in data for word in _STRONG):
        return True
    return any(word in data for word in _WEAK) and _WORTH_PARSING.search(data) is not None


def imports(file: str, text: Text) -> Iterator[Found]:
    for number, line in enumerate(text.lines, 1):
        if "from" not in line and "import" not in line and "require(" not in line:
            continue
        if len(line) > _LONGEST_LINE or _COMMENT.match(line):
            continue
        for match in _IMPORT.finditer(line):
            origin, whole = match[2] or "", match[3]
            if origin.startswith("http"):
                yield from _by_url(file, number, line, origin + whole)
                continue
            parts = whole.split("/")
            name = "/".join(parts[:2]) if whole.startswith("@") else parts[0]
            name, _, version = name[1:].partition("@")
            name = whole[0] + name
            yield Found("import", name, whole, file, number, line, "node")
            if origin in {"npm:", "jsr:"}:
                yield Found("dependency", name, version, file, number, line, "node" if origin == "npm:" else "deno")


def _by_url(file: str, number: int, line: str, address: str) -> Iterator[Found]:
    """A module that Deno fetches by its address: deno.land/x/NAME@VERSION, esm.sh/NAME@VERSION."""
    if match := _URL.match(address):
        name, version = match[1], match[2] or ""
        yield Found("import", name, address, file, number, line, "node")
        yield Found("dependency", name, version, file, number, line, "deno", frozenset({"url"}))


PARSERS: tuple[Parser, ...] = (
    *(
        Parser(f"*.{extension}", node_source, "source", anywhere=True)
        for extension in ("js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "vue", "svelte", "astro")
    ),
    Parser("bin/www", node_source, "source"),
)
