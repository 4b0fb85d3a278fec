"""How long a page of a diff of 5,000 changed lines takes, and a decision in it: `python bench/review.py [COLUMNS ROWS]`."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from textual.app import App, ComposeResult

from deploydeck.domain import Decision, GeneratedFile
from deploydeck.review import Review
from deploydeck.widgets.diff_view import DiffView

LINES = 5_000


class Stage(App[None]):
    """The diff alone."""

    def compose(self) -> ComposeResult:
        yield DiffView()


async def measured(columns: int, rows: int) -> tuple[list[float], list[float]]:
    """Seconds of each page down (moved and drawn), and of each decision (drawn anew)."""
    review = Review()
    with tempfile.TemporaryDirectory() as place:
        Path(place, "compose.yaml").write_text("".join(f"  key{n}: 'value {n}' # {n}\n" for n in range(LINES)))
        new = "".join(f"  key{n}: 'other {n}' # {n}\n" for n in range(LINES))
        change = review.compare(Path(place), [GeneratedFile(path="compose.yaml", content=new)])[0]
    app = Stage()
    pages, decisions = [], []
    async with app.run_test(size=(columns, rows)) as pilot:
        view = app.query_one(DiffView)
        view.show(change)
        await pilot.pause()
        while view.cursor < view.total() - 1:
            began = time.perf_counter()
            view.action_page_down()
            for y in range(view.size.height):
                view.render_line(y)
            pages.append(time.perf_counter() - began)
        for decision in (Decision.ACCEPTED, Decision.REJECTED, Decision.PENDING):
            change = review.decide(change, change.hunks[0].key, decision)
            began = time.perf_counter()
            view.show(change)
            for y in range(view.size.height):
                view.render_line(y)
            decisions.append(time.perf_counter() - began)
    return pages, decisions


def main() -> None:
    sizes = [(int(sys.argv[1]), int(sys.argv[2]))] if len(sys.argv) == 3 else [(80, 24), (140, 40)]
    for columns, rows in sizes:
        pages, decisions = asyncio.run(measured(columns, rows))
        page, slowest = statistics.median(pages) * 1000, max(pages) * 1000
        print(f"{columns}x{rows}: {len(pages)} pages, median {page:.1f} ms, slowest {slowest:.1f} ms; "
              f"decision {statistics.median(decisions) * 1000:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
