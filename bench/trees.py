"""A large tree for the scan benchmark: small projects of several stacks, with tests, documents and images, in a git checkout."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

SOURCES = {
    "node": (
        "ts",
        "import express from 'express';\n\nexport function handle{n}(value: number): number {{\n  return value * {n};\n}}\n",
    ),
    "python": ("py", "import logging\n\n\ndef handle_{n}(value: int) -> int:\n    return value * {n}\n"),
    "go": ("go", "package part\n\nfunc Handle{n}(value int) int {{\n\treturn value * {n}\n}}\n"),
    "java": ("java", "package part;\n\npublic class Handle{n} {{\n    int handle(int value) {{ return value * {n}; }}\n}}\n"),
}
OTHER = (("md", "# Part\n\nSome words.\n"), ("json", "{}\n"), ("svg", "<svg/>\n"), ("css", "a { color: red }\n"))


def large_tree(root: Path, files: int = 60_000, seed: int = 7) -> Path:
    """Write a tree of about so many files under `root`, commit it, and return it. The same seed gives the same tree."""
    chance = random.Random(seed)
    projects = 40
    each = files // projects
    for number in range(projects):
        kind = list(SOURCES)[number % len(SOURCES)]
        home = root / ("services" if number % 2 else "packages") / f"part{number}"
        _manifest(home, kind, number)
        extension, text = SOURCES[kind]
        for index in range(each):
            ending, content = (extension, text.format(n=index) * chance.randint(1, 12)) if index % 3 else chance.choice(OTHER)
            place = home / ("tests" if index % 5 == 0 else "src") / f"area{index % 23}" / f"part{index % 7}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"file{index}.{ending}").write_text(content)
    for arguments in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=b", "-c", "user.email=b@example.test", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)
    return root


def _manifest(home: Path, kind: str, number: int) -> None:
    home.mkdir(parents=True)
    package = {"name": f"part{number}", "scripts": {"start": "node dist/index.js"}, "dependencies": {"express": "^5.1.0"}}
    name, content = {
        "node": ("package.json", json.dumps(package, indent=1)),
        "python": ("pyproject.toml", f'[project]\nname = "part{number}"\ndependencies = ["flask>=3"]\n'),
        "go": ("go.mod", f"module example.test/part{number}\n\ngo 1.24\n"),
        "java": ("pom.xml", f"<project><groupId>part</groupId><artifactId>part{number}</artifactId><version>1</version></project>"),
    }[kind]
    (home / name).write_text(content)
