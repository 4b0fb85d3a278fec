"""The passphrase of the encrypted file, asked for in a dialog when some work needs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from deploydeck.widgets.text import Line, visible

if TYPE_CHECKING:
    from deploydeck.screens.frame import Frame


async def unlock(screen: Frame) -> None:
    """Open the file with the passphrase that the environment points to, else the typed one. The person may leave without.

    Runs in a worker of the screen. Raises DeployDeckError `vault-…` but for a wrong passphrase, after which it asks again.
    """
    from deploydeck.domain import DeployDeckError
    from deploydeck.screens.modals.ask import AskModal
    from deploydeck.vault import given_passphrase

    secrets = screen.deck.secrets
    given = await asyncio.to_thread(given_passphrase)
    if given is not None:
        await asyncio.to_thread(secrets.unlock, given)
        return
    lines: tuple[Line, ...] = ((("The values of this project are in an encrypted file on this machine.", ""),),)
    wrong: tuple[Line, ...] = ()
    while True:
        typed = await screen.app.push_screen_wait(AskModal("Passphrase", (*lines, *wrong), hidden=True))
        if typed is None:
            return
        try:
            await asyncio.to_thread(secrets.unlock, typed)
        except DeployDeckError as error:
            if error.code != "vault-passphrase":
                raise
            wrong = ((("✗ ", "bad"), (visible(error.what), "")),)
        else:
            return
