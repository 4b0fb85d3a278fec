"""Redaction: every form a secret takes is masked, nothing else is, and hostile text costs no more than its length."""

from __future__ import annotations

import base64
import json
import shlex
import time
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.redaction import MASK, MIN_LENGTH, Redactor

SECRET = "tr0ub4dor&3/+ \"x'é"
PLAIN = Redactor()


def pem(kind: str, headers: str = "", lines: int = 30) -> str:
    body = "\n".join(base64.b64encode(bytes([n % 256]) * 48).decode() for n in range(lines))
    return f"-----BEGIN {kind}-----\n{headers}{body}\n-----END {kind}-----"


FORMS = {
    "exact": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 without padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "urlsafe base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "urlsafe base64 without padding": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "echo into base64": base64.b64encode(SECRET.encode() + b"\n").decode(),
    "url": urllib.parse.quote(SECRET, safe=""),
    "url, lower case": urllib.parse.quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%C3%A9", "%c3%a9"),
    "url with slashes": urllib.parse.quote(SECRET),
    "form": urllib.parse.quote_plus(SECRET),
    "json": json.dumps(SECRET),
    "json with letters": json.dumps(SECRET, ensure_ascii=False),
    "shell": shlex.quote(SECRET),
    "python": repr(SECRET),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_masked(name: str) -> None:
    form = FORMS[name]
    answer = Redactor([SECRET])(f"before {form} after")
    assert MASK in answer
    assert answer.startswith("before ") and answer.endswith(" after")
    assert "tr0ub4dor" not in answer
    assert form.strip("'\"") not in answer


def test_a_long_form_wins_over_one_it_contains() -> None:
    assert Redactor(["abcdef", "abcdefghij"])("x abcdefghij y") == f"x {MASK} y"


@pytest.mark.parametrize("value", ["", "a", "12345", "  abc  ", "true", "8000", "password", "Production", "localhost"])
def test_short_values_and_plain_words_are_left_alone(value: str) -> None:
    text = f"the password for localhost:8000 in Production is true 12345 {value}"
    assert Redactor([value])(text) == text


def test_the_shortest_value_that_is_masked() -> None:
    assert Redactor(["x" * (MIN_LENGTH - 1)])("xxxxx") == "xxxxx"
    assert Redactor(["qwxyzv"])("qwxyzv") == MASK


def test_a_value_with_several_lines_is_masked_line_by_line_too() -> None:
    redact = Redactor(["first-line-value\nsecond-line-value\r\n"])
    assert redact("log: second-line-value") == f"log: {MASK}"
    assert redact("first-line-value") == MASK
    assert redact("first-line-value\nsecond-line-value") == MASK


def test_white_space_around_a_value_does_not_hide_it() -> None:
    assert Redactor(["  padded-secret\n"])("x=padded-secret;") == f"x={MASK};"


def test_values_with_bytes_that_are_no_text() -> None:
    for secret in ("bin\udcff\udc80ary", "lone\ud800surrogate"):
        assert Redactor([secret])(f"a {secret} b") == f"a {MASK} b"


def test_a_value_is_no_pattern() -> None:
    redact = Redactor(["a.*b|c[d"])
    assert redact("aXXb c[d abcdef") == "aXXb c[d abcdef"
    assert redact("a.*b|c[d") == MASK


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("AKIAIOSFODNN7EXAMPLE is a key", f"{MASK} is a key"),
        ("push with ghp_" + "a1B2" * 9, f"push with {MASK}"),
        ("glpat-" + "x" * 20, MASK),
        ("key sk-" + "A1b2" * 8 + "!", f"key {MASK}!"),
        ("xoxb-123456789012-abc", MASK),
        ("postgres://user:hunter2@db:5432/x", f"postgres://{MASK}@db:5432/x"),
        ("redis://:hunter2@cache", f"redis://{MASK}@cache"),
        ("mysql://root:p@ss@w@host/db", f"mysql://{MASK}@host/db"),
        ("Authorization: Bearer abcdefghijklmnop.qrst", f"Authorization: Bearer {MASK}"),
        ("authorization: bearer abcdefghijklmnop", f"authorization: bearer {MASK}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {MASK}"),
        ('{"Authorization": "Basic dXNlcjpwYXNz"}', f'{{"Authorization": "Basic {MASK}"}}'),
    ],
)
def test_well_known_shapes(text: str, clean: str) -> None:
    assert PLAIN(text) == clean


