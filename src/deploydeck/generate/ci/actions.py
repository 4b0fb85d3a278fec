"""The actions that workflows use, pinned by commit: the table actions.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class Action:
    """One action. `sha` is the commit of the release `version`; `agree` says how many public files were seen to pin the same."""

    uses: str
    version: str
    sha: str
    agree: int
    checked: str

    @property
    def pinned(self) -> str:
        """What stands behind `uses:`: the commit, and the version for people and for update bots."""
        return f"{self.uses}@{self.sha} # {self.version}"


@lru_cache(maxsize=1)
def actions() -> dict[str, Action]:
    """All actions by their short name."""
    text = (resources.files("deploydeck.generate.ci") / "actions.toml").read_text(encoding="utf-8")
    return {
        name: Action(row["uses"], row["version"], row["sha"], row["agree"], row["checked"].isoformat())
        for name, row in tomllib.loads(text).items()
    }
