"""What an ecosystem's resolver says about building and running a project, for the generic part to join with what files say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploydeck.domain import Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a project is built and started in production. None: the ecosystem does not know.

    `kind` overrides the technology's own (a Next.js export is a static site). `port` is a configured or default port that no
    `listen` fact says (server.port of Spring); it loses to the source. `runtime` when it is not the ecosystem's first one (bun).
    """

    start: Fact[StartCommand] | None = None
    build: Fact[tuple[str, ...]] | None = None
    output: Fact[str] | None = None
    kind: Kind | None = None
    single_page: bool = False
    port: Fact[int] | None = None
    runtime: str = ""


Resolve = Callable[[Scan, Technology | None, PackageManager | None], Resolved]
"""`technology` is the one that decides (None: no framework); `manager` the ecosystem's manager."""
