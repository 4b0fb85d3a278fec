import os

import aio_pika
from motor.motor_asyncio import AsyncIOMotorClient

mongo = AsyncIOMotorClient(os.environ["MONGO_URL"])
db = mongo[os.environ.get("BOOKINGS_DB", "bookings")]


async def channel():
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    return await connection.channel()
