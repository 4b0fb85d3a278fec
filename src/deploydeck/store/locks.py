"""Leased locks: an owner, a heartbeat, a fencing number that only grows (facts/deploying.md 5.3)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, insert, select, update

from deploydeck.domain import Utc, Value, utc_now
from deploydeck.store.database import Database
from deploydeck.store.tables import locks

LONGEST_LEASE_S = 300.0
"""A lease that seems to last longer than this comes from a clock that was set back since."""


class Lease(Value):
    """A lock as it stands. `fence` grows with every new holder of the key."""

    key: str
    owner: str
    deployment_id: str | None
    fence: int
    acquired_at: Utc
    lease_until: Utc


class Locks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, key: str, owner: str, deployment_id: str, ttl_s: float) -> tuple[bool, Lease]:
        """Try once. True with our lease, or False with the holder's. The same deployment may enter again (and keeps its fence)."""
        now = utc_now()
        until = now + timedelta(seconds=ttl_s)
        async with self._database.write() as connection:
            row = (await connection.execute(select(locks).where(locks.c.key == key))).mappings().first()
            if row is None:
                highest = await connection.scalar(select(func.max(locks.c.fence))) or 0
                lease = Lease(
                    key=key, owner=owner, deployment_id=deployment_id, fence=highest + 1, acquired_at=now, lease_until=until
                )
                await connection.execute(insert(locks).values(**lease.model_dump()))
                return True, lease
            held = Lease(**{name: row[name] for name in Lease.model_fields})
            ours = held.deployment_id == deployment_id
            if not ours and held.deployment_id is not None and held.lease_until > now:
                longest = now + timedelta(seconds=max(ttl_s, LONGEST_LEASE_S))
                if held.lease_until > longest:  # the clock was set back: a dead holder must not keep the lock for that long
                    held = held.model_copy(update={"lease_until": longest})
                    await connection.execute(update(locks).where(locks.c.key == key).values(lease_until=longest))
                return False, held
            fence = held.fence if ours else held.fence + 1
            lease = Lease(key=key, owner=owner, deployment_id=deployment_id, fence=fence, acquired_at=now, lease_until=until)
            await connection.execute(update(locks).where(locks.c.key == key).values(**lease.model_dump(exclude={"key"})))
            return True, lease

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Heartbeat. False when the lease is no longer ours: stop before the next change."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(locks)
                .where(locks.c.key == lease.key, locks.c.fence == lease.fence, locks.c.deployment_id == lease.deployment_id)
                .values(lease_until=utc_now() + timedelta(seconds=ttl_s))
            )
            return changed.rowcount == 1

    async def release(self, lease: Lease) -> None:
        """Let go; the row stays, so that the fencing number never falls."""
        async with self._database.write() as connection:
            await connection.execute(
                update(locks)
                .where(locks.c.key == lease.key, locks.c.fence == lease.fence, locks.c.deployment_id == lease.deployment_id)
                .values(lease_until=utc_now(), deployment_id=None)
            )

    async def holder(self, key: str) -> Lease | None:
        """Who holds the key now, or None."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(locks).where(locks.c.key == key))).mappings().first()
        if row is None:
            return None
        lease = Lease(**{name: row[name] for name in Lease.model_fields})
        return lease if lease.lease_until > utc_now() and lease.deployment_id else None
