"""Languages by file extension, and the manifest that makes a directory a project of a language."""

from __future__ import annotations

from dataclasses import dataclass

EXTENSIONS: dict[str, str] = {
    "py": "Python", "pyw": "Python",
    "js": "JavaScript", "mjs": "JavaScript", "cjs": "JavaScript", "jsx": "JavaScript",
    "ts": "TypeScript", "mts": "TypeScript", "cts": "TypeScript", "tsx": "TypeScript",
    "vue": "Vue", "svelte": "Svelte", "go": "Go", "rs": "Rust", "java": "Java", "kt": "Kotlin", "kts": "Kotlin", "scala": "Scala",
    "rb": "Ruby", "php": "PHP", "cs": "C#", "fs": "F#", "vb": "Visual Basic", "ex": "Elixir", "exs": "Elixir", "swift": "Swift",
    "dart": "Dart", "c": "C", "h": "C", "cpp": "C++", "cc": "C++", "hpp": "C++", "zig": "Zig", "cr": "Crystal", "clj": "Clojure",
    "hs": "Haskell", "erl": "Erlang", "gleam": "Gleam", "lua": "Lua", "pl": "Perl", "r": "R", "jl": "Julia", "nim": "Nim",
    "html": "HTML", "htm": "HTML", "css": "CSS", "scss": "CSS", "sass": "CSS", "less": "CSS", "sh": "Shell", "bash": "Shell",
}  # fmt: skip

MARKUP = frozenset({"HTML", "CSS", "Shell"})
"""Counted, but never the language of a project that also has a programming language."""


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """A manifest at the root and the language it means. `glob` matches a path; rows above win over rows below."""

    glob: str
    language: str
    title: str = ""
    deployable: bool = False

    @property
    def name(self) -> str:
        return self.title or self.language


ECOSYSTEMS: tuple[Ecosystem, ...] = (
    Ecosystem("go.mod", "Go"),
    Ecosystem("Cargo.toml", "Rust"),
    Ecosystem("pom.xml", "Java"),
    Ecosystem("build.gradle.kts", "Kotlin", "Java/Kotlin (Gradle)"),
    Ecosystem("build.gradle", "Java", "Java/Kotlin (Gradle)"),
    Ecosystem("build.sbt", "Scala"),
    Ecosystem("project.clj", "Clojure"),
    Ecosystem("deps.edn", "Clojure"),
    Ecosystem("mix.exs", "Elixir"),
    Ecosystem("gleam.toml", "Gleam"),
    Ecosystem("*.csproj", "C#", ".NET"),
    Ecosystem("*.fsproj", "F#", ".NET"),
    Ecosystem("*.vbproj", "Visual Basic", ".NET"),
    Ecosystem("*.sln", "C#", ".NET"),
    Ecosystem("*.slnx", "C#", ".NET"),
    Ecosystem("Package.swift", "Swift"),
    Ecosystem("pubspec.yaml", "Dart"),
    Ecosystem("shard.yml", "Crystal"),
    Ecosystem("build.zig", "Zig"),
    Ecosystem("stack.yaml", "Haskell"),
    Ecosystem("*.cabal", "Haskell"),
    Ecosystem("composer.json", "PHP"),
    Ecosystem("Gemfile", "Ruby"),
    Ecosystem("gems.rb", "Ruby"),
    Ecosystem("pyproject.toml", "Python", deployable=True),
    Ecosystem("requirements.txt", "Python", deployable=True),
    Ecosystem("requirements/*.txt", "Python", deployable=True),
    Ecosystem("Pipfile", "Python", deployable=True),
    Ecosystem("setup.py", "Python", deployable=True),
    Ecosystem("manage.py", "Python", deployable=True),
    Ecosystem("environment.yml", "Python", "Python (conda)"),
    Ecosystem("deno.json", "TypeScript", "Deno"),
    Ecosystem("deno.jsonc", "TypeScript", "Deno"),
    Ecosystem("package.json", "JavaScript", "Node.js", deployable=True),
    Ecosystem("CMakeLists.txt", "C++"),
    Ecosystem("meson.build", "C"),
    Ecosystem("index.php", "PHP"),
)

INSIDE = tuple(row for row in ECOSYSTEMS if "/" not in row.glob)
"""What makes a subdirectory worth naming when the root itself is no project."""
