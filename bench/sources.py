# ruff: noqa: E501 - source lines read better unbroken
"""Source text for the benchmark's tree: code as people and generators write it, in pieces that are repeated with other names."""

from __future__ import annotations

import random
from collections.abc import Callable

_PROGRAMS = {
    "typescript": "import express from 'express';\nimport {{ Pool }} from 'pg';\n\nconst app = express();\nconst port = Number(process.env.PORT ?? 3000);\nconst pool = new Pool({{ connectionString: process.env.DATABASE_URL }});\napp.get('/healthz', (_request, response) => response.send('ok'));\napp.listen(port, '0.0.0.0');\n\n",
    "python": "import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\nDATABASE_URL = os.environ['DATABASE_URL']\n\n\n@app.get('/healthz')\ndef health() -> str:\n    return 'ok'\n\n\n",
    "go": 'package main\n\nimport (\n\t"log"\n\t"net/http"\n\t"os"\n)\n\nfunc main() {{\n\tport := os.Getenv("PORT")\n\thttp.HandleFunc("/healthz", health0)\n\tlog.Fatal(http.ListenAndServe(":"+port, nil))\n}}\n\n',
    "java": "package test.example.mono;\n\nimport org.springframework.boot.SpringApplication;\n\n",
    "rust": 'use axum::{{routing::get, Router}};\n\n#[tokio::main]\nasync fn main() {{\n    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());\n    let app = Router::new().route("/healthz", get(|| async {{ "ok" }}));\n    axum::serve(tokio::net::TcpListener::bind(format!("0.0.0.0:{{port}}")).await.unwrap(), app).await.unwrap();\n}}\n\n',
    "csharp": 'var builder = WebApplication.CreateBuilder(args);\nvar app = builder.Build();\napp.MapGet("/healthz", () => "ok");\napp.Run();\n\n',
}
_HEADS = {
    "typescript": "import {{ readFile }} from 'node:fs/promises';\nimport {{ z }} from 'zod';\nimport {{ Store, type Options }} from '../{a}/store';\n\n",
    "python": "from __future__ import annotations\n\nimport logging\nfrom collections.abc import Iterable\nfrom dataclasses import dataclass\n\nfrom mono.{a} import Store\n\nlogger = logging.getLogger(__name__)\n\n\n",
    "go": 'package {a}\n\nimport (\n\t"context"\n\t"errors"\n\t"fmt"\n\n\t"github.com/example/{a}-{b}/pkg/store"\n)\n\n',
    "java": "package test.example.mono.{a};\n\nimport java.util.List;\nimport java.util.Optional;\nimport test.example.mono.{b}.Store;\n\n",
    "rust": "use std::collections::HashMap;\nuse serde::{{Deserialize, Serialize}};\nuse crate::{a}::Store;\n\n",
    "csharp": "using System.Collections.Generic;\nusing Mono.{a};\n\nnamespace Mono.{b};\n\n",
}
_PIECES = {
    "typescript": (
        "/** Finds the {a} of a {b}, newest first. */\nexport async function find{A}{n}(store: Store, options: Options): Promise<{A}[]> {{\n  const rows = await store.query('select * from {a} where {b}_id = $1', [options.{b}Id]);\n  if (rows.length === 0) {{\n    throw new Error(`no {a} for ${{options.{b}Id}}`);\n  }}\n  return rows.map((row) => ({{ id: row.id, {b}: row.{b}, createdAt: new Date(row.created_at) }}));\n}}\n\n",
        "export interface {A}{n} {{\n  readonly id: string;\n  readonly {b}: number;\n  readonly token?: string;\n}}\n\nexport const {a}{n}Schema = z.object({{ id: z.string().uuid(), {b}: z.number().min({n}) }});\n\n",
    ),
    "python": (
        "@dataclass(frozen=True)\nclass {A}{n}:\n    \"\"\"One {a} of a {b}.\"\"\"\n\n    id: str\n    {b}: int = {n}\n\n    def total(self, others: Iterable[{A}{n}]) -> int:\n        return self.{b} + sum(other.{b} for other in others)\n\n\n",
        "def find_{a}_{n}(store: Store, {b}_id: str) -> list[dict[str, object]]:\n    rows = store.query(\"select * from {a} where {b}_id = %s\", ({b}_id,))\n    if not rows:\n        logger.warning(\"no {a} for %s\", {b}_id)\n        raise LookupError({b}_id)\n    return [dict(row) for row in rows if row[\"token\"] is not None]\n\n\n",
    ),
    "go": (
        "// {A}{n} is one {a} of a {b}.\ntype {A}{n} struct {{\n\tID    string `json:\"id\"`\n\t{B} int    `json:\"{b}\"`\n\tToken string `json:\"token,omitempty\"`\n}}\n\n",
        "func Find{A}{n}(ctx context.Context, s *store.Store, {b}ID string) ([]string, error) {{\n\trows, err := s.Query(ctx, \"select * from {a} where {b}_id = $1\", {b}ID)\n\tif err != nil {{\n\t\treturn nil, fmt.Errorf(\"query {a}: %w\", err)\n\t}}\n\tif len(rows) == 0 {{\n\t\treturn nil, errors.New(\"no {a}\")\n\t}}\n\treturn rows, nil\n}}\n\n",
    ),
    "java": (
        "/** One {a} of a {b}. */\nclass {A}{n} {{\n    private final String id;\n    private int {b} = {n};\n\n    {A}{n}(String id) {{\n        this.id = id;\n    }}\n\n    Optional<{A}{n}> find(Store store, String token) {{\n        return store.query(\"select * from {a} where {b}_id = ?\", token).stream().findFirst();\n    }}\n}}\n\n",
    ),
    "rust": (
        "/// One {a} of a {b}.\n#[derive(Debug, Clone, Serialize, Deserialize)]\npub struct {A}{n} {{\n    pub id: String,\n    pub {b}: u64,\n}}\n\nimpl {A}{n} {{\n    pub fn find(store: &Store, id: &str) -> Option<HashMap<String, String>> {{\n        store.query(\"select * from {a} where {b}_id = $1\", &[id]).into_iter().next()\n    }}\n}}\n\n",
    ),
    "csharp": (
        "/// <summary>One {a} of a {b}.</summary>\npublic sealed class {A}{n}\n{{\n    public string Id {{ get; init; }} = \"\";\n    public int {B} {{ get; set; }} = {n};\n\n    public IReadOnlyList<string> Find(Store store, string token)\n    {{\n        return store.Query(\"select * from {a} where {b}_id = @id\", token);\n    }}\n}}\n\n",
    ),
}  # fmt: skip
_GENERATED = {
    "typescript": "// Code generated by a tool. DO NOT EDIT.\n",
    "python": "# *** WARNING: this file was generated. ***\n# *** Do not edit by hand unless you're certain you know what you are doing! ***\n",
    "go": "// Code generated by a tool; DO NOT EDIT.\n\n",
    "java": "// *** WARNING: this file was generated. ***\n",
}
_NAMES = "account billing catalog customer delivery event invoice order payment product session stock ticket user".split()


