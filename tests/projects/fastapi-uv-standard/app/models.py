from sqlmodel import Field, SQLModel


class Recipe(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(index=True)
    text: str
    minutes: int = 30
