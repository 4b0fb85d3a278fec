"""Log lines from the store into a pane: in batches, merged over the sources of a deployment, a step's window when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from deploydeck.widgets.log_model import Filter
from deploydeck.widgets.log_view import LogView

if TYPE_CHECKING:
    from deploydeck.deck import Deck
    from deploydeck.domain import LogLine, Step

BATCH = 5000
PAUSE_S = 0.25
WINDOW_SLACK_S = 0.5


def tuples(lines: Iterable[LogLine]) -> list[tuple[float, str, str, str]]:
    """Log lines as the model takes them."""
    return [(line.at.timestamp(), line.stream, line.source, line.text) for line in lines]


class Tail:
    """Feeds one LogView with everything a deployment writes."""

    def __init__(self, view: LogView) -> None:
        self._view = view
        self._seen: dict[str, int] = {}

    async def deployment(self, deck: Deck, deployment_id: str, until: asyncio.Task[None]) -> None:
        """Read every source of a deployment until `until` is done and everything written was read."""
        while True:
            last = until.done()
            if not await self.read(deck, deployment_id):
                if last:
                    return
                await asyncio.sleep(PAUSE_S)

    async def read(self, deck: Deck, deployment_id: str, only: str = "") -> bool:
        """Read once what is new; True when there was something."""
        found: list[LogLine] = []
        for source in await asyncio.to_thread(deck.logs.sources, deployment_id):
            if only and source != only:
                continue
            lines = await asyncio.to_thread(deck.logs.reader(deployment_id, source).lines, self._seen.get(source, 0), BATCH)
            if lines:
                self._seen[source] = lines[-1].seq
                found += lines
        found.sort(key=lambda line: line.at)  # stable: the order within a source stays
        if found:
            self._view.append(tuples(found))
        return bool(found)

    def window(self, step: Step | None) -> None:
        """Show only what was written while that step ran."""
        wanted = Filter()
        if step is not None and step.started_at is not None:
            until = step.ended_at.timestamp() + WINDOW_SLACK_S if step.ended_at else 0.0
            wanted = replace(wanted, since=step.started_at.timestamp() - WINDOW_SLACK_S, until=until)
        if wanted != self._view.model.filter:
            self._view.model.set_filter(wanted)
            self._view.following, self._view.new = True, 0
            self._view.filtered()
            self._view.say_empty("This step wrote nothing." if step is not None and step.ended_at else "No line of this step yet.")
