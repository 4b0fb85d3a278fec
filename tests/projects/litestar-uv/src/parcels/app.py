from litestar import Litestar, get
from litestar.openapi import OpenAPIConfig

from parcels.controllers import ParcelController
from parcels.db import close_pool, open_pool


@get("/livez", include_in_schema=False)
async def livez() -> dict[str, str]:
    return {"status": "alive"}


app = Litestar(
    route_handlers=[livez, ParcelController],
    on_startup=[open_pool],
    on_shutdown=[close_pool],
    openapi_config=OpenAPIConfig(title="Parcels", version="0.2.0"),
)
