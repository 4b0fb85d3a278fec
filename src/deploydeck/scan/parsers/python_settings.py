"""Settings classes of pydantic: each field is an environment variable of its name, behind the class's prefix."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploydeck.scan.facts import Found, short
from deploydeck.scan.parsers.python_tree import Module, assigned, dotted, elements, keyword, last, pairs, string

_LIKELY = re.compile(r"(?:Settings|Config|Configuration|Env)(?:Base|Mixin)?$|^Base")
_SKIPPED = frozenset({"model_config", "Config", "settings_customise_sources"})
_DSN = {
    "PostgresDsn": "postgresql", "AsyncPostgresDsn": "postgresql", "CockroachDsn": "postgresql", "MySQLDsn": "mysql",
    "MariaDBDsn": "mysql",
    "RedisDsn": "redis", "MongoDsn": "mongodb", "AmqpDsn": "rabbitmq", "KafkaDsn": "kafka", "NatsDsn": "nats",
    "ClickHouseDsn": "clickhouse",
}  # fmt: skip
_DEEPEST = 4


@dataclass(slots=True)
class _Options:
    prefix: str | None = None
    sensitive: bool = False
    delimiter: str = ""
    named: dict[str, list[str]] = field(default_factory=dict)


def settings_classes(module: Module) -> Iterator[Found]:
    """Facts `env` for classes that are certainly settings, `settings-class` and `settings-field` for those that others decide."""
    for node in module.nodes:
        if not isinstance(node, ast.ClassDef):
            continue
        certain = _is_settings(module, node, 0)
        bases = [last(dotted(base)) for base in node.bases]
        if certain:
            yield module.found("settings-class", node.name, node, ",".join(bases), frozenset({"certain"}))
            yield from _fields(module, node, "env")
        elif any(_LIKELY.search(base) and base != "BaseModel" for base in bases):
            yield module.found("settings-class", node.name, node, ",".join(bases))
            yield from _fields(module, node, "settings-field")


def _is_settings(module: Module, node: ast.ClassDef, depth: int) -> bool:
    for base in node.bases:
        name = last(dotted(base))
        if name == "BaseSettings":
            return True
        other = module.classes.get(name)
        if other is not None and other is not node and depth < _DEEPEST and _is_settings(module, other, depth + 1):
            return True
    return False


def _options(module: Module, node: ast.ClassDef, depth: int = 0) -> _Options:
    """What the class, else a class it is built on, says about names."""
    found = _Options()
    places: list[tuple[str, ast.expr]] = [(one.arg, one.value) for one in node.keywords if one.arg]
    for one in node.body:
        names, value = assigned(one)
        if "model_config" in names:
            places += [(item.arg, item.value) for item in getattr(value, "keywords", []) if item.arg] + list(pairs(value))
        elif isinstance(one, ast.ClassDef) and one.name == "Config":
            places += [(name, inner) for item in one.body for names, inner in (assigned(item),) if inner for name in names]
    for name, value in places:
        if name == "env_prefix":
            found.prefix = module.string(value)
        elif name == "case_sensitive":
            found.sensitive = isinstance(value, ast.Constant) and value.value is True
        elif name == "env_nested_delimiter":
            found.delimiter = module.string(value)
        elif name == "fields":
            for key, inner in pairs(value):
                for option, env in pairs(inner):
                    if option == "env":
                        found.named[key] = [module.string(one) for one in elements(env) or [env]]
    for base in node.bases:
        other = module.classes.get(last(dotted(base)))
        if other is not None and other is not node and depth < _DEEPEST:
            above = _options(module, other, depth + 1)
            found.prefix = above.prefix if found.prefix is None else found.prefix
            found.sensitive = found.sensitive or above.sensitive
            found.delimiter = found.delimiter or above.delimiter
    return found


def _fields(
    module: Module, node: ast.ClassDef, kind: str, outer: str = "", depth: int = 0, parent: _Options | None = None
) -> Iterator[Found]:
    options = parent or _options(module, node)
    prefix = outer or options.prefix or ""
    scope = frozenset({f"class:{node.name}"}) if kind == "settings-field" else frozenset[str]()
    for one in node.body:
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
            continue
        name = one.target.id
        if name.startswith("_") or name in _SKIPPED:
            continue
        kinds = {last(dotted(inner)) for inner in ast.walk(one.annotation) if isinstance(inner, ast.Name | ast.Attribute)}
        if "ClassVar" in kinds:
            continue
        for dsn in sorted(kinds & _DSN.keys()):
            yield module.found("datasource", _DSN[dsn], one, dsn)
        call = one.value if isinstance(one.value, ast.Call) else _annotated(one.annotation)
        default, given = _default(one.value)
        nested = next(
            (module.classes[kind_] for kind_ in sorted(kinds) if kind_ in module.classes and module.classes[kind_] is not node),
            None,
        )
        if nested is not None and not _is_enum(nested):
            # A group of settings: its fields are variables of their own, not this one.
            if options.delimiter and depth < 2 and not _is_settings(module, nested, 0):
                inner = _Options(sensitive=options.sensitive, delimiter=options.delimiter)
                yield from _fields(module, nested, kind, f"{prefix}{name}{options.delimiter}", depth + 1, inner)
            continue
        if nested is None and any(kind_.endswith(("Settings", "Config")) for kind_ in kinds) and given:
            continue
        names = _aliases(module, call) or options.named.get(name) or [prefix + name]
        tags: set[str] = set(scope)
        value = ""
        if not given:
            tags.add("required")
        elif isinstance(default := module.value(default), ast.Constant):
            tags.add("defaulted")
            if default.value is None:
                tags.add("computed")
            else:
                value = short(default.value)
        else:
            tags |= {"defaulted", "computed"}
        for variable in names:
            if variable:
                plain = variable if options.sensitive or variable in (_aliases(module, call) or ()) else variable.upper()
                yield module.found(kind, plain if plain != plain.lower() else plain.upper(), one, value, frozenset(tags))


def _annotated(annotation: ast.expr) -> ast.Call | None:
    """The `Field(...)` inside `Annotated[X, Field(...)]`."""
    return next((one for one in ast.walk(annotation) if isinstance(one, ast.Call) and last(dotted(one.func)) == "Field"), None)


def _default(value: ast.expr | None) -> tuple[ast.expr | None, bool]:
    """The default a field gives, and whether it gives one at all."""
    if value is None:
        return None, False
    if isinstance(value, ast.Constant) and value.value is ...:
        return None, False
    if isinstance(value, ast.Call) and last(dotted(value.func)) == "Field":
        first = value.args[0] if value.args else keyword(value, "default")
        if first is not None:
            return (None, False) if isinstance(first, ast.Constant) and first.value is ... else (first, True)
        return value, keyword(value, "default_factory") is not None
    return value, True


def _aliases(module: Module, call: ast.Call | None) -> list[str]:
    """The variables that `Field(alias=…, validation_alias=…, env=…)` names instead of the field's own."""
    if call is None or last(dotted(call.func)) != "Field":
        return []
    given = keyword(call, "validation_alias", "env", "alias")
    if isinstance(given, ast.Call):
        return [module.string(one) for one in given.args[:3] if module.string(one)]
    if many := elements(given):
        return [module.string(one) for one in many[:3] if module.string(one)]
    text = module.string(given)
    return [text] if text else []


def _is_enum(node: ast.ClassDef) -> bool:
    return any(last(dotted(base)).endswith(("Enum", "Flag")) or last(dotted(base)) in {"str", "int"} for base in node.bases)


__all__ = ["settings_classes", "string"]
