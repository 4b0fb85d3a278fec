"""The Deck for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploydeck.deck import Deck


@asynccontextmanager
async def open_deck() -> AsyncIterator[Deck]:
    """Open this person's deck and close it at the end, whatever happens. Raises DeployDeckError `store-…`."""
    deck = await Deck.open()
    try:
        yield deck
    finally:
        await deck.close()
