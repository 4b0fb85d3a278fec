from fastapi import APIRouter, Request
from sqlalchemy import text

from ledger.config import settings

router = APIRouter()


@router.get("")
async def list_accounts(request: Request, page: int = 1):
    size = settings().page_size
    async with request.app.state.engine.connect() as connection:
        rows = await connection.execute(
            text("select id, name from account order by id limit :n offset :o"), {"n": size, "o": (page - 1) * size}
        )
        return [dict(row._mapping) for row in rows]
