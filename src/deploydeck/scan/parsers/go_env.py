"""Environment variables that Go source reads: calls of `os`, helpers around them, struct tags and Viper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.go_tree import FLAGS, UPPER, GoFile

if TYPE_CHECKING:
    from tree_sitter import Node

_FATAL = re.compile(
    r"\b(?:log|logger|slog|logrus|zap|l|sugar|zlog)\.(?:\w{0,20}\.)?(?:Fatal|Panic)\w{0,6}\(|\bpanic\(|os\.Exit\(|\.Fatal(?:f|ln)?\("
    r"|return\b[^\n]{0,120}(?:fmt\.Errorf|errors\.New|\bErr\w{1,40}|\berr\b)"
)
_TAG = re.compile(r"(\w[\w-]{0,30}):\"((?:[^\"\\]|\\.){0,300})\"")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_REQUIRED = frozenset({"required", "notEmpty", "true"})
_KEYS = frozenset(
    {
        "GetString",
        "GetInt",
        "GetBool",
        "GetDuration",
        "Get",
        "GetFloat64",
        "GetStringSlice",
        "GetInt64",
        "SetDefault",
        "GetUint",
        "BindEnv",
    }
)
_DEFAULTS = ("envDefault", "env-default", "default", "envconfig-default")


def environment(source: GoFile) -> Iterator[Found]:
    read: set[int] = set()
    for node in source.ifs:
        yield from _guarded(source, node, read)
    for call in source.calls:
        reads = source.env_call(call)
        if reads and call.id not in read:
            name, default, required, plain = reads
            if plain and _is_helper_body(source, call):
                continue
            tags, value = set[str](), ""
            if default is not None:
                known = source.value(default)
                tags, value = ({"defaulted"}, known.text) if known.known else ({"defaulted", "computed"}, "")
            elif required:
                tags = {"required"}
            else:
                tags, value = _afterwards(source, call)
            yield source.found("env", name, call, value, frozenset(tags))
        elif not reads:
            yield from _unknown_helper(source, call)
    for name, kind in source.env_helpers.items():
        yield source.found("env-helper", name, source.functions[name], kind)
    yield from _viper(source)
    yield from _tags(source)


def _is_helper_body(source: GoFile, call: Node) -> bool:
    arguments = source.arguments(call)
    return bool(arguments) and arguments[0].type not in {"interpreted_string_literal", "raw_string_literal", "identifier"}


def _unknown_helper(source: GoFile, call: Node) -> Iterator[Found]:
    """A call of a function that may be an environment helper of another file: the resolver joins them by name."""
    callee, arguments = source.callee(call), source.arguments(call)
    name = source.string(arguments[0]) if arguments and len(arguments) <= 3 else ""
    if not (("_" in name and UPPER.match(name)) or name in {"PORT", "HOST"}):
        return
    if not re.fullmatch(r"(?:\w{1,40}\.)?\w{1,60}", callee) or callee.startswith(
        ("os.", "viper.", "t.", "fmt.", "log.", "errors.")
    ):
        return
    default = source.value(arguments[1]) if len(arguments) > 1 else None
    tags = {"defaulted"} if default else set[str]()
    if default and not default.known:
        tags.add("computed")
    value = default.text if default and default.known else ""
    yield source.found("env-call", callee.rpartition(".")[2] + ":" + name, call, value, frozenset(tags))


def _afterwards(source: GoFile, call: Node) -> tuple[set[str], str]:
    """What the statements after `x := os.Getenv(…)` do when it is empty: fail (required), set a literal (defaulted), or nothing."""
    statement = call.parent
    while statement is not None and statement.type not in {
        "short_var_declaration",
        "assignment_statement",
        "var_spec",
        "block",
        "if_statement",
    }:
        statement = statement.parent
    if statement is None or statement.type in {"block", "if_statement"}:
        return set(), ""
    left = statement.child_by_field_name("left") or statement.child_by_field_name("name")
    names = [part.strip() for part in trees.text(left)[:200].split(",")]
    while statement.type in {"var_spec"} and statement.parent is not None:
        statement = statement.parent
        if statement.type == "var_declaration":
            break
    following = statement.next_named_sibling
    for _ in range(8):
        if following is None:
            break
        if following.type == "if_statement":
            condition = trees.text(following.child_by_field_name("condition"))[:400]
            if _says_empty(condition, names):
                return _consequence(source, following, names[0])
        following = following.next_named_sibling
    return set(), ""


def _says_empty(condition: str, names: list[str]) -> bool:
    first = re.escape(names[0])
    if re.search(
        rf"(?:^|[\s(|&]){first}\s{{0,4}}==\s{{0,4}}(?:\"\"|``)|len\({first}\)\s{{0,4}}(?:==\s{{0,4}}0|<\s{{0,4}}1)", condition
    ):
        return True
    return len(names) > 1 and re.search(rf"!{re.escape(names[1])}\b", condition) is not None


def _consequence(source: GoFile, statement: Node, name: str) -> tuple[set[str], str]:
    body = statement.child_by_field_name("consequence")
    if body is None:
        return set(), ""
    for node in trees.descend(body, frozenset({"assignment_statement", "return_statement"})):
        target = node.child_by_field_name("right") if node.type == "assignment_statement" else next(iter(node.named_children), None)
        if node.type == "assignment_statement" and trees.text(node.child_by_field_name("left")) != name:
            continue
        item = (
            target.named_children[0]
            if target is not None and target.type == "expression_list" and target.named_children
            else target
        )
        if node.type == "return_statement" and (item is None or item.type not in {"interpreted_string_literal", "int_literal"}):
            continue
        if node.type == "return_statement" and _FATAL.search(trees.text(node)):
            continue
        known = source.value(item)
        return ({"defaulted"}, known.text) if known.known else ({"defaulted", "computed"}, "")
    if _FATAL.search(trees.text(body)[:4000]):
        return {"required"}, ""
    return set(), ""


def _guarded(source: GoFile, statement: Node, read: set[int]) -> Iterator[Found]:
    """`if v := os.Getenv("X"); v == "" {…}`, `if os.Getenv("X") == "" {…}` and `if v, ok := os.LookupEnv("X"); !ok {…}`."""
    setup, condition = statement.child_by_field_name("initializer"), statement.child_by_field_name("condition")
    text = trees.text(condition)[:400]
    where = setup if setup is not None else condition
    if where is None or "env" not in trees.text(where)[:400].lower():
        return
    for call in trees.descend(where, frozenset({"call_expression"})):
        reads = source.env_call(call)
        if not reads or not reads[3]:
            continue
        names = (
            [part.strip() for part in trees.text(setup.child_by_field_name("left"))[:200].split(",")] if setup is not None else []
        )
        empty = _says_empty(text, names) if names else re.search(r"\)\s{0,4}==\s{0,4}\"\"", text) is not None
        tags, value = set[str](), ""
        if empty:
            tags, value = _consequence(source, statement, names[0] if names else "")
        elif names and (following := statement.next_named_sibling) is not None and following.type == "return_statement":
            items = following.named_children[0].named_children if following.named_children else []
            if len(items) == 1 and items[0].type in {"interpreted_string_literal", "int_literal"}:
                tags, value = {"defaulted"}, source.value(items[0]).text
        read.add(call.id)
        yield source.found("env", reads[0], call, value, frozenset(tags))


def _viper(source: GoFile) -> Iterator[Found]:
    if not any(path.endswith("spf13/viper") for path in source.imports):
        return
    prefix, automatic, replaced = "", False, False
    keys: dict[str, tuple[Node, str]] = {}
    for call in source.calls:
        last, arguments = source.callee(call).rpartition(".")[2], source.arguments(call)
        first = source.string(arguments[0]) if arguments else ""
        if last == "SetEnvPrefix" and first:
            prefix = first.upper() + "_"
        elif last == "AutomaticEnv":
            automatic = True
        elif last == "SetEnvKeyReplacer":
            replaced = True
    yield from _bound_flags(source)
    for call in source.calls:
        last, arguments = source.callee(call).rpartition(".")[2], source.arguments(call)
        first = source.string(arguments[0]) if arguments else ""
        if not first or last not in _KEYS:
            continue
        if last == "BindEnv":
            bound = [source.string(item) for item in arguments[1:]] or [_variable(prefix, first)]
            for name in bound:
                if _NAME.match(name):
                    yield source.found("env", name, call)
            continue
        if last == "SetDefault" and len(arguments) > 1:
            known = source.value(arguments[1])
            keys[first] = (call, known.text if known.known else "")
            if known.known and re.search(r"(?i)(?:^|[._])(?:port|addr|address|listen)$", first):
                yield source.found("option", f"key:{first.lower()}", call, known.text)
        else:
            keys.setdefault(first, (call, "-"))
    for key, (call, default) in keys.items():
        name = _variable(prefix, key)
        if _NAME.match(name) and ((automatic and ("." not in key or replaced)) or UPPER.match(key)):
            tags = frozenset({"defaulted"} if default != "-" else ())
            yield source.found("env", name, call, default if tags else "", tags)


def _bound_flags(source: GoFile) -> Iterator[Found]:
    """`viper.BindPFlag("http.port", cmd.Flags().Lookup("p"))`: the flag's default is the key's."""
    flags: dict[str, Node] = {}
    for call in source.calls:
        match, arguments = FLAGS.search(source.callee(call)), source.arguments(call)
        shift = 1 if match and match[2] else 0
        at = shift + (2 if match and match[3] else 1)
        if match and len(arguments) > at and (name := source.string(arguments[shift])):
            flags[name] = arguments[at]
    for call in source.calls:
        arguments = source.arguments(call)
        if source.callee(call).rpartition(".")[2] != "BindPFlag" or len(arguments) != 2:
            continue
        key, looked = source.string(arguments[0]), re.search(r"\.Lookup\(\s{0,4}\"([\w.-]{1,60})\"", trees.text(arguments[1])[:300])
        if looked and looked[1] in flags and re.search(r"(?i)(?:^|[._-])(?:port|addr|address|listen)$", key):
            known = source.value(flags[looked[1]])
            if known.known:
                yield source.found("option", f"key:{key.lower()}", call, known.text)


def _variable(prefix: str, key: str) -> str:
    return prefix + re.sub(r"[.-]", "_", key).upper()


def _tags(source: GoFile) -> Iterator[Found]:
    """Struct tags of caarlos0/env, cleanenv, envconfig of two authors, kong, go-arg and Viper's mapstructure."""
    joined = " ".join(source.imports)
    if not re.search(r"env|viper|kong|go-arg|conf|koanf|flags", joined):
        tagged = [one for one in source.struct_fields if one.child_by_field_name("tag") is not None]
        if not any("env" in trees.text(one.child_by_field_name("tag")) for one in tagged):
            return
    process, processed = "", False
    for call in source.calls:
        if source.callee(call).endswith(("envconfig.Process", "envconfig.MustProcess")) and source.arguments(call):
            processed = True
            process = source.string(source.arguments(call)[0])
    prefixes: dict[str, str] = {}
    for field in source.struct_fields:
        tags = dict(_TAG.findall(trees.text(field.child_by_field_name("tag"))[:600]))
        inner = trees.text(field.child_by_field_name("type")).lstrip("*")
        if wanted := tags.get("envPrefix", tags.get("env-prefix", "")):
            prefixes[inner] = wanted
    prefix = next((one for literal in source.composites if (one := _options_prefix(source, literal))), "")
    structs = {owner for field in source.struct_fields if (owner := _owner(field))}
    for field in source.struct_fields:
        if trees.text(field.child_by_field_name("type"))[:80].lstrip("*") in structs:
            continue  # what it holds is read, not it
        for fact in _field(source, field, prefixes, process, processed):
            yield replace(fact, name=prefix + fact.name) if prefix and fact.kind == "env" else fact


