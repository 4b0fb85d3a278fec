# ruff: noqa: E501 - tables read better unbroken
"""Variables as schemas name them: zod, envalid, t3-env, znv, joi, yup, valibot, convict, class-validator, Nuxt's runtimeConfig."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_tree import ancestors, arguments, called, field, inner, key_of, literal, pairs, string

if TYPE_CHECKING:
    from tree_sitter import Node

    from deploydeck.scan.parsers.node_program import Program

_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,99}")
_ROOTS = re.compile(r"^(?:z|zod|Joi|joi|yup|Yup|v|t|s|S|Type|Schema|envalid|env|Env|vine)$")
_MAKERS = frozenset({
    "str", "num", "bool", "port", "url", "email", "host", "json", "strictStr", "nonemptyString", "deprecate", "makeValidator",
    "string", "number", "boolean", "integer", "envsafe", "tcpPort", "optionalStr",
})  # fmt: skip
_WORTH = re.compile(
    r"\b(?:process\.env|import\.meta\.env|Deno\.env|Bun\.env|cleanEnv|createEnv|parseEnv|envsafe|validateEnv|ConfigModule|env|Env|environment|validationSchema)\b"
)
_OPTIONAL = frozenset({"optional", "nullish", "maybe", "notRequired", "nullable", "catch", "allow", "exist"})
_WRAPS = frozenset({"optional", "nullish", "Optional"})
_DEFAULTS = frozenset({"default", "fallback", "prefault", "Default"})
_SHORT = frozenset({"v", "t", "s", "S", "Type"})
_SHORT_FROM = frozenset({
    "valibot", "@sinclair/typebox", "typebox", "superstruct", "fluent-json-schema", "fluent-schema", "elysia", "@hono/valibot-validator",
})  # fmt: skip
"""Roots too short to mean a library by themselves, and the modules they must come from."""
_JSON_SCHEMA = re.compile(r"@fastify/env|fastify-env|env-schema|\benvSchema\b|\bfastifyEnv\b")
_ENVIRONMENT = re.compile(r"\b(?:process\.env|import\.meta\.env|Bun\.env)\b")
_BUILD = re.compile(r"^(?:NEXT_PUBLIC|VITE|REACT_APP|PUBLIC|GATSBY|EXPO_PUBLIC)_")


def schema_variables(program: Program) -> Iterator[Found]:
    """Facts env of the schemas in a file, when the file has to do with the environment."""
    worth = _WORTH.search(program.text.text) is not None or "env" in program.file.rpartition("/")[2]
    libraries = {module for module, _ in program.imports.values()}
    for node in program.nodes["pair"]:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None or value is None:
            continue
        name = key_of(key)
        if name == "env" and (variable := string(value)) and _KEY.fullmatch(variable):
            yield from _convict(program, node, variable)
        elif name == "runtimeConfig" and inner(value).type == "object":
            yield from _nuxt(program, value)
        elif _KEY.fullmatch(name) and called(inner(value))[0] is not None and trees.text(called(inner(value))[0]) == "envField":
            yield from _astro(program, node, name, arguments(inner(value)))
        elif worth and _KEY.fullmatch(name) and (fate := _validator(value, libraries)) is not None:
            default, tags = fate
            if _BUILD.match(name):
                tags.add("build")
            yield program.found("env", name, node, default, frozenset(tags))
    if _JSON_SCHEMA.search(program.text.text):
        yield from _json_schemas(program)
    if re.search(r"\b(?:plainToInstance|plainToClass|validateSync)\b", program.text.text):
        for node in program.nodes["public_field_definition"]:
            yield from _class_field(program, node)


def _validator(value: Node, libraries: set[str]) -> tuple[str, set[str]] | None:
    """The default and the tags of a chain of calls that begins at a validation library; None for any other value."""
    methods: dict[str, list[Node]] = {}
    node = inner(value)
    root = ""
    for _ in range(30):
        if node.type == "call_expression":
            thing, name = called(node)
            if thing is None:
                root = name
                methods.setdefault("()", arguments(node))
                break
            methods.setdefault(name, arguments(node))
            node = inner(thing)
        elif node.type == "member_expression":
            thing = node.child_by_field_name("object")
            methods.setdefault(trees.text(node.child_by_field_name("property")), [])
            if thing is None:
                return None
            node = inner(thing)
        else:
            root = trees.text(node)
            break
    if methods.get("Optional"):  # TypeBox: Type.Optional(Type.String({ default: "x" }))
        inside = _validator(methods["Optional"][0], libraries)
        return inside if inside and "defaulted" in inside[1] else ("", set())
    if not methods or not (_ROOTS.match(root) or (root in _MAKERS and "()" in methods)):
        return None
    if root in _SHORT and not libraries & _SHORT_FROM:
        return None
    for name in _DEFAULTS & set(methods):
        default = literal(methods[name][0]) if methods[name] else None
        return (default, {"defaulted"}) if default is not None else ("", {"defaulted", "computed"})
    holders = list(methods) if root in _SHORT else ["()"]  # TypeBox gives the default among the options of the type
    options = next((given[-1] for key in holders if (given := methods.get(key)) and inner(given[-1]).type == "object"), None)
    if (written := field(options, "default")) is not None:
        default = literal(written)
        return (default, {"defaulted"}) if default is not None else ("", {"defaulted", "computed"})
    if root in {"Joi", "joi", "yup", "Yup"}:
        return "", ({"required"} if "required" in methods else set())
    if _OPTIONAL & set(methods) or root in _WRAPS:
        return "", set()
    return "", {"required"}


def _convict(program: Program, node: Node, variable: str) -> Iterator[Found]:
    """`{ format: "port", default: 3000, env: "PORT" }`."""
    around = node.parent
    if around is None or around.type != "object":
        return
    written = field(around, "default")
    if written is None and field(around, "format", "doc") is None:
        return
    default = literal(written)
    tags = {"defaulted"} if default is not None else set()
    if written is not None and default is None and trees.text(inner(written)) not in {"null", "undefined"}:
        tags = {"defaulted", "computed"}
    yield program.found("env", variable, node, default or "", frozenset(tags))


def _json_schemas(program: Program) -> Iterator[Found]:
    """@fastify/env and env-schema: `{ required: ["A"], properties: { A: { type: "string", default: "x" } } }`."""
    for node in program.nodes["pair"]:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        around = node.parent
        if key is None or value is None or around is None or key_of(key) != "properties" or inner(value).type != "object":
            continue
        listed = field(around, "required")
        required = {string(one) for one in inner(listed).named_children} if listed is not None else set()
        for name, described in pairs(inner(value)):
            if not _KEY.fullmatch(name) or inner(described).type != "object":
                continue
            written = field(described, "default")
            default = literal(written)
            tags = {"required"} if name in required else set[str]()
            if written is not None:
                tags = {"defaulted"} if default is not None else {"defaulted", "computed"}
            yield program.found("env", name, described, default or "", frozenset(tags))


def _astro(program: Program, node: Node, name: str, given: list[Node]) -> Iterator[Found]:
    """`envField.string({ context: "server", access: "secret", default: "x" })`: only secrets are read when the program runs."""
    options = given[0] if given else None
    written, optional = field(options, "default"), field(options, "optional")
    default = literal(written)
    tags = set() if string(field(options, "access")) == "secret" else {"build"}
    if written is not None:
        tags |= {"defaulted"} if default is not None else {"defaulted", "computed"}
    elif optional is None or trees.text(optional) != "true":
        tags.add("required")
    yield program.found("env", name, node, default or "", frozenset(tags))


def _nuxt(program: Program, config: Node) -> Iterator[Found]:
    """Nuxt reads NUXT_ and the path of each key of runtimeConfig, in capitals."""
    waiting = [("NUXT", config, 0)]
    while waiting:
        prefix, node, depth = waiting.pop(0)
        for key, value in pairs(node):
            name = f"{prefix}_{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', key).upper()}"
            plain = inner(value)
            if plain.type == "object" and depth < 4:
                waiting.append((name, plain, depth + 1))
            elif _ENVIRONMENT.search(trees.text(plain)):
                continue  # the variable that it is read from is the one to set
            elif re.fullmatch(r"[A-Z][A-Z0-9_]{0,99}", name):
                default = literal(plain)
                tags = {"defaulted"} if default else {"defaulted", "computed"} if default is None else set()
                yield program.found("env", name, value, default or "", frozenset(tags))


def _class_field(program: Program, node: Node) -> Iterator[Found]:
    """A field of a class that class-validator fills from the environment."""
    name = node.child_by_field_name("name")
    if name is None or not _KEY.fullmatch(trees.text(name)):
        return
    text = trees.text(node)
    before = node.prev_named_sibling
    for _ in range(12):
        if before is None or before.type != "decorator":
            break
        text += trees.text(before)
        before = before.prev_named_sibling
    value = node.child_by_field_name("value")
    default = literal(value)
    optional = "@IsOptional" in text or re.search(rf"\b{trees.text(name)}\s{{0,3}}\?", text) is not None
    if value is not None:
        tags = {"defaulted"} if default is not None else {"defaulted", "computed"}
    else:
        tags = set() if optional else {"required"}
    if any(around.type in {"class_declaration", "class"} for around in ancestors(node)):
        yield program.found("env", trees.text(name), node, default or "", frozenset(tags))
