"""Hostile names never leave their place."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError
from deploydeck.generate import names


@given(st.text(max_size=200))
def test_a_slug_fits_every_place_a_name_goes(name: str) -> None:
    found = names.slug(name)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", found)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Shop API", "shop-api"), ("@acme/shop", "acme-shop"), ("Café", "cafe"), ("--", "app"), ("", "app"), ("日本", "app"),
     ("x" * 60, "x" * 40), ("../../etc", "etc"), ("a\n\x1b[2J", "a-2j"), ("a" * 39 + "-b", "a" * 39)],
)  # fmt: skip
def test_slugs(name: str, slug: str) -> None:
    assert names.slug(name) == slug


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_exec_form_is_one_line_and_says_the_same(argv: list[str]) -> None:
    text = names.exec_form(argv)
    assert text.isascii() and text.isprintable()
    assert "<<" not in text
    assert json.loads(text) == argv


@given(
    st.lists(
        st.text(max_size=20) | st.sampled_from(["a b", "$(id)", "`id`", "<<EOF", "a;b", "\\", "\n", "A=b"]), min_size=1, max_size=5
    )
)
def test_run_form_is_plain_words_or_exec_form(argv: list[str]) -> None:
    text = names.run_form(argv)
    assert text.isprintable() and "\n" not in text
    if text.startswith("["):
        assert json.loads(text) == argv
    else:
        assert shlex.split(text) == argv
        assert not set(text) & set("$`\\;|&<>()*?~#!'\"{}[]")


@given(st.text(max_size=60) | st.sampled_from(["/etc", "../x", "a/../..", "a\nb", "$HOME", "*", "a\\b", "", "-x", "a//b", "./a"]))
def test_a_path_is_inside_or_refused(path: str) -> None:
    try:
        found = names.inside_path(path, "path")
    except DeployDeckError as error:
        assert error.code == "generate-unsafe-path"
        assert str(error).replace("\n", "").isprintable()
    else:
        assert ".." not in found.split("/") and not found.startswith("/")
        assert not set(found) & set("$*?[]\\\"'`\n")


@pytest.mark.parametrize("bad", ["x; rm", "-e git+x", "a b", "", "a==1\nRUN x", "a==1 --index-url=x", "../x", "a@file:///x"])
def test_packages_that_are_none(bad: str) -> None:
    with pytest.raises(DeployDeckError):
        names.package_spec(bad)


@pytest.mark.parametrize("good", ["gunicorn==23.0.0", "uvicorn[standard]>=0.30", "serve@14.2.4", "@scope/name@1.0.0", "waitress"])
def test_packages(good: str) -> None:
    assert names.package_spec(good) == good


@pytest.mark.parametrize(
    ("prefix", "answer"), [("", ""), ("mirror.example", "mirror.example/"), ("m.example:5000/hub/", "m.example:5000/hub/")]
)
def test_mirror(prefix: str, answer: str) -> None:
    assert names.mirror(prefix) == answer


@pytest.mark.parametrize("bad", ["https://x", "a b", "x\nRUN id", "-x", "$X", "A", "x/../y", "x//y"])
def test_mirrors_that_are_none(bad: str) -> None:
    with pytest.raises(DeployDeckError):
        names.mirror(bad)


def test_variable_names() -> None:
    assert names.variable_name("DATABASE_URL") and names.variable_name("_x1")
    assert not any(names.variable_name(bad) for bad in ("1A", "A-B", "", "A B", "A=", "A\n", "É"))


def test_shown_is_short_and_quoted() -> None:
    assert names.shown("a\x1b\n") == '"a\\u001b\\n"'
    assert len(names.shown("x" * 1000)) < 90
