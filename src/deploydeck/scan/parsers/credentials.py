"""Values that look like live credentials, in any text. What leaves is masked: the kind's own prefix and the last two characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import log2

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.base import Parser

LARGEST = 262_144
_MOST = 20
_LONGEST_LINE = 4_000
_LONGEST_LITERAL = 500


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of credential: its pattern (group 1 is the value, or all of it), how much of the value's start may be shown."""

    kind: str
    pattern: re.Pattern[str]
    shown: int
    generic: bool = False


def _shape(kind: str, pattern: str, shown: int, generic: bool = False) -> Shape:
    return Shape(kind, re.compile(pattern), shown, generic)


_SHAPES = (
    _shape("aws-access-key", r"(?<![A-Za-z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})(?![A-Za-z0-9])", 4),
    _shape(
        "aws-secret-key",
        r"(?i:aws|secret)[A-Za-z_. \"'-]{0,30}(?i:key)[\"']?\s{0,5}(?:=>|[:=])\s{0,5}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        0,
    ),
    _shape("github-token", r"(?<![A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{36,255})(?![A-Za-z0-9])", 4),
    _shape("github-token", r"(?<![A-Za-z0-9_])(github_pat_[A-Za-z0-9_]{60,255})", 11),
    _shape("gitlab-token", r"(?<![A-Za-z0-9_-])(gl(?:pat|dt|rt|ptt|soat|cbt)-[A-Za-z0-9_-]{20,64})", 6),
    _shape("slack-token", r"(?<![A-Za-z0-9])(xox[abeprs]-[A-Za-z0-9-]{20,250})", 5),
    _shape("slack-webhook", r"(https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_/]{30,120})", 24),
    _shape("discord-webhook", r"(https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{15,21}/[A-Za-z0-9_-]{60,80})", 32),
    _shape("stripe-key", r"(?<![A-Za-z0-9_])((?:sk|rk)_live_[A-Za-z0-9]{20,247})", 8),
    _shape("stripe-webhook-secret", r"(?<![A-Za-z0-9_])(whsec_[A-Za-z0-9+/=]{32,80})", 6),
    _shape("google-api-key", r"(?<![A-Za-z0-9_-])(AIza[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])", 4),
    _shape("google-oauth-secret", r"(?<![A-Za-z0-9_-])(GOCSPX-[A-Za-z0-9_-]{28})(?![A-Za-z0-9_-])", 7),
    _shape("azure-storage-key", r"AccountKey=([A-Za-z0-9+/]{86}==)", 0),
    _shape("azure-service-bus-key", r"SharedAccessKey=([A-Za-z0-9+/]{43}=)", 0),
    _shape("sendgrid-key", r"(?<![A-Za-z0-9_.])(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})", 3),
    _shape("twilio-key", r"(?<![A-Za-z0-9])(SK[0-9a-f]{32})(?![A-Za-z0-9])", 2),
    _shape("twilio-auth-token", r"(?i:twilio)[A-Za-z_]{0,20}(?i:token)[\"']?\s{0,5}[:=]\s{0,5}[\"']?([0-9a-f]{32})(?![0-9a-f])", 0),
    _shape("mailgun-key", r"(?<![A-Za-z0-9-])(key-[0-9a-f]{32})(?![A-Za-z0-9])", 4),
    _shape("mailchimp-key", r"(?<![A-Za-z0-9])([0-9a-f]{32}-us\d{1,2})(?![A-Za-z0-9])", 0),
    _shape("npm-token", r"(?<![A-Za-z0-9_])(npm_[A-Za-z0-9]{36})(?![A-Za-z0-9])", 4),
    _shape("npm-token", r"_authToken\s{0,3}=\s{0,3}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", 0),
    _shape("pypi-token", r"(?<![A-Za-z0-9])(pypi-AgE[A-Za-z0-9_-]{50,300})", 5),
    _shape("digitalocean-token", r"(?<![A-Za-z0-9_])(do[por]_v1_[0-9a-f]{64})", 7),
    _shape(
        "heroku-key",
        r"(?i:heroku)[A-Za-z_ -]{0,20}[\"']?\s{0,5}[:=]\s{0,5}[\"']?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        0,
    ),
    _shape("heroku-key", r"(?<![A-Za-z0-9_])(HRKU-[A-Za-z0-9_-]{30,80})", 5),
    _shape("anthropic-key", r"(?<![A-Za-z0-9_-])(sk-ant-[A-Za-z0-9_-]{40,200})", 7),
    _shape("openai-key", r"(?<![A-Za-z0-9_-])(sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,250})", 8),
    _shape("openai-key", r"(?<![A-Za-z0-9_-])(sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{48})(?![A-Za-z0-9])", 3),
    _shape("huggingface-token", r"(?<![A-Za-z0-9_])(hf_[A-Za-z0-9]{34,40})(?![A-Za-z0-9])", 3),
    _shape("telegram-bot-token", r"(?<![A-Za-z0-9])(\d{8,10}:AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])", 0),
    _shape(
        "discord-token",
        r"(?<![A-Za-z0-9_-])([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})(?![A-Za-z0-9_-])",
        0,
    ),
    _shape("shopify-token", r"(?<![A-Za-z0-9_])(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})", 6),
    _shape("square-token", r"(?<![A-Za-z0-9_])(sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43})", 7),
    _shape("databricks-token", r"(?<![A-Za-z0-9])(dapi[0-9a-f]{32})(?![0-9a-f])", 4),
    _shape("vault-token", r"(?<![A-Za-z0-9.])(hvs\.[A-Za-z0-9_-]{80,120})", 4),
    _shape("terraform-token", r"(?<![A-Za-z0-9])([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70})", 0),
    _shape("linear-key", r"(?<![A-Za-z0-9_])(lin_api_[A-Za-z0-9]{40})", 8),
    _shape("supabase-key", r"(?<![A-Za-z0-9_])(sb_secret_[A-Za-z0-9_-]{22,60})", 10),
    _shape("resend-key", r"(?<![A-Za-z0-9_])(re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24})(?![A-Za-z0-9])", 3),
    _shape("brevo-key", r"(?<![A-Za-z0-9_])(xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16})", 8),
    _shape("groq-key", r"(?<![A-Za-z0-9_])(gsk_[A-Za-z0-9]{52})(?![A-Za-z0-9])", 4),
    _shape("sentry-token", r"(?<![A-Za-z0-9_])(sntry[su]_[A-Za-z0-9_=+/-]{60,300})", 7),
    _shape(
        "jwt", r"(?<![A-Za-z0-9_.-])(eyJ[A-Za-z0-9_-]{15,2000}\.eyJ[A-Za-z0-9_-]{20,3000}\.[A-Za-z0-9_-]{20,1000})", 3, generic=True
    ),
    _shape("url-password", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'<>{}$]{1,80}:([^\s/@\"'<>]{3,200})@[A-Za-z0-9.-]{1,200}", 0),
)
_KEY = re.compile(
    r"(?i)(?:^|[^A-Za-z0-9])[\"']?([A-Za-z0-9_.-]{0,40}(?:secret|passwd|password|passphrase|api_?key|apikey|auth_?token|access_?token|private_?key|client_?secret|"
    r"encryption_?key|signing_?key|secret_?key|secret_?key_?base|jwt_?key|token)(?:_base|_value|_prod|_live|_?\d{1,2})?)[\"']?(?:\s{0,4}:\s{0,4}(?:str|string|String))?\s{0,8}(?::=|=>|=|:)\s{0,8}([\"'`])([^\"'`\s]{8,200})\2"
)
_DEFINED = re.compile(
    r"(?i)\bdefine\(\s{0,8}[\"']([A-Z0-9_]{0,40}(?:PASSWORD|PASSWD|SECRET|API_?KEY|TOKEN|(?:AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)))[\"']\s{0,8},"
    r"\s{0,8}([\"'])((?:(?!\2)[^\n]){6,200})\2\s{0,8}\)"
)
"""PHP's way to write a constant: `define('DB_PASSWORD', '…')`."""
_UNSET = re.compile(r"(?i)put your unique phrase|_here$|^[a-z]+(?:[ _-][a-z]+){0,6}$|^database_")
_HINTS: dict[str, tuple[bytes, ...]] = {
    "aws-access-key": (b"AKIA", b"ASIA"), "aws-secret-key": (b"aws", b"secret"), "github-token": (b"ghp_", b"gho_", b"ghu_",
    b"ghs_", b"ghr_", b"github_pat_"),
    "gitlab-token": (b"glpat-", b"gldt-", b"glrt-", b"glptt-", b"glsoat-", b"glcbt-"), "slack-token": (b"xox",),
    "slack-webhook": (b"hooks.slack",),
    "discord-webhook": (b"/api/webhooks/",), "stripe-key": (b"_live_",), "stripe-webhook-secret": (b"whsec_",),
    "google-api-key": (b"AIza",),
    "google-oauth-secret": (b"GOCSPX-",), "azure-storage-key": (b"AccountKey=",), "azure-service-bus-key": (b"SharedAccessKey=",),
    "sendgrid-key": (b"SG.",),
    "twilio-key": (b"twilio",), "twilio-auth-token": (b"twilio",), "mailgun-key": (b"key-",), "mailchimp-key": (b"-us",),
    "npm-token": (b"npm_", b"_authToken"),
    "pypi-token": (b"pypi-AgE",), "digitalocean-token": (b"_v1_",), "heroku-key": (b"heroku", b"HRKU-"),
    "anthropic-key": (b"sk-ant-",), "openai-key": (b"sk-",),
    "huggingface-token": (b"hf_",), "telegram-bot-token": (b":AA",), "discord-token": (b"discord", b"token"),
    "shopify-token": (b"shpat_", b"shpca_", b"shppa_", b"shpss_"),
    "square-token": (b"sq0",), "databricks-token": (b"dapi",), "vault-token": (b"hvs.",), "terraform-token": (b".atlasv1.",),
    "linear-key": (b"lin_api_",),
    "supabase-key": (b"sb_secret_",), "resend-key": (b"re_",), "brevo-key": (b"xkeysib-",), "groq-key": (b"gsk_",),
    "sentry-token": (b"sntry",), "jwt": (b"eyJ",),
}  # fmt: skip
"""Texts one of which stands on every line that holds a credential of a kind: a search for them costs next to nothing."""
_BESIDE = (b"aws", b"twilio", b"heroku", b"discord", b"token", b"secret")
_IN_ANY_CASE = (b"secret", b"passw", b"token", b"apikey", b"_key", b"_salt")
_GENERIC_HINTS = frozenset(_IN_ANY_CASE)
_EXACT = sorted({hint for hints in _HINTS.values() for hint in hints} - set(_IN_ANY_CASE) - set(_BESIDE))
_RUN = b"a" * 24
_RUNS = bytes(97 if chr(code) in "_/+=.-" or (code < 128 and chr(code).isalnum()) else 32 for code in range(256))
"""Makes every letter, digit or sign of a token an `a` and all else a space: a run of 24 is then found without a pattern."""
_ASSIGNED = re.compile(
    rb"(?:secret|passw|passphrase|token|key)[a-z0-9_]{0,26}[\"']?(?:\s{0,4}:\s{0,4}str(?:ing)?)?\s{0,8}[:=]=?>?\s{0,8}[\"'`][^\"'`\s]{8}"
    rb"|\bdefine\(\s{0,8}[\"'][a-z0-9_]{4,60}[\"']\s{0,8},"
)
"""What a line in small letters that names a secret must hold: a literal that is assigned to it."""
_DIGIT = re.compile(rb"[0-9]")
_ALONE = (b"AKIA", b"ASIA", b"PRIVATE KEY-----")
"""Hints of what may be shorter than a run."""
_BY_HINT: dict[bytes, tuple[Shape, ...]] = {
    hint: tuple(shape for shape in _SHAPES if hint in _HINTS.get(shape.kind, ())) for hint in (*_EXACT, *_BESIDE, *_IN_ANY_CASE)
}
_URL = next(shape for shape in _SHAPES if shape.kind == "url-password")
_WITH_PASSWORD = re.compile(rb"://[^\s:/@\"'<>{}$]{1,80}:[^\s/@\"'<>]{3,200}@")
_PEM_START = b"PRIVATE KEY-----"
_KEY_LINE = re.compile(rb"[\s\"'+|]{0,40}[A-Za-z0-9+/]{40,80}")
_KEY_FILE = re.compile(r"\.(?:pem|key)$|(?:^|/)id_[a-z0-9]+$")
_MOST_LINES = 3_000
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|placeholder|x{4,}|changeme|change[-_]me|change-this|your[-_]?|\byour|replace|insert|todo|fixme|redacted|secret[-_]?here|<[^>]{0,60}>|\$\{|\{\{|%\(|\$\(|\#\{"
    r"|\*{3,}|\.\.\.|…|0{8,}|1234567|abcdef|testtest|test[-_]?(?:key|secret|token|pass)|fake|mock|not[-_]?a[-_]?real|foobar|lorem|process\.env|os\.environ|getenv|env\(|env\.|config\."
)
_ORDINARY = frozenset(
    "password passw0rd postgres postgresql root admin secret guest user mysql mongo "
    "redis rabbitmq test testing pass "
    "changeit default sa example minioadmin minio app dev development local docker django "
    "rails laravel sail symfony api letmein hunter2 p4ssw0rd 123456 12345678 password1 "
    "password123 mypassword".split()
)
_LOCAL = re.compile(r"@(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1|host\.docker\.internal|[a-z][a-z0-9_-]{0,40}(?=[:/?\"'\s]|$))")
_HASH_FIELD = re.compile(r"(?i)integrity|sha\d{1,3}[-:=]|checksum|\bhash\b|resolved|shasum|etag|commit|revision|\bdigest\b")
_SKIPPED_PATH = re.compile(
    r"(?i)(?:^|/)(?:tests?|testing|__tests__|__mocks__|mocks?|specs?|fixtures?|docs?|examples?|samples?|testdata|test-data|e2e|cypress|stories|locales?|i18n|translations?|vendor|"
    r"third_party|node_modules|snapshots?|__snapshots__|cassettes)/|(?:^|/)(?:test_[^/]*|conftest)\.py$|[._-](?:test|spec|stories|min|example|sample|template|dist|lock|map|snap)(?:\.[a-z0-9]+)?$"
    r"|(?:^|/)[^/]*(?:example|sample|fixture|mock|dummy|snapshot)[^/]*$|(?:^|/)(?:CHANGELOG|LICENSE|CONTRIBUTING|HISTORY|NOTICE)[^/]*$|(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|composer\.lock|poetry\.lock|uv\.lock)$"
)
_DOCUMENT = re.compile(r"(?i)\.(?:md|mdx|rst|txt|adoc|html?)$")
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")


def private_key(file: str, data: bytes) -> Iterator[Found]:
    """A file that is a private key. One in a test directory is made for the tests."""
    if b"PRIVATE KEY" in data[:4096] and _PEM.search(data[:4096].decode("latin-1")) and not _SKIPPED_PATH.search(file):
        yield Found("private-key", file, "", file, 1, "-----BEGIN … PRIVATE KEY-----")


def key_store(file: str, data: bytes) -> Iterator[Found]:
    """A binary key store (PKCS#12, Java, PuTTY)."""
    if (
        data
        and not _SKIPPED_PATH.search(file)
        and (data[:2] == b"0\x82" or data[:4] == b"\xfe\xed\xfe\xed" or data.startswith(b"PuTTY-User-Key-File"))
    ):
        yield Found("private-key", file, "", file, 1, "a key store")


def credentials(file: str, data: bytes) -> Iterator[Found]:
    """Facts `secret` for values that look like live credentials. Called for every file that is read.

    `name` is the kind, `value` the masked form; the text is the line with the mask in place of every credential on it.
    """
    if len(data) > LARGEST or b"\0" in data[:1024]:
        return
    lines = _lines(data)
    if not lines or _SKIPPED_PATH.search(file):
        return
    literals = not _DOCUMENT.search(file) and not file.rpartition("/")[2].startswith(".env")
    seen: set[str] = set()
    number = position = 0
    for start, hints in sorted(lines.items()):
        number += data.count(b"\n", position, start)
        position = start
        end = data.find(b"\n", start)
        line = data[start : end if end >= 0 else len(data)].decode("utf-8", "replace")
        if not 12 <= len(line) <= _LONGEST_LINE:
            continue
        found = _in_line(line, hints, literals=literals)
        fresh = [one for one in found if one[1] not in seen]
        if _PEM_START in hints and not found and _block(data, end) and not _KEY_FILE.search(file) and file not in seen:
            seen.add(file)
            yield Found("secret", "private-key", "-----BEGIN … PRIVATE KEY-----", file, number + 1, "-----BEGIN … PRIVATE KEY-----")
        text = line
        for shape, value in sorted(found, key=lambda one: -len(one[1])) if fresh else ():
            text = text.replace(value, masked(value, shape.shown))
        for shape, value in fresh:
            seen.add(value)
            tags = frozenset({"generic"}) if shape.generic else frozenset()
            yield Found("secret", shape.kind, masked(value, shape.shown), file, number + 1, text.strip()[:400], tags=tags)
        if len(seen) >= _MOST:
            return


def _block(data: bytes, end: int) -> bool:
    """Whether the line after a PEM header is a line of a key."""
    return end >= 0 and bool(_KEY_LINE.match(data[end + 1 : end + 200]))


def _lines(data: bytes) -> dict[int, set[bytes]]:
    """Where lines begin on which a hint stands, with those hints."""
    found: dict[int, set[bytes]] = {}
    runs, last, at = data.translate(_RUNS), -1, 0
    while (at := runs.find(_RUN, max(at, last))) >= 0:
        begin, at = at, runs.find(b" ", at)
        at = len(data) if at < 0 else at
        if not _DIGIT.search(data, begin, at):
            continue  # words
        start = data.rfind(b"\n", 0, begin) + 1
        last = data.find(b"\n", at)
        last = len(data) if last < 0 else last
        line = data[start : min(last, start + _LONGEST_LINE)]
        hints = {hint for hint in _EXACT if hint in line}
        lowered = line.lower()
        hints.update(hint for hint in _BESIDE if hint in lowered)
        if hints:
            found[start] = hints
        if len(found) > _MOST_LINES:
            return found
    for hint in _ALONE:
        at = data.find(hint)
        while at >= 0 and len(found) < _MOST_LINES:
            found.setdefault(data.rfind(b"\n", 0, at) + 1, set()).add(hint)
            at = data.find(hint, at + 1)
    lowered = data.lower()
    for hint in _IN_ANY_CASE:
        at = lowered.find(hint)
        while at >= 0 and len(found) < _MOST_LINES:
            start, end = lowered.rfind(b"\n", 0, at) + 1, lowered.find(b"\n", at)
            if start in found or _ASSIGNED.search(lowered, start, min(end if end >= 0 else len(data), start + _LONGEST_LINE)):
                found.setdefault(start, set()).add(hint)
            at = lowered.find(hint, end) if end >= 0 else -1
    for match in _WITH_PASSWORD.finditer(data):
        found.setdefault(data.rfind(b"\n", 0, match.start()) + 1, set()).add(b"://")
    return found


def masked(value: str, shown: int) -> str:
    """The kind's own prefix and, of long values, the last two characters. `shown` below zero: nothing at all."""
    if shown < 0:
        return "…"
    return f"{value[:shown]}…{value[-2:]}" if len(value) - shown >= 16 and value[-2:].isalnum() else f"{value[:shown]}…"


def _in_line(line: str, hints: set[bytes], *, literals: bool) -> list[tuple[Shape, str]]:
    """The credentials of a line, each value once, the most telling kind first."""
    found: dict[str, Shape] = {}
    if (
        _PEM_START in hints and (match := _PEM.search(line)) and len(line) - match.end() > 60
    ):  # in one string, as in service accounts
        body = line[match.end() :].rstrip("\r\n \"',;")
        if not _PLACEHOLDER.search(body[:80]):
            return [(Shape("private-key", _PEM, -1), body)]
    for shape in _wanted(frozenset(hints)):
        for match in shape.pattern.finditer(line):
            value = match[1]
            if not any(value in other for other in found) and _is_live(shape, value, line, match.start(), match.end()):
                found[value] = shape
    if literals and not found and len(line) <= _LONGEST_LITERAL and not hints.isdisjoint(_GENERIC_HINTS):
        found.update(_literals(line))
    return [(shape, value) for value, shape in found.items()]


@lru_cache(maxsize=1024)
def _wanted(hints: frozenset[bytes]) -> tuple[Shape, ...]:
    """The shapes that hints may stand for, the most telling first."""
    wanted = {id(shape) for hint in hints for shape in _BY_HINT.get(hint, ())} | ({id(_URL)} if b"://" in hints else set())
    return tuple(shape for shape in _SHAPES if id(shape) in wanted)


def _is_live(shape: Shape, value: str, line: str, start: int, end: int) -> bool:
    if _PLACEHOLDER.search(value) or len(set(value)) < 5:
        return False
    if shape.kind == "url-password":
        around = line[start : end + 30]
        if (
            value.lower() in _ORDINARY
            or value.startswith(("$", "{", "<", "%", "*"))
            or _PLACEHOLDER.search(around)
            or _LOCAL.search(around)
        ):
            return False
        return len(value) >= 6
    if shape.kind in {"aws-secret-key", "twilio-key", "mailchimp-key", "openai-key", "heroku-key", "discord-token"} and (
        _HASH_FIELD.search(line[max(start - 30, 0) : start + 10]) or entropy(value) < 3.0
    ):
        return False
    return not (shape.kind == "discord-token" and value.startswith("eyJ"))


_GENERIC = Shape("generic-secret", _KEY, 0, generic=True)


_NO_SECRET_NAME = re.compile(
    r"(?i)continuation|nextpage|next_?token|page_?token|change_?token|request_?token|lifecycle|csrf|xsrf|cancel|public|placeholder"
)
_VALUE = re.compile(r"[A-Za-z0-9+/=_.!@#$%^&*()~:;,?-]{8,200}")
_WORDS = re.compile(r"[A-Za-z_.-]+|[a-z]+(?:[-_.][a-z0-9]+){1,20}|[A-Z][A-Z0-9_]+|[a-z]+[A-Z][A-Za-z]*\d?|[\d.:TZ+-]+")
_ADDRESS = re.compile(r"[a-z]{2,10}://|[./@]|arn:|[A-Za-z]:\\|[A-Za-z]{1,30}\(")
_CLASSES = tuple(re.compile(kind) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"))


def _literals(line: str) -> Iterator[tuple[str, Shape]]:
    """`password = "…"` whose value is random enough to be one; `define('DB_PASSWORD', '…')` with any value that is not a word."""
    for match in _DEFINED.finditer(line):
        value = match[3]
        if not _PLACEHOLDER.search(value) and value.lower() not in _ORDINARY and not _UNSET.search(value):
            yield value, _GENERIC
    for match in _KEY.finditer(line):
        name, value = match[1], match[3]
        if _PLACEHOLDER.search(value) or value.lower() in _ORDINARY or _HASH_FIELD.search(name) or _NO_SECRET_NAME.search(name):
            continue
        if not _VALUE.fullmatch(value) or _WORDS.fullmatch(value) or _ADDRESS.match(value):
            continue  # words, constants, names, addresses
        classes = sum(bool(kind.search(value)) for kind in _CLASSES)
        enough = 3.5 if len(value) >= 20 else 2.9
        if entropy(value) >= enough and (classes >= 3 or (classes == 2 and len(value) >= 20)):
            yield value, _GENERIC


def entropy(value: str) -> float:
    """Bits for each character, by how often each occurs in the value."""
    length = len(value)
    return -sum(count / length * log2(count / length) for count in Counter(value).values()) if length else 0.0


def never_told(file: str) -> bool:
    """Whether nothing that looks like a credential is told of a file: tests and samples hold made-up ones."""
    return _SKIPPED_PATH.search(file) is not None


def _text(file: str, data: bytes) -> Iterator[Found]:
    """Nothing of its own: reading looks for credentials in every file that has a parser."""
    yield from ()


PARSERS: tuple[Parser, ...] = (
    Parser("*.pem", private_key, anywhere=True),
    Parser("*.key", private_key, anywhere=True),
    Parser("*.ppk", key_store, anywhere=True),
    Parser("*.p12", key_store, anywhere=True),
    Parser("*.pfx", key_store, anywhere=True),
    Parser("*.jks", key_store, anywhere=True),
    *(Parser(name, private_key, anywhere=True) for name in ("id_rsa", "id_ed25519", "id_ecdsa", "id_dsa")),
    *(Parser(f"*.{ending}", _text, "text", anywhere=True, bare=True) for ending in ("tfvars", "ini", "cfg", "conf", "properties",
        "sh", "env", "toml", "bash", "ps1")),
    *(Parser(name, _text, anywhere=True) for name in (".npmrc", ".pypirc", ".netrc", ".git-credentials", ".s3cfg", ".pgpass",
        "credentials", "credentials.json",
                                                       "service-account.json", "serviceAccountKey.json", "service_account.json",
                                                       "firebase-adminsdk.json",
                                                       "secrets.json", "secrets.yml",
                                                       "secrets.yaml", ".htpasswd")),
    *(Parser(f"*.{ending}", _text, "text", anywhere=True, bare=True) for ending in ("json", "xml", "txt", "md", "tfstate")),
)  # fmt: skip
