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
_HAS_IMPORT = re.compile(rb"\b(?:require\(|from\b|import\b)")
_WORTH_PARSING = re.compile(
    rb"\benv\b|\.listen\s{0,4}\(|\bserve\s{0,4}\(|\$env/|astro:env|runtimeConfig|cleanEnv|createEnv|getOrThrow|\.get\(\s{0,4}['\"][A-Z]"
    rb"|\b(?:get|all|route|use|register)\(\s{0,8}['\"`{\[]|\.(?:register|route)\(|@Controller|setGlobalPrefix|createTerminus|under-pressure"
    rb"|\b(?:port|PORT)\b['\"]?\s{0,4}(?::|=)|new Hapi|startStandaloneServer|validateSync|(?:get|require|must)\w{0,20}(?:Env|ENV)"
    rb"|\bdialect\b|\bclient\s{0,3}:|mongoose|createConnection|DataSource|forRoot|\.routes\(\)"
)
_COMMENT = re.compile(r"^\s{0,200}(?://|\*|/\*)")
_MACHINE_MADE = re.compile(rb"[^\n]{50000}")


def node_source(file: str, data: bytes) -> Iterator[Found]:
    """Facts import, env, listen, constant, route, local-route, mount, datasource."""
    if _HAS_IMPORT.search(data):
        yield from imports(file, Text(data))
    if not _WORTH_PARSING.search(data) or len(data) > _MOST_BYTES or _MACHINE_MADE.search(data):
        return
    from deploydeck.scan.parsers import node_data, node_env, node_listen, node_routes
    from deploydeck.scan.parsers.node_program import Program

    program = Program(file, data)
    yield from node_env.variables(program)
    yield from node_listen.listening(program)
    yield from node_routes.routes(program)
    yield from node_data.datasources(program)


def imports(file: str, text: Text) -> Iterator[Found]:
    for number, line in enumerate(text.lines, 1):
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
