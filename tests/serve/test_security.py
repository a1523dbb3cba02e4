"""Invalid, malicious and excessive requests: a clear status, no crash, nothing on disk."""

import http.client
import io
import logging
import resource
import socket
import struct
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from PIL import Image as Pillow

from dysfw.explain.explanation import maps_of
from dysfw.serve import predict_task
from dysfw.serve.server import HeaderTimeoutProtocol
from dysfw.serve.settings import MIB, Settings, is_loopback

pytestmark = pytest.mark.slow

RED = (200, 40, 40)
BOUNDARY = "b" * 20
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
).encode()
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def open_request(server, *headers: str) -> socket.socket:
    """A connection on which a prediction's request was begun."""
    connection = socket.create_connection(("127.0.0.1", server.settings.port), timeout=30)
    lines = [
        "POST /v1/predictions HTTP/1.1", f"Host: 127.0.0.1:{server.settings.port}", f"Content-Type: {FORM}",
        "Authorization: Bearer the-right-token", *headers,
    ]  # fmt: skip
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def read_response(connection: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_the_token_is_required(server, paint):
    one = paint("a.png", RED)
    for token in (None, "wrong", "the-right-toke", ""):
        answer = server.post(one, token=token)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "no_token"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert server.get("/v1/bundle", token=token).status_code == 401
        assert server.get("/metrics", token=token).status_code == 401
    assert server.get("/", token=None).status_code == 401
    assert "Red syndrome" not in server.get("/", token=None).text
    assert server.get("/healthz", token=None).json() == {"status": "ok"}
    assert requests.head(f"{server.url}/healthz", timeout=10).status_code == 200


def test_the_printed_address_sets_a_cookie_and_removes_the_token_from_the_url(server):
    response = server.get("/?token=the-right-token", token=None)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    value = cookie.partition(";")[0]
    assert server.get("/", token=None, headers={"Cookie": value}).status_code == 200
    refused = server.get("/?token=wrong", token=None)
    assert "set-cookie" not in refused.headers
    assert "Wrong token" in server.get(refused.headers["location"], token=None).text


def test_other_origins_are_rejected_even_with_the_cookie(server, paint):
    one, cookie = paint("a.png", RED), {"Cookie": f"dysfw-{server.settings.port}=the-right-token"}
    for origin in ("https://evil.example", "null", f"http://localhost:{server.settings.port + 1}", "file://", "http://[", ""):
        answer = server.post(one, token=None, headers=cookie | {"Origin": origin})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    assert server.post(one, token=None, headers=cookie | {"Origin": server.url}).status_code == 200


def test_unknown_host_names_are_rejected(serving, paint):
    server = serving(hosts=frozenset({"faces.hospital.example"}))
    one = paint("a.png", RED)
    for host in ("evil.example", f"evil.example:{server.settings.port}", "", "127.0.0.1.evil.example"):
        answer = server.post(one, headers={"Host": host})
        assert answer.status_code in (400, 421)  # 400: no Host at all
    for host in ("localhost", "127.0.0.1:1", "[::1]:80", "Faces.Hospital.Example"):
        assert server.post(one, headers={"Host": host}).status_code == 200


def test_security_headers_forbid_other_sites(server):
    for path in ("/", "/assets/page.js", "/v1/bundle", "/nowhere"):
        headers = server.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    page = server.get("/").text
    assert "http://" not in page
    assert "https://" not in page
    assert " style=" not in page
    assert " on" not in "".join(part.partition(">")[0] for part in page.split("<")).replace(" one", "")


def test_a_large_content_length_is_rejected(server):
    with open_request(server, f"Content-Length: {2 * 2**30}") as connection:
        status, body = read_response(connection)
    assert status == 413
    assert b"64 MiB" in body


def test_a_large_chunked_request_is_rejected_while_it_arrives(serving):
    server = serving(max_upload=2 * MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = 0
    with open_request(server, "Transfer-Encoding: chunked") as connection:
        piece = b"x" * 65536
        chunk = b"%x\r\n%s\r\n" % (len(HEAD), HEAD)
        try:
            while sent < 2 * 2**30:
                connection.sendall(chunk)
                sent += len(chunk)
                chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
                connection.setblocking(False)
                try:
                    if connection.recv(1, socket.MSG_PEEK):
                        break
                except BlockingIOError:
                    pass
                connection.setblocking(True)
        except (BrokenPipeError, ConnectionResetError):
            pass
        connection.setblocking(True)
        assert read_response(connection)[0] == 413
    assert sent < 64 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB


def test_a_slow_upload_times_out(serving, paint):
    server = serving(upload_timeout=0.5, max_requests=1)
    with open_request(server, "Content-Length: 100000") as connection:
        connection.sendall(HEAD)
        began = time.monotonic()
        status, body = read_response(connection)
    assert (status, time.monotonic() - began < 5) == (408, True)
    assert b"too_slow" in body
    assert server.post(paint("a.png", RED)).status_code == 200  # the limit is free again


def test_a_slow_header_times_out(serving, paint, monkeypatch):
    monkeypatch.setattr(HeaderTimeoutProtocol, "seconds", 0.3)
    server = serving()
    one = paint("a.png", RED)
    for start in (b"", b"POST /v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
        with socket.create_connection(("127.0.0.1", server.settings.port), timeout=10) as connection:
            connection.sendall(start)
            assert connection.recv(1) == b""  # closed by the server
    assert server.post(one).status_code == 200


def test_a_disconnected_client_does_not_count_as_active(serving, paint):
    server = serving(max_requests=1)
    for _ in range(5):
        with open_request(server, "Content-Length: 100000") as connection:
            connection.sendall(HEAD)
            time.sleep(0.05)
        time.sleep(0.1)
        assert server.post(paint("a.png", RED)).status_code == 200


def test_excess_requests_get_503_and_retry_after(serving, paint):
    server = serving(max_requests=2)
    one = paint("a.png", RED)
    with open_request(server, "Content-Length: 100000") as first, open_request(server, "Content-Length: 100000") as second:
        first.sendall(HEAD)
        second.sendall(HEAD)
        time.sleep(0.2)
        answer = server.post(one)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["error"]["code"] == "busy"
        assert server.get("/readyz").status_code == 503
        assert server.get("/healthz").status_code == 200
    time.sleep(0.2)
    assert server.post(one).status_code == 200


def test_200_concurrent_requests_get_200_or_503(serving, paint):
    server = serving(max_requests=8)
    paths = [paint(f"{n}.png", RED, seed=n) for n in range(4)]
    wanted = [server.post(path).json()["predictions"][0]["probabilities"] for path in paths]

    def status_of(n: int) -> int:
        answer = server.post(paths[n % 4])
        if answer.status_code == 200:
            assert answer.json()["predictions"][0]["probabilities"] == pytest.approx(wanted[n % 4], abs=2e-6)
        return answer.status_code

    with ThreadPoolExecutor(200) as clients:
        statuses = list(clients.map(status_of, range(200)))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 8
    assert server.post(paths[0]).status_code == 200


def test_invalid_images_are_reported_by_code(server, tmp_path):
    bomb = png(50_000, 50_000)
    page = b"<html><script>alert(1)</script></html>"
    heic = b"\0\0\0\x18ftypheic" + b"\0" * 100
    answer = server.post(
        ("bomb.png", bomb), ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ("page.jpg", page),
        ("phone.heic", heic), ("empty.png", b""), ("tiny.png", png(8, 8, b"\0" * 200)),
        ("cut.png", png(400, 400, b"\0" * 1000)),
    )  # fmt: skip
    assert answer.status_code == 422
    assert [one["error"]["code"] for one in answer.json()["predictions"]] == [
        "too_many_pixels", "not_an_image", "not_an_image", "truncated", "not_an_image", "too_small", "truncated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 400),
        ({"Content-Type": "application/json"}, b'{"images": ', 400),
        ({"Content-Type": "application/json"}, b"[" * 100_000, 400),
        ({"Content-Type": "application/json"}, b'{"images": [], "top": NaN}', 400),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({}, b"", 415),
        ({"Content-Type": "multipart/form-data"}, b"x", 400),
        ({"Content-Type": FORM}, b"rubbish", 400),
        ({"Content-Type": FORM}, HEAD, 400),
        ({"Content-Type": FORM}, HEAD.replace(b"images", b"photo") + f"x\r\n--{BOUNDARY}--\r\n".encode(), 400),
        ({"Content-Type": FORM}, HEAD.replace(b'; filename="a.png"', b"") + f"x\r\n--{BOUNDARY}--\r\n".encode(), 400),
    ],
)
def test_a_malformed_request_is_reported(server, headers, body, status):
    known = {"Authorization": "Bearer the-right-token"}
    answer = requests.post(f"{server.url}/v1/predictions", data=body, headers=known | headers, timeout=30)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_too_many_images_are_rejected(serving, paint):
    server = serving(max_images=2)
    one = paint("a.png", RED)
    answer = server.post(one, one, one)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert "2" in answer.json()["error"]["message"]


def test_a_repeated_field_is_rejected(server, paint):
    body = b"".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="top"\r\n\r\n{n}\r\n'.encode() for n in (1, 2))
    headers = {"Authorization": "Bearer the-right-token", "Content-Type": FORM}
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    answer = requests.post(f"{server.url}/v1/predictions", data=body + HEAD + b"x" + end, headers=headers, timeout=30)
    assert answer.status_code == 400
    assert "'top' is given twice" in answer.json()["error"]["message"]


@pytest.fixture
def slow_maps(monkeypatch):
    """Makes each map take 0.2 s; lists the maps that were computed."""
    computed = []

    def slow(pipeline, result, condition, method):
        for one in maps_of(pipeline, result, condition, method):
            time.sleep(0.2)
            computed.append(one)
            yield one

    monkeypatch.setattr(predict_task, "maps_of", slow)
    return computed


def test_maps_do_not_delay_other_requests(server, paint, slow_maps):
    one = paint("a.png", RED)
    with ThreadPoolExecutor(1) as clients:
        with_maps = clients.submit(server.post, *[one] * 10, maps="occlusion")
        time.sleep(0.5)
        assert server.post(one).status_code == 200
        assert len(slow_maps) < 20
        assert not with_maps.done()
        assert len(with_maps.result().json()["predictions"][9]["explanation"]["maps"]) == 2
    assert len(slow_maps) == 20


def test_computation_stops_when_the_client_disconnects(server, paint, slow_maps):
    one = paint("a.png", RED)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{server.url}/v1/predictions", files=[("images", one.read_bytes())] * 10, data={"maps": "occlusion"},
            headers={"Authorization": "Bearer the-right-token"}, timeout=0.6,
        )  # fmt: skip
    time.sleep(0.6)
    computed = len(slow_maps)
    time.sleep(0.6)
    assert len(slow_maps) == computed < 10


def test_too_many_pixels_are_rejected(server, paint, monkeypatch):
    monkeypatch.setattr(predict_task, "MAX_PIXEL_BYTES", 3 * 64 * 64 * 3)
    one = paint("a.png", RED)
    for fields in ({"format": "html", "show_image": "true"}, {"maps": "occlusion"}, {"format": "pdf", "patient": "P"}):
        answer = server.post(*[one] * 4, **fields)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many_pixels")
        assert server.post(*[one] * 3, **fields).status_code == 200
    assert server.post(*[one] * 4).status_code == 200  # their pixels are not value


def test_pending_requests_get_503_when_the_server_stops(serving, paint, slow_maps):
    server = serving()
    with ThreadPoolExecutor(1) as clients:
        with_maps = clients.submit(server.post, *[paint("a.png", RED)] * 10, maps="occlusion")
        time.sleep(0.5)
        serving.stop()
        answer = with_maps.result()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stopping")


def test_unknown_paths(server):
    assert server.get("/nowhere").json()["error"]["code"] == "not_found"
    assert server.get("/v1/predictions").json()["error"]["code"] == "wrong_method"
    assert server.get("/assets/../app.py").status_code == 404
    assert server.get("/assets/%2e%2e/app.py").status_code == 404
    assert server.get("/docs").status_code == 404  # it would load scripts from other sites


def test_images_are_never_written_to_disk(server, paint, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise AssertionError("a file was written")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # used by spooled files
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    large = io.BytesIO()
    with Pillow.open(paint("a.png", RED, size=(64, 64))) as one:
        one.resize((2000, 1500)).save(large, "BMP")
    assert len(large.getvalue()) > 8 * MIB
    assert server.post(("large.bmp", large.getvalue())).status_code == 200
    assert not (tmp_path / "temporary").exists()


def test_the_log_contains_no_names_and_no_results(server, paint, caplog):
    logging.getLogger("dysfw.serve").propagate = True
    with caplog.at_level(logging.DEBUG):
        server.post(paint("jane-doe.png", RED), ("john.jpg", b"not an image"), patient="Jane Doe")
        time.sleep(0.1)
    log = caplog.text
    assert "POST /v1/predictions 200" in log
    for private in ("jane", "Jane", "john", "sand", "the-right-token"):
        assert private not in log


def test_an_internal_error_is_reported_and_the_server_continues(server, paint, monkeypatch):
    one = paint("a.png", RED)
    predict_each = server.pipeline.predict_each
    monkeypatch.setattr(server.pipeline, "predict_each", lambda *_, **__: 1 / 0)
    answer = server.post(one)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "fault")
    assert "division" not in answer.text
    monkeypatch.setattr(server.pipeline, "predict_each", predict_each)
    assert server.post(one).status_code == 200


def test_a_slow_prediction_times_out(serving, paint, monkeypatch):
    server = serving(prediction_timeout=0.2)
    predict_each = server.pipeline.predict_each

    def slow(*given, **keys):
        time.sleep(1)
        return predict_each(*given, **keys)

    monkeypatch.setattr(server.pipeline, "predict_each", slow)
    answer = server.post(paint("a.png", RED))
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "took_too_long")


def test_without_a_token_no_authentication_is_required(serving, paint):
    server = serving(token=None)
    assert server.post(paint("a.png", RED), token=None).status_code == 200
    assert server.get("/", token=None).status_code == 200
    assert server.post(paint("a.png", RED), token=None, headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("192.168.1.9", False), ("pc", False)],
)
def test_is_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_tokens_are_random():
    assert len({Settings().token for _ in range(20)}) == 20
    assert len(Settings().token) >= 32
