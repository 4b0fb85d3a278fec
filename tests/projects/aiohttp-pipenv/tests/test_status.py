async def test_status(aiohttp_client, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "localhost:9092")
    from aiohttp import web
    from collector.web import routes

    app = web.Application()
    app.add_routes(routes)
    client = await aiohttp_client(app)
    assert (await client.get("/status")).status == 200
