"""The stacks that can be deployed: one module each, listed here. The first row that claims a manager or a language wins."""

from __future__ import annotations

from deploydeck.domain import DeployDeckError, PackageManager, ProjectProfile
from deploydeck.generate.request import Argv
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.bun import BUN
from deploydeck.generate.stacks.deno import DENO
from deploydeck.generate.stacks.dotnet import DOTNET
from deploydeck.generate.stacks.elixir import ELIXIR
from deploydeck.generate.stacks.go import GO
from deploydeck.generate.stacks.jvm import JVM
from deploydeck.generate.stacks.node import NODE
from deploydeck.generate.stacks.packaged_sites import PACKAGED_SITES
from deploydeck.generate.stacks.php import PHP
from deploydeck.generate.stacks.python import PYTHON
from deploydeck.generate.stacks.ruby import RUBY
from deploydeck.generate.stacks.rust import RUST
from deploydeck.generate.stacks.site import SITE

STACKS: tuple[Stack, ...] = (PYTHON, NODE, BUN, DENO, GO, RUST, JVM, PHP, RUBY, DOTNET, ELIXIR, PACKAGED_SITES, SITE)
BY_ID: dict[str, Stack] = {stack.id: stack for stack in STACKS}


def stack_of(profile: ProjectProfile, manager: PackageManager | None, start: Argv = ()) -> Stack:
    """The stack of the program or the framework, else the one that installs with the manager, else that of the language.

    What none claims is plain files. `start` is the start command; words that only set variables before it are passed over.
    """
    program = next((word for word in start if word != "env" and "=" not in word), "")
    framework = profile.framework.value.id if profile.framework else ""
    for stack in STACKS:
        if program in stack.programs or framework in stack.frameworks:
            return stack
    if manager is not None:
        for stack in STACKS:
            if manager.name in stack.managers:
                return stack
    language = profile.language.value.id if profile.language else ""
    return next((stack for stack in STACKS if language in stack.languages), SITE)


def installation(stack: Stack, question: InstallQuestion) -> Installation:
    """How the project is installed. Raises DeployDeckError `generate-manager` for a manager that no stack knows."""
    installer = stack.managers.get(question.manager.name)
    if installer is None:
        known = sorted({name for one in STACKS for name in one.managers})
        raise DeployDeckError(
            "generate-manager",
            f"Projects managed with {question.manager.name} cannot be deployed yet.",
            f"DeployDeck installs with {', '.join(known)}.",
            "Set app.package_manager in deploydeck.toml when the project can also be installed with one of these.",
        )
    return installer(question)


__all__ = ["BY_ID", "STACKS", "InstallQuestion", "Installation", "Stack", "installation", "stack_of"]
