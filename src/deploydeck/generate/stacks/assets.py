"""Scripts and styles built by Node.js for a program that is not Node.js: Laravel's, Symfony's and Rails' front ends."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import DeployDeckError, Evidence, PackageManager, ProjectProfile
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.names import shown
from deploydeck.generate.stacks.base import Installation, InstallQuestion
from deploydeck.generate.stacks.node import NODE
from deploydeck.generate.versions import choose_series

_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
)


@dataclass(frozen=True)
class Assets:
    """The Node.js image whose programs are borrowed for the build, and how the packages get in."""

    image: str
    install: Installation
    evidence: tuple[Evidence, ...]


def node_assets(profile: ProjectProfile, files: ProjectFiles) -> Assets:
    """How to install what package.json lists. Raises DeployDeckError `generate-asset-manager` for a manager no stack knows."""
    lock, name = next(((path, manager) for path, manager in _LOCKS if files.is_file(path)), ("", "npm"))
    installer = NODE.managers.get(name)
    if installer is None:
        raise DeployDeckError(
            "generate-asset-manager",
            f"{shown(lock)} is of {name}, with which assets cannot be built beside {profile.runtime or 'another language'} yet.",
            f"DeployDeck builds them with {', '.join(sorted(NODE.managers))}.",
            "Install them with one of these, and commit its lock file.",
        )
    engines = files.json("package.json").get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    series = (choose_series(NODE, wanted) if isinstance(wanted, str) else None) or NODE.default_series
    manager = PackageManager(name=name, manifest="package.json", lock_file=lock)
    return Assets(
        NODE.image.format(series=series),
        installer(InstallQuestion(profile, manager, files, (), True)),
        (Evidence(file="package.json", rule="assets"),),
    )
