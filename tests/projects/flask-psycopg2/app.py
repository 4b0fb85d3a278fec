import os

import psycopg2
from flask import Flask

app = Flask(__name__)


def connected():
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3)


@app.get("/health")
def health():
    with connected() as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
    return "ok"


@app.post("/visits")
def visit():
    with connected() as connection, connection.cursor() as cursor:
        cursor.execute("create table if not exists visits (at timestamptz default now())")
        cursor.execute("insert into visits default values")
        cursor.execute("select count(*) from visits")
        return {"visits": cursor.fetchone()[0], "title": os.environ.get("BOOK_TITLE", "Visitors")}
