"""A real web server on this machine that can be told to misbehave."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dysfw.registry.hookspecs import WeightsSpec

CONTENT = os.urandom(3_000_000)


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.content``, with ranges, and follows ``server.script``: an action for each request, "ok" when it is empty.

    "cut N": closes the connection after N bytes. "status N": answers so. "redirect URL". "wrong": other bytes of the same
    length. "more": more bytes than there are. "no range": ignores ranges. "slow": waits until ``server.go`` is set.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # the name that http.server calls
        server = self.server
        server.requests.append(dict(self.headers))
        action, _, value = (server.script.pop(0) if server.script else "ok").partition(" ")
        if action == "status":
            return self._answer(int(value), b"")
        if action == "redirect":
            self.send_response(302)
            self.send_header("Location", value)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if action == "slow":
            server.go.wait(30)
        content = bytes(len(server.content)) if action == "wrong" else server.content
        start, asked = 0, self.headers.get("Range")
        fresh = self.headers.get("If-Range") in (None, server.etag)
        if asked and fresh and action != "no":
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                return self._answer(416, b"")
        body = content[start:] + (b"x" * 100_000 if action == "more" else b"")
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if action == "cut":
            self.wfile.write(body[: int(value)])
            self.close_connection = True
            return self.connection.shutdown(2)
        return self.wfile.write(body)

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.etag, server.script, server.requests = CONTENT, '"one"', [], []
    server.go = threading.Event()
    server.address = f"http://127.0.0.1:{server.server_port}/faces.bin"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of its own, and nothing that leads requests elsewhere."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "weights"


@pytest.fixture
def faces(web):
    """The manifest's entry of what the server has."""
    return WeightsSpec(
        name="faces", file="faces.bin", summary="a test", address=web.address, size=len(CONTENT), licence="CC0-1.0",
        sha256=hashlib.sha256(CONTENT).hexdigest(), conditions="none at all",
    )  # fmt: skip
