"""TLS, proxies, credentials and redirects."""

import dataclasses
import shutil
import socketserver
import subprocess
import threading

import pytest

from dysfw.weights.find import fetch_weights

from .conftest import CONTENT, fetch_error, serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("notes", "store")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    certificate_and_key = folder / "certificate_and_key.pem"
    certificate_and_key.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return certificate_and_key


@pytest.fixture
def secure(certificate):
    with serving(certificate) as server:
        yield server


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_name("cert.pem")))


def test_a_self_signed_certificate_is_an_error(secure, faces):
    message = fetch_error(dataclasses.replace(faces, address=secure.address))
    assert "cannot be trusted" in message
    assert "CERTIFICATE_VERIFY_FAILED" in message
    assert "REQUESTS_CA_BUNDLE" in message
    assert secure.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_trusted_certificate_is_accepted_and_downloads_resume(secure, faces):
    secure.script = ["cut 1200000"]
    assert fetch_weights(dataclasses.replace(faces, address=secure.address)).read_bytes() == CONTENT
    assert secure.requests[1]["Range"].startswith("bytes=")


@pytest.mark.usefixtures("trusted")
def test_a_redirect_from_https_to_http_is_an_error(secure, web, faces):
    secure.script = [f"redirect {web.address}"]
    message = fetch_error(dataclasses.replace(faces, address=secure.address))
    assert f"the server redirects to {web.address}, which is not encrypted" in message
    assert web.requests == []


def test_a_failed_handshake_is_retried(faces):
    class CloseAtOnce(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), CloseAtOnce) as server:
        threading.Thread(target=server.serve_forever).start()
        message = fetch_error(dataclasses.replace(faces, address=f"https://127.0.0.1:{server.server_address[1]}/faces.bin"))
        server.shutdown()
    assert "the connection failed" in message
    assert "UNEXPECTED_EOF" in message
    assert "5 attempts" in message


def test_a_missing_certificate_bundle_is_reported(secure, faces, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    assert "invalid path: /nowhere/ca.pem" in fetch_error(dataclasses.replace(faces, address=secure.address))


def test_redirects_are_followed_without_credentials(web, faces, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    web.script = [f"redirect {web.address.replace('127.0.0.1', 'localhost')}?elsewhere"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request["path"] for request in web.requests] == ["/faces.bin", "/faces.bin?elsewhere"]
    assert not any("Authorization" in request for request in web.requests)


def test_circular_redirects_are_an_error(web, faces):
    web.script = [f"redirect {web.address}"] * 40
    assert "Exceeded 30 redirects" in fetch_error(faces)


def test_an_unreachable_server_is_reported_with_the_reason(faces):
    message = fetch_error(dataclasses.replace(faces, address="http://127.0.0.1:9/faces.bin"))
    assert "the connection failed" in message
    assert "refused" in message
    assert "5 attempts" in message


@pytest.fixture
def proxy(web, monkeypatch):
    """The server as a proxy that serves the file itself."""
    address = f"http://127.0.0.1:{web.server_port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("NO_PROXY", "")
    return web


def test_proxies_are_used(proxy, faces):
    assert fetch_weights(dataclasses.replace(faces, address="http://weights.example/faces.bin")).read_bytes() == CONTENT
    assert proxy.requests[0]["path"] == "http://weights.example/faces.bin"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_requires_a_password_is_reported_at_once(proxy, faces, scheme):
    proxy.script = ["status 407"]
    message = fetch_error(dataclasses.replace(faces, address=f"{scheme}://weights.example/faces.bin"))
    assert "407 Proxy Authentication Required" in message
    assert "HTTPS_PROXY=http://name:password@host:port" in message
    assert len(proxy.requests) == 1


def test_requests_through_a_failing_proxy_are_retried(proxy, faces):
    proxy.script = ["status 502"] * 5
    message = fetch_error(dataclasses.replace(faces, address="https://weights.example/faces.bin"))
    assert "the proxy in HTTPS_PROXY or HTTP_PROXY refused the connection: Tunnel connection failed: 502" in message
    assert len(proxy.requests) == 5


def test_an_unreachable_proxy_is_reported(faces, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "the proxy in HTTPS_PROXY or HTTP_PROXY refused the connection" in fetch_error(faces)
