import pytest

from dysfw.errors import DysfwError
from dysfw.serve.client import Client

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
    with pytest.raises(DysfwError, match="401: the token is missing"):
        Client(server.url, "wrong").predict(one)
    client = Client(server.url, "the-right-token")
    with pytest.raises(DysfwError, match="no such condition"):
        client.predict(one, why="blue")
    with pytest.raises(DysfwError, match="cannot read"):
        client.predict(tmp_path / "none.jpg")
    with pytest.raises(DysfwError, match=r"does not answer \(ConnectionError\)"):
        Client("http://127.0.0.1:9").bundle()
    with pytest.raises(DysfwError, match="no photograph was given"):
        client.predict_all([])
    with pytest.raises(TypeError, match="put it in a list"):
        client.predict_all(str(one))
    with pytest.raises(DysfwError, match="as objects"):
        client.predict(one, format="csv")
    with pytest.raises(DysfwError, match="no face was judged; photograph 1: a text, not an image"):
        client.write([b"no picture"], "pdf")
    assert Client(server.url.removeprefix("http://"), "the-right-token").bundle()["recipe"]["name"] == "toy"


def test_a_busy_server_is_asked_again(serving, paint):
    from concurrent.futures import ThreadPoolExecutor

    server = serving(waiting=1)
    one = paint("a.png", RED)

    def ask(_: int) -> str:
        with Client(server.url, "the-right-token") as client:
            return client.predict(one)["ranking"][0]["label"]

    with ThreadPoolExecutor(3) as clients:
        assert list(clients.map(ask, range(3))) == ["red"] * 3