@pytest.mark.parametrize(
    "text",
    ["http://localhost:8000/a@b", "http://a/b?c=d", "GET https://host:443/x", "user@host:/path", "Basic understanding-of-things",
     "bearer of news", "sk-short", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", "AKIA", "xox", "a://b c:d@e"],
)  # fmt: skip
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert PLAIN(text) == text


@pytest.mark.parametrize(
    "kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_private_keys_are_masked_whole(kind: str) -> None:
    assert PLAIN(f"a\n{pem(kind)}\nb") == f"a\n{MASK}\nb"


def test_an_encrypted_key_with_headers_is_masked_whole() -> None:
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n"
    assert PLAIN(f"a {pem('RSA PRIVATE KEY', headers)} b") == f"a {MASK} b"


def test_a_large_key_and_a_cut_off_key() -> None:
    assert PLAIN(pem("RSA PRIVATE KEY", lines=300)) == MASK
    cut = pem("RSA PRIVATE KEY").split("-----END")[0]
    assert PLAIN(cut) == MASK


def test_two_keys_and_what_is_between_them() -> None:
    assert PLAIN(f"{pem('PRIVATE KEY')} between {pem('PRIVATE KEY')}") == f"{MASK} between {MASK}"


SIZE = 400_000
HOSTILE = {
    "begin after begin": "-----BEGIN PRIVATE KEY-----" * (SIZE // 27),
    "begin and dashes": "-----BEGIN RSA PRIVATE KEY-----" + "-" * SIZE,
    "capitals": "-----BEGIN " + "A " * (SIZE // 2) + "PRIVATE KEY",
    "schemes": "://" * (SIZE // 3),
    "colons": "://" + ":" * SIZE,
    "logins": "://a:b" * (SIZE // 6),
    "ats": "://a:" + "@" * SIZE,
    "bearer": "bearer " * (SIZE // 7),
    "bearer and letters": "bearer " + "a" * SIZE,
    "authorization": "authorization: " * (SIZE // 15) + "basic ",
    "tokens": "ghp_" * (SIZE // 4) + "sk-" + "sk-" * (SIZE // 3) + "xoxb-" * 1000 + "glpat-" * 1000 + "AKIA" * 1000,
    "one letter": "a" * SIZE,
    "secrets begun": "tr0ub4do" * (SIZE // 8),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_its_length(name: str) -> None:
    redact = Redactor([SECRET])
    text = HOSTILE[name]

    def cost(part: str) -> float:
        began = time.process_time()
        redact(part)
        return time.process_time() - began

    quarter = min(cost(text[: len(text) // 4]) for _ in range(3))
    whole = min(cost(text) for _ in range(2))
    # four times the text: four times the work, with room for noise; quadratic would be sixteen times
    assert whole < max(0.25, quarter * 9)
    assert whole < 5


@given(st.text(min_size=MIN_LENGTH, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_value_survives_where_it_stands_alone(secret: str, before: str, after: str) -> None:
    stripped = secret.strip()
    redact = Redactor([secret])
    answer = redact(f"{before} {secret} {after}")
    if len(stripped) >= MIN_LENGTH and stripped not in f"{before}{MASK}{after}":
        assert stripped not in answer


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redact = Redactor([SECRET])
    once = redact(text)
    assert redact(once) == once


def test_without_secrets_there_is_no_longest() -> None:
    assert PLAIN.longest == 0
    assert Redactor([SECRET]).longest >= len(SECRET)
