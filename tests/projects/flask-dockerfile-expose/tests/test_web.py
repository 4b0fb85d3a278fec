from shortener.web import app


def test_ping():
    assert app.test_client().get("/ping").data == b"pong"
