from datetime import datetime

from pydantic import BaseModel


class Booking(BaseModel):
    room: str
    guest: str
    starts: datetime
    ends: datetime
