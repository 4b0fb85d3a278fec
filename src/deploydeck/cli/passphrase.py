"""The passphrase of the encrypted file: from where the environment points, else asked on the terminal; only when it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deploydeck.cli import prompt
from deploydeck.cli.errors import UsageError
from deploydeck.deck import Deck
from deploydeck.domain import DeployDeckError
from deploydeck.vault import SecretsManager, given_passphrase

T = TypeVar("T")
TRIES = 3


async def unlocking(deck: Deck, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work; when it needs the passphrase, get that and do it again. Raises what the work raises."""
    try:
        return await work()
    except DeployDeckError as error:
        if error.code != "vault-locked":
            raise
        await asyncio.to_thread(_unlock, deck.secrets, error)
    return await work()


async def ready_to_keep(deck: Deck) -> None:
    """Before values are kept: the passphrase is known, that of the file or the one that a new file gets."""
    if deck.secrets.state().wants:
        await asyncio.to_thread(_unlock, deck.secrets, None)


def _unlock(secrets: SecretsManager, locked: DeployDeckError | None) -> None:
    given = given_passphrase()
    if given is not None:
        secrets.unlock(given)
        return
    if not prompt.can_ask_secretly():
        raise locked or UsageError(
            "The secrets go into an encrypted file, and there is no terminal to ask for its passphrase.",
            "Put it where DEPLOYDECK_PASSPHRASE_FILE or DEPLOYDECK_PASSPHRASE_FD says.",
            code="no-terminal",
        )
    if secrets.state().wants == "new":
        prompt.tell("This machine has no keyring: secrets go into an encrypted file. Without its passphrase they are lost.")
        secrets.unlock(new_passphrase())
        return
    for left in reversed(range(TRIES)):
        try:
            secrets.unlock(prompt.ask_secretly("Passphrase:"))
        except DeployDeckError as error:
            if error.code != "vault-passphrase" or not left:
                raise
            prompt.tell(error.what)
        else:
            return


def new_passphrase() -> str:
    """One typed twice. Raises DeployDeckError `vault-passphrase` when the two differ."""
    passphrase = prompt.ask_secretly("New passphrase:")
    if prompt.ask_secretly("The same again:") != passphrase:
        raise DeployDeckError("vault-passphrase", "The two passphrases differ.", hint="Try again.")
    return passphrase
