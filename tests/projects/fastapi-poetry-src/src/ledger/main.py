from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.config import settings
from ledger.routers import accounts, entries


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.engine = create_async_engine(str(settings().database_url))
    yield
    await app.state.engine.dispose()


app = FastAPI(title="Ledger", lifespan=lifespan)
app.include_router(accounts.router, prefix="/accounts", tags=["accounts"])
app.include_router(entries.router, prefix="/entries", tags=["entries"])


@app.get("/health", include_in_schema=False)
async def health():
    return {"status": "ok"}