def _writer(language: str) -> Callable[[random.Random, int, str], str]:
    def write(chance: random.Random, size: int, kind: str) -> str:
        """A source of about `size` bytes; `kind` is program, library or generated."""
        a, b = chance.choice(_NAMES), chance.choice(_NAMES)
        head = _PROGRAMS[language] if kind == "program" else _GENERATED.get(language, "") * (kind == "generated") + _HEADS[language]
        parts = [head.format(a=a, b=b)]
        length, pieces = len(parts[0]), _PIECES[language]
        while length < size:
            a, b = chance.choice(_NAMES), chance.choice(_NAMES)
            parts.append(chance.choice(pieces).format(a=a, b=b, A=a.title(), B=b.title(), n=chance.randint(1, 9999)))
            length += len(parts[-1])
        return "".join(parts)

    return write


SOURCES: dict[str, tuple[str, Callable[[random.Random, int, str], str]]] = {
    language: (extension, _writer(language))
    for language, extension in (
        ("typescript", "ts"),
        ("python", "py"),
        ("go", "go"),
        ("java", "java"),
        ("rust", "rs"),
        ("csharp", "cs"),
    )
}
"""The extension of each language, and what writes a source of it."""


def document(chance: random.Random, size: int) -> str:
    """A page of about so many bytes."""
    parts = ["# A page\n\n"]
    for _ in range(size // 150 + 1):
        a, b = chance.choice(_NAMES), chance.choice(_NAMES)
        parts.append(
            f"The {a} of a {b} is found by its id, see [{b}](../{b}/{a}.md). Set `{a.upper()}_TOKEN` first:\n\n```sh\nexport {a.upper()}_TOKEN=$(cat token)\n```\n\n"
        )
    return "".join(parts)


def test_data(chance: random.Random, size: int) -> str:
    """Rows of JSON, which is YAML too, as recorded by tests."""
    rows = [
        f'  {{"id": "{chance.getrandbits(64):016x}", "{chance.choice(_NAMES)}": {chance.randint(1, 99999)}}}'
        for _ in range(size // 50 + 1)
    ]
    return "[\n" + ",\n".join(rows) + "\n]\n"
