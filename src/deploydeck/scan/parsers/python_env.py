"""Environment variables that Python source reads, in the ways of the standard library and of the usual helpers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, short
from deploydeck.scan.parsers.python_tree import Function, Module, dotted, elements, flat, keyword, last, pairs, string

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_ANY = re.compile(r"env|config\(|dj_database_url")
_MAPPINGS = frozenset({"os.environ", "environ", "os.environb", "_os.environ"})
_GETTERS = {
    "os.getenv": "get", "getenv": "get", "os.environ.get": "get", "environ.get": "get", "os.environ.setdefault": "setdefault",
    "environ.setdefault": "setdefault", "os.environ.pop": "pop", "environ.pop": "pop", "decouple.config": "need",
    "dotenv.get_key": "", "decouple.AutoConfig": "",
}  # fmt: skip
"""Calls whose first argument is a variable: `need` fails when it is absent, `get` does not."""
_READERS = frozenset({
    "environ.Env", "environ.FileAwareEnv", "environs.Env", "decouple.AutoConfig", "decouple.Config", "starlette.config.Config",
    "environ.env",
    "environs.FileAwareEnv", "Env", "starlette.config.environ",
})  # fmt: skip
_METHODS = frozenset(
    "str bool int float decimal list tuple dict json url db db_url cache cache_url email email_url search_url "
    "channels channels_url path datetime date time timedelta uuid log_level enum bytes unicode get_value dj_db_url "
    "dj_email_url dj_cache_url get_int get_bool get_str".split()
)
_NO_ARGUMENT = {
    "db": "DATABASE_URL",
    "cache": "CACHE_URL",
    "email": "EMAIL_URL",
    "channels": "CHANNELS_URL",
    "search_url": "SEARCH_URL",
}
_FORGIVING = frozenset({"KeyError", "Exception", "BaseException", "ImproperlyConfigured", "LookupError"})
_EXITS = frozenset({"exit", "sys.exit", "quit", "os._exit"})


def variables(module: Module) -> Iterator[Found]:
    """Facts `env` of every read of an environment variable in the file."""
    if not _ANY.search(module.text.text):
        return
    reader = _Reader(module)
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield from reader.call(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield from reader.subscript(node)
        elif isinstance(node, ast.Compare):
            yield from reader.compare(node)


class _Reader:
    """The reads of one file; what surrounds a read (a check, an `or`, a `try`) decides whether the variable is needed."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.instead: dict[int, ast.expr] = {}
        self.forgiven: set[int] = set()
        self.optional: set[str] = set()
        self.needed: set[int] = set()
        self.objects: dict[str, str] = {}
        self.prefixes: dict[int, str] = {}
        self.schema: dict[str, ast.expr] = {}
        self.helpers: dict[str, tuple[int, bool]] = {}
        for node in module.nodes:
            self._look(node)
        inside = [node.lineno for node in module.nodes if isinstance(node, ast.Call | ast.Subscript) and self._indirect(node)]
        for name, function in module.functions.items():
            if any(function.lineno <= line <= (function.end_lineno or 0) for line in inside) and (helper := self._helper(function)):
                self.helpers[name] = helper

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            for one, other in zip(node.values, node.values[1:], strict=False):
                self.instead[id(one)] = other
        elif isinstance(node, ast.Try):
            caught = {
                last(dotted(one))
                for handler in node.handlers
                for one in (elements(handler.type) or [handler.type or ast.Name("Exception")])
            }
            if caught & _FORGIVING and not any(_stops(handler.body) for handler in node.handlers):
                self.forgiven.update(
                    id(inner) for one in node.body for inner in ast.walk(one) if isinstance(inner, ast.Subscript | ast.Call)
                )
        elif isinstance(node, ast.Assert):
            self.needed.update(id(self.module.bound[name]) for name in _present(node.test) if name in self.module.bound)
        elif isinstance(node, ast.Call) and dotted(node.func) in {"int", "float"} and len(node.args) == 1:
            self.needed.add(id(node.args[0]))  # int(None) fails
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            self.needed.add(id(node.value))  # and so does None.split
        elif isinstance(node, ast.If):
            if _stops(node.body):
                self.needed.update(id(self.module.bound[name]) for name in _absent(node.test) if name in self.module.bound)
            for inner in ast.walk(node.test):
                if isinstance(inner, ast.Compare) and isinstance(inner.ops[0], ast.In) and self._mapping(inner.comparators[0]):
                    self.optional.add(self.module.string(inner.left))
        elif isinstance(node, ast.IfExp):
            for inner in ast.walk(node.test):
                if isinstance(inner, ast.Compare) and self._mapping(inner.comparators[0]):
                    self.optional.add(self.module.string(inner.left))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = self.module.full(node.value.func)
            if made in _READERS or (last(made) in {"Env", "FileAwareEnv"} and not made.startswith(".")):
                for target in node.targets:
                    if name := dotted(target):
                        self.objects[name] = made
                self._scheme(node.value)
        elif isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "prefixed"
                    and call.args
                ):
                    prefix = self.module.string(call.args[0])
                    for inner in ast.walk(node):
                        self.prefixes[id(inner)] = (
                            prefix + self.prefixes.get(id(inner), "")
                            if id(inner) not in self.prefixes
                            else self.prefixes[id(inner)] + prefix
                        )

    def _scheme(self, call: ast.Call) -> None:
        """`environ.Env(DEBUG=(bool, False))`: the casts and defaults of variables read later."""
        for one in call.keywords:
            if one.arg and len(items := elements(one.value)) == 2:
                self.schema[one.arg] = items[1]

    def _mapping(self, node: ast.AST | None) -> bool:
        return dotted(node) in _MAPPINGS or self.module.full(node) in _MAPPINGS

    def _indirect(self, node: ast.Call | ast.Subscript) -> bool:
        """Whether a read takes the variable's name from a name: it may be a parameter."""
        if isinstance(node, ast.Subscript):
            return isinstance(node.slice, ast.Name) and self._mapping(node.value)
        return bool(node.args) and isinstance(node.args[0], ast.Name) and self.module.full(node.func) in _GETTERS

    def _helper(self, function: Function) -> tuple[int, bool] | None:
        """Which parameter of a function of the file is a variable's name, and whether it fails when the variable is absent."""
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        for node in ast.walk(function):
            name: ast.expr | None = None
            fails = False
            if isinstance(node, ast.Call) and self.module.full(node.func) in _GETTERS and node.args:
                name = node.args[0]
                fails = any(isinstance(inner, ast.Raise) for inner in ast.walk(function))
            elif isinstance(node, ast.Subscript) and self._mapping(node.value) and isinstance(node.ctx, ast.Load):
                name, fails = node.slice, True
            if isinstance(name, ast.Name) and name.id in names:
                index = names.index(name.id)
                return index - (names[0] in {"self", "cls"}), fails
        return None

    def call(self, node: ast.Call) -> Iterator[Found]:
        name = self.module.full(node.func)
        kind = _GETTERS.get(name) or _GETTERS.get(dotted(node.func), "")
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        owner = dotted(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if kind:
            default = node.args[1] if len(node.args) > 1 else keyword(node, "default", "d")
            yield from self._read(node, node.args[0] if node.args else keyword(node, "key", "option"), default, kind)
        elif self._reads(dotted(node.func)) or (method in _METHODS and self._reads(owner)):
            first = node.args[0] if node.args else keyword(node, "var", "name")
            if first is None and method in _NO_ARGUMENT:
                first = ast.Constant(_NO_ARGUMENT[method])
            positional = node.args[1] if len(node.args) > 1 and not isinstance(node.args[1], ast.Name) else None
            default = keyword(node, "default")
            if default is None:
                default = positional if method or "decouple" not in self._reads(owner) else None
            yield from self._read(node, first, default, "need")
        elif last(name) == "config" and name.startswith("dj_database_url"):
            env = keyword(node, "env") or ast.Constant("DATABASE_URL")
            yield from self._read(node, env, node.args[0] if node.args else keyword(node, "default"), "get")
        elif (last(name) in self.helpers) and (name == last(name) or owner in {"self", "cls"}):
            index, fails = self.helpers[last(name)]
            rest = node.args[index + 1 :]
            default = (
                rest[0] if rest and isinstance(rest[0], ast.Constant) else keyword(node, "default", "default_value", "fallback")
            )
            if index < len(node.args):
                yield from self._read(node, node.args[index], default, "need" if fails else "get")
        elif (envvar := keyword(node, "envvar")) is not None:
            default = keyword(node, "default")
            if default is None and last(name) in {"Option", "Argument"} and node.args and not _ellipsis(node.args[0]):
                default = node.args[0]
            needed = keyword(node, "required") is not None or (
                last(name) in {"Option", "Argument"} and bool(node.args) and _ellipsis(node.args[0])
            )
            for one in elements(envvar) or [envvar]:
                yield from self._read(node, one, default, "need" if needed else "get")

    def _reads(self, name: str) -> str:
        """What object reads variables under this name: one made here, one imported from the project, or the usual name."""
        if name in self.objects:
            return self.objects[name]
        origin = self.module.aliases.get(name, "")
        if origin in {"decouple.config", "environs.env", "environ.env"}:
            return origin
        if name in {"env", "self.env"} and origin not in {"jinja2.env"} and name not in self.module.functions:
            return "env" if origin or name not in self.module.bound else ""
        return ""

    def subscript(self, node: ast.Subscript) -> Iterator[Found]:
        reads = self._reads(dotted(node.value))
        if self._mapping(node.value) or (reads and reads != "env"):
            yield from self._read(node, node.slice, None, "subscript")

    def compare(self, node: ast.Compare) -> Iterator[Found]:
        if isinstance(node.ops[0], ast.In | ast.NotIn) and self._mapping(node.comparators[0]):
            yield from self._read(node, node.left, None, "get")

    def _read(self, node: ast.expr, name_node: ast.expr | None, default: ast.expr | None, kind: str) -> Iterator[Found]:
        name = self.module.string(name_node)
        if not _NAME.fullmatch(name):
            return
        if kind == "need" and not any(character.isupper() for character in name) and not name.islower():
            return
        name = self.prefixes.get(id(node), "") + name
        tags: set[str] = set()
        value = ""
        if default is None and kind == "need":
            default = self.schema.get(name)
        if default is None:
            default = self.instead.get(id(node))
        default = self.module.value(default)
        if isinstance(default, ast.Constant) and default.value is not None:
            value, tags = short(default.value), {"defaulted"}
        elif isinstance(default, ast.UnaryOp) and isinstance(default.operand, ast.Constant) and isinstance(default.op, ast.USub):
            value, tags = "-" + short(default.operand.value), {"defaulted"}
        elif isinstance(default, ast.Constant):  # None: may be absent
            tags = {"defaulted", "computed"} if kind == "need" else set()
        elif default is not None:
            tags = {"defaulted", "computed"}
        elif kind == "need" or (kind == "subscript" and name not in self.optional):
            tags = set() if id(node) in self.forgiven else {"required"}
        elif id(node) in self.needed and id(node) not in self.forgiven and name not in self.optional:
            tags = {"required"}
        if kind == "setdefault":
            tags.add("setdefault")
        yield self.module.found("env", name, node, value, frozenset(tags))


def _ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _stops(body: list[ast.stmt]) -> bool:
    """Whether these statements end the program: a raise or an exit, not further down than one level."""
    for statement in flat(body):
        if isinstance(statement, ast.Raise):
            return True
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and dotted(statement.value.func) in _EXITS:
            return True
    return False


def _absent(test: ast.expr) -> Iterator[str]:
    """The names a test finds empty: `not A`, `A is None`, and these joined by `or`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        for one in test.values[:20]:
            if not isinstance(one, ast.BoolOp):
                yield from _absent(one)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = test.operand
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Call) and dotted(inner.func) == "all" and inner.args:
            yield from (one.id for one in elements(inner.args[0]) if isinstance(one, ast.Name))
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and isinstance(test.left, ast.Name):
        yield test.left.id


def _present(test: ast.expr) -> Iterator[str]:
    """The names an assertion finds set: `A`, `A is not None`, and these joined by `and`."""
    for one in test.values[:20] if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]:
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.IsNot | ast.NotEq) and isinstance(one.left, ast.Name):
            yield one.left.id


__all__ = ["pairs", "string", "variables"]
