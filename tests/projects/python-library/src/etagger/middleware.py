import hashlib

from werkzeug.datastructures import Headers


class EtagMiddleware:
    """Wraps a WSGI application."""

    def __init__(self, app, limit=1 << 20):
        self.app = app
        self.limit = limit

    def __call__(self, environ, start_response):
        seen = {}

        def start(status, headers, exc_info=None):
            seen.update(status=status, headers=Headers(headers), exc_info=exc_info)
            return lambda data: None

        body = b"".join(self.app(environ, start))
        if "ETag" not in seen["headers"] and len(body) <= self.limit:
            seen["headers"]["ETag"] = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        start_response(seen["status"], list(seen["headers"]), seen["exc_info"])
        return [body]
