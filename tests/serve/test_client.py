import pytest

from dysfw.errors import DysfwError
from dysfw.serve.client import Client
from dysfw.types import PatientRecord

RED = (200, 40, 40)


def test_the_client_returns_predictions_and_files(server, paint):
    one, other = paint("a.png", RED), paint("b.png", RED, seed=3)
    with Client(f"{server.url}/?token=the-right-token") as client:
        assert client.bundle()["recipe"]["name"] == "toy"
        assert client.predict(one)["ranking"][0]["label"] == "red"
        assert client.predict(one.read_bytes(), explain=True)["explanation"]["label"] == "red"
        assert client.predict(b"not an image")["error"]["code"] == "not_an_image"
        assert client.predict_all([one, str(other)], patient="P-1")["patient"]["patient"] == "P-1"
        assert client.write([one], "pdf").startswith(b"%PDF")


def test_the_client_sends_the_record_of_a_patient(serving, with_evidence, paint):
    server, one = serving(served=with_evidence), paint("a.png", RED)
    with Client(f"{server.url}/?token=the-right-token") as client:
        alone = client.predict(one)["probabilities"]["green"]
        for record in ({"observed": ["cold"]}, PatientRecord(("cold",)), "observed: [cold]"):
            assert client.predict(one, record=record)["probabilities"]["green"] > alone
        assert client.predict_all([one], patient="P", record={"observed": ["cold"]})["patient"]["record"]["signs"]
        assert client.write([one], "pdf", record={"observed": ["cold"]}).startswith(b"%PDF")
    with Client(f"{serving().url}/?token=the-right-token") as client, pytest.raises(DysfwError, match="reads no records"):
        client.predict(one, record={"observed": ["cold"]})


def test_errors_have_clear_messages(server, paint, tmp_path):
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
    with pytest.raises(DysfwError, match="no image was given"):
        client.predict_all([])
    with pytest.raises(TypeError, match="put it in a list"):
        client.predict_all(str(one))
    with pytest.raises(DysfwError, match="return JSON objects"):
        client.predict(one, format="csv")
    with pytest.raises(DysfwError, match="no image could be predicted; image 1: a text file"):
        client.write([b"not an image"], "pdf")
    assert Client(server.url.removeprefix("http://"), "the-right-token").bundle()["recipe"]["name"] == "toy"


def test_the_client_retries_while_the_server_is_busy(serving, paint):
    from concurrent.futures import ThreadPoolExecutor

    server = serving(max_requests=1)
    one = paint("a.png", RED)

    def first_label(_: int) -> str:
        with Client(server.url, "the-right-token") as client:
            return client.predict(one)["ranking"][0]["label"]

    with ThreadPoolExecutor(3) as clients:
        assert list(clients.map(first_label, range(3))) == ["red"] * 3
