"""The form of the encrypted file: scrypt makes the key from the passphrase, AES-256-GCM seals the content.

    deploydeck vault 1\\n
    {"kdf": "scrypt", "n": …, "r": …, "p": …, "salt": …, "check": …, "cipher": "aes-256-gcm", "nonce": …}\\n
    ciphertext with its tag
    SHA-256 of everything before (32 bytes)

The lines are authenticated with the content. The hash tells an accident from an attack without any passphrase; `check`, made from
the key, tells a wrong passphrase from changed content and binds the file to one key, which GCM alone does not.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from deploydeck.domain import DeployDeckError

_NAME = b"deploydeck vault "
_MAGIC = _NAME + b"1\n"
_HASH_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_MOST_MEMORY = 1024**3


@dataclass(frozen=True)
class Cost:
    """Parameters of scrypt. The defaults take 128 MiB and some tenths of a second: the least that OWASP recommends (2024)."""

    n: int = 2**17
    r: int = 8
    p: int = 1

    @property
    def sensible(self) -> bool:
        """Whether this can be asked of a machine: a changed header must not make it run out of memory or time."""
        power = self.n > 1 and self.n & (self.n - 1) == 0
        return power and self.r >= 1 and 1 <= self.p <= 16 and 128 * self.n * self.r <= _MOST_MEMORY


@dataclass(frozen=True)
class Key:
    """A key with how it was made."""

    cost: Cost
    salt: bytes
    secret: bytes = field(repr=False)
    check: bytes = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    """A file taken apart. `head` are its two lines."""

    head: bytes
    cost: Cost
    salt: bytes
    check: bytes
    nonce: bytes
    ciphertext: bytes


def derive(passphrase: str, cost: Cost, salt: bytes | None = None) -> Key:
    """The key of a passphrase; with a fresh salt where none is given. Takes as long as `cost` says."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    salt = salt or secrets.token_bytes(16)
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8")  # keyboards differ in how they compose letters
    both = Scrypt(salt=salt, length=64, n=cost.n, r=cost.r, p=cost.p).derive(typed)
    check = hmac.new(both[32:], _MAGIC + salt, hashlib.sha256).digest()[:16]
    return Key(cost, salt, both[:32], check)


def seal(content: bytes, key: Key) -> bytes:
    """The whole file, under a nonce of its own."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    header = {
        "kdf": "scrypt",
        "n": key.cost.n,
        "r": key.cost.r,
        "p": key.cost.p,
        "salt": key.salt.hex(),
        "check": key.check.hex(),
        "cipher": "aes-256-gcm",
        "nonce": nonce.hex(),
    }
    head = _MAGIC + json.dumps(header).encode() + b"\n"
    before = head + AESGCM(key.secret).encrypt(nonce, content, head)
    return before + hashlib.sha256(before).digest()


def take_apart(blob: bytes) -> Sealed:
    """Raises DeployDeckError `vault-damaged` for what no version wrote, `vault-newer` for what a later one did."""
    before, digest = blob[:-_HASH_BYTES], blob[-_HASH_BYTES:]
    if not before or not hmac.compare_digest(hashlib.sha256(before).digest(), digest):
        raise damaged("Its checksum does not fit: a part is missing or other than it was written.")
    if not before.startswith(_MAGIC):
        if before.startswith(_NAME):
            raise DeployDeckError(
                "vault-newer", "A newer DeployDeck wrote the encrypted file of secrets.", hint="Use that version, or a newer one."
            )
        raise damaged("It does not begin like one.")
    line, separator, ciphertext = before.removeprefix(_MAGIC).partition(b"\n")
    if not separator or len(ciphertext) < _TAG_BYTES:
        raise damaged("It ends too early.")
    try:
        header: dict[str, Any] = json.loads(line)
        cost = Cost(*(int(header[name]) for name in ("n", "r", "p")))
        salt, check, nonce = (bytes.fromhex(header[name]) for name in ("salt", "check", "nonce"))
        known = header["kdf"] == "scrypt" and header["cipher"] == "aes-256-gcm"
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged("Its header cannot be read.") from error
    if not (known and cost.sensible and len(salt) >= 16 and len(check) == 16 and len(nonce) == _NONCE_BYTES):
        raise damaged("Its header says what no version of DeployDeck writes.")
    return Sealed(_MAGIC + line + b"\n", cost, salt, check, nonce, ciphertext)


def unseal(sealed: Sealed, key: Key) -> bytes:
    """The content. Raises DeployDeckError `vault-passphrase` or `vault-tampered`."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not hmac.compare_digest(sealed.check, key.check):
        raise DeployDeckError("vault-passphrase", "This is not the passphrase of the encrypted file.", hint="Try again.")
    try:
        return AESGCM(key.secret).decrypt(sealed.nonce, sealed.ciphertext, sealed.head)
    except InvalidTag as error:
        raise DeployDeckError(
            "vault-tampered",
            "The encrypted file of secrets was changed by something that does not know its passphrase.",
            "The passphrase is right, the content is not the one that was sealed with it.",
            "Put back a copy that you trust, and find out who could write that file.",
        ) from error


def damaged(why: str) -> DeployDeckError:
    return DeployDeckError(
        "vault-damaged",
        "The encrypted file of secrets is damaged.",
        why,
        "Put back a copy of it; without one, move the file away and set the values anew.",
    )
