"""Which version comes first, by the rules of each registry; and whether a version lies in the ranges of an advisory.

Every ordering is total: a key of plain tuples, or a comparison of sequences that never end. What a registry's rules cannot read
sorts before everything they can, and `understood` says so: nobody should conclude anything from its place.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

MOST_CHARACTERS = 256
Token = tuple[int, int, str]


class Scheme(NamedTuple):
    """How one kind of version is read: `key` sorts, and is None for what it cannot read."""

    name: str
    key: Callable[[str], Any | None]


# --- PyPI: PEP 440 ------------------------------------------------------------------------------------------------------------


def _pep440(text: str) -> Any | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


# --- semver.org, and its relatives ---------------------------------------------------------------------------------------------

_SEMVER = re.compile(r"[vV=]?\s{0,4}(\d{1,32}(?:\.\d{1,32}){0,7})(?:-([0-9A-Za-z.-]{1,128}))?(?:\+([0-9A-Za-z.-]{0,128}))?")
_NUMBERS = 8


def _identifiers(text: str) -> tuple[Token, ...]:
    """Numbers by value and before words, words by their characters; what has fewer comes first."""
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in text.split("."))


def _semver(text: str, *, build_counts: bool = False) -> Any | None:
    """Lenient: fewer or more than three numbers, a leading v. Without a pre-release it is later than with one."""
    found = _SEMVER.fullmatch(text)
    if found is None or not text.isascii():
        return None
    numbers = [int(one) for one in found[1].split(".")]
    padded = (*numbers, *(0 for _ in range(_NUMBERS - len(numbers))))
    before = (0, _identifiers(found[2])) if found[2] else (1, ())
    build = (1, _identifiers(found[3])) if build_counts and found[3] else (0, ())
    return padded, before, build


def _pub(text: str) -> Any | None:
    """Dart counts the build too: 1.0.0 < 1.0.0+1."""
    return _semver(text, build_counts=True)


def _nuget(text: str) -> Any | None:
    """Up to four numbers; labels regardless of case."""
    return _semver(text.lower())


# --- Maven: the "version order specification" of the POM reference --------------------------------------------------------------

_QUALIFIERS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_RELEASED = frozenset({"", "final", "ga", "release"})
_MAVEN_PART = re.compile(r"([.\-_]?)(?:(\d+)|([^\d.\-_]+))?")
_END: Token = (1, 0, "")


def _maven(text: str) -> Any | None:
    """Before the end: qualifiers like alpha; after it: sp, other words, numbers behind a hyphen, numbers behind a dot.

    A qualifier counts the same behind a dot as behind a hyphen, and nothings (0, final, ga) before either are dropped, so the
    order is one of flat sequences.
    """
    if not text or text.isspace() or len(text) > MOST_CHARACTERS:
        return None
    tokens: list[Token] = []
    parts = [
        (separator, number, word) for separator, number, word in _MAVEN_PART.findall(text.lower()) if separator or number or word
    ]
    for place, (separator, number, word) in enumerate(parts):
        hyphen = separator in ("-", "_") or (not separator and place > 0)  # a change from digits to letters is a hyphen
        if word:
            follows = parts[place + 1] if place + 1 < len(parts) else ("", "", "")
            token = _qualifier(_SHORT.get(word, word) if not follows[0] and follows[1] else word)
            _drop_nothings(tokens)
            if token is not None:
                tokens.append(token)
            continue
        value = int(number) if number else 0
        if hyphen:
            _drop_nothings(tokens)
        tokens.append((3 if hyphen else 4, value, ""))
    _drop_nothings(tokens)
    return (*tokens, _END)


def _qualifier(word: str) -> Token | None:
    if word in _RELEASED:
        return None
    if word in _QUALIFIERS:
        return (0, _QUALIFIERS[word], "")
    return (2, 0 if word == "sp" else 1, word)


def _drop_nothings(tokens: list[Token]) -> None:
    while tokens and tokens[-1][0] >= 3 and tokens[-1][1] == 0:
        tokens.pop()


# --- RubyGems: Gem::Version -----------------------------------------------------------------------------------------------------

_GEM = re.compile(r"\s{0,4}(?:\d{1,32}(?:\.[0-9A-Za-z]{1,64}){0,32}(?:-[0-9A-Za-z-]{1,64}(?:\.[0-9A-Za-z-]{1,64}){0,32})?)?\s{0,4}")
_GEM_FILL: Token = (1, 0, "")


def _gem(text: str) -> Any | None:
    """Numbers and words, missing ones count as 0, words before numbers; a hyphen means a pre-release."""
    if not text.isascii() or _GEM.fullmatch(text) is None:
        return None
    tokens: list[Token] = []
    for part in re.findall(r"\d+|[A-Za-z]+", text.replace("-", ".pre.")):
        if part.isdecimal():
            tokens.append((1, int(part), ""))
            continue
        if all(kind for kind, _, _ in tokens):  # the first word: zeros before it say nothing
            while tokens and tokens[-1] == _GEM_FILL:
                tokens.pop()
        tokens.append((0, 0, part))
    return _Endless(tuple(tokens), _GEM_FILL)


@functools.total_ordering
class _Endless:
    """A sequence that goes on with `fill` for ever."""

    def __init__(self, tokens: tuple[Token, ...], fill: Token) -> None:
        while tokens and tokens[-1] == fill:
            tokens = tokens[:-1]
        self.tokens, self.fill = tokens, fill

    def _with(self, other: _Endless) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
        length = max(len(self.tokens), len(other.tokens))
        return self._padded(length), other._padded(length)

    def _padded(self, length: int) -> tuple[Token, ...]:
        return (*self.tokens, *(self.fill for _ in range(length - len(self.tokens))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Endless) and self.tokens == other.tokens

    def __lt__(self, other: _Endless) -> bool:
        mine, theirs = self._with(other)
        return mine < theirs

    def __hash__(self) -> int:
        return hash(self.tokens)


# --- Packagist: Composer's normal form, compared as PHP's version_compare does --------------------------------------------------

_COMPOSER = re.compile(
    r"v?(\d{1,32}(?:\.\d{1,32}){0,3})(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d{1,32}(?!\d)){0,8}))?([.-]?dev)?(?:\+[0-9A-Za-z.-]{0,128})?"
)
_STABILITIES = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "patch": 6, "pl": 6, "p": 6}
_COMPOSER_END, _COMPOSER_NUMBER = (4, 0, ""), 5


def _composer(text: str) -> Any | None:
    found = _COMPOSER.fullmatch(text.lower())
    if found is None or not text.isascii():
        return None
    numbers = [int(one) for one in found[1].split(".")]
    tokens = [(_COMPOSER_NUMBER, one, "") for one in (*numbers, *(0 for _ in range(4 - len(numbers))))]
    if found[2] and found[2] != "stable":
        tokens.append((_STABILITIES[found[2]], 0, ""))
        tokens += [(_COMPOSER_NUMBER, int(one), "") for one in re.findall(r"\d+", found[3])]
    if found[4]:
        tokens.append((_STABILITIES["dev"], 0, ""))
    return (*tokens, _COMPOSER_END)


# --- plain lists of numbers, Debian's rules, and the rest -----------------------------------------------------------------------

_PLAIN = re.compile(r"\d{1,32}(?:[.-]\d{1,32}){0,16}")


def _numbers(text: str) -> Any | None:
    """R and Haskell: 1.0 < 1.0.0 < 1.0.1; in R a hyphen is a dot."""
    return tuple(int(one) for one in re.split(r"[.-]", text)) if text.isascii() and _PLAIN.fullmatch(text) else None


def _opam(text: str) -> Any | None:
    """As Debian compares: runs of other characters and of digits by turns; ~ before the end, letters before signs."""
    if not text.isascii() or not text.isprintable() or not text:
        return None
    tokens: list[Token] = []
    for other, digits in re.findall(r"(\D*)(\d*)", text[:MOST_CHARACTERS]):
        tokens += [(0, 0, "") if sign == "~" else (2, 0, sign) if sign.isalpha() else (3, 0, sign) for sign in other]
        tokens += [(1, int(digits or 0), "")]
    return _Endless(tuple(tokens), (1, 0, ""))


_ANY = re.compile(r"\d+|[a-z]+")


def _any(text: str) -> Any | None:
    """For registries without rules of their own (Conan): semver where it is one, else numbers and words in turn."""
    if (key := _semver(text)) is not None:
        return (1, key)
    parts = _ANY.findall(text.lower()) if text.isascii() else []
    return (0, tuple((1, int(one), "") if one.isdecimal() else (0, 0, one) for one in parts)) if parts else None


_SEMANTIC = Scheme("semver", _semver)
SCHEMES: Mapping[str, Scheme] = {
    "PyPI": Scheme("PEP 440", _pep440),
    "npm": _SEMANTIC,
    "crates.io": _SEMANTIC,
    "Go": _SEMANTIC,
    "Hex": _SEMANTIC,
    "SwiftURL": _SEMANTIC,
    "Julia": _SEMANTIC,
    "Pub": Scheme("pub_semver", _pub),
    "NuGet": Scheme("NuGet", _nuget),
    "Maven": Scheme("Maven", _maven),
    "RubyGems": Scheme("Gem::Version", _gem),
    "Packagist": Scheme("Composer", _composer),
    "CRAN": Scheme("numbers", _numbers),
    "Hackage": Scheme("numbers", _numbers),
    "opam": Scheme("Debian", _opam),
    "ConanCenter": Scheme("any", _any),
}
"""The registries that OSV knows and a project's dependencies can come from, spelled as OSV does, and how their versions sort."""


