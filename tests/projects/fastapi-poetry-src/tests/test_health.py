from fastapi.testclient import TestClient

from ledger.main import app


def test_health(monkeypatch):
    monkeypatch.setenv("LEDGER_DATABASE_URL", "postgresql+asyncpg://x@localhost/x")
    monkeypatch.setenv("LEDGER_JWT_SECRET", "x")
    assert TestClient(app).get("/health").status_code == 200
