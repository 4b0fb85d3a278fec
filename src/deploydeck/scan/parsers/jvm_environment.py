"""Environment variables in Java, Kotlin, Scala and Groovy source, with what happens when they are missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, short

if TYPE_CHECKING:
    from deploydeck.scan.parsers.jvm_source import Source

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_HELPER = re.compile(
    r"^(?:get|read|load|require|required|optional|from)?_?(?:[eE]nv|ENV)(?:ironment)?(?:Var(?:iable)?)?(?:Or\w{0,20}|OrElse|String|Int|WithDefault|Required)?$"
)
_PLACEHOLDER = re.compile(r"\\?\$\{([A-Z][A-Z0-9_]{0,99})(?:(:)([^{}$]{0,200})(\\?\$?))?(?=\}|\\?\$)")
_READERS = frozenset(
    {"getenv", "getOrDefault", "getOrElse", "get", "getProperty", "envOrElse", "envOrNone", "envOrSome", "getOrNull", "apply"}
)
_DEFAULTS = frozenset(
    {"orElse", "getOrElse", "getOrDefault", "default", "orElseGet", "or", "fold", "ifBlank", "defaultIfBlank", "withDefault"}
)
_REQUIRES = frozenset({"orElseThrow", "orThrow", "getOrThrow"})


def environment(source: Source) -> Iterator[Found]:
    """One fact for each place that reads a variable."""
    tokens = source.tokens
    has_env = b"getenv" in source.data or b"sys.env" in source.data or b"otenv" in source.data or b"System.env" in source.data
    for index in range(len(tokens)):
        kind = tokens.kind[index]
        if kind == "s":
            if "{" in tokens.text[index] and "$" in tokens.text[index]:
                yield from _placeholders(source, index)
            if tokens.is_(index + 1, "]") and tokens.is_(index - 1, "[") and has_env:
                yield from _indexed(source, index)
            continue
        if kind != "w":
            continue
        word = tokens.text[index]
        opening = index + 1
        if word == "env" and tokens.word(index - 2) in {"sys", "System"} and tokens.is_(index - 1, "."):
            if tokens.is_(opening, "(") and (name := _name(source, opening + 1)):
                yield _fact(source, name, opening + 1, _after(source, tokens.close.get(opening, opening)) or {"required": ""})
            elif tokens.is_(opening, ".") and _CAPITALS.fullmatch(tokens.word(index + 2)):  # Groovy: System.env.X
                yield _fact(source, tokens.word(index + 2), index + 2, _after(source, index + 2))
            continue
        if not tokens.is_(opening, "("):
            continue
        if (
            word == "getenv"
            or (word in _READERS and has_env and _on_environment(source, index))
            or ((word != "env" and _HELPER.match(word)) or (word == "env" and not tokens.is_(index - 1, ".")))
        ):
            yield from _call(source, index, word)


def _on_environment(source: Source, index: int) -> bool:
    """Whether a method is called on what holds the environment: `System.getenv()`, `sys.env`, a variable named `env` or `dotenv`."""  # noqa: E501
    tokens = source.tokens
    before = index - 2
    if not tokens.is_(index - 1, ".", "?."):
        return tokens.text[index].startswith("envOr")
    if tokens.is_(before, ")") and tokens.is_(before - 1, "("):
        before -= 2
    word = tokens.word(before)
    return word in {"getenv", "env", "environment", "dotenv", "envs", "Properties"} or bool(
        re.fullmatch(r"\w{0,20}(?:[eE]nv|ENV)", word)
    )


def _call(source: Source, index: int, word: str) -> Iterator[Found]:
    tokens = source.tokens
    arguments = tokens.arguments(index + 1)
    if not arguments:
        return
    name = _name(source, arguments[0].start)
    plain = word == "getenv" or word.startswith("envOr")
    if not name or not ((plain and _NAME.fullmatch(name)) or _CAPITALS.fullmatch(name)):
        return
    end = tokens.close.get(index + 1, index + 1)
    tail = _after(source, end)
    if len(arguments) > 1 and word not in {"getenv"}:
        found = _literal(source, arguments[1].start, arguments[1].end)
        tail = {"defaulted": found} if found is not None else {"computed": ""}
    elif "equire" in word or (not tail and (tokens.word(index - 2) == "env" and word == "apply")):
        tail = {"required": ""}
    if not tail and _guarded(source, index):
        tail = {"required": ""}
    yield _fact(source, name, arguments[0].start, tail)


def _guarded(source: Source, index: int) -> bool:
    """Whether the call stands inside `requireNonNull(…)`, `requireNotNull(…)` or `checkNotNull(…)`."""
    tokens = source.tokens
    start = index
    while tokens.is_(start - 1, ".") and tokens.word(start - 2):
        start -= 2
    return tokens.is_(start - 1, "(") and tokens.word(start - 2) in {
        "requireNonNull",
        "requireNotNull",
        "checkNotNull",
        "hasText",
        "notNull",
    }


def _name(source: Source, index: int) -> str:
    """The name of a variable: a string, or a constant of this file."""
    tokens = source.tokens
    text = tokens.string(index)
    if text is None and tokens.word(index) and (tokens.is_(index + 1, ")", ",")):
        place = source.constants.get(tokens.word(index), -1)
        text = tokens.string(place) if place >= 0 else None
    return text if text is not None and _NAME.fullmatch(text) else ""


def _literal(source: Source, start: int, end: int) -> str | None:
    """The literal that an expression is, else None."""
    tokens = source.tokens
    if start < len(tokens) and tokens.kind[start] in "sn" and (end <= start + 1 or tokens.is_(start + 1, ")", ",", ";", ".", "}")):
        text = tokens.text[start]
        return None if tokens.kind[start] == "s" and "$" in text else text
    if tokens.word(start) in {"true", "false"}:
        return tokens.word(start)
    place = source.constants.get(tokens.word(start), -1) if tokens.word(start) else -1
    if 0 <= place < len(tokens) and tokens.kind[place] in "sn" and "$" not in tokens.text[place]:
        return tokens.text[place]
    return None


def _after(source: Source, end: int) -> dict[str, str]:
    """What follows a read: `{"defaulted": value}`, `{"computed": ""}`, `{"required": ""}`, or nothing."""
    tokens = source.tokens
    index = end + 1
    for _ in range(12):
        if tokens.is_(index, "!!"):
            return {"required": ""}
        if tokens.is_(index, "?:"):
            if tokens.word(index + 1) in {"throw", "error", "fail", "return", "exitProcess"}:
                return {"required": ""}
            found = _literal(source, index + 1, index + 2)
            return {"defaulted": found} if found is not None else {} if tokens.word(index + 1) == "null" else {"computed": ""}
        if tokens.is_(index, "!=", "==") and tokens.word(index + 1) == "null":
            return _ternary(source, index + 2)
        if tokens.is_(index, ".", "?.") and tokens.word(index + 1):
            word = tokens.word(index + 1)
            opening = index + 2
            if word in _REQUIRES:
                return {"required": ""}
            if word in _DEFAULTS and tokens.is_(opening, "(", "{"):
                if tokens.word(opening + 1) in {"throw", "sys", "error"}:
                    return {"required": ""}
                if tokens.word(opening + 1) in {"null", "None", "Optional"}:
                    return {}
                found = _literal(source, opening + 1, tokens.close.get(opening, opening))
                return {"defaulted": found} if found is not None else {"computed": ""}
            index = tokens.close.get(opening, opening) + 1 if tokens.is_(opening, "(", "{") else opening
        elif tokens.is_(index, ")"):
            index += 1
        else:
            break
    return {}


def _ternary(source: Source, index: int) -> dict[str, str]:
    """`x != null ? x : default`, or Kotlin and Scala `if (x != null) x else default`."""
    tokens = source.tokens
    for place in range(index, min(index + 40, len(tokens))):
        if tokens.is_(place, ";", "{", "}"):
            break
        if tokens.is_(place, ":") or tokens.word(place) == "else":
            found = _literal(source, place + 1, place + 2)
            return {"defaulted": found} if found is not None else {"computed": ""}
    return {}


def _indexed(source: Source, index: int) -> Iterator[Found]:
    """Kotlin and Groovy: `System.getenv()["X"]`, `env["X"]`, `dotenv["X"]`."""
    tokens = source.tokens
    before = index - 2
    if tokens.is_(before, ")") and tokens.is_(before - 1, "("):
        before -= 2
    if tokens.word(before) in {"getenv", "env", "dotenv", "environment"} and _CAPITALS.fullmatch(tokens.text[index]):
        yield _fact(source, tokens.text[index], index, _after(source, index + 1))


def _placeholders(source: Source, index: int) -> Iterator[Found]:
    """`${NAME:default}` in `@Value` and other annotations."""
    tokens = source.tokens
    opening = next((at for at in range(index, max(index - 8, -1), -1) if tokens.is_(at, "(")), -1)
    if opening < 0 or not tokens.is_(opening - 2, "@", ".", ":"):
        return
    for match in _PLACEHOLDER.finditer(tokens.text[index][:2000]):
        tail = {"required": ""} if not match[2] else {"computed": ""} if match[4] else {"defaulted": match[3] or ""}
        yield _fact(source, match[1], index, tail)


def _fact(source: Source, name: str, index: int, tail: dict[str, str]) -> Found:
    tags = set(tail)
    if "computed" in tags:
        tags.add("defaulted")
    return source.found("env", name, short(next(iter(tail.values()), "")), index, tags)
