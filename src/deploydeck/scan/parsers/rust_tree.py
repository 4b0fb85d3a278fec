# ruff: noqa: E501 - a pattern reads better unbroken
"""A Rust file as a syntax tree with what its names are set to, and what an expression comes to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.listening import HOLE, UNKNOWN, Value

if TYPE_CHECKING:
    from tree_sitter import Node

SCOPE = "rust"
_TYPES = frozenset({
    "call_expression", "let_declaration", "const_item", "static_item", "function_item", "macro_invocation", "field_initializer", "attribute_item",
    "match_expression",
})  # fmt: skip
_DEEPEST = 24
_MOST_EVALUATED = 20_000
_ENV = frozenset({"var", "var_os"})
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_OTHERWISE = frozenset({"unwrap_or", "unwrap_or_else", "map_or", "map_or_else", "or", "or_else"})
_THROUGH = frozenset({
    "unwrap", "expect", "parse", "into", "to_string", "to_owned", "as_str", "clone", "ok", "await", "as_ref", "map", "and_then", "map_err",
    "unwrap_or_default", "trim", "context", "with_context", "as_deref", "filter", "to_socket_addrs", "as_bytes", "inspect", "copied", "next", "ok_or", "ok_or_else",
})  # fmt: skip
_BRACES = re.compile(r"\{([A-Za-z_][\w.]{0,60})?(?::[^{}]{0,20})?\}")
_STRING = re.compile(r"^(?:b?r?#{0,3}\"|b?\")")
_ADDRESSES = {
    "UNSPECIFIED": "0.0.0.0", "LOCALHOST": "127.0.0.1",  # noqa: S104 - what a scanned program binds to
}  # fmt: skip


def plain(node: Node) -> str:
    """The text of a string literal without its quotes."""
    return re.sub(r"\"#{0,3}$", "", _STRING.sub("", trees.text(node)))[:300]


class RustFile:
    """`calls`, `macros`, `attributes` and `matches` are its nodes of interest; `value` evaluates an expression."""

    def __init__(self, file: str, text: Text, root: Node) -> None:
        self.file, self.text, self.root = file, text, root
        self.calls: list[Node] = []
        self.macros: list[Node] = []
        self.attributes: list[Node] = []
        self.matches: list[Node] = []
        self.constants: list[tuple[str, Node, Node]] = []
        self.initializers: list[tuple[str, Node]] = []
        self.functions: dict[str, Node] = {}
        self._set: dict[str, list[tuple[int, Node]]] = {}
        self._evaluated = 0
        for node in trees.descend(root, _TYPES):
            match node.type:
                case "call_expression":
                    self.calls.append(node)
                case "macro_invocation":
                    self.macros.append(node)
                case "attribute_item":
                    self.attributes.append(node)
                case "match_expression":
                    self.matches.append(node)
                case "function_item":
                    self.functions[trees.text(node.child_by_field_name("name"))] = node
                case "field_initializer":
                    item = node.child_by_field_name("value")
                    if item is not None:
                        self.initializers.append((trees.text(node.child_by_field_name("field")), item))
                        self._set.setdefault("." + trees.text(node.child_by_field_name("field")), []).append((0, item))
                case _:
                    name = (
                        trees.text(node.child_by_field_name("pattern") or node.child_by_field_name("name"))
                        .removeprefix("mut ")
                        .strip()
                    )
                    item = node.child_by_field_name("value")
                    if item is not None:
                        self._set.setdefault(name, []).append((self.function_of(node), item))
                        if node.type != "let_declaration":
                            self.constants.append((name, node, item))
        self.env_helpers = self._helpers()

    def _helpers(self) -> dict[str, str]:
        found = {}
        for name, node in self.functions.items():
            first = re.match(
                r"\(\s{0,20}(\w{1,40})\s{0,9}:\s{0,9}&(?:'\w{1,20}\s)?str\b",
                trees.text(node.child_by_field_name("parameters"))[:200],
            )
            body = trees.text(node.child_by_field_name("body"))[:3000]
            if first and re.search(rf"\bvar(?:_os)?\(&?{first[1]}\)", body):
                found[name] = (
                    "required"
                    if re.search(r"panic!|\.expect\(|\.unwrap\(\)|\.unwrap_or_else\(\|\w{0,9}\|\s{0,9}panic", body)
                    else ""
                )
        return found

    @staticmethod
    def function_of(node: Node) -> int:
        parent = node.parent
        while parent is not None and parent.type != "function_item":
            parent = parent.parent
        return parent.id if parent is not None else 0

    def found(self, kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        line = trees.line(node)
        return Found(kind, name[:300], value[:200], self.file, line, self.text.line(line), SCOPE, tags)

    @staticmethod
    def arguments(call: Node) -> list[Node]:
        node = call.child_by_field_name("arguments")
        return [child for child in node.named_children if "comment" not in child.type] if node is not None else []

    @staticmethod
    def callee(call: Node) -> tuple[str, Node | None]:
        """The last part of what is called, and the object it is called on (None for a path)."""
        function = call.child_by_field_name("function")
        if function is not None and function.type == "generic_function":
            function = function.child_by_field_name("function")
        if function is None:
            return "", None
        if function.type == "field_expression":
            return trees.text(function.child_by_field_name("field")), function.child_by_field_name("value")
        return trees.text(function)[:200], None

    def variable(self, call: Node, depth: int = 0) -> str:
        """The variable that `env::var("X")` reads; "" for other calls."""
        name, holder = self.callee(call)
        arguments = self.arguments(call)
        if (
            holder is not None
            or not arguments
            or not re.search(r"(?:^|::)(?:var|var_os)$", name)
            or (name in _ENV and not self._imports_var())
        ):
            return ""
        key = self.value(arguments[0], depth + 1).text
        return key if NAME.match(key) else ""

    def assigned(self, wanted: re.Pattern[str]) -> list[tuple[str, Node]]:
        """The names of variables that match, with what they are set to; at most fifty."""
        found = [(key, item) for key, places in self._set.items() if wanted.search(key) for _, item in places[:3]]
        return [(key, item) for key, item in found if not key.startswith(".")][:50]

    def _imports_var(self) -> bool:
        return re.search(r"use\s{1,4}(?:std::env|dotenvy|dotenv)::(?:\{[^}]{0,200}\bvar\b|var\b|\*)", self.text.text) is not None

    def value(self, node: Node | None, depth: int = 0) -> Value:
        """What an expression comes to."""
        self._evaluated += 1
        if node is None or depth > _DEEPEST or self._evaluated > _MOST_EVALUATED:
            return UNKNOWN
        match node.type:
            case "string_literal" | "raw_string_literal":
                return Value(plain(node))
            case "integer_literal":
                return Value(re.sub(r"(?:[ui](?:8|16|32|64|size))$", "", trees.text(node)).replace("_", "")[:20])
            case (
                "reference_expression"
                | "try_expression"
                | "await_expression"
                | "parenthesized_expression"
                | "type_cast_expression"
                | "unary_expression"
            ):
                return self.value(next(iter(node.named_children), None), depth + 1)
            case "closure_expression":
                return self.value(node.child_by_field_name("body"), depth + 1)
            case "block" | "arguments":
                return self.value(node.named_children[-1] if node.named_children else None, depth + 1)
            case "identifier":
                return self._name(trees.text(node), self.function_of(node), depth)
            case "field_expression":
                field = trees.text(node.child_by_field_name("field"))
                return self._name(f".{field}", 0, depth)
            case "scoped_identifier":
                last = trees.text(node.child_by_field_name("name"))
                return Value(_ADDRESSES[last]) if last in _ADDRESSES else self._name(last, 0, depth)
            case "tuple_expression":
                parts = [self.value(child, depth + 1) for child in node.named_children[:3]]
                if len(parts) == 2:
                    return parts[0].joined(parts[1], ":")
            case "array_expression":
                parts = [self.value(child, depth + 1) for child in node.named_children[:8]]
                if len(parts) == 4:
                    return Value(".".join(part.text for part in parts))
            case "match_expression":
                return self._matched(node, depth)
            case "macro_invocation":
                return self._macro(node, depth)
            case "call_expression":
                return self._called(node, depth)
        return UNKNOWN

    def _name(self, key: str, function: int, depth: int) -> Value:
        result = Value(HOLE, ref=key.lstrip("."))
        places = self._set.get(key, [])
        near = (
            [item for where, item in places if where == function]
            or [item for where, item in places if not where]
            or [item for _, item in places][:2]
        )
        for item in near[:4]:
            if trees.text(item) != key:
                result = result.otherwise(self.value(item, depth + 2))
        return result

    def _matched(self, node: Node, depth: int) -> Value:
        """`match env::var("PORT") { Ok(v) => …, Err(_) => "8080" }`."""
        result = self.value(node.child_by_field_name("value"), depth + 1)
        body = node.child_by_field_name("body")
        for arm in body.named_children[:6] if body is not None else ():
            if re.match(r"Err|None|_", trees.text(arm.child_by_field_name("pattern"))):
                result = result.otherwise(self.value(arm.child_by_field_name("value"), depth + 1))
        return result

    def _macro(self, node: Node, depth: int) -> Value:
        name = trees.text(node.child_by_field_name("macro")).rpartition("::")[2]
        tokens = next((child for child in node.named_children if child.type == "token_tree"), None)
        if tokens is None:
            return UNKNOWN
        strings = [child for child in tokens.named_children if child.type in {"string_literal", "raw_string_literal"}]
        if name in {"env", "option_env", "dotenv"} and strings and NAME.match(plain(strings[0])):
            return Value(env=frozenset({plain(strings[0])}))
        if name != "format" or not strings:
            return UNKNOWN
        rest = trees.text(tokens)[len(trees.text(strings[0])) + 1 :].rstrip(")")
        arguments = [part.strip() for part in _split(rest)][1:]
        named = {key.strip(): item.strip() for key, mark, item in (part.partition("=") for part in arguments) if mark}
        position, result, at, template = 0, Value(""), 0, plain(strings[0])
        for match in _BRACES.finditer(template):
            result = result.joined(Value(template[at : match.start()]))
            name = match[1] or ""
            if not name and position < len(arguments):
                name, position = arguments[position], position + 1
            name = named.get(name, name)
            result = result.joined(self._expression(name, self.function_of(node), depth + 1))
            at = match.end()
        return result.joined(Value(template[at:]))

    def _expression(self, text: str, function: int, depth: int) -> Value:
        """A name or literal inside a macro, where the grammar gives only tokens."""
        if text.startswith('"'):
            return Value(text.strip('"'))
        if re.fullmatch(r"\d{1,5}", text):
            return Value(text)
        if match := re.match(r"(?:std::)?env::var\(\"(\w{1,80})\"\)", text):
            default = re.search(r"unwrap_or(?:_else)?\([^\"]{0,20}\"([^\"]{0,60})\"", text)
            return Value(default[1] if default else HOLE, frozenset({match[1]}))
        if "." in text:
            return self._name("." + re.sub(r"\(\)$", "", text).rpartition(".")[2], 0, depth)
        return self._name(text.rpartition("::")[2], function, depth) if re.fullmatch(r"[\w:]{1,80}", text) else UNKNOWN

    def _called(self, call: Node, depth: int) -> Value:
        name, holder = self.callee(call)
        arguments = self.arguments(call)
        if holder is not None:
            if name in _OTHERWISE and arguments:
                return self.value(holder, depth + 1).otherwise(self.value(arguments[0], depth + 1))
            if name == "unwrap_or_default":
                return self.value(holder, depth + 1)
            if name in _THROUGH or name in {"parse::<u16>"}:
                return self.value(holder, depth + 1)
            return UNKNOWN
        if variable := self.variable(call, depth):
            return Value(env=frozenset({variable}))
        last = name.rpartition("::")[2]
        if name in self.env_helpers and arguments:
            key = self.value(arguments[0], depth + 1).text
            rest = self.value(arguments[1], depth + 1) if len(arguments) > 1 else UNKNOWN
            return Value(env=frozenset({key}) if NAME.match(key) else frozenset()).otherwise(rest)
        if last in {"from", "V4", "V6", "Some", "Ok", "from_str"} and arguments:
            return self.value(arguments[0], depth + 1)
        if last == "new" and re.search(r"SocketAddr(?:V4)?::new$|Ip(?:v4|v6)?Addr::new$", name):
            parts = [self.value(item, depth + 1) for item in arguments[:4]]
            if len(parts) == 4:
                return Value(".".join(part.text for part in parts))
            if len(parts) == 2:
                return parts[0].joined(parts[1], ":")
        if name in self.functions and not arguments:
            return self.value(self.functions[name].child_by_field_name("body"), depth + 2)
        return UNKNOWN


def _split(text: str) -> list[str]:
    """The comma-separated parts of a macro's tokens, commas inside brackets and strings kept."""
    parts, depth, current, quoted = [], 0, "", False
    for character in text[:1000]:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "([{":
            depth += 1
        elif not quoted and character in ")]}":
            depth -= 1
        if character == "," and depth == 0 and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]
