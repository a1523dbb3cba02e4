"""Images that the server keeps: sent once, used many times, forgotten in time."""

import contextlib
import io
import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image as Pillow
from pypdf import PdfReader

from dysfw.output.to_json import prediction_to_json
from dysfw.serve import kept_images
from dysfw.serve.settings import MIB

RED, GREEN = (200, 40, 40), (40, 160, 40)


def metric(server, name: str) -> float:
    return float(re.search(rf"^{name} (\S+)$", server.get("/metrics").text, re.MULTILINE)[1])


def answer(server, *ids: str, **fields) -> requests.Response:
    """Ask for predictions from kept images."""
    return server.json("/v1/predictions", {"images": [{"id": one} for one in ids], **fields})


def test_a_kept_image_has_the_predictions_of_all_its_faces(server, paint):
    path = paint("a.png", RED, size=(96, 64))
    (image,) = server.keep(path)
    assert (image["source"], image["width"], image["height"], image["chosen"]) == ("a.png", 96, 64, 0)
    (face,) = image["faces"]
    (expected,) = server.pipeline.predict([path], all_faces=True)
    wanted = json.loads(json.dumps(prediction_to_json(expected, server.pipeline)))
    assert face["image"]["sha256"] == wanted["image"]["sha256"] == image["sha256"]
    for key in ("probabilities", "regions", "face", "ranking", "prediction_set", "reasons"):
        assert face[key] == wanted[key]
    assert face["explanation"]["label"] == "red"


def test_a_bad_image_does_not_stop_the_others_and_is_not_kept(server, paint):
    bad, good, none = server.keep(("bad.jpg", b"no image"), paint("a.png", RED), paint("dark.png", (0, 0, 0)))
    assert bad == {"source": "bad.jpg", "error": bad["error"]}
    assert bad["error"]["code"] == "not_an_image"
    assert good["faces"]
    assert none["error"]["code"] == "no_face"
    assert metric(server, "dysfw_kept_images") == 1


def test_the_preview_is_the_image_as_the_recipe_saw_it(server, tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by a quarter
    rng = np.random.default_rng(0)
    pixels = np.clip(np.array(RED) + rng.normal(0, 9, (1000, 2000, 3)), 0, 255).astype(np.uint8)
    pixels[:, :1000] //= 2  # the left half is dark; upright, it is the upper one
    Pillow.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif)
    (image,) = server.keep(tmp_path / "turned.jpg")
    assert (image["width"], image["height"]) == (1000, 2000)
    response = server.get(image["preview"])
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Cache-Control"] == "no-store"  # never in a browser's cache on disk
    with Pillow.open(io.BytesIO(response.content)) as preview:
        assert preview.size == (640, 1280)
        assert not preview.getexif()
        shown = np.asarray(preview).mean(axis=(1, 2))
    assert shown[:600].mean() < shown[-600:].mean() / 1.5


def test_predictions_from_kept_images_are_those_of_sent_ones(server, paint):
    paths = [paint("a.png", RED), paint("b.png", RED, seed=3), paint("c.png", GREEN, seed=4)]
    sent = server.post(*paths, patient="P", explain="true").json()
    kept = answer(server, *(one["id"] for one in server.keep(*paths)), patient="P").json()
    for part in (*sent["predictions"], *kept["predictions"]):
        del part["timings_ms"]
        part["warnings"] = part["reasons"] = None  # "several faces" is for those who get one
    assert kept["predictions"] == sent["predictions"]
    assert kept["patient"] == sent["patient"]


def test_nothing_is_embedded_again(server, paint, monkeypatch):
    (image,) = server.keep(paint("a.png", RED))
    monkeypatch.setattr(server.pipeline, "predict_each", lambda *_, **__: 1 / 0)
    assert answer(server, image["id"], why="sand").json()["predictions"][0]["explanation"]["label"] == "sand"
    for form in ("csv", "tsv", "phenopacket", "html", "pdf"):
        assert answer(server, image["id"], format=form).status_code == 200


def test_a_pdf_shows_the_images_of_a_patient_in_order(server, paint):
    kept = server.keep(paint("a.png", RED), ("bad.png", b"x"), paint("b.png", RED, seed=5))
    ids = [kept[0]["id"], kept[2]["id"]]
    pdf = answer(server, *ids, patient="P", format="pdf", paper="letter")
    assert pdf.headers["Content-Type"] == "application/pdf"
    page = PdfReader(io.BytesIO(pdf.content)).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (612, 792)
    text = page.extract_text()
    assert text.index("a.png") < text.index("b.png")
    several = answer(server, *ids, format="pdf")
    assert (several.status_code, several.json()["error"]["code"]) == (400, "several_faces")


