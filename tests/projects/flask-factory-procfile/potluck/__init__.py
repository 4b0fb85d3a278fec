import os

from flask import Flask

from .extensions import db, migrate


def create_app(test_config=None):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
    app.config["MAX_GUESTS"] = int(os.environ.get("MAX_GUESTS", "40"))
    if test_config:
        app.config.update(test_config)

    db.init_app(app)
    migrate.init_app(app, db)

    from . import dinners

    app.register_blueprint(dinners.bp)

    @app.route("/healthz")
    def healthz():
        return "ok"

    return app
