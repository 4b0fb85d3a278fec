from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from msgspec import Struct


class Scan(Struct):
    depot: str
    status: str


class ParcelController(Controller):
    path = "/parcels"

    @get("/{number:str}")
    async def history(self, number: str, state: State) -> list[dict]:
        async with state.pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("select depot, status from scan where parcel=%s order by at", (number,))
            rows = await cursor.fetchall()
        if not rows:
            raise NotFoundException
        return [{"depot": depot, "status": status} for depot, status in rows]

    @post("/{number:str}/scans")
    async def scan(self, number: str, data: Scan, state: State) -> None:
        async with state.pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("insert into scan (parcel, depot, status) values (%s, %s, %s)", (number, data.depot, data.status))
            await connection.commit()
