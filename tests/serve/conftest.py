"""A server on a free local port, with the toy recipe."""

import logging
import threading
from dataclasses import dataclass

import pytest
import requests

from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.knowledge.load import Knowledge
from dysfw.recipe.check import load_recipe
from dysfw.serve.server import listening, server_of
from dysfw.serve.settings import Settings
from dysfw.training.train import train
from dysfw.util.progress import Silent

TOKEN = "the-right-token"  # noqa: S105


@dataclass(frozen=True)
class Server:
    settings: Settings
    pipeline: Pipeline

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def post(self, *images, headers=None, token=TOKEN, **fields) -> requests.Response:
        """Send images, given as paths or (name, bytes)."""
        files = [("images", one if isinstance(one, tuple) else (one.name, one.read_bytes())) for one in images]
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.post(
            f"{self.url}/v1/predictions", files=files, data=fields, headers=authorization | (headers or {}), timeout=60
        )

    def send(self, method: str, path: str, headers=None, token=TOKEN, **body) -> requests.Response:
        """Send any request; ``body`` are arguments of requests, such as ``json``."""
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + path, headers=authorization | (headers or {}), timeout=60, **body)

    def json(self, path: str, body: object, **keys) -> requests.Response:
        """Post JSON."""
        return self.send("POST", path, json=body, **keys)

    def keep(self, *images) -> list[dict]:
        """Send images to keep, given as paths or (name, bytes)."""
        files = [("images", one if isinstance(one, tuple) else (one.name, one.read_bytes())) for one in images]
        answer = self.send("POST", "/v1/images", files=files)
        assert answer.status_code == 200, answer.text
        return answer.json()["images"]

    def get(self, path: str, headers=None, token=TOKEN) -> requests.Response:
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(self.url + path, headers=authorization | (headers or {}), timeout=60, allow_redirects=False)


@pytest.fixture
def bundle(toys, toy_recipe, colour_data, tmp_path, trained_once):
    (colour_data / "labels.yaml").write_text("red: {name: Red syndrome, mondo: MONDO:0000001}\n")

    def write() -> None:
        train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())

    return trained_once("serve", tmp_path / "bundle", toy_recipe, colour_data, write)


@pytest.fixture
def pipeline(bundle, toys):
    return open_pipeline(bundle, toys)


@pytest.fixture
def with_evidence(bundle, toys):
    """A pipeline that reads records: the sign "warm" speaks for red."""
    return open_pipeline(bundle, toys, ["evidence=[{use: toy_signs}]"])


@pytest.fixture
def serving(pipeline):
    """``serving(max_requests=2)`` starts a server with these settings.

    ``knowledge`` is what it knows beside the pipeline, ``served`` another pipeline.
    """
    running = []

    def serve(*, knowledge: Knowledge | None = None, served: Pipeline | None = None, **keys) -> Server:
        listener = listening("127.0.0.1", 0)
        settings = Settings(**{"token": TOKEN, "port": listener.getsockname()[1], **keys})
        server = server_of(served or pipeline, settings, knowledge or Knowledge())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        return Server(settings, served or pipeline)

    def stop() -> None:
        for server, thread in running:
            server.should_exit = True
            thread.join(10)
            server.finish()
        running.clear()

    serve.stop = stop
    yield serve
    stop()


@pytest.fixture
def server(serving) -> Server:
    return serving()


@pytest.fixture
def server_log(caplog):
    """``server_log()``: everything that the process has logged, at any level, but for the HTTP client of the tests."""
    logging.getLogger("dysfw.serve").propagate = True
    with caplog.at_level(logging.DEBUG):
        yield lambda: "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("urllib3"))
