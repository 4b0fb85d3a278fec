"""What every part of the generator is given: the profile, the settings and what was decided from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploydeck.domain import DeploymentConfig, Evidence, Kind, PackageManager, ProjectProfile
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.settings import Settings

if TYPE_CHECKING:
    from deploydeck.generate.stacks.base import Installation, Stack

Argv = tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """Decisions in the making. A stack's `decide` corrects them: a better start, one more build step, clues for the files."""

    profile: ProjectProfile
    settings: Settings
    files: ProjectFiles
    target: str
    kind: Kind
    framework: str
    manager: PackageManager | None
    build: tuple[Argv, ...]
    start: Argv
    packages: tuple[str, ...] = ()
    development: bool = False
    """Whether development packages are needed even when nothing is built."""
    clues: Mapping[str, Clue] = field(default_factory=dict)
    port: int = 0
    """The port of a server that comes with the image; 0: the program listens by itself."""
    environment: tuple[tuple[str, str], ...] = ()
    """Plain variables that tell the program where to listen; values may hold `{host}` and `{port}`."""

    @property
    def image(self) -> bool:
        """Whether the result is a container image, rather than something that runs from the project's directory."""
        return self.target in DOCKERFILE_TARGETS


@dataclass(frozen=True)
class Choices:
    """Everything decided for one project, shared by the configuration and by the files."""

    kind: Kind
    stack: Stack
    framework: str
    series: str
    series_evidence: tuple[Evidence, ...]
    install: Installation | None
    build: tuple[Argv, ...]
    build_evidence: tuple[Evidence, ...]
    start: Argv
    start_evidence: tuple[Evidence, ...]
    port_from_env: bool
    packages: tuple[str, ...]
    static_dir: str
    port: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    clues: Mapping[str, Clue] = field(default_factory=dict)

    def clue(self, name: str) -> Clue:
        """What a stack noted while deciding; an empty clue when it noted nothing."""
        return self.clues.get(name, NOTHING)


@dataclass(frozen=True)
class Request:
    """One call of the generator. `files` reads the project. `replace`: propose in place of people's own files, too."""

    profile: ProjectProfile
    config: DeploymentConfig
    settings: Settings
    choices: Choices
    files: ProjectFiles
    replace: bool = False


DOCKERFILE_TARGETS = frozenset({"docker"})


def placed(word: str, port: int) -> str:
    """A word of a command or a variable with the address and port it listens on: every interface, for a container is reached from outside."""  # noqa: E501
    return word.replace("{host}", "0.0.0.0").replace("{port}", str(port))  # noqa: S104
