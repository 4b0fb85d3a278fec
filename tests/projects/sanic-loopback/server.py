import os
from pathlib import Path

import aiosqlite
from dotenv import load_dotenv
from sanic import Sanic, json
from sanic.exceptions import NotFound

load_dotenv()

app = Sanic("scoreboard")
DB = os.environ.get("SCORES_DB", "scores.sqlite3")
SCHEMA = Path("schema.sql").read_text()


@app.before_server_start
async def open_database(app, _):
    app.ctx.db = await aiosqlite.connect(DB)
    await app.ctx.db.executescript(SCHEMA)


@app.after_server_stop
async def close_database(app, _):
    await app.ctx.db.close()


@app.get("/scores/<game:str>")
async def scores(request, game):
    rows = await app.ctx.db.execute_fetchall("select player, points from score where game = ? order by points desc limit 10", (game,))
    if not rows:
        raise NotFound("no such game")
    return json([{"player": player, "points": points} for player, points in rows])


@app.post("/scores/<game:str>")
async def add(request, game):
    if request.token != os.environ["ADMIN_TOKEN"]:
        return json({"error": "forbidden"}, status=403)
    await app.ctx.db.execute("insert into score values (?, ?, ?)", (game, request.json["player"], request.json["points"]))
    await app.ctx.db.commit()
    return json({}, status=201)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=8500, single_process=True)
