"""Proves generated files before anything is written: a scratch copy of the project gets them, is built, started and asked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from deploydeck.domain import (
    CheckFinding,
    CheckState,
    CheckVerdict,
    DeploymentConfig,
    GeneratedFile,
    Proof,
    VariableRef,
)
from deploydeck.generate import COMPOSE_APP
from deploydeck.settings import Settings

CHECKER = "proof"


async def prove(
    config: DeploymentConfig,
    files: Sequence[GeneratedFile],
    settings: Settings,
    tell: Callable[[str], None],
    cancelled: asyncio.Event | None = None,
) -> Proof:
    """Build and start what `files` describe and ask its health path. The project itself is only read.

    `tell` gets lines of progress and of the build. Whatever goes wrong is in the proof; nothing is left behind.
    """
    from deploydeck.targets.base import StepFailed
    from deploydeck.targets.docker.engine import Engine
    from deploydeck.targets.docker.proof import ProofWork, scratch
    from deploydeck.targets.docker.proof import prove as prove_on
    from deploydeck.targets.process import source

    written = {file.path: file for file in files}
    if config.dockerfile not in written and not Path(config.root, config.dockerfile).is_file():
        return Proof(proven=False, reason=f"There is no {config.dockerfile}, so there is no image to prove.")
    async with scratch() as place:
        root = place / "project"
        stop = cancelled or asyncio.Event()
        tell("Copying the project…")
        try:
            await asyncio.to_thread(source.copy, Path(config.root), root, stop.is_set)
            await asyncio.to_thread(_put, root, files)
        except StepFailed as failed:
            return Proof(proven=False, reason=f"{failed.cause.what} {failed.cause.why}".strip(), hint=failed.cause.hint)
        values, pretended = _values(config.variables)
        services = tuple(service.name for service in config.services)
        made_up = {name: values[name] for name in pretended} | {one.password: _made_up() for one in config.services if one.password}
        work = ProofWork(root, config, values, pretended, services, COMPOSE_APP, made_up)
        engine = Engine(settings.docker.host)
        try:
            return await prove_on(engine, work, tell, stop)
        finally:
            await engine.close()


def _put(root: Path, files: Sequence[GeneratedFile]) -> None:
    """Write the files into the copy. It holds nothing that leads out of it, and their paths are the generator's own."""
    for file in files:
        target = root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.content, encoding="utf-8", newline="")
        target.chmod(file.mode)


def _values(variables: Sequence[VariableRef]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Plain settings as they are; everything else is made up: a proof needs no secret and gets none."""
    plain = {one.name: one.value for one in variables if one.value is not None and not one.secret}
    pretended = tuple(one.name for one in variables if one.name not in plain)
    return {**plain, **{name: _made_up() for name in pretended}}, pretended


def _made_up() -> str:
    """A value like no other, in letters that mean the same in a URL, a shell and a file of variables."""
    return f"only-for-the-proof-{secrets.token_hex(8)}"


def verdict(proof: Proof) -> CheckVerdict:
    """The proof as a verdict beside those of the checkers. What could not even be built here is UNAVAILABLE, not a finding."""
    if proof.proven:
        return CheckVerdict(checker=CHECKER, state=CheckState.PASSED, reason=proof.reason)
    if proof.build_s is None and not proof.evidence:
        return CheckVerdict(checker=CHECKER, state=CheckState.UNAVAILABLE, reason=" ".join((proof.reason, proof.hint)).strip())
    finding = CheckFinding(
        line=1, rule="not-proven", message=proof.reason, blocking=False, reason="\n".join((*proof.evidence, proof.hint)).strip()
    )
    return CheckVerdict(checker=CHECKER, state=CheckState.FINDINGS, findings=(finding,))
