"""What go.mod leaves to the sources, before the rules look: an `// indirect` mark on a module that the program imports itself."""

from __future__ import annotations

from dataclasses import replace

from deploydeck.scan.state import Scan

SCOPE = "go"


def link(scan: Scan) -> None:
    """Add a dependency for each listed module that a source imports; `go mod tidy` was not run since. Idempotent."""
    declared = {fact.name for fact in scan.facts.own("dependency", scope=SCOPE)}
    listed = {fact.name: fact for fact in scan.facts.own("locked", scope=SCOPE) if fact.name not in declared}
    if not listed:
        return
    used = set()
    for fact in scan.facts.own("import", scope=SCOPE):
        path = fact.name
        while path:
            if path in listed:
                used.add(path)
                break
            path = path.rpartition("/")[0]
    scan.facts.add(replace(listed[name], kind="dependency") for name in sorted(used))
