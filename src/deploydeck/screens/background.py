"""Jobs beside the screen: never one that can end the program, never two of a group at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.worker import WorkType

Job = Callable[[], Coroutine[Any, Any, None]]


def start(node: DOMNode, job: Job, group: str) -> None:
    """Run a job as a worker of `node`; an earlier one of the same group is cancelled."""
    work: WorkType[None] = job
    node.run_worker(work, group=group, exclusive=True, exit_on_error=False)
