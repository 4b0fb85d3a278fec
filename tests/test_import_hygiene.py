"""What must not be loaded: no SDK, database library, engine or Textual for `--help`, none of ours before the first frame."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "docker",
    "sqlalchemy",
    "dbos",
    "boto3",
    "openai",
    "httpx",
    "textual",
    "pydantic",
    "alembic",
    "aiosqlite",
    "keyring",
    "cryptography",
    "rich",
)
BEHIND_THE_FIRST_FRAME = tuple(name for name in HEAVY if name not in ("textual", "rich", "pydantic"))


def loaded(code: str) -> set[str]:
    """Top-level names of everything a fresh interpreter has loaded after running `code`."""
    report = f"import sys\n{code}\nsys.stderr.write('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["deploy", "--help"], ["completions", "bash"]], ids=lambda words: " ".join(words)
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    names = loaded(f"from deploydeck.cli import main\nassert main({arguments!r}) == 0")
    assert "deploydeck" in names
    assert names.isdisjoint(HEAVY), names.intersection(HEAVY)


def test_the_application_loads_no_service_before_the_first_frame() -> None:
    names = loaded("import deploydeck.app")
    assert "textual" in names
    assert names.isdisjoint(BEHIND_THE_FIRST_FRAME), names.intersection(BEHIND_THE_FIRST_FRAME)


def test_this_test_can_fail() -> None:
    assert not loaded("import deploydeck.deck, deploydeck.store.database").isdisjoint(HEAVY)
