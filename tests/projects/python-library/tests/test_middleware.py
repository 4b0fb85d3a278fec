from flask import Flask

from etagger import EtagMiddleware


def test_adds_tag():
    app = Flask(__name__)
    app.wsgi_app = EtagMiddleware(app.wsgi_app)

    @app.get("/")
    def index():
        return "hello"

    assert app.test_client().get("/").headers["ETag"].startswith("W/")
