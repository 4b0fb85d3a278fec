from starlette.applications import Starlette
from starlette.config import Config
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from tidetable.tides import calendar_of, tides_of

config = Config(".env")
DEBUG = config("DEBUG", cast=bool, default=False)
STATIONS_FILE = config("STATIONS_FILE", default="stations.csv")


async def healthz(request):
    return PlainTextResponse("ok")


async def tides(request):
    return JSONResponse(tides_of(request.path_params["station"], STATIONS_FILE))


async def calendar(request):
    text = calendar_of(request.path_params["station"], STATIONS_FILE)
    return PlainTextResponse(text, media_type="text/calendar")


app = Starlette(
    debug=DEBUG,
    routes=[
        Route("/healthz", healthz),
        Route("/{station}.json", tides),
        Route("/{station}.ics", calendar),
    ],
    middleware=[Middleware(GZipMiddleware)],
)
