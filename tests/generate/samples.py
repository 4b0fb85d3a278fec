"""Small projects written to disk and the profiles a scan would make of them, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from deploydeck.domain import (
    BuildTool,
    Dependency,
    EnvVariable,
    Evidence,
    Fact,
    Framework,
    Kind,
    Language,
    PackageManager,
    ProjectProfile,
    StartCommand,
    Support,
)

T = TypeVar("T")
WHEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fact(value: T, file: str = "", line: int = 1, text: str = "") -> Fact[T]:
    evidence = (Evidence(file=file, line=line, text=text, rule="test"),) if file else ()
    return Fact[Any](value=value, confidence=0.9, evidence=evidence)


def write(root: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def profile(root: Path | str, **over: Any) -> ProjectProfile:
    values: dict[str, Any] = {
        "id": "prj-1",
        "name": "shop-api",
        "root": str(root),
        "kind": Kind.SERVER,
        "support": Support.SUPPORTED,
        "support_reason": "Flask project",
        "analyzed_at": WHEN,
    }
    values.update(over)
    return ProjectProfile(**values)


def flask_pip(root: Path, **over: Any) -> ProjectProfile:
    write(
        root,
        {
            "requirements.txt": "flask==3.1.0\n",
            "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/')\n"
            "def index():\n    return 'hello flask'\n",
        },
    )
    values: dict[str, Any] = {
        "language": fact(Language(id="python", name="Python", version="3.13"), "requirements.txt"),
        "framework": fact(Framework(id="flask", name="Flask", version="3.1.0"), "requirements.txt"),
        "package_manager": fact(PackageManager(name="pip", manifest="requirements.txt"), "requirements.txt"),
        "start": fact(
            StartCommand(argv=("gunicorn", "--bind", "{host}:{port}", "app:app"), packages=("gunicorn==23.0.0",)), "app.py", 3
        ),
        "port": fact(8000, "app.py", 3),
        "dependencies": (Dependency(name="flask", requirement="==3.1.0"),),
        "variables": (
            EnvVariable(name="SECRET_KEY", required=True, secret=True, used=(Evidence(file="app.py", line=3, rule="environ"),)),
            EnvVariable(name="GREETING", default="hello"),
        ),
    }
    return profile(root, **{**values, **over})


def express_npm(root: Path, **over: Any) -> ProjectProfile:
    write(
        root,
        {
            "package.json": '{"name": "shop", "version": "1.0.0", "main": "server.js", "dependencies": {"express": "^5.1.0"}}\n',
            "server.js": "const app = require('express')();\napp.get('/', (q, r) => r.send('hello express'));\n"
            "app.listen(process.env.PORT || 3000, '0.0.0.0');\n",
        },
    )
    values: dict[str, Any] = {
        "language": fact(Language(id="javascript", name="JavaScript"), "package.json"),
        "framework": fact(Framework(id="express", name="Express"), "package.json"),
        "package_manager": fact(PackageManager(name="npm", manifest="package.json"), "package.json"),
        "start": fact(StartCommand(argv=("node", "server.js"), port_from_env=True), "package.json"),
        "port": fact(3000, "server.js", 3),
    }
    return profile(root, **{**values, **over})


def static_site(root: Path, **over: Any) -> ProjectProfile:
    write(root, {"index.html": "<h1>hello static</h1>\n", "about.html": "<h1>about</h1>\n"})
    values: dict[str, Any] = {
        "kind": Kind.STATIC,
        "language": fact(Language(id="html", name="HTML"), "index.html"),
        "output_dir": fact(".", "index.html"),
    }
    return profile(root, **{**values, **over})


def vite_npm(root: Path, **over: Any) -> ProjectProfile:
    write(
        root,
        {
            "package.json": '{"name": "spa", "private": true, "type": "module", "scripts": {"build": "vite build"},'
            ' "devDependencies": {"vite": "^7.0.0"}}\n',
            "index.html": '<div id="app"></div><script type="module" src="/main.js"></script>\n',
            "main.js": "document.getElementById('app').textContent = 'hello vite';\n",
        },
    )
    values: dict[str, Any] = {
        "kind": Kind.STATIC,
        "language": fact(Language(id="javascript", name="JavaScript"), "package.json"),
        "framework": fact(Framework(id="vite", name="Vite"), "package.json"),
        "build_tools": (fact(BuildTool(id="vite", name="Vite"), "package.json"),),
        "package_manager": fact(PackageManager(name="npm", manifest="package.json"), "package.json"),
        "build_command": fact(("npm", "run", "build"), "package.json"),
        "output_dir": fact("dist", "package.json"),
        "single_page": True,
    }
    return profile(root, **{**values, **over})
