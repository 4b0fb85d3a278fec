"""Proposes the files a deployment needs, and writes them when told to."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence

from deploydeck.cli import prompt
from deploydeck.cli.errors import EXIT_INTERRUPTED, UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck, Proposal
from deploydeck.domain import Change, ChangeState, CheckState, Decision, Proof

_STATE_STYLES = {ChangeState.NEW: "good", ChangeState.CHANGED: "warn", ChangeState.SAME: "dim", ChangeState.BLOCKED: "bad"}
_LINE_STYLES = {"+": "good", "-": "bad"}


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    _check_flags(args, out)
    async with open_deck() as deck:
        proposal = await deck.checked(await deck.propose(root, args.env, args.target, replace=args.replace))
        _known(args.accept, proposal)
        proof = await _prove(deck, proposal, out) if args.prove else None
        if proof is not None and not proof.proven and (args.write or args.accept):
            _show_proof(out, proof)
            out.document({"written": (), "proof": proof})
            return 1
        if args.write and not args.yes:
            _show(out, proposal, diff=args.diff)
            if not _agreed(deck, proposal):
                out.line("Nothing was changed.")
                return EXIT_INTERRUPTED
        written = await _write(deck, proposal, args) if args.write or args.accept else ()
    changes = proposal.changes
    out.document(
        {
            "environment": proposal.config.environment,
            "target": proposal.config.target,
            "changes": [_as_json(change) for change in changes],
            "written": written,
            "proof": proof,
        }
    )
    if not args.write or args.yes:
        _show(out, proposal, diff=args.diff)
    if proof is not None:
        _show_proof(out, proof)
        if not proof.proven:
            return 1
    open_changes = [change for change in changes if change.state is not ChangeState.SAME]
    if args.accept:
        out.line()
        for path in written:
            out.line("wrote ", path)
        if not written:
            out.line("Everything named is up to date.")
        return 0
    if args.write:
        _show_written(out, written, changes)
        return 1 if any(change.state is ChangeState.BLOCKED or change.conflicts for change in changes) else 0
    if args.check:
        return 1 if open_changes else 0
    if open_changes and not args.diff:
        out.line()
        out.line("Look with --diff, write with --write, or decide hunk by hunk on the Review screen: deploydeck")
    return 0


def _check_flags(args: argparse.Namespace, out: Output) -> None:
    """Refuse what cannot be answered before anything is looked at. Raises UsageError."""
    if args.check and (args.write or args.accept):
        raise UsageError(f"--check and --{'write' if args.write else 'accept'} exclude each other.")
    if args.write and args.accept:
        raise UsageError("--write and --accept exclude each other.", "--accept writes the files it names and nothing else.")
    if not args.write or args.yes:
        return
    if out.json:
        raise UsageError("--json does not ask.", "Add --yes, or look first with --diff.", code="needs-yes")
    if not prompt.can_ask():
        raise UsageError("There is no terminal to ask on.", "Add --yes, or look first with --diff.", code="needs-yes")


async def _prove(deck: Deck, proposal: Proposal, out: Output) -> Proof:
    """Build, start and ask what is proposed. Ctrl-C stops it, and nothing of it is left."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    files = [deck.review.as_offered(change) for change in proposal.changes]
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        return await deck.prove(proposal, files, out.status, stop)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        out.status("")


def _show_proof(out: Output, proof: Proof) -> None:
    out.line()
    out.line(Styled("proven", "good") if proof.proven else Styled("not proven", "bad"), f": {proof.reason}")
    facts = {
        "built in": f"{proof.build_s:.1f} s" if proof.build_s is not None else "",
        "image": f"{proof.image_bytes / 1e6:.0f} MB" if proof.image_bytes else "",
        "answer": f"{proof.status} after {proof.answer_s:.1f} s" if proof.answer_s is not None else "",
        "stopped in": f"{proof.stop_s:.1f} s" if proof.stop_s is not None else "",
        "runs as": proof.user,
        "beside it": ", ".join(proof.services),
        "made up": ", ".join(proof.pretended),
    }
    for name, value in facts.items():
        if value:
            out.line(f"  {name:<10}  ", value)
    for line in proof.evidence:
        out.line("  | ", line)
    if proof.hint:
        out.line(proof.hint)


