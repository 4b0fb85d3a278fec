# ruff: noqa: E501 - a pattern reads better unbroken
"""Go source by its syntax tree: main packages, imports, variables, where it listens, and routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.go_env import environment
from deploydeck.scan.parsers.go_listen import listens
from deploydeck.scan.parsers.go_routes import routes
from deploydeck.scan.parsers.go_tree import SCOPE, GoFile

if TYPE_CHECKING:
    from tree_sitter import Node

_STRONG = (
    b"Getenv", b"LookupEnv", b"Listen", b"Serve", b"viper", b"koanf", b"mapstructure:", b"HandleFunc", b"WithHostPorts", b"cobra.Command",
    b"PORT", b"ADDR", b'"HOST"', b"Run(", b"RunTLS(", b"Start(", b"StartTLS(", b"StartAutoTLS(", b"unServer(", b"tartServer(", b"RunOnAddr(",
    b"StartH2CServer(", b"RunHTTP(", b"StartHTTP(", b"serve(", b"Bind(", b".Group(", b".Route(", b".Mount(", b".Party(", b"PathPrefix(",
    b"StripPrefix(", b"Namespace(", b"NewGroup(", b"flag.", b"flags.", b"Flags()", b"fs.String", b"fs.Int", b"fs.Uint", b".Addr(",
    b".Address(", b"WithAddr",
)  # fmt: skip
_WEAK: tuple[tuple[tuple[bytes, ...], re.Pattern[bytes]], ...] = (
    ((b"env", b"Env", b"ENV"), re.compile(rb"[eE](?:NV|nv)(?:[\w.]{0,60}\(|[\w-]{0,20}:)")),  # getEnv(NAME), env:"NAME"
    ((b'"/', b'"GET /', b'"HEAD /'), re.compile(rb"[(,]\s{0,40}\"(?:(?:GET|HEAD) {1,4})?/")),  # a path that is handed to a call
    ((b"_",), re.compile(rb"\"[A-Z][A-Z0-9]{0,40}_[A-Z0-9_]{1,60}\"\s{0,8}[,)]")),  # a variable that is
    (
        (b"ort:", b"Port ", b"_port ", b"ddr:", b"ddr ", b"ddress:", b"ddress ", b"isten:", b"isten ", b"\tport "),
        re.compile(rb"(?:[pP]ort|[aA]ddr(?:ess)?|[lL]isten)\b(?:[ \t]{0,40}:[^=]|[^\n=(]{0,60}=[^=])[^\n]{0,80}\d\d"),
    ),
)
"""A file without any of these holds no fact that needs its tree; the weak ones need their pattern too. Every file has imports, so
`port` alone is none of them. Looking for words one after the other is several times faster than one pattern with all of them."""
_IGNORED = re.compile(rb"^//[ \t]{0,4}(?:go:build|\+build)[ \t]{1,4}(?:ignore|tools|wasip1|js)\b", re.MULTILINE)
_PACKAGE = re.compile(r"^package[ \t]{1,8}(\w{1,80})", re.MULTILINE)
_MAIN = re.compile(r"^func main\(\)", re.MULTILINE)
_IMPORT_ONE = re.compile(r"^import[ \t]{1,8}(?:[\w.]{1,60}[ \t]{1,8})?\"([^\"\n]{1,300})\"", re.MULTILINE)
_IMPORT_BLOCK = re.compile(r"^import[ \t]{0,8}\(([^)]{0,20000})\)", re.MULTILINE)
_IMPORT_LINE = re.compile(r"\"([^\"\n]{1,300})\"")
_STANDARD = frozenset(
    "archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash "
    "html image index internal io iter log maps math mime os path plugin reflect regexp runtime slices sort strconv strings structs sync "
    "syscall testing text time unicode unique unsafe weak".split()
)
_STANDARD_TOLD = frozenset({"net/http", "C", "database/sql"})
_OTHER_SYSTEM = re.compile(r"_(?:windows|darwin|freebsd|openbsd|netbsd|plan9|js|wasm|android|ios)(?:_[a-z0-9]{1,10})?\.go$")
_LONGEST_LINE = 20_000


def go_source(file: str, data: bytes) -> Iterator[Found]:
    if _IGNORED.search(data[:4000]) or _OTHER_SYSTEM.search(file) or file.endswith((".pb.go", "_gen.go", ".gen.go")):
        return
    text = Text(data)
    package = _PACKAGE.search(text.text)
    if package is None:
        return
    directory = file.rpartition("/")[0]
    if package[1] == "main" and (match := _MAIN.search(text.text)):
        number = text.line_at(match.start())
        yield Found("entry", "main", directory or ".", file, number, text.line(number), SCOPE)
    imports: set[str] = set()
    for path, offset in _imports(text.text):
        imports.add(path)
        if path in _STANDARD_TOLD or (path.partition("/")[0] not in _STANDARD and not path.startswith("net/")):
            number = text.line_at(offset)
            yield Found("import", path, path, file, number, text.line(number), SCOPE)
    if not _worth(data) or max(map(len, text.lines)) > _LONGEST_LINE:
        return
    source = GoFile(file, text, imports, trees.root("go", data))
    yield from environment(source)
    yield from listens(source)
    yield from routes(source)
    yield from _applications(source)


def _worth(data: bytes) -> bool:
    if any(word in data for word in _STRONG) or any(call in data for call in _MAKERS):
        return True
    return any(any(word in data for word in words) and pattern.search(data) is not None for words, pattern in _WEAK)


def _imports(text: str) -> Iterator[tuple[str, int]]:
    first = text.find("\nfunc ")  # imports stand before all else
    text = text[:first] if first >= 0 else text
    for match in _IMPORT_ONE.finditer(text):
        yield match[1], match.start(1)
    for block in _IMPORT_BLOCK.finditer(text):
        for match in _IMPORT_LINE.finditer(block[1]):
            yield match[1], block.start(1) + match.start(1)


_MADE = {
    "gin.Default": "gin", "gin.New": "gin", "echo.New": "echo", "fiber.New": "fiber", "chi.NewRouter": "chi", "chi.NewMux": "chi",
    "mux.NewRouter": "gorilla-mux", "httprouter.New": "httprouter", "iris.New": "iris", "iris.Default": "iris", "beego.Run": "beego",
    "web.Run": "beego", "buffalo.New": "buffalo", "grpc.NewServer": "grpc", "kratos.New": "kratos", "rest.MustNewServer": "go-zero",
    "rest.NewServer": "go-zero", "fasthttp.ListenAndServe": "fasthttp", "pocketbase.New": "pocketbase", "martini.Classic": "martini",
    "negroni.Classic": "negroni", "fuego.NewServer": "fuego", "server.Default": "hertz", "wails.Run": "wails", "app.New": "fyne",
    "server.NewMCPServer": "mcp", "mcp.NewServer": "mcp", "worker.New": "temporal", "asynq.NewServer": "asynq", "discordgo.New": "discordgo",
    "handler.NewDefaultServer": "gqlgen", "tgbotapi.NewBotAPI": "telegram",
}  # fmt: skip
"""Calls that make an application, by the last part of what they are called on."""
_MAKERS = tuple(f"{call}(".encode() for call in _MADE)
_MADE_OF = {"web.Run": "beego", "server.Default": "hertz", "app.New": "fyne", "worker.New": "temporal"}
"""Names too common without their import: the word that an import must hold."""


def _applications(source: GoFile) -> Iterator[Found]:
    for call in source.calls:
        function = trees.text(call.child_by_field_name("function"))
        framework = _MADE.get(function)
        if framework and (function not in _MADE_OF or any(_MADE_OF[function] in path for path in source.imports)):
            yield source.found("app", framework, call, _assigned(call))
        elif function == "cobra.Command":
            continue
    for literal in source.composites:
        if trees.text(literal.child_by_field_name("type")) == "cobra.Command":
            fields = source.fields(literal)
            use = source.string(fields.get("Use")).partition(" ")[0]
            if use and ("Run" in fields or "RunE" in fields):
                yield source.found("subcommand", use, literal)


def _assigned(call: Node) -> str:
    parent = call.parent
    holder = parent.parent if parent is not None and parent.type == "expression_list" else None
    if holder is not None and holder.type in {"short_var_declaration", "assignment_statement"}:
        return trees.text(holder.child_by_field_name("left"))[:60]
    return ""


PARSERS: tuple[Parser, ...] = (Parser("*.go", go_source, "source", anywhere=True),)