def _options_prefix(source: GoFile, literal: Node) -> str:
    """The prefix that `env.Options{Prefix: "APP_"}` puts before every name."""
    if not trees.text(literal.child_by_field_name("type"))[:80].endswith("env.Options"):
        return ""
    prefix = source.string(source.fields(literal).get("Prefix"))
    return prefix if _NAME.match(prefix) else ""


def _field(source: GoFile, field: Node, prefixes: dict[str, str], process: str, processed: bool) -> Iterator[Found]:
    tag = trees.text(field.child_by_field_name("tag"))[:600]
    tags = dict(_TAG.findall(tag))
    if "envPrefix" in tags or "env-prefix" in tags:
        return
    name, options = "", list[str]()
    owner = _owner(field)
    if "env" in tags:
        name, *options = tags["env"].split(",")
        name = prefixes.get(owner, "") + name if name else ""
    elif "envconfig" in tags and tags["envconfig"] != "-":
        name, *options = tags["envconfig"].split(",")
        name = (f"{process}_{name}" if process else name).upper()
    elif "mapstructure" in tags and UPPER.match(tags["mapstructure"]):
        name = tags["mapstructure"]
    elif tags.get("arg", "").partition("env:")[1]:
        name = tags["arg"].partition("env:")[2].partition(",")[0]
    elif processed and tags.get("envconfig") != "-" and trees.text(field.child_by_field_name("type")) in {
        "string", "int", "bool", "time.Duration", "uint16", "uint", "int64", "float64", "[]string",
    }:  # fmt: skip
        own = trees.text(field.child_by_field_name("name"))
        if own[:1].isupper() and "\n" not in own:
            spelled = "_".join(_WORDS.findall(own)) if tags.get("split_words") == "true" else own
            name = (f"{process}_{spelled}" if process else spelled).upper()
    name = name.strip()
    if not _NAME.match(name):
        return
    found: set[str] = set()
    value = next((tags[key] for key in _DEFAULTS if key in tags), None)
    for option in options:
        if option.strip().startswith("default="):
            value = option.strip()[8:]
    if value is not None:
        found.add("defaulted")
    elif (
        (_REQUIRED & {option.strip() for option in options})
        or "true" in {tags.get("required"), tags.get("env-required")}
        or ((tags.get("validate") or tags.get("binding") or "").split(",")[0] == "required")
    ):
        found.add("required")
    yield source.found("env", name, field, value or "", frozenset(found))
    own = trees.text(field.child_by_field_name("name"))
    if value and re.search(r"(?i)port|addr|listen", own):
        yield source.found("option", f"field:{own}", field, value, frozenset({f"variable:{name}"}))


def _owner(field: Node) -> str:
    """The name of the struct type a field belongs to."""
    parent = field.parent
    while parent is not None and parent.type not in {"type_spec", "field_declaration"}:
        parent = parent.parent
    return trees.text(parent.child_by_field_name("name")) if parent is not None and parent.type == "type_spec" else ""
