import os

import aiomysql
from litestar import Litestar


async def open_pool(app: Litestar) -> None:
    app.state.pool = await aiomysql.create_pool(
        host=os.environ["MYSQL_HOST"],
        port=int(os.environ.get("MYSQL_PORT", 3306)),
        user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        db=os.environ.get("MYSQL_DATABASE", "parcels"),
    )


async def close_pool(app: Litestar) -> None:
    app.state.pool.close()
    await app.state.pool.wait_closed()
