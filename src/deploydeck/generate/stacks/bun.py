"""Bun: servers that bun itself runs. What only installs with bun and runs on Node.js belongs to the Node.js stack."""

from __future__ import annotations

from dataclasses import replace

from deploydeck.domain import PackageManager
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.node import NODE
from deploydeck.generate.stacks.node_managers import MANAGERS, install


def _install(question: InstallQuestion) -> Installation:
    """By bun, which the image has. The lock of another manager is given to bun, which takes its versions from there."""
    made = install(replace(question, manager=PackageManager(name="bun")))
    theirs = [lock for lock in MANAGERS[question.manager.name].locks if question.files.is_file(lock)]
    others = tuple(lock for lock in theirs if lock not in made.manifests)[: 0 if made.locked else 1]
    if made.scripts_off:  # done by npm, which is not in this image
        made = replace(made, early=(), late=made.full, scripts_off=())
    return replace(made, manifests=(*made.manifests, *others), tool="")


BUN = Stack(
    id="bun",
    name="Bun",
    languages=(),
    managers=dict.fromkeys(("bun", "npm", "pnpm", "yarn"), _install),
    template=NODE.template,
    context=NODE.context,
    image="oven/bun:{series}-slim",
    series=("1.0", "1.1", "1.2", "1.3", "1.4"),
    default_series="1.4",
    environment=NODE.environment,
    user="1000:1000",
    decide=NODE.decide,
    programs=("bun", "bunx"),
    leftovers=NODE.leftovers,
    foreign=NODE.foreign,
)
