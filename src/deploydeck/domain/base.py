"""What every noun shares: frozen values that round-trip through JSON and are named by their hash."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

Json = None | bool | int | float | str | list[Any] | dict[str, Any]


def utc_now() -> datetime:
    """The current time, timezone-aware UTC."""
    return datetime.now(UTC)


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Utc = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A timezone-aware datetime, always stored as UTC."""

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """A short id that sorts by creation time: prefix, 9 characters of milliseconds, 6 of randomness (base 32)."""
    number = (int(time.time() * 1000) << 30) | secrets.randbits(30)
    text = ""
    for _ in range(15):
        number, digit = divmod(number, 32)
        text = _CROCKFORD[digit] + text
    return f"{prefix}-{text}"


class Value(BaseModel):
    """A frozen value. Equal content means equal `content_hash`; unknown fields are an error, not a guess."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    @property
    def content_hash(self) -> str:
        """SHA-256 (64 hex characters) of the canonical JSON of this value."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()