def test_another_face_and_one_that_is_not_there(server, paint):
    (image,) = server.keep(paint("a.png", RED))
    body = {"images": [{"id": image["id"], "face": 7}]}
    refused = server.json("/v1/predictions", body)
    assert refused.status_code == 422
    assert refused.json()["predictions"][0]["error"]["code"] == "no_such_face"
    assert server.json("/v1/predictions", {"images": [{"id": image["id"], "face": 0}]}).status_code == 200


def test_40_images_of_one_patient(serving, paint):
    server = serving(max_images=16)
    paths = [paint(f"{n}.png", RED, seed=n) for n in range(40)]
    with ThreadPoolExecutor(2) as clients:
        ids = [image["id"] for (image,) in clients.map(server.keep, paths)]
    found = answer(server, *ids, patient="P").json()
    assert [one["source"] for one in found["patient"]["images"]] == [path.name for path in paths]
    assert found["patient"]["ranking"][0]["label"] == "red"
    too_many = answer(server, *[ids[0]] * 257)
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (400, "wrong_field")


def test_a_deleted_image_is_gone_and_deleting_it_again_is_no_error(server, paint):
    (image,) = server.keep(paint("a.png", RED))
    path = f"/v1/images/{image['id']}"
    assert server.send("DELETE", path).status_code == 204
    assert server.send("DELETE", path).status_code == 204
    assert metric(server, "dysfw_kept_images") == metric(server, "dysfw_kept_bytes") == 0
    for response in (
        server.get(image["preview"]), answer(server, image["id"]), server.get(f"{path}/maps/0/upper"),
        server.json("/v1/rankings", {"images": [{"id": image["id"]}]}),
    ):  # fmt: skip
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_kept"
        assert response.json()["error"]["ids"] == [image["id"]]
        assert "send the image again" in response.json()["error"]["message"]


def test_a_page_that_closes_forgets_its_images_by_a_beacon(server, paint):
    images = server.keep(paint("a.png", RED), paint("b.png", RED, seed=3), paint("c.png", RED, seed=4))
    body = json.dumps({"ids": [images[0]["id"], images[1]["id"], "unknown"]})
    response = server.send("POST", "/v1/images/forget", data=body, headers={"Content-Type": "text/plain;charset=UTF-8"})
    assert (response.status_code, response.content) == (204, b"")
    missing = answer(server, *(one["id"] for one in images)).json()["error"]
    assert missing["ids"] == [images[0]["id"], images[1]["id"]]
    assert "2 of 3 images are not kept" in missing["message"]
    assert server.get(images[2]["preview"]).status_code == 200
    foreign = server.send("POST", "/v1/images/forget", data=body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_an_image_that_is_not_used_is_forgotten_in_time(serving, paint):
    server = serving(keep_minutes=1.2 / 60)
    used, unused = server.keep(paint("a.png", RED), paint("b.png", RED, seed=3))
    for _ in range(4):  # use prolongs
        time.sleep(0.4)
        assert server.get(used["preview"]).status_code == 200
    assert metric(server, "dysfw_kept_images") == 1  # a timer forgot the other one, which nobody asked for
    assert server.get(unused["preview"]).json()["error"]["code"] == "not_kept"
    time.sleep(1.6)
    assert metric(server, "dysfw_kept_images") == 0


def test_the_least_recently_used_images_go_if_memory_is_short(serving, paint):
    paths = [paint(f"{n}.bmp", RED, size=(300, 300), seed=n) for n in range(5)]  # of 270 kB
    server = serving(keep_memory=MIB)
    first, second, third = (server.keep(path)[0] for path in paths[:3])
    assert server.get(first["preview"]).status_code == 200
    fourth = server.keep(paths[3])[0]
    assert metric(server, "dysfw_kept_bytes") <= MIB
    status = {
        name: server.get(one["preview"]).status_code for name, one in zip("1234", (first, second, third, fourth), strict=True)
    }
    assert status == {"1": 200, "2": 404, "3": 200, "4": 200}
    (large,) = server.keep(paint("large.bmp", RED, size=(700, 700)))
    assert large["error"]["code"] == "too_large_to_keep"
    assert "1 MiB" in large["error"]["message"]
    assert server.get(fourth["preview"]).status_code == 200


def test_a_restarted_server_says_that_it_keeps_nothing(serving, paint):
    first = serving()
    (image,) = first.keep(paint("a.png", RED))
    serving.stop()
    second = serving()
    response = answer(second, image["id"])
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_kept")


def test_ids_cannot_be_guessed_or_listed(server, paint):
    ids = {server.keep(paint("a.png", RED))[0]["id"] for _ in range(3)}
    assert len(ids) == 3  # the same file, each time kept on its own
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in ids)
    assert server.get("/v1/images").status_code == 405
    assert server.get("/v1/images/").status_code in {307, 404, 405}
    everything = server.get("/metrics").text + server.get("/v1/bundle").text + server.get("/openapi.json").text
    assert not any(one in everything for one in ids)
    assert server.get(f"/v1/images/{next(iter(ids))}/preview", token=None).status_code == 401


