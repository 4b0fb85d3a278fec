"""Hypothesis strategies for every domain value, made from the values' own fields and constraints."""

from __future__ import annotations

import types
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

import deploydeck.domain as domain
from deploydeck.domain import Alternative, Fact, Value

V = TypeVar("V", bound=Value)

EVERY_VALUE: tuple[type[Value], ...] = tuple(
    kind
    for name in domain.__all__
    if isinstance(kind := getattr(domain, name), type)
    and issubclass(kind, Value)
    and kind not in (Value, Fact, Alternative)  # generic: they occur inside ProjectProfile with their types
)

texts = st.text(st.characters(codec="utf-8"), max_size=12)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**53), 2**53)
json = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@cache
def values(kind: type[V]) -> st.SearchStrategy[V]:
    """Valid values of a domain class; fields with a default are sometimes left out."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in kind.model_fields.items():
        (required if field.is_required() else optional)[name] = _field(field)
    return st.fixed_dictionaries(required, optional=optional).map(lambda content: kind(**content))


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    pattern = next((limit.pattern for limit in field.metadata if getattr(limit, "pattern", None)), None)
    if pattern:
        return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    if low is not None or high is not None:
        if field.annotation is int:
            return st.integers(low, high)  # type: ignore[arg-type]
        return st.floats(low, high, allow_nan=False, allow_infinity=False)  # type: ignore[arg-type]
    return _of(field.annotation)


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(arguments[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*map(_of, arguments))
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(_of(arguments[0]), max_size=2).map(tuple)
        return st.tuples(*map(_of, arguments))
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=2)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        Any: json,
        str: texts,
        int: integers,
        float: floats,
        bool: st.booleans(),
        types.NoneType: st.none(),
        None: st.none(),
        AwareDatetime: moments,
        datetime: moments,
    }
    if annotation in simple:
        return simple[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return st.deferred(lambda: values(annotation))
    raise NotImplementedError(f"no strategy for {annotation!r}: add one")
