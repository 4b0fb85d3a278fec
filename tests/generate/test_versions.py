"""Base image series from what projects really write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.generate.stacks import BY_ID, STACKS, Stack
from deploydeck.generate.versions import choose_series

VERSIONED = [stack for stack in STACKS if stack.series]


@pytest.mark.parametrize(
    ("wanted", "series"),
    [
        ("", "3.13"), ("3.12", "3.12"), ("3.12.4", "3.12"), ("==3.12.*", "3.12"), (">=3.11", "3.13"), (">=3.11,<3.13", "3.12"),
        ("^3.11", "3.13"), ("~3.11", "3.11"), ("~=3.11", "3.13"), ("~=3.11.2", "3.11"), (">3.13", "3.14"), (">=3.14", "3.14"),
        ("<3.13.2", "3.12"), (">=3.9, !=3.13, <3.14", "3.12"), ("python-3.10.1", "3.10"), ("3", "3.13"), ("3.x", "3.13"),
        ("!=3.13.1", "3.13"), (">=3.13.1", "3.13"), ("<=3.12", "3.12"), ("3.13.0rc1", "3.13"),
        ("2.7", None), (">=4", None), ("<3.9", None), ("nonsense", None), ("3.13; rm -rf /", None), (">=3.11,", "3.13"),
    ],
)  # fmt: skip
def test_python(wanted: str, series: str | None) -> None:
    assert choose_series(BY_ID["python"], wanted) == series


@pytest.mark.parametrize(
    ("wanted", "series"),
    [
        ("22", "22"), ("v22.3.0", "22"), (">=18", "22"), ("^20.1.0", "20"), ("20.x", "20"), ("18 || 20", "20"),
        ("18 || >=22", "22"),
        ("lts/*", "22"), ("lts/iron", "20"), ("lts/jod", "22"), ("lts/nothing", None), ("node", "22"), ("*", "22"), (">=23", "26"),
        (">=18 <21", "20"), ("18 - 20", "20"), ("~20.4", "20"), (">22", "26"), ("16", None), ("=24.1.0", "24"), (">= 20", "22"),
    ],
)  # fmt: skip
def test_node(wanted: str, series: str | None) -> None:
    assert choose_series(BY_ID["node"], wanted) == series


@given(st.sampled_from(VERSIONED), st.text(max_size=60) | st.text(st.sampled_from("0123456789.<>=~^|, -xv*"), max_size=40))
def test_any_text_gives_a_known_series_or_none(stack: Stack, wanted: str) -> None:
    assert choose_series(stack, wanted) in (*stack.series, None)


@pytest.mark.parametrize("stack", VERSIONED, ids=lambda stack: stack.id)
def test_each_series_is_chosen_when_it_is_pinned(stack: Stack) -> None:
    for series in stack.series:
        assert choose_series(stack, series) == series
    assert stack.default_series in stack.series
