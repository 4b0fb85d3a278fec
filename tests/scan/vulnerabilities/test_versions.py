"""The orderings: pairs that the registries' own documents give, and the laws every ordering keeps."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.scan.vulnerabilities.versions import MOST_CHARACTERS, SCHEMES, compare, in_range, next_fix, sort_key, understood
from tests.clock import quick

ASCENDING = {
    "PyPI": "1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12 1.0b1 1.0rc1 1.0 1.0+abc.5 1.0.post456.dev34 1.0.post456 1.1.dev1 1!0.1",
    "npm": "0.0.0-0 0.0.0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.10.0",
    "crates.io": "0.1.0-alpha 0.1.0 0.1.1 0.10.0",
    "Go": "0.0.0-20190308221718-c284 0.0.0-20200622213623-75b2 0.1.0 1.0.0-pre 1.0.0 1.2.4-0.20191109021931-daa7 1.2.4",
    "Hex": "1.0.0-dev 1.0.0-rc.0 1.0.0 1.0.1",
    "SwiftURL": "1.0.0-beta.1 1.0.0 1.2 1.10",
    "Julia": "0.9.0 1.0.0",
    "Pub": "1.0.0-dev 1.0.0-dev.1 1.0.0 1.0.0+1 1.0.0+2 1.0.1",
    "NuGet": "1.0.0-alpha 1.0.0-Beta 1.0.0-RC.2 1.0.0-rc.10 1.0.0 1.0.0.1 1.0.1",
    "Maven": "1-alpha-1 1-alpha2 1-b1 1-m3 1-rc1 1-SNAPSHOT 1 1-sp 1-android 1-jre 1-1 1-2 1.0.1 1.1-rc1 1.1 1.10",
    "RubyGems": "0.9 1.0.a 1.0.a.1 1.0.b1 1.0.pre2 1.0.rc1 1.0 1.0.1.pre 1.0.1 1.0.1.1 1.1 1.10",
    "Packagist": "1.0-dev 1.0.0-alpha2 1.0.0-beta 1.0.0-beta2 1.0.0-RC1 1.0.0-rc10 1.0.0 1.0.0-p1 1.0.0.1 1.0.1 v2.0 10.0",
    "CRAN": "0.9-12 1.0 1.0-1 1.0.2 1.1 1.10",
    "Hackage": "0.1 1.0 1.0.0 1.0.0.1 1.1",
    "opam": "1.0~alpha 1.0~rc1 1.0 1.0a 1.0+1 1.0.1 1.1 1.10 v0.9",
    "ConanCenter": "cci.20200101 cci.20210101 1.0.0-rc1 1.0.0 1.1.1 1.10",
}
EQUAL = [
    ("PyPI", "1.0", "1.0.0"),
    ("PyPI", "1.0-RC1", "1.0rc1"),
    ("npm", "1.0.0+a", "v1.0.0"),
    ("Go", "v1.2.3+incompatible", "1.2.3"),
    ("NuGet", "1.0", "1.0.0.0"),
    ("NuGet", "1.0.0-ALPHA", "1.0.0-alpha"),
    ("Maven", "1", "1.0.0"),
    ("Maven", "1.0.Final", "1-ga"),
    ("Maven", "2.0.0.RELEASE", "2"),
    ("Maven", "1.0-alpha1", "1.0-a1"),
    ("Maven", "1.0-CR1", "1.0-rc1"),
    ("Maven", "1.foo", "1-foo"),
    ("RubyGems", "1", "1.0.0"),
    ("RubyGems", "1.0.a", "1.a"),
    ("RubyGems", "1-a", "1.pre.a"),
    ("Packagist", "1.0", "v1.0.0.0"),
    ("Packagist", "1.0-b2", "1.0.0-beta.2"),
    ("CRAN", "1.0-2", "1.0.2"),
    ("opam", "1.0", "1.00"),
]


@pytest.mark.parametrize("ecosystem", SCHEMES)
def test_known_sequences(ecosystem: str) -> None:
    versions = ASCENDING[ecosystem].split()
    assert all(understood(ecosystem, one) for one in versions)
    for one, other in itertools.combinations(versions, 2):
        assert compare(ecosystem, one, other) == -1, (one, other)
        assert compare(ecosystem, other, one) == 1, (one, other)


@pytest.mark.parametrize(("ecosystem", "one", "other"), EQUAL)
def test_equal_versions(ecosystem: str, one: str, other: str) -> None:
    assert compare(ecosystem, one, other) == 0 == compare(ecosystem, other, one)


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [
        ("PyPI", "latest"),
        ("npm", "next"),
        ("npm", "^1.0.0"),
        ("Packagist", "dev-master"),
        ("RubyGems", "1 2"),
        ("CRAN", "1.a"),
        ("Go", "master"),
        ("", "1"),
    ],
)
def test_what_cannot_be_read_comes_first_and_says_so(ecosystem: str, version: str) -> None:
    assert not understood(ecosystem, version)
    assert not understood(ecosystem, "1" * (MOST_CHARACTERS + 1))
    if ecosystem:
        assert compare(ecosystem, version, "0") == -1


PARTS = st.sampled_from(
    [
        *". - + ~ _ 0 1 2 10 a b rc alpha beta dev pre post final ga sp snapshot m x p cci v ! 1.0 -1 .0 +1 -rc.1 -alpha1".split(),
        " ",
    ]
)
VERSIONS = st.one_of(st.lists(PARTS, min_size=1, max_size=7).map("".join), st.text(max_size=12))


@pytest.mark.parametrize("ecosystem", SCHEMES)
@settings(max_examples=120, deadline=None)
@given(one=VERSIONS, two=VERSIONS, three=VERSIONS)
def test_the_laws_of_an_ordering(ecosystem: str, one: str, two: str, three: str) -> None:
    assert compare(ecosystem, one, one) == 0
    assert compare(ecosystem, one, two) == -compare(ecosystem, two, one)
    low, middle, high = sorted((one, two, three), key=lambda version: sort_key(ecosystem, version))
    assert compare(ecosystem, low, middle) <= 0
    assert compare(ecosystem, middle, high) <= 0
    assert compare(ecosystem, low, high) <= 0
    if compare(ecosystem, low, high) == 0:
        assert compare(ecosystem, low, middle) == 0


@pytest.mark.parametrize("ecosystem", SCHEMES)
def test_the_laws_hold_for_every_triple_of_the_known_ones(ecosystem: str) -> None:
    versions = [version for name in SCHEMES for version in ASCENDING[name].split()][::3]
    for one, two, three in itertools.product(versions[:22], repeat=3):
        if compare(ecosystem, one, two) <= 0 and compare(ecosystem, two, three) <= 0:
            assert compare(ecosystem, one, three) <= 0


@pytest.mark.parametrize("ecosystem", SCHEMES)
@pytest.mark.parametrize("text", ["1" * 256, "1." * 128, "1-" * 128, "1.0-beta" + "1" * 240 + "x", "a1" * 128, "0" * 255 + "!"])
def test_hostile_versions_cost_nothing(ecosystem: str, text: str) -> None:
    quick(lambda: understood(ecosystem, text), 1.0)


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("0.1", True),
        ("1.0rc1", True),
        ("1.0", False),
        ("1.9", False),
        ("2.0", True),
        ("2.5", True),
        ("2.5.1", False),
        ("4.0", True),
    ],
)
def test_ranges(version: str, affected: bool) -> None:
    events = [("fixed", "1.0"), ("introduced", "0"), ("introduced", "2.0"), ("last_affected", "2.5"), ("introduced", "3.0")]
    assert in_range("PyPI", version, events) is affected


def test_limits_and_unreadable_bounds() -> None:
    assert in_range("npm", "1.5.0", [("introduced", "0"), ("limit", "2.0.0")])
    assert not in_range("npm", "2.0.0", [("introduced", "0"), ("limit", "2.0.0")])
    assert in_range("npm", "9.0.0", [("introduced", "0"), ("limit", "*")])
    assert in_range("npm", "1.0.0", [("introduced", "who knows")]), "never cleared by what cannot be read"
    assert in_range("npm", "1.0.0", [("introduced", "0"), ("fixed", "who knows")])
    assert not in_range("npm", "1.0.0", [("fixed", "2.0.0")]), "introduced is required"
    assert not in_range("npm", "1.0.0", [("introduced", "0"), ("fixed", "1.0.0")])
    assert in_range("npm", "1.0.0-rc.1", [("introduced", "0"), ("fixed", "1.0.0")])


def test_next_fix() -> None:
    events = [("introduced", "0"), ("fixed", "1.2.3"), ("introduced", "2.0.0"), ("fixed", "2.0.9")]
    assert next_fix("npm", "1.0.0", events) == "1.2.3"
    assert next_fix("npm", "2.0.1", events) == "2.0.9"
    assert next_fix("npm", "3.0.0", events) == ""
