"""Routes of ASP.NET Core in C#: minimal APIs with their groups, controllers by attribute, health checks, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.dotnet_tree import STRINGS, arguments, brief, method, receiver, string

if TYPE_CHECKING:
    from tree_sitter import Node

_MAPS = frozenset({"MapGet", "Map", "MapMethods", "MapHealthChecks", "UseHealthChecks"})
_PAGES = frozenset(
    {
        "MapFallbackToFile",
        "MapRazorPages",
        "MapDefaultControllerRoute",
        "MapControllerRoute",
        "MapRazorComponents",
        "MapFallbackToPage",
    }
)
_ROOTS = frozenset(
    {"app", "endpoints", "endpoint", "routes", "builder", "routeBuilder", "endpointRouteBuilder", "_app", "application", "webApp"}
)
_VERBS = re.compile(r"^Http(?:Get|Post|Put|Delete|Patch|Head|Options)$")
_CONTROLLER = re.compile(r"Controller$")


@dataclass(slots=True)
class Routes:
    """The routes of one file; `groups` are variables that hold a group, with the path before what is mapped on them."""

    file: str
    text: Text
    groups: dict[str, str] = field(default_factory=dict)

    def _found(self, kind: str, name: str, node: Node, value: str = "", *tags: str) -> Found:
        number = trees.line(node)
        return Found(kind, name[:200], value[:100], self.file, number, self.text.line(number), "dotnet", frozenset(tags))

    def remember(self, name: Node | None, value: Node | None) -> None:
        """Note a variable that is declared as a group: `var api = app.MapGroup("/api").WithTags("x")`."""
        if name is not None and value is not None and value.type == "invocation_expression":
            prefix = self._prefix(value)
            if prefix:
                self.groups[trees.text(name)] = prefix

    def _prefix(self, node: Node | None) -> str | None:
        """The path before what is mapped on an expression; None when it is not known."""
        parts: list[str] = []
        for _ in range(12):
            if node is None:
                return None
            if node.type == "identifier":
                known = trees.text(node)
                if known in self.groups:
                    return "/".join([self.groups[known], *reversed(parts)])
                return "/".join(["", *reversed(parts)]) if known in _ROOTS and parts else "" if known in _ROOTS else None
            if node.type != "invocation_expression":
                return None
            if method(node) == "MapGroup":
                given = arguments(node)
                parts.append(string(given[0]) if given and given[0].type in STRINGS else "{}")
            node = receiver(node)
        return None

    def call(self, node: Node) -> Iterator[Found]:
        """The route that a call maps."""
        name = method(node)
        if name == "MapGroup":
            yield self._found("prefixed", name, node)
        elif name in _PAGES:
            yield self._found("route", "/", node, "app", "page")
        elif name in _MAPS:
            given = arguments(node)
            path = string(given[0]) if given else ""
            if not given or given[0].type not in STRINGS or (name == "MapMethods" and "GET" not in brief(node, 2000).upper()):
                return
            before = receiver(node)
            prefix = self._prefix(before)
            tags = ("health",) if name.endswith("HealthChecks") else ()
            if prefix is None:
                yield self._found("route", _path(path), node, brief(before, 80), *tags)
            else:
                yield self._found("route", _path(prefix, path), node, "app", *tags)

    def controller(self, node: Node) -> Iterator[Found]:
        """The GET routes of a controller class."""
        name = trees.text(node.child_by_field_name("name"))
        attributes = _attributes(node)
        bases = [template for key, template in attributes if key in {"Route", "RoutePrefix"}] or [""]
        if not _CONTROLLER.search(name) and not any(key in {"ApiController", "Route"} for key, _ in attributes):
            return
        body = node.child_by_field_name("body")
        for member in body.named_children[:400] if body is not None else ():
            if member.type != "method_declaration":
                continue
            own = _attributes(member)
            verbs = {key for key, _ in own if _VERBS.match(key)}
            if verbs and "HttpGet" not in verbs:
                continue
            templates = [template for key, template in own if key == "HttpGet" or (key == "Route" and template)]
            if any(templates):
                templates = [template for template in templates if template]
            action = trees.text(member.child_by_field_name("name"))
            for template in templates[:4]:
                for base in [""] if template.startswith(("/", "~/")) else bases[:2]:
                    path = _path(base, template.lstrip("~"))
                    path = re.sub(r"\[controller\]", _CONTROLLER.sub("", name).lower(), path, flags=re.IGNORECASE)
                    path = re.sub(r"\[action\]", action.lower(), path, flags=re.IGNORECASE)
                    if "[" not in path:
                        yield self._found("route", path, member, "app", "controller")


def _path(*parts: str) -> str:
    return "/" + "/".join(filter(None, (part.strip("/") for part in parts)))


def _attributes(node: Node) -> list[tuple[str, str]]:
    found = []
    for listed in node.named_children[:40]:
        if listed.type != "attribute_list":
            continue
        for one in listed.named_children:
            if one.type == "attribute":
                given = next((child for child in one.named_children if child.type == "attribute_argument_list"), None)
                first = given.named_child(0) if given is not None and given.named_child_count else None
                literal = first.named_child(first.named_child_count - 1) if first is not None and first.named_child_count else None
                name = trees.text(one.child_by_field_name("name")).rpartition(".")[2].removesuffix("Attribute")
                found.append((name, string(literal)))
    return found
