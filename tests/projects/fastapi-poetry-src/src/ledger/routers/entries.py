from decimal import Decimal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

router = APIRouter()


class Line(BaseModel):
    account: int
    amount: Decimal


@router.post("", status_code=201)
async def post_entry(lines: list[Line]):
    if sum(line.amount for line in lines) != 0:
        raise HTTPException(422, "entry does not balance")
    return {"lines": len(lines)}
