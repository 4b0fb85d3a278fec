"""A Python file as a syntax tree with what its readers need: lines, where names come from, what they are bound to."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploydeck.scan.facts import Broken, Found, Text, short

_SOURCE_NAME = "deploydeck-scanned-source"
_DEEPEST_NAME = 8
_DEEPEST_VALUE = 5
_NUMBER = re.compile(r"[0-9]{1,5}")

# A scanned file with "\d" in a plain string would make newer interpreters write a warning to the terminal.
warnings.filterwarnings("ignore", module=_SOURCE_NAME)

NONE: frozenset[str] = frozenset()
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Module:
    """`aliases`: local name to what was imported (relative ones begin with dots). `bound`: name to the last value assigned."""

    file: str
    text: Text
    tree: ast.Module
    nodes: list[ast.AST]
    calls: list[ast.Call] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    bound: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)

    def found(self, kind: str, name: str, node: ast.AST, value: str = "", tags: frozenset[str] = NONE) -> Found:
        line = getattr(node, "lineno", 0)
        return Found(kind, name, value[:300], self.file, line, self.text.line(line), "python", tags)

    def full(self, node: ast.AST | None) -> str:
        """The dotted name of an expression with its first part replaced by what was imported under it."""
        name = dotted(node)
        head, dot, rest = name.partition(".")
        return self.aliases.get(head, head) + dot + rest

    def string(self, node: ast.AST | None) -> str:
        """The text of a literal, or of a name that holds one; "" for anything else."""
        for _ in range(_DEEPEST_VALUE):
            if isinstance(node, ast.Constant):
                return node.value if isinstance(node.value, str) else ""
            if not isinstance(node, ast.Name) or node.id not in self.bound:
                return ""
            node = self.bound[node.id]
        return ""

    def value(self, node: ast.expr | None) -> ast.expr | None:
        """What a name is bound to; other expressions as they are."""
        for _ in range(_DEEPEST_VALUE):
            if not isinstance(node, ast.Name) or node.id not in self.bound:
                return node
            node = self.bound[node.id]
        return node


def module_of(file: str, text: Text) -> Module:
    """The tree of a file. Raises Broken."""
    try:
        tree = ast.parse(text.text, filename=_SOURCE_NAME)
        nodes = list(ast.walk(tree))
    except SyntaxError as error:
        raise Broken(f"not valid Python: {error.msg}", error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError):
        raise Broken("not valid Python: cannot be parsed") from None
    module = Module(file, text, tree, nodes)
    for node in nodes:
        if isinstance(node, ast.Call):
            module.calls.append(node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module.aliases[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = "." * min(node.level, 20) + (node.module or "")
            for alias in node.names:
                module.aliases[alias.asname or alias.name] = f"{base}.{alias.name}" if not base.endswith(".") else base + alias.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    module.bound[target.id] = node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):  # HOST, PORT = "", 8000
                    for one, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(one, ast.Name):
                            module.bound[one.id] = value
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and node.value is not None:
                module.bound.setdefault(node.target.id, node.value)
        elif isinstance(node, ast.NamedExpr):
            module.bound[node.target.id] = node.value
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            module.functions.setdefault(node.name, node)
            _defaults(module, node)
        elif isinstance(node, ast.ClassDef):
            module.classes.setdefault(node.name, node)
    return module


def _defaults(module: Module, function: Function) -> None:
    """The defaults of parameters, also those a click option gives, stand for the parameters' names."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    module_defaults = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=False))
    module_defaults += [(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False) if value]
    for one, value in module_defaults:
        module.bound.setdefault(one.arg, value)
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and dotted(decorator.func).rpartition(".")[2] == "option":
            names = [string(word).lstrip("-").replace("-", "_") for word in decorator.args if string(word)]
            if names and (default := keyword(decorator, "default")) is not None:
                module.bound.setdefault(max(names, key=len), default)


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` of a name or an attribute of one; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < _DEEPEST_NAME:
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def last(name: str) -> str:
    return name.rpartition(".")[2]


def string(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def keyword(call: ast.Call | ast.ClassDef, *names: str) -> ast.expr | None:
    """The value of the first of these keyword arguments that is given."""
    return next((one.value for name in names for one in call.keywords if one.arg == name), None)


def argument(call: ast.Call, index: int, *names: str) -> ast.expr | None:
    """The positional argument at `index`, else the keyword argument."""
    return call.args[index] if len(call.args) > index else keyword(call, *names)


def elements(node: ast.AST | None) -> list[ast.expr]:
    """The items of a list, tuple or set display."""
    return node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []


def pairs(node: ast.AST | None) -> Iterator[tuple[str, ast.expr]]:
    """The entries of a dict display or `dict(...)` call whose key is text."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=False):
            if name := string(key):
                yield name, value
    elif isinstance(node, ast.Call) and dotted(node.func) == "dict":
        for one in node.keywords:
            if one.arg:
                yield one.arg, one.value


def number(text: object) -> str:
    """The text when it is a port number, else ""."""
    written = short(text)
    return written if _NUMBER.fullmatch(written) and 0 < int(written) < 65536 else ""


def flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, including those one or two levels of `if`, `try` or `with` down; not what only runs as a script."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Try | ast.If | ast.With) and not is_guard(statement):
            for inner in (*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])):
                yield inner
                if isinstance(inner, ast.Try | ast.If | ast.With):
                    yield from inner.body


def is_guard(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__"`."""
    return isinstance(statement, ast.If) and isinstance(statement.test, ast.Compare) and dotted(statement.test.left) == "__name__"


def assigned(statement: ast.stmt) -> tuple[list[str], ast.expr | None]:
    """The plain names an assignment binds, and the value."""
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)], statement.value
    if isinstance(statement, ast.AnnAssign | ast.AugAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id], statement.value
    return [], None
