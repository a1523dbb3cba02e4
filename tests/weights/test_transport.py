"""TLS, proxies, passwords and what a server may do with them."""

import dataclasses
import shutil
import socketserver
import subprocess
import threading

import pytest

from dysfw.weights.find import fetch_weights

from .conftest import CONTENT, refusal, serving

pytestmark = pytest.mark.usefixtures("told", "store")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def secure(certificate):
    with serving(certificate) as server:
        yield server


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_name("cert.pem")))


def test_a_certificate_that_nobody_signed_is_refused_at_once(secure, faces):
    message = refusal(dataclasses.replace(faces, address=secure.address))
    assert "cannot be trusted" in message
    assert "CERTIFICATE_VERIFY_FAILED" in message
    assert "REQUESTS_CA_BUNDLE" in message
    assert secure.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_the_user_trusts_is_taken_and_a_cut_connection_resumed(secure, faces):
    secure.script = ["cut 1200000"]
    assert fetch_weights(dataclasses.replace(faces, address=secure.address)).read_bytes() == CONTENT
    assert secure.requests[1]["Range"].startswith("bytes=")


@pytest.mark.usefixtures("trusted")
def test_a_redirect_out_of_tls_is_refused(secure, web, faces):
    secure.script = [f"redirect {web.address}"]
    message = refusal(dataclasses.replace(faces, address=secure.address))
    assert f"a redirect leads to {web.address}, which is not encrypted" in message
    assert web.requests == []


def test_a_handshake_that_breaks_off_is_tried_again(faces):
    class BreaksOff(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), BreaksOff) as server:
        threading.Thread(target=server.serve_forever).start()
        message = refusal(dataclasses.replace(faces, address=f"https://127.0.0.1:{server.server_address[1]}/faces.bin"))
        server.shutdown()
    assert "the connection failed" in message
    assert "UNEXPECTED_EOF" in message
    assert "5 attempts" in message


def test_a_bundle_of_certificates_that_is_not_there_is_named(secure, faces, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    assert "invalid path: /nowhere/ca.pem" in refusal(dataclasses.replace(faces, address=secure.address))


def test_redirects_are_followed_and_no_password_with_them(web, faces, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    web.script = [f"redirect {web.address.replace('127.0.0.1', 'localhost')}?elsewhere"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request["path"] for request in web.requests] == ["/faces.bin", "/faces.bin?elsewhere"]
    assert not any("Authorization" in request for request in web.requests)


def test_redirects_in_a_circle_end(web, faces):
    web.script = [f"redirect {web.address}"] * 40
    assert "Exceeded 30 redirects" in refusal(faces)


def test_a_server_that_is_not_there_is_an_error_with_its_reason(faces):
    message = refusal(dataclasses.replace(faces, address="http://127.0.0.1:9/faces.bin"))
    assert "the connection failed" in message
    assert "refused" in message
    assert "5 attempts" in message


@pytest.fixture
def proxy(web, monkeypatch):
    """The server as a proxy, which forwards to nobody: it has the file itself."""
    address = f"http://127.0.0.1:{web.server_port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("NO_PROXY", "")
    return web


def test_proxies_are_heeded(proxy, faces):
    assert fetch_weights(dataclasses.replace(faces, address="http://weights.example/faces.bin")).read_bytes() == CONTENT
    assert proxy.requests[0]["path"] == "http://weights.example/faces.bin"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_says_so_at_once(proxy, faces, scheme):
    proxy.script = ["status 407"]
    message = refusal(dataclasses.replace(faces, address=f"{scheme}://weights.example/faces.bin"))
    assert "407 Proxy Authentication Required" in message
    assert "HTTPS_PROXY=http://name:password@host:port" in message
    assert len(proxy.requests) == 1


def test_a_proxy_that_does_not_reach_the_server_is_named_and_asked_again(proxy, faces):
    proxy.script = ["status 502"] * 5
    message = refusal(dataclasses.replace(faces, address="https://weights.example/faces.bin"))
    assert "the proxy named by HTTPS_PROXY or HTTP_PROXY does not let through: Tunnel connection failed: 502" in message
    assert len(proxy.requests) == 5


def test_a_proxy_that_is_not_there_is_named(faces, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "the proxy named by HTTPS_PROXY or HTTP_PROXY does not let through" in refusal(faces)
