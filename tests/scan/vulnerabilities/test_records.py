"""Entries of the OSV schema: severity, names, ranges, aliases, and whatever else may stand in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.scan.vulnerabilities.records import Advisory, Odd, Package, normal_name, normal_version, read_advisory, same
from deploydeck.scan.vulnerabilities.severity import RATINGS, base_score, rate, rating, worst
from tests.doubles.osv import entry

# Base scores as published with these vectors by NVD and in the examples of the CVSS specification.
SCORES = [
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, "critical"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "critical"),
    ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5, "high"),
    ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:N", 6.8, "medium"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, "medium"),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8, "high"),
    ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, "medium"),
    ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6, "low"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, "none"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", 9.8, "critical"),
]


@pytest.mark.parametrize(("vector", "score", "word"), SCORES)
def test_base_scores(vector: str, score: float, word: str) -> None:
    assert base_score(vector) == score
    assert rating(score) == word


@pytest.mark.parametrize(
    "vector", ["", "9.8", "CVSS:3.1/AV:N", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H", "AV:N/AC:L/Au:N/C:P/I:P/A:P"]
)
def test_no_v3_vector(vector: str) -> None:
    assert base_score(vector) is None


@given(
    st.fixed_dictionaries(
        {
            m: st.sampled_from(v)
            for m, v in {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "HLN", "I": "HLN", "A": "HLN"}.items()
        }
    )
)
def test_scores_keep_to_their_scale(metrics: dict[str, str]) -> None:
    score = base_score("CVSS:3.1/" + "/".join(f"{name}:{value}" for name, value in metrics.items()))
    assert score is not None
    assert 0.0 <= score <= 10.0
    assert round(score, 1) == score
    assert (score == 0.0) == (metrics["C"] == metrics["I"] == metrics["A"] == "N")


def test_what_decides_the_rating() -> None:
    low, critical = SCORES[7][0], SCORES[0][0]
    assert rate([low, critical], ["LOW"]) == "critical"
    assert rate(["CVSS:4.0/AV:N"], ["MODERATE"]) == "medium"
    assert rate([], ["HIGH", "low"]) == "high"
    assert rate([], ["dreadful"]) == "unknown"
    assert worst([]) == "unknown"
    assert worst(["unknown", "none"]) == "none"


def _one(**more: Any) -> Advisory:
    return read_advisory(entry("GHSA-1", "PyPI", "Flask_Login", ["1.0"], fixed="1.1", **more))


def test_an_entry() -> None:
    severity = [{"type": "CVSS_V3", "score": SCORES[1][0]}]
    one = _one(aliases=["CVE-2026-1", 7, "bad id"], severity=severity, summary="Oh \x1b[31mno\nreally")
    assert (one.id, one.aliases, one.summary, one.withdrawn) == ("GHSA-1", ("CVE-2026-1",), "Oh no really", False)
    (part,) = one.about(Package("PyPI", "flask-login", "1.0"))
    assert part.rating == "critical"
    assert part.covers("1.0.0")
    assert part.covers("0.9")
    assert not part.covers("1.1")
    assert not part.covers("latest")
    assert part.fixes("1.0") == ("1.1",)
    assert Advisory.from_json(one.to_json()) == one


def test_listed_versions_count_without_ranges() -> None:
    held = entry("X-1", "npm", "left-pad", ["1.0.0", "odd one"])
    held["affected"][0]["ranges"] = [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]
    (part,) = read_advisory(held).affected
    assert part.ranges == ()
    assert part.covers("1.0.0")
    assert part.covers("odd one")
    assert not part.covers("1.0.1")


def test_special_ratings() -> None:
    assert read_advisory(entry("MAL-2026-1", "npm", "evil", ["1.0.0"])).affected[0].rating == "critical"
    held = entry("RUSTSEC-2026-0001", "crates.io", "old", ["1.0.0"])
    held["affected"][0]["database_specific"] = {"informational": "unmaintained"}
    assert read_advisory(held).affected[0].rating == "none"
    assert _one(database_specific={"severity": "MODERATE"}).affected[0].rating == "medium"
    assert _one().affected[0].rating == "unknown"


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, {"id": ""}, {"id": "../../etc"}, {"id": "a?b"}, {"id": 5}, {"id": "x" * 200}]
)
def test_no_entry(value: object) -> None:
    with pytest.raises(Odd):
        read_advisory(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "modified withdrawn aliases summary details severity affected database_specific".split()
PART = st.fixed_dictionaries(
    {"package": JSON | st.fixed_dictionaries({"ecosystem": JSON | st.just("npm"), "name": JSON | st.just("x")})},
    optional={
        name: JSON | st.lists(st.dictionaries(st.sampled_from(["type", "events", "score", "introduced"]), JSON))
        for name in ("ranges", "versions", "severity")
    },
)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries({"id": st.just("A-1")}, optional={**dict.fromkeys(FIELDS, JSON), "affected": st.lists(PART, max_size=3)})
)
def test_any_json_is_read_or_left_out(held: dict[str, Any]) -> None:
    one = read_advisory(held)
    for part in one.affected:
        part.covers("1.0.0")
        part.fixes("1.0.0")
        assert part.rating in RATINGS
    assert Advisory.from_json(one.to_json()) == one


@given(st.text(max_size=40) | JSON.map(json.dumps))
def test_what_was_not_stored_is_refused(text: str) -> None:
    with pytest.raises(Odd):
        Advisory.from_json(text)


def test_aliases_are_one_vulnerability() -> None:
    def named(name: str, *aliases: str) -> Advisory:
        return Advisory(name, aliases=aliases)

    groups = same(
        [
            named("GHSA-1", "CVE-1"),
            named("PYSEC-2"),
            named("PYSEC-1", "CVE-1"),
            named("CVE-2", "PYSEC-2"),
            named("GO-3", "GHSA-1", "PYSEC-2"),
        ]
    )
    assert [sorted(one.id for one in group) for group in groups] == [["CVE-2", "GHSA-1", "GO-3", "PYSEC-1", "PYSEC-2"]]
    assert len(same([named("A-1"), named("B-1")])) == 2


@pytest.mark.parametrize(
    ("ecosystem", "name", "expected"),
    [
        ("PyPI", "Zope.Interface__x", "zope-interface-x"),
        ("SwiftURL", "https://github.com/vapor/vapor.git", "github.com/vapor/vapor"),
        ("SwiftURL", "git@github.com:vapor/vapor.git", "github.com/vapor/vapor"),
        ("SwiftURL", "ssh://git@github.com/vapor/vapor", "github.com/vapor/vapor"),
        ("SwiftURL", "github.com/vapor/vapor", "github.com/vapor/vapor"),
        ("Packagist", "Symfony/Http-Kernel", "symfony/http-kernel"),
        ("Go", "github.com/Masterminds/semver/v3", "github.com/Masterminds/semver/v3"),
        ("npm", "@Scope/Name", "@Scope/Name"),
    ],
)
def test_names(ecosystem: str, name: str, expected: str) -> None:
    assert normal_name(ecosystem, name) == expected == normal_name(ecosystem, expected)


@pytest.mark.parametrize(
    ("ecosystem", "version", "expected"),
    [
        ("Go", "v1.2.3", "1.2.3"),
        ("Go", "v0.0.0-2020-abc", "0.0.0-2020-abc"),
        ("RubyGems", "1.15.0-x86_64-linux", "1.15.0"),
        ("RubyGems", "9.4.0-java", "9.4.0"),
        ("RubyGems", "1.0.0.rc1", "1.0.0.rc1"),
        ("Packagist", "v6.4.1", "6.4.1"),
        ("npm", "1.2.3", "1.2.3"),
        ("npm", "1.2.3(react@18.0.0)", "1.2.3"),
    ],
)
def test_version_spellings(ecosystem: str, version: str, expected: str) -> None:
    assert normal_version(ecosystem, version) == expected
