"""Follows a deployment to its end: events to standard output, Ctrl-C as a question, the exit code from the terminal state only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from deploydeck.cli import prompt
from deploydeck.cli.errors import EXIT_INTERRUPTED
from deploydeck.cli.format import duration, state_word
from deploydeck.cli.output import Output, Styled
from deploydeck.deck import Deck
from deploydeck.domain import Deployment, DeploymentResult, Event, EventKind, Level, StepState
from deploydeck.domain.text import printable

TICK_S = 0.25
_SPINNER = "|/-\\"
_STEP_STYLES = {
    StepState.SUCCEEDED: "good",
    StepState.WARNING: "warn",
    StepState.FAILED: "bad",
    StepState.CANCELED: "warn",
    StepState.UNDONE: "warn",
}
_LEVEL_STYLES = {Level.WARNING: "warn", Level.ERROR: "bad"}

Work = Callable[[], Coroutine[Any, Any, Any]]


_END = object()
_INTERRUPT = object()


async def follow(deck: Deck, deployment: Deployment, out: Output, *, work: Work | None = None) -> int:
    """Show every event of a deployment, once, until it has ended; then its result. Returns the exit code.

    `work` executes the deployment in this process (`--foreground`). Ctrl-C asks on a terminal; without one nothing is ever
    cancelled: the command says how to go on and returns 130.
    """
    queue: asyncio.Queue[object] = asyncio.Queue()
    screen = _Screen(out)
    tasks = [asyncio.create_task(_pump(deck.engine.follow(deployment.id, supervise=work is None), queue))]
    if work is not None:
        tasks.append(asyncio.create_task(_watched(work, queue)))
    try:
        with _interrupts(queue):
            while (item := await _next(queue, screen)) is not _END:
                if isinstance(item, Event):
                    screen.show(item)
                elif isinstance(item, BaseException):
                    raise item
                elif item is _INTERRUPT and not await _asked(deck, deployment, out, foreground=work is not None):
                    return EXIT_INTERRUPTED
            if work is not None:
                await tasks[1]  # nothing stays behind
    finally:
        with _leaving_at_once() if work is not None else contextlib.nullcontext():
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        out.status("")
    result = await deck.engine.result(deployment.id)
    out.record(result)
    show_result(out, result)
    return result.exit_code


async def _pump(events: AsyncIterator[Event], queue: asyncio.Queue[object]) -> None:
    try:
        async for event in events:
            queue.put_nowait(event)
    except Exception as error:  # noqa: BLE001 - raised again by the one who waits
        queue.put_nowait(error)
    queue.put_nowait(_END)


async def _watched(work: Work, queue: asyncio.Queue[object]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - raised again by the one who waits
        queue.put_nowait(error)


async def _next(queue: asyncio.Queue[object], screen: _Screen) -> object:
    while True:
        try:
            return await asyncio.wait_for(queue.get(), TICK_S)
        except TimeoutError:
            screen.tick()


def _interrupts(queue: asyncio.Queue[object]) -> contextlib.AbstractContextManager[None]:
    """Ctrl-C and a request to stop become items of the queue instead of ending the process."""
    return _handled(lambda: queue.put_nowait(_INTERRUPT))


def _leaving_at_once() -> contextlib.AbstractContextManager[None]:
    """While a running step is finished, one more interrupt leaves as if killed: the next worker resumes all the same."""
    return _handled(lambda: os._exit(EXIT_INTERRUPTED))


@contextlib.contextmanager
def _handled(action: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in numbers:
            loop.add_signal_handler(number, action)
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _asked(deck: Deck, deployment: Deployment, out: Output, *, foreground: bool) -> bool:
    """Ask what an interrupt means. True: go on following. A deployment is only ever cancelled by a typed answer."""
    out.status("")
    if not prompt.can_ask():
        _say(_goes_on(deployment.id, foreground))
        return False
    current = await deck.store.deployments.get(deployment.id)
    choices = {
        "l": "leave it running" if not foreground else "stop here; the next worker goes on with it",
        "c": "cancel it; what is live stays" if not current.passed_no_return else "cancel what is left; the new release stays",
        "r": "roll back to what was live before",
    }
    _say("")
    try:
        with _default_interrupt():
            answer = prompt.choose(f"Deployment {deployment.id} is {current.state.value.replace('_', ' ')}.", choices, "l")
    except KeyboardInterrupt:
        _say("")
        answer = "l"
    if answer == "l":
        _say(_goes_on(deployment.id, foreground))
        return False
    if not await deck.engine.cancel(deployment.id, "rollback" if answer == "r" else "cancel"):
        _say("It has ended meanwhile.")
    else:
        _say("Asked. It counts as canceled once it is seen to have stopped.")
    return True


def _goes_on(deployment_id: str, foreground: bool) -> str:
    if foreground:
        return (
            f"The running step is finished, then this leaves (at once when interrupted again). Nothing is lost; go on with: "
            f"deploydeck attach {deployment_id}"
        )
    return f"The deployment goes on. Follow it with: deploydeck attach {deployment_id}"


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


@contextlib.contextmanager
def _default_interrupt() -> Iterator[None]:
    """While a question stands, Ctrl-C interrupts the question."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Screen:
    """Events as lines for people (or as they are with --json), and what runs now in the passing line."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._step = ""
        self._began = 0.0
        self._detail = ""
        self._turn = 0
        self._probe: object = None

    def show(self, event: Event) -> None:
        self._out.record(event)
        if not self._out.json:
            _SHOW[event.kind](self, event)
            self.tick()

    def tick(self) -> None:
        if not self._step:
            return
        self._turn += 1
        spinner = _SPINNER[self._turn % len(_SPINNER)]
        elapsed = duration(time.monotonic() - self._began)
        self._out.status(f"{spinner} {self._step}  {elapsed}  {self._detail}")

    def _plain(self, event: Event) -> None:
        style = _LEVEL_STYLES.get(event.level)
        self._line(event, Styled(event.text, style) if style else event.text)

    def _line(self, event: Event, *parts: str | Styled) -> None:
        self._out.line(Styled(f"{event.at.astimezone():%H:%M:%S}  ", "dim"), *parts)

    def _on_step(self, event: Event) -> None:
        try:
            state = StepState(str(event.data.get("state", "")))
        except ValueError:
            return self._plain(event)
        if state is StepState.RUNNING:
            self._step, self._began, self._detail = event.text, time.monotonic(), ""
        elif event.step:
            self._step = ""
        self._probe = None
        if state is StepState.RUNNING and self._out.live:
            return None  # the passing line says it
        style = _STEP_STYLES.get(state)
        self._line(event, Styled(f"{state.value:<9} ", style) if style else f"{state.value:<9} ", event.text)
        return None

    def _on_passing(self, event: Event) -> None:
        self._detail = event.text

    def _on_probe(self, event: Event) -> None:
        """Only a change of the answer is a line."""
        answer = (event.data.get("status"), event.data.get("error"), event.data.get("ok"))
        self._detail = event.text
        if answer != self._probe:
            self._probe = answer
            self._plain(event)

    def _on_result(self, event: Event) -> None:
        self._step = ""


_SHOW: dict[EventKind, Callable[[_Screen, Event], None]] = {
    EventKind.STATE: _Screen._plain,
    EventKind.STEP: _Screen._on_step,
    EventKind.PROGRESS: _Screen._on_passing,
    EventKind.PROBE: _Screen._on_probe,
    EventKind.LOG: _Screen._on_passing,
    EventKind.NOTE: _Screen._plain,
    EventKind.RESULT: _Screen._on_result,
}


def show_result(out: Output, result: DeploymentResult) -> None:
    """How it ended: state, address, warnings; for a failure its cause with the evidence and where to read on."""
    out.line()
    took = f" in {duration(result.metrics.total_s)}" if result.metrics.total_s is not None else ""
    out.line(state_word(result.status), f"  {result.release} in {result.environment} on {result.target}{took}")
    if result.application_url and result.status.succeeded:
        out.line("  ", Styled(result.application_url, "bold"))
    for warning in result.warnings:
        out.line("  ", Styled("warning", "warn"), f": {warning}")
    if result.cause is not None:
        out.line("  ", Styled(result.cause.what, "bad"))
        for text in (result.cause.why, result.cause.hint):
            out.block(text, "  ")
        for line in result.cause.evidence:
            out.line("  | ", line)
    if not result.status.succeeded:
        out.line(f"  deploydeck logs {result.deployment_id}")