def _known(named: Sequence[str] | None, proposal: Proposal) -> None:
    paths = [change.file.path for change in proposal.changes]
    for path in named or ():
        if path not in paths:
            raise UsageError(f"{path!r} is not among the proposed files.", f"They are: {', '.join(paths)}.")


def _agreed(deck: Deck, proposal: Proposal) -> bool:
    """Whether the person wants these files written; nothing is asked where there is nothing to write."""
    if _refused(proposal.changes):
        return True
    accepted = [_accepted(deck, change) for change in proposal.changes]
    paths = [change.file.path for change in accepted if deck.review.writes(change)]
    return not paths or prompt.confirm(f"Write {', '.join(paths)}?")


async def _write(deck: Deck, proposal: Proposal, args: argparse.Namespace) -> tuple[str, ...]:
    """Accept what nobody rejected, or the named files as a whole, and write it, all or nothing.

    Of a conflict nothing is accepted unless its file is named. With a blocked file nothing is written.
    """
    if args.accept:
        wanted = [change for change in proposal.changes if change.file.path in args.accept]
        accepted = [deck.review.accept_file(change) if change.hunks else change for change in wanted]
    elif _refused(proposal.changes):
        return ()
    else:
        accepted = [_accepted(deck, change) for change in proposal.changes]
    applied = await deck.apply(proposal.scanned, accepted)
    return tuple(file.path for file in applied.files)


def _refused(changes: Sequence[Change]) -> bool:
    return any(change.state is ChangeState.BLOCKED for change in changes)


def _accepted(deck: Deck, change: Change) -> Change:
    for hunk in change.hunks:
        if hunk.decision is Decision.PENDING and not hunk.conflict:
            change = deck.review.decide(change, hunk.key, Decision.ACCEPTED)
    return change


def _show(out: Output, proposal: Proposal, *, diff: bool) -> None:
    if not diff:
        _show_list(out, proposal)
        return
    for change in proposal.changes:
        show_diff(out, change)


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
        for hunk in change.conflicts:
            kind = Styled("conflict", "bad")
            out.line("  ", kind, f"  {change.file.path}:{hunk.old_start}  changed here and by the new version; look with --diff")
        for verdict in change.file.verdicts:
            for finding in verdict.findings:
                kind = Styled("blocks", "bad") if finding.blocking else Styled("note", "dim")
                out.line("  ", kind, f"  {change.file.path}:{finding.line}  {finding.rule}: {finding.message}")
            if verdict.state is CheckState.UNAVAILABLE:
                out.line("  ", Styled("note", "dim"), f"  {verdict.checker} did not look: {verdict.reason}")


_VERDICTS = {
    CheckState.PASSED: "passed",
    CheckState.FINDINGS: "has findings",
    CheckState.UNAVAILABLE: "not checked",
    CheckState.WAITING: "has not answered",
}


def _show_written(out: Output, written: Sequence[str], changes: Sequence[Change]) -> None:
    out.line()
    if any(change.state is ChangeState.BLOCKED for change in changes):
        out.line(Styled("Nothing was written", "bad"), ": a checker refuses a file. Correct the cause and generate again.")
        return
    for path in written:
        out.line("wrote ", path)
    conflicts = [change for change in changes if change.conflicts]
    for change in conflicts:
        count = len(change.conflicts)
        left_there = f"{count} conflict{'s' * (count != 1)} left as on the disk: decide on the Review screen, or --accept it"
        out.line(Styled(change.file.path, "bad"), f": {left_there}")
    named = [*written, *(change.file.path for change in conflicts)]
    left = [change.file.path for change in changes if change.state is not ChangeState.SAME and change.file.path not in named]
    if left:
        out.line("left alone, as rejected in review: ", ", ".join(left))
    if not written and not left and not conflicts:
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
        note = " conflict: yours goes, the generated side comes" if hunk.conflict else ""
        lines.append(f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@{note}")
        lines += hunk.lines
    return lines


def _counts(change: Change) -> tuple[int, int]:
    lines = [line for hunk in change.hunks for line in hunk.lines]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _as_json(change: Change) -> dict[str, object]:
    return {
        "path": change.file.path,
        "state": change.state.value,
        "conflicts": sum(hunk.conflict for hunk in change.hunks),
        "diff": "\n".join(diff_lines(change)) if change.state is not ChangeState.SAME else "",
        "verdicts": change.file.verdicts,
        "reasons": change.file.reasons,
    }
