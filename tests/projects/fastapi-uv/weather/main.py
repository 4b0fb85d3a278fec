"""The API: a page, a reading, a health route."""

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from weather.readings import yesterday

VERSION = (Path(__file__).parent / "VERSION").read_text().strip()
app = FastAPI(title="Weather")


@app.get("/", response_class=PlainTextResponse)
async def index() -> str:
    return f"Weather of {os.getenv('WEATHER_STATION', 'nowhere')}, {VERSION}"


@app.get("/readings")
async def readings() -> dict[str, float]:
    return yesterday()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok", "version": VERSION}
