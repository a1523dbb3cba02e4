"""A web server on this machine that can misbehave on request."""

import contextlib
import hashlib
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dysfw.errors import DysfwError
from dysfw.registry.hookspecs import WeightsSpec
from dysfw.util.progress import Silent
from dysfw.weights import download as downloading
from dysfw.weights import network
from dysfw.weights.find import fetch_weights

CONTENT = os.urandom(3_000_000)


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.content``, with ranges. ``server.script`` contains an action for each request; "ok" if it is empty.

    "cut N": closes the connection after N bytes. "status N": responds with this status. "redirect URL". "wrong": other bytes of
    the same length. "more": too many bytes; "endless": the same without Content-Length. "portal": an HTML page. "no range":
    ignores ranges. "any version": serves a range of any version. "slow": waits until ``server.go`` is set.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # the name that http.server requires
        server = self.server
        server.requests.append(dict(self.headers) | {"path": self.path})
        action, _, value = (server.script.pop(0) if server.script else "ok").partition(" ")
        if action == "status":
            return self._respond(int(value), b"")
        if action == "redirect":
            self.send_response(302)
            self.send_header("Location", value)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if action == "slow":
            server.go.wait(30)
        if action == "portal":
            return self._respond(200, b"<html>log in</html>")
        content = bytes(len(server.content)) if action == "wrong" else server.content
        start, requested = 0, self.headers.get("Range")
        fresh = self.headers.get("If-Range") in (None, server.etag) or action == "any"
        if requested and fresh and action != "no":
            start = int(requested.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                return self._respond(416, b"")
        body = content[start:] + (b"x" * 100_000 if action in ("more", "endless") else b"")
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if server.etag:
            self.send_header("ETag", server.etag)
        if action == "endless":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if action == "cut":
            self.wfile.write(body[: int(value)])
            self.close_connection = True
            return self.connection.shutdown(2)
        return self.wfile.write(body)

    def do_CONNECT(self):
        """Act as a proxy that refuses all connections."""
        self.server.requests.append(dict(self.headers) | {"path": self.path})
        _, _, status = (self.server.script.pop(0) if self.server.script else "status 403").partition(" ")
        self._respond(int(status), b"")

    def _respond(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(certificate=None):
    """The server, with TLS if there is a certificate."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.content, server.etag, server.script, server.requests = CONTENT, '"one"', [], []
    server.go = threading.Event()
    server.address = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/faces.bin"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web():
    with serving() as server:
        yield server


class Notes(Silent):
    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


@pytest.fixture
def notes(monkeypatch):
    """The reported lines; and no test waits between attempts."""
    monkeypatch.setattr(downloading, "FIRST_WAIT", 0.01)
    progress = Notes()
    monkeypatch.setattr(network, "_progress", [progress])
    return progress.lines


def fetch_error(spec):
    with pytest.raises(DysfwError) as caught:
        fetch_weights(spec)
    return str(caught.value)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store, without proxies in the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "weights"


@pytest.fixture
def faces(web):
    """The manifest entry of the file on the server."""
    return WeightsSpec(
        name="faces", file="faces.bin", summary="a test", address=web.address, size=len(CONTENT), licence="CC0-1.0",
        sha256=hashlib.sha256(CONTENT).hexdigest(), conditions="none at all",
    )  # fmt: skip
