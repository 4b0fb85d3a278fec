# ruff: noqa: E501 - tables of small trees read better unbroken
"""Deno projects: tasks as direct commands, the file that serves, and its frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.trees import parser_for, scan

PROJECTS = [
    ({"deno.json": '{"tasks": {"start": "deno run --allow-net main.ts"}}', "main.ts": "Deno.serve({ port: 8001 }, h)"}, None, "deno run --allow-net main.ts", 8001),
    ({"deno.jsonc": '{ // c\n"tasks": {"dev": "deno run -A --watch main.ts"}}', "main.ts": "Deno.serve(h)"}, None, "deno run -A main.ts", 8000),
    ({"deno.json": '{"tasks": {"start": "deno task run", "run": "deno run -A src/a.ts"}}', "src/a.ts": "Deno.serve({ port: Number(Deno.env.get('PORT') ?? 9000) }, h)"}, None, "deno run -A src/a.ts", 9000),
    ({"deno.json": "{}", "main.ts": "import { Application } from 'https://deno.land/x/oak@v12.6.1/mod.ts'\nconst app = new Application()\nawait app.listen({ port: 8002 })"}, "oak", "deno run --allow-net main.ts", 8002),
    ({"deno.json": '{"tasks": {"start": "deno run -A --watch=static/ dev.ts", "preview": "deno run -A main.ts"}, "imports": {"$fresh/": "https://deno.land/x/fresh@1.6.1/", "preact": "npm:preact@10"}}', "main.ts": "", "dev.ts": ""}, "fresh", "deno run -A main.ts", 8000),
    ({"deno.json": '{"tasks": {"start": "deno run -A main.ts"}, "imports": {"hono": "npm:hono@4"}}', "main.ts": "import { Hono } from 'hono'\nDeno.serve({ port: 8100 }, new Hono().fetch)"}, "hono", "deno run -A main.ts", 8100),
]  # fmt: skip


@pytest.mark.parametrize(("files", "framework", "start", "port"), PROJECTS, ids=range(len(PROJECTS)))
def test_a_project_is_started(files: dict[str, str], framework: str | None, start: str, port: int, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert (profile.framework.value.id if profile.framework else None) == framework
    assert profile.start is not None
    assert " ".join(profile.start.value.argv) == start
    assert profile.runtime == "deno"
    assert profile.port is not None
    assert profile.port.value == port


@pytest.mark.parametrize(("path", "content", "expected"), [
    ("deno.json", '{"name": "@a/b", "imports": {"hono": "npm:hono@^4", "@std/http": "jsr:@std/http@1", "oak": "https://deno.land/x/oak@v12.1.0/mod.ts"}, "workspace": ["./a"]}',
     {("dependency", "hono", "^4", "node"), ("dependency", "@std/http", "1", "deno"), ("dependency", "oak", "12.1.0", "deno"), ("workspace", "./a", "", "deno"), ("project-name", "@a/b", "", "deno")}),
    ("import_map.json", '{"imports": {"x": "npm:x@1.2.3"}}', {("dependency", "x", "1.2.3", "node")}),
    ("deno.lock", '{"version": "4", "jsr": {"@std/x@1.0.1": {}}, "npm": {"chalk@5.3.0": {}}}', {("locked", "@std/x", "1.0.1", "deno"), ("locked", "chalk", "5.3.0", "node")}),
    ("main.ts", "import a from 'npm:express@4'\nimport b from 'jsr:@std/http@1'\nimport 'https://esm.sh/preact@10.1.0'\n",
     {("dependency", "express", "4", "node"), ("dependency", "@std/http", "1", "deno"), ("dependency", "preact", "10.1.0", "deno")}),
])  # fmt: skip
def test_a_file_gives_its_facts(path: str, content: str, expected: set[tuple[str, str, str, str]]) -> None:
    parser = parser_for(path)
    assert parser is not None
    assert expected <= {(fact.kind, fact.name, fact.value, fact.scope) for fact in parser.parse(path, content.encode())}
