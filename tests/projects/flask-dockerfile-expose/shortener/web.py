from os import getenv

from flask import Flask, abort, redirect, request
from hashids import Hashids

from shortener import store

app = Flask(__name__)
hashids = Hashids(salt=getenv("HASHIDS_SALT"), min_length=5)
BASE = getenv("PUBLIC_URL", "http://localhost:8080")


@app.route("/", methods=["POST"])
def shorten():
    url = request.form.get("url") or abort(400)
    code = hashids.encode(store.next_number())
    store.save(code, url)
    return {"short": f"{BASE}/{code}"}


@app.route("/<code>")
def follow(code):
    return redirect(store.load(code) or abort(404))


@app.route("/ping")
def ping():
    return "pong"
