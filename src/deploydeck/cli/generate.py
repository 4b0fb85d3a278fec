"""Proposes the files a deployment needs, and writes them when told to."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck, Proposal
from deploydeck.domain import Change, ChangeState, CheckState, Decision

_STATE_STYLES = {ChangeState.NEW: "good", ChangeState.CHANGED: "warn", ChangeState.SAME: "dim", ChangeState.BLOCKED: "bad"}
_LINE_STYLES = {"+": "good", "-": "bad"}


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    if args.check and args.write:
        raise UsageError("--check and --write exclude each other.")
    async with open_deck() as deck:
        proposal = await deck.propose(root, args.env, args.target, replace=args.replace)
        written = await _write(deck, proposal) if args.write else ()
    changes = proposal.changes
    out.document(
        {
            "environment": proposal.config.environment,
            "target": proposal.config.target,
            "changes": [_as_json(change) for change in changes],
            "written": written,
        }
    )
    if args.diff:
        for change in changes:
            show_diff(out, change)
    else:
        _show_list(out, proposal)
    open_changes = [change for change in changes if change.state is not ChangeState.SAME]
    if args.write:
        _show_written(out, written, changes)
        return 1 if any(change.state is ChangeState.BLOCKED for change in changes) else 0
    if args.check:
        return 1 if open_changes else 0
    if open_changes and not args.diff:
        out.line()
        out.line("Look with --diff, write with --write, or decide hunk by hunk on the Review screen: deploydeck")
    return 0


async def _write(deck: Deck, proposal: Proposal) -> tuple[str, ...]:
    """Accept what nobody rejected and write it, all or nothing. With a blocked file nothing is written."""
    if any(change.state is ChangeState.BLOCKED for change in proposal.changes):
        return ()
    accepted = [_accepted(deck, change) for change in proposal.changes]
    applied = await asyncio.to_thread(deck.review.apply, Path(proposal.scanned.profile.root), accepted)
    await deck.remember(proposal, accepted)
    return tuple(file.path for file in applied.files)


def _accepted(deck: Deck, change: Change) -> Change:
    for hunk in change.hunks:
        if hunk.decision is Decision.PENDING:
            change = deck.review.decide(change, hunk.key, Decision.ACCEPTED)
    return change


def _show_list(out: Output, proposal: Proposal) -> None:
    out.line(f"Files for {proposal.config.environment} on {proposal.config.target}")
    out.table(
        ("file", "state", "lines", "checked by"),
        [
            (
                change.file.path,
                Styled(change.state.value, _STATE_STYLES[change.state]),
                "+{} -{}".format(*_counts(change)),
                ", ".join(f"{verdict.checker} {_VERDICTS[verdict.state]}" for verdict in change.file.verdicts) or "-",
            )
            for change in proposal.changes
        ],
    )
    for change in proposal.changes:
        for verdict in change.file.verdicts:
            for finding in verdict.findings:
                kind = Styled("blocks", "bad") if finding.blocking else Styled("note", "dim")
                out.line("  ", kind, f"  {change.file.path}:{finding.line}  {finding.rule}: {finding.message}")
            if verdict.state is CheckState.UNAVAILABLE:
                out.line("  ", Styled("note", "dim"), f"  {verdict.checker} did not run: {verdict.reason}")


_VERDICTS = {CheckState.PASSED: "passed", CheckState.FINDINGS: "has findings", CheckState.UNAVAILABLE: "not run"}


def _show_written(out: Output, written: Sequence[str], changes: Sequence[Change]) -> None:
    out.line()
    if any(change.state is ChangeState.BLOCKED for change in changes):
        out.line(Styled("Nothing was written", "bad"), ": a checker refuses a file. Correct the cause and generate again.")
        return
    for path in written:
        out.line("wrote ", path)
    left = [change.file.path for change in changes if change.state is not ChangeState.SAME and change.file.path not in written]
    if left:
        out.line("left alone, as rejected in review: ", ", ".join(left))
    if not written and not left:
        out.line("Everything is up to date.")


def show_diff(out: Output, change: Change) -> None:
    """One file as a unified diff; nothing when it is the same."""
    if change.state is ChangeState.SAME:
        return
    for line in diff_lines(change):
        tag = line[:1]
        heading = line.startswith(("--- ", "+++ "))
        out.line(Styled(line, "bold" if heading else "info" if tag == "@" else _LINE_STYLES.get(tag, "")))


def diff_lines(change: Change) -> list[str]:
    """A unified diff with three lines of context, as `diff -u` writes it."""
    path = change.file.path
    lines = ["--- /dev/null" if change.old_sha256 is None else f"--- a/{path}", f"+++ b/{path}"]
    for hunk in change.hunks:
        lines.append(f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@")
        lines += hunk.lines
    return lines


def _counts(change: Change) -> tuple[int, int]:
    lines = [line for hunk in change.hunks for line in hunk.lines]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _as_json(change: Change) -> dict[str, object]:
    return {
        "path": change.file.path,
        "state": change.state.value,
        "diff": "\n".join(diff_lines(change)) if change.state is not ChangeState.SAME else "",
        "verdicts": change.file.verdicts,
        "reasons": change.file.reasons,
    }
