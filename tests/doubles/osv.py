"""An OSV server on this machine's loopback: the routes, limits, pages and refusals of api.osv.dev, and trouble on demand."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ECOSYSTEMS = frozenset(
    "PyPI npm Maven Go crates.io RubyGems Packagist NuGet Hex Pub SwiftURL ConanCenter Hackage CRAN opam Julia Debian".split()
)
MOST_QUERIES = 1000


@dataclass
class Trouble:
    """What the next answers do instead: a status, headers, a body, or a wait. `times` answers, then all is well."""

    times: int = 1
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    wait_s: float = 0.0
    path: str = ""  # only there, when it is set


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class OsvServer:
    """The server. `vulns` are its entries by id; an entry affects what its `versions` lists name (the server's own matching)."""

    def __init__(self) -> None:
        self.vulns: dict[str, dict[str, Any]] = {}
        self.page_size = 1000
        self.troubles: list[Trouble] = []
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add(self, *entries: dict[str, Any]) -> None:
        self.vulns |= {entry["id"]: entry for entry in entries}

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def queries(self) -> list[dict[str, Any]]:
        """Every query of every batch, in the order they came."""
        return [query for one in self.asked if one.path == "/v1/querybatch" for query in one.body["queries"]]

    @contextmanager
    def running(self) -> Iterator[OsvServer]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    # --- details --------------------------------------------------------------------------------------------------------------

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        osv = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve(None)

            def do_POST(self) -> None:
                self._serve(self.rfile.read(int(self.headers.get("content-length", 0))))

            def _serve(self, data: bytes | None) -> None:
                with osv._lock:
                    osv._at_once += 1
                    osv.most_at_once = max(osv.most_at_once, osv._at_once)
                    try:
                        body = json.loads(data) if data is not None else None
                    except ValueError:
                        body = data
                    osv.asked.append(Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                    trouble = osv._trouble(self.path)
                try:
                    if trouble is not None:
                        time.sleep(trouble.wait_s)
                        if trouble.status != 200 or trouble.body is not None:
                            self._send(trouble.status, trouble.body or b'{"code":14,"message":"try later"}', trouble.headers)
                            return
                    status, answer = osv._answer(self.command, self.path, body)
                    self._send(status, json.dumps(answer).encode(), {})
                except (BrokenPipeError, ConnectionResetError):
                    pass
                finally:
                    with osv._lock:
                        osv._at_once -= 1

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _trouble(self, path: str) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times > 0 and path.startswith(trouble.path):
                trouble.times -= 1
                return trouble
        return None

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST" and path == "/v1/querybatch":
            return self._batch(body)
        if method == "GET" and path.startswith("/v1/vulns/"):
            entry = self.vulns.get(path.removeprefix("/v1/vulns/"))
            return (200, entry) if entry is not None else (404, {"code": 5, "message": "Bug not found."})
        return 404, {"code": 5, "message": "Not Found"}

    def _batch(self, body: Any) -> tuple[int, Any]:
        queries = body.get("queries") if isinstance(body, dict) else None
        if not isinstance(queries, list):
            return 400, {"code": 3, "message": "Invalid query."}
        if len(queries) > MOST_QUERIES:
            return 400, {"code": 3, "message": "Too many queries."}
        results = []
        for query in queries:
            package = query.get("package") if isinstance(query, dict) else None
            if not isinstance(package, dict) or not isinstance(query.get("version"), str) or not package.get("name"):
                return 400, {"code": 3, "message": "Invalid query."}
            if package.get("ecosystem") not in ECOSYSTEMS:
                return 400, {"code": 3, "message": "Invalid ecosystem."}
            results.append(self._result(package, query["version"], query.get("page_token", "")))
        return 200, {"results": results}

    def _result(self, package: dict[str, str], version: str, token: str) -> dict[str, Any]:
        hits = [
            {"id": entry["id"], "modified": entry["modified"]}
            for entry in self.vulns.values()
            if not entry.get("withdrawn") and any(_affects(part, package, version) for part in entry["affected"])
        ]
        start = int(base64.b64decode(token)) if token else 0
        page = hits[start : start + self.page_size]
        result: dict[str, Any] = {"vulns": page} if page else {}
        if start + self.page_size < len(hits):
            result["next_page_token"] = base64.b64encode(str(start + self.page_size).encode()).decode()
        return result


def _affects(part: dict[str, Any], package: dict[str, str], version: str) -> bool:
    mine = part.get("package", {})
    return mine.get("name") == package["name"] and mine.get("ecosystem") == package["ecosystem"] and version in part["versions"]


def entry(
    name: str,
    ecosystem: str,
    package: str,
    versions: list[str],
    *,
    fixed: str = "",
    introduced: str = "0",
    kind: str = "ECOSYSTEM",
    modified: str = "2026-05-01T00:00:00Z",
    **more: Any,
) -> dict[str, Any]:
    """An OSV entry about one package."""
    events = [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": kind, "events": events}],
        "versions": versions,
    }
    return {
        "schema_version": "1.7.4",
        "id": name,
        "modified": modified,
        "summary": f"{name} in {package}",
        "affected": [affected],
        **more,
    }