def test_concurrent_requests_about_one_image(server, paint):
    (image,) = server.keep(paint("a.png", RED))
    wanted = {label: answer(server, image["id"], why=label).json() for label in ("red", "green", "sand")}
    with ThreadPoolExecutor(12) as clients:
        labels = ["red", "green", "sand"] * 20
        found = list(clients.map(lambda label: answer(server, image["id"], why=label), labels))
    assert {one.status_code for one in found} <= {200, 503}
    assert sum(one.status_code == 200 for one in found) >= 30
    for label, one in zip(labels, found, strict=True):
        assert one.status_code == 503 or one.json() == wanted[label]


def test_only_images_are_accepted(server, paint):
    one = ("images", paint("a.png", RED).read_bytes())
    unknown = server.send("POST", "/v1/images", files=[one], data={"patient": "P"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "wrong_field")
    assert "patient (allowed: images)" in unknown.json()["error"]["message"]
    assert server.send("POST", "/v1/images", json={}).json()["error"]["code"] == "not_multipart"
    assert server.send("POST", "/v1/images", files=[("photo", one[1])]).json()["error"]["code"] == "malformed"


def test_a_name_with_markup_stays_text(server, paint):
    content = paint("a.png", RED).read_bytes()
    (image,) = server.keep(("<img src=x onerror=alert(1)>.png", content))
    assert image["source"] == "<img src=x onerror=alert(1)>.png"
    html = answer(server, image["id"], format="html").text
    assert "<img" not in html


@pytest.fixture
def own_process(bundle):
    """The address and the process id of a server in a process of its own, which keeps 24 MiB of images."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = [sys.executable, str(Path(__file__).parent / "toy_server.py"), str(bundle), str(port), "24"]
    path = os.pathsep.join(one for one in sys.path if one)
    with subprocess.Popen(script, env=os.environ | {"PYTHONPATH": path}) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{url}/healthz", timeout=5)
                break
            time.sleep(0.1)
        yield url, process.pid
        process.terminate()


@pytest.mark.slow
def test_memory_stays_flat_over_200_uploads(own_process):
    """The budget holds some six images, so that most of the 200 are forgotten on the way."""
    url, pid = own_process
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    Pillow.fromarray(np.clip(rng.normal(120, 40, (1200, 1000, 3)), 0, 255).astype(np.uint8)).save(file, "BMP")  # 3.6 MB
    used = []
    for _ in range(200):
        kept = requests.post(f"{url}/v1/images", files=[("images", ("a.bmp", file.getvalue()))], timeout=60)
        assert kept.json()["images"][0]["id"]
        pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
        used.append(pages * resource.getpagesize() / MIB)
    metrics = requests.get(f"{url}/metrics", timeout=60).text
    assert float(re.search(r"^dysfw_kept_images (\S+)$", metrics, re.MULTILINE)[1]) <= 6
    assert float(re.search(r"^dysfw_kept_bytes (\S+)$", metrics, re.MULTILINE)[1]) <= 24 * MIB
    early, late = np.median(used[20:60]), np.median(used[-40:])
    print(f"median memory in uploads 21 to 60: {early:.0f} MiB, 161 to 200: {late:.0f} MiB")
    assert late < early + 20, used[::20]


def test_the_store_counts_what_images_need(paint):
    image = kept_images.KeptImage(upload=type("Upload", (), {"content": b"x" * 5000})(), info=None, preview=b"y" * 700,
                                  faces=(), chosen=0)  # fmt: skip
    assert image.nbytes == 5700
