"""A notice board of one page."""

import os
from pathlib import Path

from flask import Flask

app = Flask(__name__)
VERSION = (Path(__file__).parent / "VERSION").read_text().strip()


@app.get("/")
def index():
    return f"<!doctype html><title>Notice board</title><h1>{os.environ.get('BOARD_TITLE', 'Notice board')}</h1><p>{VERSION}</p>"


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": VERSION}


if __name__ == "__main__":
    app.run(debug=True)
