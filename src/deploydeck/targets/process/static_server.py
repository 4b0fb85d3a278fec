"""A small server for sites: files of one directory and nothing else. Run as a script, it imports nothing of ours.

`static_server.py --directory DIR --host HOST --port PORT [--single-page]`. No listing, no dotfile, no link that leads out.
"""

from __future__ import annotations

import argparse
import email.utils
import mimetypes
import os
import shutil
import signal
import socket
import stat
import sys
import threading
import urllib.parse
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


class SiteServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], directory: Path, single_page: bool) -> None:
        self.directory = directory.resolve()
        self.single_page = single_page
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, SiteHandler)


class SiteHandler(BaseHTTPRequestHandler):
    server: SiteServer
    server_version = "deploydeck-static"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:
        sys.stdout.write(f"{self.address_string()} {format % args}\n")
        sys.stdout.flush()

    def _answer(self, body: bool) -> None:
        path = urllib.parse.urlsplit(self.path).path
        found = self._open(path)
        status = HTTPStatus.OK
        if found is None and self.server.single_page and "." not in path.rpartition("/")[2]:
            found = self._open("/index.html")  # the page itself knows its routes; a missing asset is still missing
        if found is None:
            status, found = HTTPStatus.NOT_FOUND, self._open("/404.html")
        if found is None:
            return self.send_error(status, "Not Found")
        file, name = found
        with file:
            info = os.fstat(file.fileno())
            if name.endswith("/"):  # a directory named without its slash: relative links need it
                return self._redirect(path)
            self.send_response(status)
            self.send_header("Content-Type", _type_of(name))
            self.send_header("Content-Length", str(info.st_size))
            self.send_header("Last-Modified", email.utils.formatdate(info.st_mtime, usegmt=True))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if body:
                shutil.copyfileobj(file, self.wfile)
        return None

    def _redirect(self, path: str) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        # one leading slash only: `//host` would lead to another site
        self.send_header("Location", urllib.parse.quote("/" + urllib.parse.unquote(path).strip("/") + "/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _open(self, path: str) -> tuple[BinaryIO, str] | None:
        """The file for a URL path, opened; None when there is none to show. The name ends with a slash for a directory."""
        parts = [part for part in urllib.parse.unquote(path, errors="surrogateescape").split("/") if part]
        if any((part.startswith(".") and part != ".well-known") or "\0" in part or "\\" in part for part in parts):
            return None
        wanted = self.server.directory.joinpath(*parts)
        try:
            place = wanted.resolve(strict=True)
            directory = place.is_dir()
            if directory:
                place = (place / "index.html").resolve(strict=True)
            if not place.is_relative_to(self.server.directory) or any(
                part.startswith(".") and part != ".well-known" for part in place.relative_to(self.server.directory).parts
            ):
                return None
            descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except (OSError, ValueError, RuntimeError):
            return None
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            return None
        return file, "/" if directory and not path.endswith("/") else place.name


def _type_of(name: str) -> str:
    kind = _TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="static_server")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--single-page", action="store_true")
    options = parser.parse_args(arguments)
    try:
        server = SiteServer((options.host, options.port), options.directory, options.single_page)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    # shutdown() waits for the loop that this very thread runs, so it needs another one
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"serving {options.directory} on {options.host}:{options.port}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
