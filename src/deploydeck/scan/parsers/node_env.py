# ruff: noqa: E501 - tables read better unbroken
"""Environment variables of JavaScript programs: reads of process.env, helpers around it, and schemas that check it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_env_schema import schema_variables
from deploydeck.scan.parsers.node_program import BUILD_ENVIRONMENT, Program, pattern_parts
from deploydeck.scan.parsers.node_tree import FUNCTIONS, ancestors, arguments, called, inner, literal, string

if TYPE_CHECKING:
    from tree_sitter import Node

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_UPPER = re.compile(r"[A-Z][A-Z0-9_]{1,99}")
_BUILD_OWN = frozenset({"MODE", "DEV", "PROD", "SSR", "BASE_URL", "SITE", "ASSETS_PREFIX", "LEGACY"})
_BUILD_PREFIX = re.compile(
    r"^(?:NEXT_PUBLIC|VITE|REACT_APP|VUE_APP|PUBLIC|GATSBY|EXPO_PUBLIC|NX_PUBLIC|STORYBOOK|RSPRESS|WXT|SNOWPACK_PUBLIC)_"
)
_CONVERSIONS = frozenset({
    "Number", "parseInt", "parseFloat", "String", "Boolean", "BigInt", "toNumber", "toInt", "normalizePort", "parsePort", "int", "JSON",
})  # fmt: skip
_CHECKS = frozenset({"assert", "invariant", "tiny_invariant", "ok", "strictEqual", "nonNullable", "ensure", "required"})
_HELPERS = re.compile(
    r"^(?:_?(?:get|require|required|must|mustGet|ensure|assert|read|load|fetch|check|expect|parse)_?(?:Required|Optional|String|Number|Int|Bool|Boolean)?"
    r"_?(?:Env|ENV|env|EnvVar|EnvVariable|EnvValue|EnvironmentVariable)(?:Var|Variable|OrThrow|OrDefault|String|Number|Int|Bool|Boolean|Value)?"
    r"|(?:verify|validate|assert|ensure|check|require|expect)[A-Za-z]{0,20}(?:Env|EnvVar|EnvVars|EnvVariable|EnvironmentVariable)"
    r"|env|envOr|envVar|requireEnvVar|envString|envInt|envBool)$"
)
_DEMANDS = re.compile(r"require|must|ensure|assert|orThrow|expect|verify|validate", re.IGNORECASE)
_TYPED = frozenset({"int", "float", "bool", "array", "json", "date", "string", "number", "url", "oneOf"})
_ENDS = re.compile(r"\bthrow\b|process\.exit|Deno\.exit|\breject\(|\bpanic\(|\bfail\(")
_STATIC_IMPORTS = re.compile(r"^(?:\$env/static/(?:private|public)|astro:env/(?:client|server))$")


def variables(program: Program) -> Iterator[Found]:
    """Every read of a variable with what happens when it is absent."""
    helpers = _helpers(program)
    checked = _checked(program)
    for node in (*program.nodes["member_expression"], *program.nodes["subscript_expression"]):
        yield from _access(program, node, checked)
    for node in program.nodes["variable_declarator"]:
        yield from _patterns(program, node, checked)
    for node in program.nodes["call_expression"]:
        yield from _calls(program, node, helpers, checked)
    for node in program.nodes["import_statement"]:
        yield from _imported(program, node)
    yield from schema_variables(program)


def _tags(name: str, environment: str, tags: set[str]) -> frozenset[str]:
    if environment == BUILD_ENVIRONMENT or _BUILD_PREFIX.match(name):
        tags.add("build")
    return frozenset(tags)


def _access(program: Program, node: Node, checked: set[str]) -> Iterator[Found]:
    thing = node.child_by_field_name("object")
    environment = program.environment(thing)
    if not environment or thing is None:
        return
    if node.type == "member_expression":
        name = trees.text(node.child_by_field_name("property"))
    else:
        name = string(node.child_by_field_name("index")) or ""
    if not VARIABLE.fullmatch(name) or (environment == BUILD_ENVIRONMENT and name in _BUILD_OWN):
        return
    fate = absence(program, node)
    if fate is None:
        return
    default, tags = fate
    if name in checked and "defaulted" not in tags:
        tags.add("required")
    yield program.found("env", name, node, default, _tags(name, environment, tags))


def absence(program: Program, node: Node) -> tuple[str, set[str]] | None:
    """What a read gives when there is no such variable: its default and the tags of the fact; None when it is no read."""
    current = node
    for around in ancestors(node):
        kind = around.type
        if around == current:  # the call of a conversion, gone through below
            continue
        if kind in {"parenthesized_expression", "as_expression", "satisfies_expression", "await_expression"}:
            current = around
            continue
        if kind == "non_null_expression":
            return "", {"required"}
        if kind == "assignment_expression" and around.child_by_field_name("left") == current:
            return None
        if kind == "augmented_assignment_expression" and around.child_by_field_name("left") == current:
            return _defaulted(program, around.child_by_field_name("right"))
        if kind == "unary_expression":
            operator = around.child_by_field_name("operator")
            if trees.text(operator) == "delete":
                return None
            if trees.text(operator) == "+":
                current = around
                continue
            return "", ({"required"} if trees.text(operator) == "!" and _guards(around) else set())
        if kind == "binary_expression":
            if trees.text(around.child_by_field_name("operator")) not in {"||", "??"}:
                return "", set()
            right = around.child_by_field_name("right")
            if around.child_by_field_name("left") == current and right is not None and not _reads(program, right):
                return _defaulted(program, right)
            current = around
            continue
        if kind == "ternary_expression":
            if around.child_by_field_name("condition") == current:
                return _defaulted(program, around.child_by_field_name("alternative"))
            return "", set()
        if kind == "arguments":
            call = around.parent
            if call is not None and call.type == "call_expression":
                thing, name = called(call)
                first = around.named_children[0] == current if around.named_children else False
                if name in _CONVERSIONS or (name == "parse" and trees.text(thing) == "JSON"):
                    current = call
                    continue
                if name in _CHECKS and first:
                    return "", {"required"}
            return "", set()
        if kind in {"member_expression", "subscript_expression"} and around.child_by_field_name("object") == current:
            optional = any(child.type == "optional_chain" for child in around.children)
            return "", (set() if optional or _conditional(around, trees.text(node)) else {"required"})
        return "", set()
    return "", set()


def _conditional(node: Node, text: str) -> bool:
    """Whether a use stands behind a check of the same value."""
    for around in ancestors(node):
        if around.type in {"if_statement", "ternary_expression", "binary_expression"}:
            condition = around.child_by_field_name("condition") or around.child_by_field_name("left")
            if condition is not None and text in trees.text(condition):
                return True
    return False


def _reads(program: Program, node: Node) -> bool:
    plain = inner(node)
    return plain.type in {"member_expression", "subscript_expression"} and bool(
        program.environment(plain.child_by_field_name("object"))
    )


def _defaulted(program: Program, node: Node | None) -> tuple[str, set[str]]:
    if node is None:
        return "", {"defaulted", "computed"}
    plain = inner(node)
    if plain.type in {"undefined", "null"} or trees.text(plain) in {"undefined", "null"}:
        return "", set()
    if plain.type == "identifier":
        plain = inner(program.constants.get(trees.text(plain), plain))
    value = literal(plain)
    if value is not None:
        return value, {"defaulted"}
    text = trees.text(plain)
    if _ENDS.search(text[:400]):
        return "", {"required"}
    return "", {"defaulted", "computed"}


def _guards(node: Node) -> bool:
    """Whether `!x` is the condition of an `if` that ends the program."""
    for around in ancestors(node):
        if around.type == "if_statement":
            return bool(_ENDS.search(trees.text(around.child_by_field_name("consequence"))[:600]))
        if around.type not in {"parenthesized_expression", "binary_expression"}:
            return False
    return False


def _checked(program: Program) -> set[str]:
    """Variables whose copy in a constant is checked: `const k = process.env.K; if (!k) throw …`."""
    copies: dict[str, str] = {}
    for name, value in program.constants.items():
        plain = inner(value)
        if not _reads(program, plain):
            continue
        part = plain.child_by_field_name("property") if plain.type == "member_expression" else plain.child_by_field_name("index")
        copies[name] = string(part) or trees.text(part)
    copies |= {name: variable for name, (variable, default) in program.taken.items() if default is None}
    if not copies:
        return set()
    found: set[str] = set()
    for node in program.nodes["if_statement"]:
        condition, consequence = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        if condition is None or not _ENDS.search(trees.text(consequence)[:600]):
            continue
        for name in re.findall(r"!\s{0,3}([A-Za-z_$][\w$]{0,60})\b(?!\s{0,3}[.(])", trees.text(condition)[:400]):
            if name in copies:
                found.add(copies[name])
    for node in program.nodes["call_expression"]:
        given = arguments(node) if called(node)[1] in _CHECKS else []
        if given and given[0].type == "identifier" and (name := trees.text(given[0])) in copies:
            found.add(copies[name])
    return found


def _patterns(program: Program, node: Node, checked: set[str]) -> Iterator[Found]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or name.type != "object_pattern":
        return
    environment = program.environment(value)
    if not environment:
        return
    for variable, _, default in pattern_parts(name):
        if not VARIABLE.fullmatch(variable) or (environment == BUILD_ENVIRONMENT and variable in _BUILD_OWN):
            continue
        text, tags = _defaulted(program, default) if default is not None else ("", set())
        if variable in checked and default is None:
            tags.add("required")
        at = next((part for part in name.named_children if trees.text(part).startswith(variable)), name)
        yield program.found("env", variable, at, text, _tags(variable, environment, tags))


def _helpers(program: Program) -> dict[str, tuple[int, bool]]:
    """Functions that read the variable their parameter names: the parameter's place, and whether they demand it."""
    found: dict[str, tuple[int, bool]] = {}
    for node in program.nodes["subscript_expression"]:
        index = node.child_by_field_name("index")
        if index is None or index.type != "identifier" or not program.environment(node.child_by_field_name("object")):
            continue
        for around in ancestors(node):
            if around.type not in FUNCTIONS and around.type != "method_definition":
                continue
            parameters = around.child_by_field_name("parameters") or around.child_by_field_name("parameter")
            names = _parameters(parameters)
            if trees.text(index) not in names:
                break
            named = around.child_by_field_name("name")
            name = trees.text(named) if named is not None else program.declared_name(around)
            if name:
                found[name] = (names.index(trees.text(index)), bool(_ENDS.search(trees.text(around)[:2000])))
            break
    return found


