"""A local web server that publishes weight files, for tests of downloads without the internet."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from ..registry.hookspecs import WeightsSpec


class WeightsServer:
    """A web server, as a context manager.

    Attributes:
        files: Contents by path.
        failures: Status codes of the next responses.
        requests: Requested paths, in order.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.failures: list[int] = []
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def publish(self, file: str, content: bytes, *, name: str = "") -> WeightsSpec:
        """Publish a file.

        Args:
            file: Its name.
            content: Its bytes.
            name: Name of the weights; derived from the file's name by default.

        Returns:
            The record that a plugin would register for it.
        """
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
        """Make the next requests fail.

        Args:
            *statuses: One status code for each request, such as 503 or 404.
        """
        self.failures += statuses

    def __enter__(self) -> WeightsServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(server: WeightsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            server.requests.append(self.path)
            content = server.files.get(self.path)
            status = server.failures.pop(0) if server.failures else 404 if content is None else 200
            body = content if status == 200 and content is not None else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler
