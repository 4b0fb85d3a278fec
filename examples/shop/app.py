"""A small shop: one page of products from a JSON catalogue."""

import json
import logging
import os
import sys
import time
from pathlib import Path

from flask import Flask, abort, g, render_template, request

HERE = Path(__file__).parent

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("shop")

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SHOP_SECRET_KEY", "only-for-development")
app.config["TITLE"] = os.environ.get("SHOP_TITLE", "The Corner Shop")


def catalogue():
    """The products, read at every request: a new catalogue shows at once."""
    return json.loads((HERE / "catalogue.json").read_text(encoding="utf-8"))


@app.before_request
def start_clock():
    g.started = time.perf_counter()


@app.after_request
def log_request(response):
    taken_ms = (time.perf_counter() - g.started) * 1000
    log.info("%s %s %s %.1f ms", request.method, request.path, response.status_code, taken_ms)
    return response


@app.template_filter("money")
def money(cents):
    return f"{cents / 100:.2f} €"


@app.get("/")
def index():
    shop = catalogue()
    return render_template("index.html", title=app.config["TITLE"], edition=shop["edition"], products=shop["products"])


@app.get("/products/<name>")
def product(name):
    for one in catalogue()["products"]:
        if one["id"] == name:
            return one
    abort(404)


@app.get("/healthz")
def healthz():
    return {"status": "ok", "edition": catalogue()["edition"]}
