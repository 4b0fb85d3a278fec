import os
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import Session, SQLModel, create_engine, select

from .models import Recipe

engine = create_engine(os.getenv("DATABASE_URL", "sqlite:///recipes.db"))
app = FastAPI()


def get_session():
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.on_event("startup")
def create_tables() -> None:
    SQLModel.metadata.create_all(engine)


@app.get("/recipes")
def search(session: SessionDep, q: str = ""):
    return session.exec(select(Recipe).where(Recipe.title.contains(q))).all()


@app.post("/recipes", status_code=201)
def add(recipe: Recipe, session: SessionDep):
    session.add(recipe)
    session.commit()
    session.refresh(recipe)
    return recipe
