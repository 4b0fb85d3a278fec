from contextlib import asynccontextmanager

import aio_pika
from fastapi import FastAPI

from app import deps
from app.schemas import Booking


@asynccontextmanager
async def lifespan(api: FastAPI):
    api.state.channel = await deps.channel()
    yield
    await api.state.channel.close()


api = FastAPI(title="Bookings", version="2.1.0", lifespan=lifespan)


@api.get("/api/v1/health")
async def health():
    await deps.db.command("ping")
    return {"ok": True}


@api.post("/api/v1/bookings", status_code=202)
async def book(booking: Booking):
    result = await deps.db.bookings.insert_one(booking.model_dump())
    message = aio_pika.Message(str(result.inserted_id).encode())
    await api.state.channel.default_exchange.publish(message, routing_key="bookings")
    return {"id": str(result.inserted_id)}
