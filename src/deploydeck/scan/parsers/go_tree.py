# ruff: noqa: E501 - a pattern reads better unbroken
"""A Go file as a syntax tree with what its names are set to: enough to follow a port from a flag or a constant to where it is used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.listening import HOLE, UNKNOWN, Value

if TYPE_CHECKING:
    from tree_sitter import Node

SCOPE = "go"
_TYPES = frozenset({
    "call_expression", "composite_literal", "short_var_declaration", "assignment_statement", "var_spec", "const_spec", "field_declaration",
    "if_statement", "function_declaration", "method_declaration", "type_spec",
})  # fmt: skip
_FUNCTIONS = frozenset({"function_declaration", "method_declaration", "func_literal"})
_DEEPEST = 14
_MOST_EVALUATED = 20_000
_FORMAT = re.compile(r"%[-+#0-9.]{0,8}[sdvq]")
_CONVERSIONS = frozenset({
    "strconv.Itoa", "strconv.Atoi", "strconv.FormatInt", "strconv.ParseInt", "string", "int", "fmt.Sprint", "strings.TrimSpace", "uint16",
    "int64", "cast.ToString", "cast.ToInt", "int32", "uint", "uint32",
})  # fmt: skip
FLAGS = re.compile(r"(?:^|\.)(?:p?flag|Flags\(\)|PersistentFlags\(\)|fs|flags|flagSet|fset)\.(String|Int|Uint)(Var)?(P)?$")
UPPER = re.compile(r"^[A-Z][A-Z0-9_]{1,99}$")
_MUST = re.compile(r"(?i)must|require|mandatory|orfail|orpanic|ordie|orfatal")


class GoFile:
    """`calls`, `composites` and `ifs` are its nodes of interest; `value` evaluates an expression as far as the file says it."""

    def __init__(self, file: str, text: Text, imports: set[str], root: Node) -> None:
        self.file, self.text, self.imports, self.root = file, text, imports, root
        self.calls: list[Node] = []
        self.composites: list[Node] = []
        self.ifs: list[Node] = []
        self.struct_fields: list[Node] = []
        self.functions: dict[str, Node] = {}
        self._set: dict[str, list[tuple[Node | None, Node]]] = {}
        self._flags: dict[str, list[Node]] = {}
        self._evaluated = 0
        self._callees: dict[int, str] = {}
        self._arguments: dict[int, list[Node]] = {}
        for node in trees.descend(root, _TYPES):
            match node.type:
                case "call_expression":
                    self.calls.append(node)
                    self._flag_variable(node)
                case "composite_literal":
                    self.composites.append(node)
                    for name, item in self.fields(node).items():
                        self._set.setdefault(f".{name}", []).append((None, item))
                case "if_statement":
                    self.ifs.append(node)
                case "field_declaration":
                    self.struct_fields.append(node)
                case "function_declaration":
                    self.functions[trees.text(node.child_by_field_name("name"))] = node
                case "short_var_declaration" | "assignment_statement":
                    self._assign(node.child_by_field_name("left"), node.child_by_field_name("right"))
                case "var_spec" | "const_spec":
                    names = list(node.children_by_field_name("name"))
                    self._pair(names, _named(node.child_by_field_name("value")))
        self.env_helpers = self._helpers()

    def _assign(self, left: Node | None, right: Node | None) -> None:
        self._pair(_named(left), _named(right))

    def _pair(self, names: list[Node], values: list[Node]) -> None:
        if len(names) != len(values):
            values = values[:1]
        for name, item in zip(names, values, strict=False):
            key = trees.text(name)
            if name.type == "selector_expression":
                key = "." + trees.text(name.child_by_field_name("field"))
            self._set.setdefault(key, []).append((self.function_of(name), item))

    def _flag_variable(self, call: Node) -> None:
        """`flag.StringVar(&addr, "addr", ":4000", "…")`: what the variable is set to."""
        match = FLAGS.search(self.callee(call))
        arguments = self.arguments(call)
        if match and match[2] and len(arguments) >= (4 if match[3] else 3):
            target = trees.text(arguments[0]).lstrip("&")
            key = "." + target.rpartition(".")[2] if "." in target else target
            self._flags.setdefault(key, []).append(arguments[3 if match[3] else 2])

    def _helpers(self) -> dict[str, str]:
        """Functions of this file that read the variable their first parameter names: name to `required` or ""."""
        found = {}
        for name, node in self.functions.items():
            parameters = node.child_by_field_name("parameters")
            first = re.match(r"\(\s{0,20}(\w{1,40})\b[^)]{0,200}\bstring\b", trees.text(parameters)[:400])
            body = trees.text(node.child_by_field_name("body"))[:3000]
            if first and re.search(rf"os\.(?:Getenv|LookupEnv)\({first[1]}\)", body):
                found[name] = "required" if re.search(r"log\.Fatal|panic\(|os\.Exit|\.Fatal\(|\.Panic\(", body) else ""
        return found

    @staticmethod
    def function_of(node: Node) -> Node | None:
        """The function a node stands in; None at the top level."""
        parent = node.parent
        while parent is not None and parent.type not in _FUNCTIONS:
            parent = parent.parent
        return parent

    def found(self, kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        line = trees.line(node)
        return Found(kind, name[:300], value[:200], self.file, line, self.text.line(line), SCOPE, tags)

    def callee(self, call: Node) -> str:
        known = self._callees.get(call.id)  # asked for by every reader of the file
        if known is None:
            known = self._callees[call.id] = trees.text(call.child_by_field_name("function"))[:200]
        return known

    def arguments(self, call: Node) -> list[Node]:
        """The arguments of a call. The list is kept: it must not be changed."""
        known = self._arguments.get(call.id)
        if known is None:
            node = call.child_by_field_name("arguments")
            known = [child for child in node.named_children if child.type != "comment"] if node is not None else []
            self._arguments[call.id] = known
        return known

    @staticmethod
    def fields(literal: Node) -> dict[str, Node]:
        """The named fields of a composite literal."""
        body = literal.child_by_field_name("body")
        found: dict[str, Node] = {}
        for element in body.named_children if body is not None else ():
            if element.type == "keyed_element":
                parts = [child for child in element.named_children if child.type != "comment"]
                if len(parts) == 2 and parts[1].named_children:
                    found[trees.text(parts[0])] = parts[1].named_children[0]
        return found

    @staticmethod
    def string(node: Node | None) -> str:
        """The text of a string literal; "" for anything else."""
        if node is None or node.type not in {"interpreted_string_literal", "raw_string_literal"}:
            return ""
        return trees.text(node)[1:-1][:300]

    def env_call(self, call: Node, depth: int = 0) -> tuple[str, Node | None, bool, bool] | None:
        """A call that reads a variable: name, default, whether it fails without, whether a plain os call; None when it does not."""
        callee, arguments = self.callee(call), self.arguments(call)
        name = self.string(arguments[0]) if arguments else ""
        if not name and arguments and arguments[0].type == "identifier":
            name = self.value(arguments[0], depth + 1).text
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
            return None
        if callee in {"os.Getenv", "os.LookupEnv", "syscall.Getenv"}:
            return name, None, False, True
        last = callee.rpartition(".")[2]
        default = arguments[1] if len(arguments) > 1 else None
        if callee in self.env_helpers:
            return name, default, self.env_helpers[callee] == "required" and default is None, False
        if callee.startswith(("os.", "flag.", "c.", "ctx.", "t.", "exec.", "viper.Bind", "viper.Set")) or last in {
            "Setenv", "Unsetenv", "BindEnv", "SetEnvPrefix", "MustBindEnv", "WithEnvPrefix",
        }:  # fmt: skip
            return None
        if re.search(r"(?i)env", callee) and UPPER.match(name):
            return name, default, default is None and bool(_MUST.search(last)), False
        return None

    def value(self, node: Node | None, depth: int = 0) -> Value:
        """What an expression comes to."""
        self._evaluated += 1
        if node is None or depth > _DEEPEST or self._evaluated > _MOST_EVALUATED:
            return UNKNOWN
        match node.type:
            case "interpreted_string_literal" | "raw_string_literal":
                return Value(self.string(node))
            case "int_literal":
                return Value(trees.text(node)[:20])
            case "binary_expression":
                sides = [node.child_by_field_name(side) for side in ("left", "right")]
                if any(child.type == "+" for child in node.children):
                    return self.value(sides[0], depth + 1).joined(self.value(sides[1], depth + 1))
            case "parenthesized_expression" | "unary_expression" | "type_conversion_expression":
                return self.value(node.named_children[-1] if node.named_children else None, depth + 1)
            case "identifier":
                return self._name(trees.text(node), self.function_of(node), depth)
            case "selector_expression":
                field = trees.text(node.child_by_field_name("field"))
                return self._name(f".{field}", None, depth)
            case "call_expression":
                return self._called(node, depth)
        return UNKNOWN

    def _name(self, key: str, function: Node | None, depth: int) -> Value:
        result = Value(HOLE, ref=key.lstrip("."))
        places = self._set.get(key, [])
        near = [item for where, item in places if where is not None and function is not None and where.id == function.id]
        chosen = (
            near or [item for where, item in places if where is None or key.startswith(".")] or [item for _, item in places][:1]
        )
        for item in self._flags.get(key, []) + chosen[:6]:
            if key.startswith(".") and item.type == "selector_expression" and trees.text(item).endswith(key):
                continue  # {Port: config.Port}
            result = result.otherwise(self.value(item, depth + 3))
        return result if result.known or result.ref else Value(result.text, result.env, key.lstrip("."))

    def _called(self, call: Node, depth: int) -> Value:
        callee, arguments = self.callee(call), self.arguments(call)
        if read := self.env_call(call, depth):
            name, default, *_ = read
            return Value(env=frozenset({name})).otherwise(self.value(default, depth + 1) if default is not None else UNKNOWN)
        if callee in _CONVERSIONS and arguments:
            return self.value(arguments[0], depth + 1)
        if callee in {"fmt.Sprintf", "net.JoinHostPort", "cmp.Or"} and arguments:
            parts = [self.value(item, depth + 1) for item in arguments[:8]]
            if callee == "cmp.Or":
                result = parts[0]
                for part in parts[1:]:
                    result = result.otherwise(part)
                return result
            if callee == "net.JoinHostPort" and len(parts) == 2:
                return parts[0].joined(parts[1], ":")
            return _formatted(parts)
        if (match := FLAGS.search(callee)) and not match[2] and len(arguments) > 2:
            return self.value(arguments[2 if match[3] else 1], depth + 1)
        if re.fullmatch(r"\w{1,40}", callee) and callee in self.functions and not arguments:
            return self._returned(self.functions[callee], depth)
        if arguments and re.search(r"\.Get(?:String|Int|)$", callee) and (key := self.string(arguments[0])):
            return Value(HOLE, frozenset({key}) if UPPER.match(key) else frozenset(), key)
        return UNKNOWN

    def _returned(self, function: Node, depth: int) -> Value:
        """What a function without parameters returns, all its ways together."""
        result = UNKNOWN
        for node in trees.descend(function, frozenset({"return_statement"})):
            for item in _named(node.named_children[0] if node.named_children else None)[:1]:
                result = result.otherwise(self.value(item, depth + 3))
        return result


def _named(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.named_children) if node.type == "expression_list" else [node]


def _formatted(parts: list[Value]) -> Value:
    """fmt.Sprintf with its arguments put in."""
    pieces = _FORMAT.split(parts[0].text)
    result = Value(pieces[0], parts[0].env)
    for index, piece in enumerate(pieces[1:], 1):
        result = result.joined(parts[index] if index < len(parts) else UNKNOWN).joined(Value(piece))
    return result
