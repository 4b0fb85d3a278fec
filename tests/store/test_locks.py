"""Leased locks: one holder, a fence that only grows, and clocks that lie."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from deploydeck.domain import utc_now
from deploydeck.store import Database, Locks, Store, locks
from tests.store import values

KEY = "engine-1/shop/development"


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(locks, "utc_now", made)
    return made


async def _two(store: Store) -> tuple[str, str]:
    return (await values.queued(store)).id, (await values.queued(store)).id


async def test_the_second_is_told_who_holds_it(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    got, lease = await store.locks.acquire(KEY, "ann@desk:1", one, 30)
    assert got
    refused, holder = await store.locks.acquire(KEY, "bob@lap:2", two, 30)
    assert not refused
    assert holder == lease
    assert await store.locks.holder(KEY) == lease
    assert await store.locks.holder("other") is None


async def test_the_same_deployment_enters_again_with_its_fence(store: Store, clock: Clock) -> None:
    one, _ = await _two(store)
    _, first = await store.locks.acquire(KEY, "worker:1", one, 30)
    clock.move(10)
    got, again = await store.locks.acquire(KEY, "worker:2", one, 30)
    assert got
    assert again.fence == first.fence
    assert again.lease_until == first.lease_until + timedelta(seconds=10)


async def test_after_expiry_another_may_take_it_and_the_first_is_out(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    _, first = await store.locks.acquire(KEY, "a", one, 30)
    clock.move(29)
    assert not (await store.locks.acquire(KEY, "b", two, 30))[0]
    clock.move(2)
    assert await store.locks.holder(KEY) is None
    got, second = await store.locks.acquire(KEY, "b", two, 30)
    assert got
    assert second.fence > first.fence
    assert not await store.locks.renew(first, 30)
    await store.locks.release(first)
    assert await store.locks.holder(KEY) == second
    assert not (await store.locks.acquire(KEY, "a", one, 30))[0]


async def test_renewing_keeps_it(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    _, lease = await store.locks.acquire(KEY, "a", one, 30)
    for _ in range(5):
        clock.move(20)
        assert await store.locks.renew(lease, 30)
        assert not (await store.locks.acquire(KEY, "b", two, 30))[0]


async def test_fences_grow_over_all_keys_and_releases(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    fences = []
    for turn in range(4):
        for key in (KEY, f"other-{turn}"):
            _, lease = await store.locks.acquire(key, "a", (one, two)[turn % 2], 30)
            fences.append(lease.fence)
            await store.locks.release(lease)
            await store.locks.release(lease)
    mine = fences[::2]
    assert mine == sorted(set(mine))


@pytest.mark.parametrize("jump_s", [-86_400.0, -3600.0])
async def test_a_released_lock_is_free_whatever_the_clock_says(store: Store, clock: Clock, jump_s: float) -> None:
    one, two = await _two(store)
    _, lease = await store.locks.acquire(KEY, "a", one, 30)
    await store.locks.release(lease)
    clock.move(jump_s)
    assert (await store.locks.acquire(KEY, "b", two, 30))[0]


async def test_a_clock_set_back_holds_a_dead_lock_for_minutes_not_for_years(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    await store.locks.acquire(KEY, "dead", one, 30)
    clock.move(-365 * 86_400)
    refused, holder = await store.locks.acquire(KEY, "b", two, 30)
    assert not refused
    assert holder.lease_until == clock.now + timedelta(seconds=locks.LONGEST_LEASE_S)
    clock.move(locks.LONGEST_LEASE_S + 1)
    assert (await store.locks.acquire(KEY, "b", two, 30))[0]


async def test_a_living_holder_survives_a_clock_set_back(store: Store, clock: Clock) -> None:
    one, two = await _two(store)
    _, lease = await store.locks.acquire(KEY, "alive", one, 30)
    clock.move(-365 * 86_400)
    for _ in range(40):
        assert await store.locks.renew(lease, 30)
        clock.move(20)
        assert not (await store.locks.acquire(KEY, "b", two, 30))[0]


async def test_of_many_only_one_gets_it(store: Store) -> None:
    made = [await values.queued(store) for _ in range(6)]
    databases = [Database(store.database.path) for _ in made]
    tries = [Locks(base).acquire(KEY, one.id, one.id, 30) for base, one in zip(databases, made, strict=True)]
    results = await asyncio.gather(*tries)
    winners = [lease for got, lease in results if got]
    assert len(winners) == 1
    assert {lease.deployment_id for _, lease in results} == {winners[0].deployment_id}
    for base in databases:
        await base.close()
