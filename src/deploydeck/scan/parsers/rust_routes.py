"""Routes of Rust servers: axum's and poem's routers, attributes of Actix and Rocket, warp's paths, tide and salvo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.rust_tree import RustFile

if TYPE_CHECKING:
    from tree_sitter import Node

_ATTRIBUTE = re.compile(
    r"#\[(?:\w{1,30}::)?(get|head|route|handler)\(\s{0,20}(?:method\s{0,4}=\s{0,4}\"?\w{1,10}\"?,\s{0,4}|path\s{0,4}=\s{0,4})?\"(/[^\"]{0,150})\""
)
_WARP = re.compile(
    r"(?:warp::)?path\(\s{0,9}\"([^\"/]{1,80})\"\s{0,9}\)|(?:warp::)?path!\(\s{0,9}\"([^\"]{1,80})\"((?:\s{0,4}/\s{0,4}\"[^\"]{1,80}\"){0,5})"
)
_GET = re.compile(r"\b(?:get|any|head|get_service|on|MethodRouter|web::to|to|route_service|fallback)\b|^[a-z_:]{1,80}$")
_POST = re.compile(r"^\s{0,4}(?:axum::routing::|routing::|web::)?(?:post|put|delete|patch|options)\(")


def routes(source: RustFile) -> Iterator[Found]:
    scoped = any(
        source.callee(call)[0].rpartition("::")[2] in {"scope", "nest", "mount", "nest_service", "nest_at"} for call in source.calls
    )
    bases: dict[str, str] = {}
    for call in source.calls:
        name, holder = source.callee(call)
        arguments = source.arguments(call)
        if name == "mount" and holder is not None and len(arguments) == 2:
            base = source.value(arguments[0]).text
            for handler in re.findall(r"[\w:]{1,80}", trees.text(arguments[1]).partition("[")[2][:1000]):
                bases[handler.rpartition("::")[2]] = base
            if base.strip("/"):
                yield source.found("prefixed", "mount", call)
        elif name.rpartition("::")[2] in {"scope", "nest"} and arguments and source.value(arguments[0]).text.strip("/"):
            yield source.found("prefixed", name.rpartition("::")[2], call)
            if name.rpartition("::")[2] == "scope" and holder is None:
                base = source.value(arguments[0]).text
                for handler in _services(source, call):
                    bases[handler] = base
    for call in source.calls:
        name, holder = source.callee(call)
        arguments = source.arguments(call)
        if holder is None or name not in {"route", "at", "with_path"} or not arguments:
            continue
        if arguments[0].type not in {"string_literal", "raw_string_literal"}:
            continue
        path = source.value(arguments[0]).text
        if len(arguments) > 1 and _POST.match(trees.text(arguments[1])[:200]) and "get(" not in trees.text(arguments[1])[:400]:
            continue
        if path.startswith("/"):
            base, certain = _base(source, call)
            full = (base.rstrip("/") + path).rstrip("/") or "/"
            yield source.found("route", full, call, "app" if certain else "router")
    for attribute in source.attributes:
        if match := _ATTRIBUTE.match(trees.text(attribute)[:300]):
            handler = attribute.next_named_sibling
            while handler is not None and handler.type in {"attribute_item", "line_comment"}:
                handler = handler.next_named_sibling
            known = (
                trees.text(handler.child_by_field_name("name")) if handler is not None and handler.type == "function_item" else ""
            )
            base = bases.get(known, "")
            path = (base.rstrip("/") + match[2]).rstrip("/") or "/"
            yield source.found("route", path, attribute, "app" if known in bases or not scoped else "router")
    if "warp" in source.text.text[:3000]:
        yield from _warp(source)


def _services(source: RustFile, scope: Node) -> list[str]:
    """The handlers that `web::scope("/x").service(a).service(b)` takes."""
    found: list[str] = []
    node = scope
    while node.parent is not None and node.parent.type == "field_expression" and node.parent.parent is not None:
        outer = node.parent.parent
        if outer.type != "call_expression":
            break
        if source.callee(outer)[0] == "service":
            found += [
                trees.text(one).rpartition("::")[2]
                for one in source.arguments(outer)
                if one.type in {"identifier", "scoped_identifier"}
            ]
        node = outer
    return found


def _base(source: RustFile, call: Node) -> tuple[str, bool]:
    """The prefix of the scope or nest this route is written inside, and whether there can be another one outside the file."""
    base, node = "", call
    for _ in range(60):
        parent = node.parent
        if parent is None or parent.type == "function_item":
            break
        if parent.type == "arguments" and parent.parent is not None and parent.parent.type == "call_expression":
            name, _ = source.callee(parent.parent)
            arguments = source.arguments(parent.parent)
            if name == "nest" and len(arguments) > 1 and arguments[1].id == node.id:
                base = source.value(arguments[0]).text + base
        node = parent
    inner = call
    for _ in range(60):  # web::scope("/x").route(…)
        name, holder = source.callee(inner)
        if holder is None:
            if name.rpartition("::")[2] == "scope" and source.arguments(inner):
                base = source.value(source.arguments(inner)[0]).text + base
            break
        if holder.type != "call_expression":
            break
        inner = holder
    function = call.parent
    while function is not None and function.type != "function_item":
        function = function.parent
    named = trees.text(function.child_by_field_name("name")) if function is not None else "main"
    built = trees.text(function.child_by_field_name("body"))[:20000] if function is not None else ""
    certain = bool(base) or named in {
        "main",
        "app",
        "router",
        "create_app",
        "create_router",
        "build_app",
        "build_router",
        "rocket",
        "run",
        "init_router",
        "make_app",
    }
    return base, certain or "serve(" in built or "HttpServer" in built


def _warp(source: RustFile) -> Iterator[Found]:
    for match in _WARP.finditer(source.text.text):
        rest = re.findall(r"\"([^\"]{1,80})\"", match[3] or "")
        path = "/" + "/".join([match[1] or match[2], *rest])
        number = source.text.line_at(match.start())
        yield Found("route", path, "app", source.file, number, source.text.line(number), "rust")
