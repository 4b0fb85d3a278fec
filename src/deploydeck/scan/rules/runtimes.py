"""Runtime versions: where a project pins one, in the order of trust, and which lines exist to choose from.

Order: a file made for pinning says exactly what its author runs; a tool file the same for several tools; a manifest's range
says only what is allowed. Peers disagree on this order (facts/stacks.md 2), so every source that clashes is shown with the winner.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """`sources` in order of trust. `preferred` are the version lines to take for a range, best first."""

    id: str
    name: str
    sources: tuple[str, ...]
    preferred: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()


RUNTIMES: dict[str, Runtime] = {
    "python": Runtime(
        "python", "Python",
        (".python-version", "runtime.txt", ".tool-versions", "Pipfile", "requires-python", "poetry-python"),
        ("3.13", "3.14", "3.12", "3.11", "3.10", "3.9"),
    ),
    "node": Runtime(
        "node", "Node.js",
        (".node-version", ".nvmrc", "volta", ".tool-versions", "engines", "devEngines"),
        ("22", "24", "26", "20", "18"),
        (
            ("lts/*", "22"), ("lts", "22"), ("node", "22"), ("stable", "22"), ("latest", "22"),
            ("lts/krypton", "24"), ("lts/jod", "22"),
            ("lts/iron", "20"), ("lts/hydrogen", "18"),
        ),
    ),
}  # fmt: skip

RUNTIME_OF = {"Python": "python", "JavaScript": "node", "TypeScript": "node"}
