"""Heat maps of kept images: computed once, for all conditions."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dysfw.serve import answer_task

RED = (200, 40, 40)


def computed(server) -> int:
    """How many maps the worker has computed."""
    return int(float(re.search(r"^dysfw_maps_total (\S+)$", server.get("/metrics").text, re.MULTILINE)[1]))


def map_of(server, image, region="upper", face=0, **query):
    fields = "&".join(f"{key}={value}" for key, value in query.items())
    return server.get(f"/v1/images/{image['id']}/maps/{face}/{region}?{fields}")


def test_maps_are_those_of_a_request_with_all_of_them(server, paint):
    path = paint("a.png", RED)
    (image,) = server.keep(path)
    wanted = server.post(path, maps="occlusion", why="sand").json()["predictions"][0]["explanation"]["maps"]
    assert [map_of(server, image, one["region"], condition="sand").json() for one in wanted] == wanted


def test_a_map_is_computed_once_for_all_conditions_and_formats(server, paint):
    (image,) = server.keep(paint("a.png", RED))
    red, sand = (map_of(server, image, condition=label).json() for label in ("red", "sand"))
    assert red["importance"] != sand["importance"]
    assert map_of(server, image).json() == red  # the first condition
    assert computed(server) == 1
    body = {"images": [{"id": image["id"]}], "maps": True}
    maps = server.json("/v1/predictions", body).json()["predictions"][0]["explanation"]["maps"]
    assert maps[0] == red
    assert computed(server) == 2  # the other region
    assert server.json("/v1/predictions", body | {"why": "sand", "patient": "P"}).status_code == 200
    assert server.json("/v1/predictions", body | {"format": "pdf"}).status_code == 200
    assert computed(server) == 2


def test_concurrent_requests_for_a_map_compute_it_once(server, paint):
    (image,) = server.keep(paint("a.png", RED))
    with ThreadPoolExecutor(8) as clients:
        found = list(clients.map(lambda _: map_of(server, image).json(), range(8)))
    assert all(one == found[0] for one in found)
    assert computed(server) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"region": "tail"}, 404, "no_such_region"),
        ({"face": 3}, 404, "no_such_face"),
        ({"face": -1}, 400, "wrong_field"),
        ({"face": "one"}, 400, "wrong_field"),
        ({"condition": "redd"}, 400, "wrong_field"),
        ({"condition": "r" * 201}, 400, "wrong_field"),
    ],
)
def test_what_is_not_there_is_refused(server, paint, change, status, code):
    (image,) = server.keep(paint("a.png", RED))
    response = map_of(server, image, **change)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert computed(server) == 0


@pytest.fixture
def slow_map(monkeypatch):
    """Each map waits until ``go`` is set; ``begun`` is set when one waits."""
    begun, go = threading.Event(), threading.Event()
    occlusion_map = answer_task.occlusion_map

    def slow(*given):
        begun.set()
        go.wait(20)
        return occlusion_map(*given)

    monkeypatch.setattr(answer_task, "occlusion_map", slow)
    return begun, go


def test_an_image_may_be_deleted_while_its_map_is_computed(server, paint, slow_map):
    begun, go = slow_map
    (image,) = server.keep(paint("a.png", RED))
    with ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(map_of, server, image)
        begun.wait(10)
        assert server.send("DELETE", f"/v1/images/{image['id']}").status_code == 204
        go.set()
        assert waiting.result().status_code == 200  # it was asked for before
    assert map_of(server, image).json()["error"]["code"] == "not_kept"
    assert "dysfw_kept_bytes 0.0" in server.get("/metrics").text


def test_a_changed_sign_does_not_wait_for_the_maps_of_others(server, paint, monkeypatch):
    """A request for all maps of ten images is in progress; another one is answered between two maps."""
    occlusion_map = answer_task.occlusion_map

    def slow(*given):
        time.sleep(0.2)
        return occlusion_map(*given)

    monkeypatch.setattr(answer_task, "occlusion_map", slow)
    images = server.keep(*(paint(f"{n}.png", RED, seed=n) for n in range(10)))
    body = {"images": [{"id": one["id"]} for one in images], "maps": True}
    with ThreadPoolExecutor(1) as clients:
        whole = clients.submit(server.json, "/v1/predictions", body)
        time.sleep(0.5)
        began = time.perf_counter()
        assert server.json("/v1/predictions", {"images": [{"id": images[0]["id"]}]}).status_code == 200
        assert time.perf_counter() - began < 1.0
        assert not whole.done()
        assert whole.result().status_code == 200
    assert computed(server) == 20
