"""Hostile files of the usual formats, read without surprises: bounded depth, no aliases that explode, no entities, no code."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import yaml

from deploydeck.scan.facts import Broken, Text

_DEEPEST = 60
_YAML_BYTES = 1_000_000
_MOST_ALIASES = 200
_LONG_KEY = re.compile(r"(?:[\w-]{1,60}\.){100}")
"""A dotted key takes time by the square of its length."""
_JSON_NOISE = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.DOTALL)


def load_json(text: Text) -> Any:
    """The value of a JSON text; comments and closing commas, which many tools allow, are forgiven. Raises Broken."""
    try:
        return json.loads(text.text)
    except json.JSONDecodeError as error:
        problem = Broken(error.msg, error.lineno)
    except RecursionError:
        raise Broken("nested too deeply") from None
    except ValueError as error:  # a number with thousands of digits
        raise Broken(str(error)) from None
    plain = _JSON_NOISE.sub(lambda match: match[0] if match[0].startswith('"') else "", text.text)
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        raise problem from None


def load_toml(text: Text) -> dict[str, Any]:
    """The tables of a TOML text. Raises Broken."""
    if _LONG_KEY.search(text.text):
        raise Broken("nested too deeply")
    try:
        return tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        raise Broken(str(error), int(where[1]) if where else 0) from None
    except (RecursionError, ValueError) as error:
        raise Broken(str(error)[:200] or "nested too deeply") from None


class _Base(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Every scalar stays text, no tag means anything, nesting and aliases end early."""


def load_yaml(text: Text) -> Any:
    """The first document of a YAML text; every scalar is text. Raises Broken."""
    if len(text.text) > _YAML_BYTES:
        raise Broken(f"larger than {_YAML_BYTES} bytes")
    try:
        depth = aliases = 0
        for event in yaml.parse(text.text, Loader=_Base):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.AliasEvent):
                aliases += 1
            if depth > _DEEPEST or aliases > _MOST_ALIASES:
                raise Broken("nested too deeply" if depth > _DEEPEST else "too many aliases")
        for document in yaml.load_all(text.text, Loader=_Base):
            return document
        return None
    except yaml.MarkedYAMLError as error:
        raise Broken(error.problem or "not valid YAML", error.problem_mark.line + 1 if error.problem_mark else 0) from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise Broken(str(error)[:200] or "nested too deeply") from None


@dataclass(slots=True)
class Element:
    """An XML element: its name without a namespace, its line, attributes, children and own text."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> list[Element]:
        """The elements at a path of child names."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.tag == name]
        return found

    def get(self, *path: str) -> str:
        """The text of the first element at a path, stripped; "" when there is none."""
        found = self.all(*path)
        return found[0].text.strip() if found else ""

    def every(self, tag: str) -> list[Element]:
        """Every element of a name, however deep."""
        return [one for child in self.children for one in ([child] if child.tag == tag else []) + child.every(tag)]


def load_xml(data: bytes) -> Element:
    """The root element. Entities are refused, not expanded. Raises Broken."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = Element("", 0)
    stack = [top]

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _DEEPEST:
            raise Broken("nested too deeply", parser.CurrentLineNumber)
        element = Element(name.rpartition(":")[2], parser.CurrentLineNumber, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].text += text

    def entity(*_arguments: Any) -> None:
        raise Broken("declares entities", parser.CurrentLineNumber)

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data.removeprefix(b"\xef\xbb\xbf"), True)
    except expat.ExpatError as error:
        raise Broken(expat.ErrorString(error.code), error.lineno) from None
    except (ValueError, LookupError) as error:  # an encoding nobody knows
        raise Broken(str(error)[:200]) from None
    if not top.children:
        raise Broken("holds no element")
    return top.children[0]


def table(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one: files of strangers have other types in odd places."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def strings(value: Any) -> dict[str, str]:
    """The entries of a mapping whose value is text."""
    return {str(key): item for key, item in table(value).items() if isinstance(item, str)}