def _parameters(node: Node | None) -> list[str]:
    if node is None:
        return []
    if node.type == "identifier":
        return [trees.text(node)]
    found = []
    for one in node.named_children:
        part = one.child_by_field_name("pattern") or one.child_by_field_name("left") or one
        found.append(trees.text(part))
    return found


def _calls(program: Program, node: Node, helpers: dict[str, tuple[int, bool]], checked: set[str]) -> Iterator[Found]:
    thing, name = called(node)
    given = arguments(node)
    if not given:
        return
    if thing is None or trees.text(thing) in {"this", "self"}:
        place, demands = helpers.get(name, (0, bool(_DEMANDS.search(name))))
        if name not in helpers and not _HELPERS.match(name):
            return
        variable = string(given[place]) if place < len(given) else None
        if variable and (VARIABLE if name in helpers else _UPPER).fullmatch(variable):
            yield from _helped(program, node, variable, given[place + 1 :], demands)
        return
    text = trees.text(thing)
    variable = string(given[0])
    if not variable or len(text) > 80:
        return
    if (name == "get" and text in {"Deno.env", "Netlify.env"}) or (name in _TYPED and text in {"env", "Env"}):
        if not VARIABLE.fullmatch(variable):
            return
        if len(given) > 1 and text not in {"Deno.env", "Netlify.env"}:
            yield from _helped(program, node, variable, given[1:], False)
            return
        fate = absence(program, node)
        if fate is not None:
            default, tags = fate
            if name in _TYPED and "required" in tags:
                tags.discard("required")
            if variable in checked:
                tags.add("required")
            yield program.found("env", variable, node, default, _tags(variable, "", tags))
    elif (
        name in {"get", "getOrThrow"}
        and re.search(r"(?:config|cfg|env)\w{0,20}$", text, re.IGNORECASE)
        and _UPPER.fullmatch(variable)
    ):
        chain = _chain(node)
        if "default" in chain or (len(given) > 1 and trees.text(given[1])[:1] != "{"):
            yield from _helped(program, node, variable, chain.get("default", given[1:]), False)
        else:
            demands = name == "getOrThrow" or "required" in chain
            fate = absence(program, node) or ("", set())
            tags = fate[1] - {"required"} | ({"required"} if demands and "defaulted" not in fate[1] else set())
            yield program.found("env", variable, node, fate[0], _tags(variable, "", tags))


