import json

import structlog
from aiohttp import web
from aiokafka import AIOKafkaProducer

from collector import settings

log = structlog.get_logger()
routes = web.RouteTableDef()
PRODUCER = web.AppKey("producer", AIOKafkaProducer)


@routes.get("/status")
async def status(request):
    return web.json_response({"status": "up"})


@routes.post("/collect")
async def collect(request):
    event = await request.json()
    await request.app[PRODUCER].send(settings.KAFKA_TOPIC, json.dumps(event).encode())
    log.info("collected", kind=event.get("kind"))
    return web.Response(status=204)


async def producer(app):
    app[PRODUCER] = AIOKafkaProducer(bootstrap_servers=settings.KAFKA_BOOTSTRAP)
    await app[PRODUCER].start()
    yield
    await app[PRODUCER].stop()


def make_app():
    app = web.Application(client_max_size=settings.MAX_BODY)
    app.add_routes(routes)
    app.cleanup_ctx.append(producer)
    return app
