# ruff: noqa: E501 - a table of lines reads better unbroken
"""Values that look like live credentials: what is found, how it is masked, and what is left alone.

Every sample is put together here from harmless halves, so that no file of this repository holds the shape of a live credential.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Severity
from deploydeck.scan.parsers.credentials import credentials, entropy, masked
from tests.clock import quick
from tests.scan.trees import codes, git, parser_for, plant, scan

MIXED = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA3bC6dF9gHj2Kl5Mn8Pq1Rs4Tu7Vw0Xy3Za6Bc9De2"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def glued(*parts: str) -> str:
    return "".join(parts)


LIVE = [
    ("aws-access-key", glued("AK", "IA"), glued("Q7RT5MZX2KLPW3NB")),
    ("github-token", glued("gh", "p_"), MIXED[:36]),
    ("github-token", glued("github", "_pat_"), MIXED[:70]),
    ("gitlab-token", glued("gl", "pat-"), MIXED[:20]),
    ("slack-token", glued("xo", "xb-"), f"73450987612-{MIXED[:24]}"),
    ("slack-webhook", glued("https://hooks.", "slack.com/services/"), f"T0A1B2C3D/B9Z8Y7X6W/{MIXED[:24]}"),
    ("stripe-key", glued("sk", "_live_"), MIXED[:24]),
    ("google-api-key", glued("AI", "za"), MIXED[:35]),
    ("google-oauth-secret", glued("GOC", "SPX-"), MIXED[:28]),
    ("sendgrid-key", glued("S", "G."), f"{MIXED[:22]}.{MIXED[10:53]}"),
    ("mailgun-key", glued("ke", "y-"), HEX[:32]),
    ("npm-token", glued("np", "m_"), MIXED[:36]),
    ("pypi-token", glued("pypi-", "AgE"), MIXED[:60]),
    ("digitalocean-token", glued("dop", "_v1_"), HEX),
    ("anthropic-key", glued("sk-", "ant-"), MIXED[:60]),
    ("openai-key", glued("sk-", "proj-"), MIXED[:60]),
    ("openai-key", glued("sk", "-"), MIXED[:48]),
    ("huggingface-token", glued("h", "f_"), MIXED[:34]),
    ("telegram-bot-token", glued("73450987", ":AA"), MIXED[:33]),
    ("groq-key", glued("gs", "k_"), MIXED[:52]),
    ("jwt", "", f"eyJ{MIXED[:33]}.eyJ{MIXED[3:50]}.{MIXED[:43]}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "prefix", "rest"), LIVE, ids=[f"{row[0]}-{index}" for index, row in enumerate(LIVE)])
@pytest.mark.parametrize("line", ["VALUE = '{}'", "  value: {}", '{{"x": "{}"}}', "curl -H x:{} ok"])
def test_known_shapes(kind: str, prefix: str, rest: str, line: str) -> None:
    value = prefix + rest
    found = list(credentials("src/a.py", f"first\n{line.format(value)}\n".encode()))
    assert [(fact.name, fact.line) for fact in found] == [(kind, 2)]
    assert value not in f"{found[0]}"
    assert rest[:-2] not in f"{found[0]}"
    assert found[0].value in found[0].text


BESIDE = [
    ("aws-secret-key", "aws_secret_access_key = ", f"{MIXED[:20]}/{MIXED[21:40]}"),
    ("azure-storage-key", "x=AccountName=a;AccountKey=", f"{MIXED[:70]}{MIXED[:16]}=="),
    ("twilio-auth-token", "TWILIO_AUTH_TOKEN=", HEX[:32]),
    ("heroku-key", "HEROKU_API_KEY: ", "9f86d081-884c-4d65-9a2f-eaa0c55ad015"),
    ("url-password", "DB=postgres://svc:", "Tr0ub4dor-9x"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "before", "value"), BESIDE)
def test_values_known_by_what_stands_beside_them(kind: str, before: str, value: str) -> None:
    after = "@db.prod.internal.net/x" if kind == "url-password" else ""
    found = list(credentials("deploy.conf", f"{before}{value}{after}\n".encode()))
    assert [fact.name for fact in found] == [kind]
    assert value not in f"{found[0]}"


@pytest.mark.parametrize("line", ['password = "Xk9#mQ2$vL7p"', "SECRET_KEY = 'dj-8f$k2!q9z@x7w#m4v5n6b3c1'", f'"apiKey": "{HEX[:32]}",', f'client_secret: "{MIXED[:30]}"'])  # fmt: skip
def test_literals_that_are_random_enough(line: str) -> None:
    found = list(credentials("a.py", line.encode()))
    assert [(fact.name, fact.tags) for fact in found] == [("generic-secret", frozenset({"generic"}))]


NOT_LIVE = [
    glued("key = AK", "IAIOSFODNN7EXAMPLE"), "password = 'changeme'", 'password: "postgres"', "password = os.environ['PASSWORD_OF_IT']", "api_key = '${API_KEY_VALUE}'",
    "token = '{{ vault_token_1 }}'", "secret_key = '<your-secret-key-1>'", "postgres://postgres:postgres@localhost:5432/db", "postgres://user:Pa55word99@localhost/x",
    "mysql://app:Zx81qq77@db:3306/x", "redis://:${REDIS_PASSWORD}@host.test/0", "https://example.com/a:b@c", "token_url = 'https://a.test/oauth/token1'",
    'integrity "sha512-' + MIXED + '=="', "const password = 'passwordField1'", 'secretName: "my-app-secret-2"', "token = 'access_token'", 'password: "********"',
    "AUTH_TOKEN_HEADER = 'X-Auth-Token-2'", "hf_transformers_are_great_models_for_all_people", glued("sk", "_test_") + MIXED[:24], "eyJhbGciOiJub25lIn0.x.y",
    "postgres://u:xxxxxxxxxx@db.prod.net/x", "password = getpass('Password 1234: ')", "tokenizer = 'bert-base-uncased-v2'", "api_key = ''",
]  # fmt: skip


@pytest.mark.parametrize("line", NOT_LIVE)
def test_what_is_no_credential(line: str) -> None:
    assert list(credentials("src/a.py", line.encode())) == []


@pytest.mark.parametrize(
    "file",
    [
        "tests/a.py",
        "src/__tests__/a.js",
        "docs/a.md",
        "fixtures/a.json",
        ".env.example",
        "a.spec.ts",
        "CHANGELOG.md",
        "package-lock.json",
        "examples/a/b.py",
    ],
)
def test_files_that_hold_samples(file: str) -> None:
    assert list(credentials(file, glued("k = 'gh", "p_", MIXED[:36], "'").encode())) == []


def test_local_environment_files_show_tokens_but_no_plain_literals() -> None:
    assert [fact.name for fact in credentials(".env", glued("T=gh", "p_", MIXED[:36], "\nPASSWORD='Xk9#mQ2$vL7p'\n").encode())] == [
        "github-token"
    ]


def test_private_keys() -> None:
    head = glued("-----BEGIN RSA ", "PRIVATE KEY-----")
    inline = f'"private_key": "{head}\\n{MIXED}\\n-----END"'
    assert [(fact.name, fact.value) for fact in credentials("sa.json", inline.encode())] == [("private-key", "…")]
    block = f"key = '''{head}\n{MIXED[:64]}\n'''"
    found = list(credentials("a.py", block.encode()))
    assert [(fact.name, fact.line) for fact in found] == [("private-key", 1)]
    assert MIXED[:20] not in f"{found}{list(credentials('sa.json', inline.encode()))}"
    parser = parser_for("certs/server.key")
    assert parser is not None
    assert [fact.kind for fact in parser.parse("certs/server.key", f"{head}\n{MIXED}\n".encode())] == ["private-key"]
    assert list(parser.parse("tests/server.key", f"{head}\n{MIXED}\n".encode())) == []
    assert list(parser.parse("certs/server.key", b"-----BEGIN CERTIFICATE-----\n")) == []


def test_masks_and_entropy() -> None:
    assert masked("ghp_" + MIXED[:36], 4) == f"ghp_…{MIXED[34:36]}"
    assert masked("short-one", 0) == "…"
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
    assert entropy("") == 0


@pytest.mark.parametrize("data", [b"token" * 50_000, b"eyJ" * 80_000, b"password='" * 20_000, b"a://b:" * 40_000, b"-----BEGIN PRIVATE KEY-----\n" * 9_000, b"secret_" * 36_000 + b"=",
                                  ("token = '" + "aB3" * 80_000).encode(), b"\xff\xfe" * 100_000, b"\n" * 260_000, b"sk-\n" * 60_000, b"gh" + b"p_" * 100_000])  # fmt: skip
def test_hostile_files_cost_little(data: bytes) -> None:
    quick(lambda: list(credentials("a.py", data[:262_144])), 2)


def test_the_profile_says_what_git_carries(tmp_path: Path) -> None:
    token = glued("gh", "p_", MIXED[:36])
    plant(
        tmp_path,
        {
            "requirements.txt": "flask\n",
            "app.py": f"from flask import Flask\nT = '{token}'\n",
            "local.py": f"U = '{token[:-2]}zz'\n",
            ".gitignore": "local.py\n",
        },
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    profile = scan(tmp_path)
    assert [(one.kind, one.tracked, one.evidence.where) for one in profile.secrets] == [("github-token", True, "app.py:2")]
    finding = next(finding for finding in profile.findings if finding.code == "secret-committed")
    assert finding.severity is Severity.ERROR
    assert token not in profile.model_dump_json()


def test_a_credential_outside_git_is_a_warning(tmp_path: Path) -> None:
    token = glued("gh", "p_", MIXED[:36])
    profile = scan(tmp_path, {"requirements.txt": "flask\n", "app.py": f"T = '{token}'\n"})
    assert [(one.tracked, one.confidence) for one in profile.secrets] == [(None, 0.95)]
    assert "secret-in-tree" in codes(profile)
