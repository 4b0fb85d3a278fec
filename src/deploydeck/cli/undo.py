"""Puts back what was written into the project last."""

from __future__ import annotations

import argparse

from deploydeck.cli.format import age
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output
from deploydeck.cli.session import open_deck
from deploydeck.ledger import UndoRecord
from deploydeck.store.writings import UNDO_BYTES_KEPT, UNDOS_KEPT


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    async with open_deck() as deck:
        project = await deck.project_at(root)
        if args.list:
            _list(out, await deck.undoable(project))
            return 0
        record = await deck.undo(project)
    out.document({"undone": _as_json(record)})
    for file in record.applied.files:
        out.line("removed " if file.old_content is None else "put back ", file.path)
    for path in record.left_out:
        out.line("left as it is: ", path, ", its old content held values of variables and was not stored")
    return 0


def _list(out: Output, records: tuple[UndoRecord, ...]) -> None:
    out.document({"undoable": [_as_json(record) for record in records]})
    if not records:
        out.line("Nothing to undo: DeployDeck wrote no file into this project.")
        return
    out.table(
        ("written", "files"),
        [(_when(record), ", ".join((*record.paths, *(f"({path})" for path in record.left_out)))) for record in records],
    )
    out.line()
    kept = f"At most {UNDOS_KEPT} are kept, {UNDO_BYTES_KEPT // 1_000_000} MB in all."
    out.line(f"`deploydeck undo` puts the first of these back. {kept}")


def _when(record: UndoRecord) -> str:
    told = age(record.created_at)
    return told if told == "now" else f"{told} ago"


def _as_json(record: UndoRecord) -> dict[str, object]:
    return {"id": record.id, "written_at": record.created_at, "files": record.paths, "left_out": record.left_out}
