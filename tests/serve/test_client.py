import pytest

from dysfw.client import Client
from dysfw.errors import DysfwError

RED = (200, 40, 40)


def test_a_program_asks_as_the_page_does(server, paint):
    one, other = paint("a.png", RED), paint("b.png", RED, seed=3)
    with Client(f"{server.url}/?token=the-right-token") as client:
        assert client.bundle()["recipe"]["name"] == "toy"
        assert client.predict(one)["ranking"][0]["label"] == "red"
        assert client.predict(one.read_bytes(), explain=True)["explanation"]["label"] == "red"
        assert client.predict(b"no picture")["error"]["code"] == "not_an_image"
        assert client.predict_all([one, str(other)], patient="P-1")["patient"]["patient"] == "P-1"
        assert client.write([one], "pdf").startswith(b"%PDF")


def test_refusals_are_told_in_words(server, paint, tmp_path):
    one = paint("a.png", RED)
    with pytest.raises(DysfwError, match="401: this server asks for the token"):
        Client(server.url, "wrong").predict(one)
    client = Client(server.url, "the-right-token")
    with pytest.raises(DysfwError, match="no such condition"):
        client.predict(one, why="blue")
    with pytest.raises(DysfwError, match="cannot read"):
        client.predict(tmp_path / "none.jpg")
    with pytest.raises(DysfwError, match="does not answer"):
        Client("http://127.0.0.1:9").bundle()


def test_a_busy_server_is_asked_again(serving, paint):
    from concurrent.futures import ThreadPoolExecutor

    server = serving(waiting=1)
    one = paint("a.png", RED)

    def ask(_: int) -> str:
        with Client(server.url, "the-right-token") as client:
            return client.predict(one)["ranking"][0]["label"]

    with ThreadPoolExecutor(3) as clients:
        assert list(clients.map(ask, range(3))) == ["red"] * 3
