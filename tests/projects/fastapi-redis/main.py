import os

import redis.asyncio as redis
from fastapi import FastAPI

app = FastAPI()
store = redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/2"))


@app.get("/healthz")
async def healthz() -> dict[str, bool]:
    return {"ok": bool(await store.ping())}


@app.post("/hits")
async def hit() -> dict[str, int]:
    return {"hits": await store.incr("hits")}