def _chain(node: Node) -> dict[str, list[Node]]:
    """The calls chained behind a call: `env.get("X").required().asString()`."""
    found: dict[str, list[Node]] = {}
    current = node
    for around in ancestors(node):
        if around.type == "member_expression" and around.child_by_field_name("object") == current:
            name = trees.text(around.child_by_field_name("property"))
            if around.parent is not None and around.parent.type == "call_expression":
                found[name] = arguments(around.parent)
        elif around.type != "call_expression":
            break
        current = around
    return found


def _helped(program: Program, node: Node, variable: str, rest: list[Node], demands: bool) -> Iterator[Found]:
    default, tags = ("", set[str]())
    if rest and rest[0].type not in FUNCTIONS and trees.text(rest[0])[:1] != "{":
        default, tags = _defaulted(program, rest[0])
    elif not rest:
        fate = absence(program, node)
        default, tags = fate if fate is not None else ("", set())
        tags = tags if "defaulted" in tags else set()
    if demands and "defaulted" not in tags:
        tags.add("required")
    yield program.found("env", variable, node, default, _tags(variable, "", tags))


def _imported(program: Program, node: Node) -> Iterator[Found]:
    """SvelteKit's `$env/static/…` and Astro's `astro:env`: variables as named imports."""
    module = string(node.child_by_field_name("source")) or ""
    if not _STATIC_IMPORTS.match(module):
        return
    for _, (origin, name) in program.imports.items():
        if origin == module and _UPPER.fullmatch(name):
            tags = {"required", "build"} if module.startswith("$env") else set[str]()  # the schema of Astro says the rest
            yield program.found("env", name, node, "", frozenset(tags))
