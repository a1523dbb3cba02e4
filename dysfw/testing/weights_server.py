"""A web server on this machine that publishes weight files, so that fetching can be tested without the internet."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from ..registry.hookspecs import WeightsSpec


class WeightsServer:
    """Use as a context. requests: paths that were asked for, in order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.failures: list[int] = []
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def publish(self, file: str, content: bytes, *, name: str = "") -> WeightsSpec:
        """Make a file available; returns the entry that a plugin's manifest would have of it. name: of the weights, the file's
        by default."""
        self.files[f"/{file}"] = content
        return WeightsSpec(
            name or file.partition(".")[0].lower(),
            file,
            "published by a test",
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            licence="CC0-1.0",
            address=f"http://127.0.0.1:{self._server.server_port}/{file}",
        )

    def fail(self, *statuses: int) -> None:
        """Answer the next requests with these instead, 503 or 404 for example."""
        self.failures += statuses

    def __enter__(self) -> WeightsServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(published: WeightsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            published.requests.append(self.path)
            content = published.files.get(self.path)
            status = published.failures.pop(0) if published.failures else 404 if content is None else 200
            body = content if status == 200 and content is not None else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: tests have their own output."""

    return Handler
