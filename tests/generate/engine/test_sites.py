"""Sites: built by a real engine with the project's own generator, served by nginx without root."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import pytest

from tests.generate.engine import node_projects as projects
from tests.generate.engine.proof import MARKS, ends, locked, project, proven
from tests.generate.engine.test_node import BUN, NPM, PNPM
from tests.generate.test_engine import name

__all__ = ["name"]
pytestmark = MARKS


def asked(port: str, path: str) -> tuple[int, Message, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "identity"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status), answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


@pytest.mark.parametrize(
    ("files", "lock", "own_error_page"),
    [
        pytest.param(projects.ASTRO, NPM, True, id="astro-npm"),
        pytest.param(projects.ELEVENTY, PNPM, True, id="eleventy-pnpm"),
        pytest.param(projects.HUGO, (), True, id="hugo"),
        pytest.param(projects.MDBOOK, (), True, id="mdbook"),
        pytest.param(projects.MKDOCS, (), True, id="mkdocs"),
        pytest.param(projects.SPHINX, (), False, id="sphinx"),
    ],
)
def test_a_site_lives(tmp_path: Path, name: str, files: dict[str, str], lock: tuple[str, ...], own_error_page: bool) -> None:
    root = project(tmp_path / "shop", files)
    if lock:
        locked(root, *lock)
    port, _ = proven(root, name)
    status, headers, body = asked(port, "/")
    assert (status, headers["X-Content-Type-Options"], headers["Cache-Control"]) == (200, "nosniff", "no-cache")
    assert "hello" in body.lower() or "shop" in body.lower()
    status, headers, body = asked(port, "/nothing/here")
    assert (status, headers["Cache-Control"]) == (404, None)
    assert ("nginx" not in body) is own_error_page
    assert asked(port, "/.git/config")[0] == 404
    if found := re.search(r"/_astro/[\w.-]+\.css", asked(port, "/")[2]):
        assert "immutable" in asked(port, found[0])[1]["Cache-Control"]
    ends(name)


def test_a_single_page_by_bun_lives(tmp_path: Path, name: str) -> None:
    root = project(tmp_path / "shop", projects.VITE)
    locked(root, *BUN)
    port, recipe = proven(root, name)
    assert (recipe["language"], recipe["manager"]) == ("node", "bun")
    status, _, page = asked(port, "/a/route/of/its/own")
    found = re.search(r"/assets/[\w.-]+\.js", page)
    assert status == 200 and found is not None
    assert "immutable" in asked(port, found[0])[1]["Cache-Control"]
    assert asked(port, "/assets/index-B1d2F3g4.js")[0] == 404  # a file of an older release is no page
    ends(name)
