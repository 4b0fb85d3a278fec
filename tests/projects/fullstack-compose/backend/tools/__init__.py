import os

from flask import Flask, jsonify
from psycopg_pool import ConnectionPool


def create_app():
    app = Flask(__name__)
    pool = ConnectionPool(os.environ["DATABASE_URL"], open=True)
    days = int(os.environ.get("LOAN_DAYS", "21"))

    @app.get("/api/health")
    def health():
        return jsonify(ok=True)

    @app.get("/api/tools")
    def tools():
        with pool.connection() as connection:
            rows = connection.execute("select id, name, lent_at from tool order by name").fetchall()
        return jsonify([{"id": i, "name": n, "lent": at is not None, "days": days} for i, n, at in rows])

    return app