def understood(ecosystem: str, version: str) -> bool:
    """Whether the rules of the registry can read that version."""
    return _read(ecosystem, version) is not None


def sort_key(ecosystem: str, version: str) -> Any:
    """A key that sorts versions of one ecosystem. What cannot be read sorts first, by its text."""
    key = _read(ecosystem, version)
    return (0, version) if key is None else (1, key)


def compare(ecosystem: str, one: str, other: str) -> int:
    """-1, 0 or 1, as `one` comes before, with or after `other`."""
    left, right = sort_key(ecosystem, one), sort_key(ecosystem, other)
    return 0 if left == right else -1 if left < right else 1


def _read(ecosystem: str, version: str) -> Any | None:
    scheme = SCHEMES.get(ecosystem)
    if scheme is None or not version or len(version) > MOST_CHARACTERS:
        return None
    return scheme.key(version.strip())


# --- ranges -------------------------------------------------------------------------------------------------------------------

EVENTS = ("introduced", "fixed", "last_affected", "limit")
Event = tuple[str, str]
"""What happens to an advisory at a version: one of EVENTS, and the version."""


def in_range(ecosystem: str, version: str, events: Sequence[Event]) -> bool:
    """Whether the events of one SEMVER or ECOSYSTEM range make a version affected, as the OSV schema evaluates them.

    A bound that cannot be read never clears a version: an `introduced` then counts as the beginning, another is ignored.
    """
    affected = False
    here = sort_key(ecosystem, version)
    limits = [bound for kind, bound in events if kind == "limit" and bound != "*" and understood(ecosystem, bound)]
    if limits and not any(here < sort_key(ecosystem, bound) for bound in limits):
        return False
    placed: list[tuple[Any, int, str]] = []
    for kind, bound in events:
        if kind == "introduced":
            start = bound == "0" or not understood(ecosystem, bound)
            placed.append(((-1, "") if start else sort_key(ecosystem, bound), 1, kind))
        elif kind in ("fixed", "last_affected") and understood(ecosystem, bound):
            placed.append((sort_key(ecosystem, bound), 0 if kind == "fixed" else 2, kind))
    for place, _, kind in sorted(placed, key=lambda event: event[:2]):
        if kind == "introduced" and here >= place:
            affected = True
        elif (kind == "fixed" and here >= place) or (kind == "last_affected" and here > place):
            affected = False
    return affected


def next_fix(ecosystem: str, version: str, events: Sequence[Event]) -> str:
    """The first `fixed` of a range after a version; "" when there is none."""
    here = sort_key(ecosystem, version)
    later = [
        bound for kind, bound in events if kind == "fixed" and understood(ecosystem, bound) and sort_key(ecosystem, bound) > here
    ]
    return min(later, key=lambda bound: sort_key(ecosystem, bound), default="")
