"""Predictions by the API."""

import csv
import io
import json
import re

import pytest
from google.protobuf.json_format import ParseDict
from phenopackets.schema.v2 import Phenopacket
from PIL import Image as Pillow
from pypdf import PdfReader

from dysfw.decoding.formats import image_extensions
from dysfw.output.to_json import prediction_to_json

RED, GREEN = (200, 40, 40), (40, 160, 40)


def test_predictions_are_the_same_as_in_python(server, paint):
    paths = [paint("a.png", RED), paint("b.png", GREEN, seed=3)]
    answer = server.post(*paths)
    assert answer.status_code == 200
    found = answer.json()
    assert found["patient"] is None
    expected = [prediction_to_json(one, server.pipeline) for one in server.pipeline.predict(paths)]
    for actual, wanted in zip(found["predictions"], json.loads(json.dumps(expected)), strict=True):
        assert actual["image"] == wanted["image"] | {"source": wanted["image"]["source"].rpartition("/")[2]}
        for key in ("probabilities", "regions", "face", "ranking", "prediction_set", "reasons", "recipe", "bundle"):
            assert actual[key] == wanted[key]


def test_an_invalid_image_does_not_affect_the_others(server, paint):
    answer = server.post(("text.jpg", b"not an image"), paint("a.png", RED))
    assert answer.status_code == 200
    bad, good = answer.json()["predictions"]
    assert bad["error"]["code"] == "not_an_image"
    assert good["ranking"][0]["label"] == "red"


def test_status_422_if_no_image_can_be_predicted(server, paint):
    answer = server.post(("text.jpg", b"not an image"), paint("dark.png", (0, 0, 0)))
    assert answer.status_code == 422
    assert [one["error"]["code"] for one in answer.json()["predictions"]] == ["not_an_image", "no_face"]


def test_a_patient_is_predicted_from_all_images(server, paint):
    found = server.post(paint("a.png", RED), paint("b.png", RED, seed=3), patient="P-1", explain="true").json()
    assert len(found["predictions"]) == 2
    assert found["patient"]["patient"] == "P-1"
    assert found["patient"]["explanation"]["label"] == "red"


def test_explanations_and_maps_are_returned_on_request(server, paint):
    one = paint("a.png", RED)
    assert "explanation" not in server.post(one).json()["predictions"][0]
    explained = server.post(one, why="sand").json()["predictions"][0]["explanation"]
    assert explained["label"] == "sand"
    assert explained["maps"] == []
    assert len(server.post(one, maps="occlusion").json()["predictions"][0]["explanation"]["maps"]) == 2


def test_a_face_is_selected_by_its_index(server, paint):
    one = paint("a.png", RED)
    assert server.post(one, face=0).json()["predictions"][0]["face"]["index"] == 0
    answer = server.post(one, face=3)
    assert answer.status_code == 422
    assert "no face 3" in answer.json()["predictions"][0]["error"]["message"]
    assert len(server.post(one, faces="all").json()["predictions"]) == 1


def test_each_image_of_a_patient_may_have_its_own_face(server, paint):
    paths = [paint("a.png", RED), paint("b.png", RED, seed=3), paint("c.png", RED, seed=4)]
    found = server.post(*paths, patient="P", face="0,,0").json()
    assert len(found["patient"]["images"]) == 3
    answer = server.post(*paths, patient="P", face="0,7,").json()
    assert [one.get("error", {}).get("code") for one in answer["predictions"]] == [None, "no_such_face", None]
    assert answer["predictions"][1]["image"]["width"] == 64
    assert [one["counted"] for one in answer["patient"]["images"]] == [True, True, False]
    refused = server.post(*paths, face="0,1")
    assert refused.status_code == 400
    assert "face has 2 indices for 3 images" in refused.json()["error"]["message"]


def test_html_shows_the_image_on_request(server, paint):
    one = paint("a.png", RED)
    assert "data:image" not in server.post(one, format="html").text
    assert "data:image/jpeg;base64," in server.post(one, format="html", show_image="true").text
    assert server.post(one, show_image="true").status_code == 400


def test_the_explained_condition_is_shown_at_any_rank(server, paint):
    text = server.post(paint("a.png", RED), format="html", top=1, why="green").text
    assert text.count("<details") == 2
    image_file = text.partition("<details open>")[2].partition("</details>")[0]
    assert "<bdi>green</bdi>" in image_file
    assert 'data-found="1"' in text


def test_formulas_stay_text_in_tables(server, paint):
    content = paint("a.png", RED).read_bytes()
    rows = list(csv.DictReader(io.StringIO(server.post(("=cmd|calc.png", content), format="csv").text)))
    assert rows[0]["image"] == "'=cmd|calc.png"
    rows = list(csv.DictReader(io.StringIO(server.post(("a.png", content), patient="@P", format="csv").text)))
    assert rows[0]["patient"] == "'@P"


def test_every_format_can_be_read(server, paint):
    one, other = paint("a.png", RED), paint("b.png", RED, seed=3)
    rows = list(csv.DictReader(io.StringIO(server.post(one, other, format="csv").text)))
    assert [row["image"] for row in rows] == ["a.png"] * 3 + ["b.png"] * 3
    assert server.post(one, format="tsv").text.splitlines()[0].split("\t")[0] == "image"
    packet = ParseDict(server.post(one, format="phenopacket").json(), Phenopacket())
    assert packet.interpretations[0].diagnosis.disease.id == "MONDO:0000001"
    assert len(server.post(one, other, format="phenopacket").text.splitlines()) == 2
    assert server.post(one, other, patient="P", format="phenopacket").json()["subject"] == {"id": "P"}
    assert len(server.post(one, format="coco").json()["annotations"]) == 2
    pdf = server.post(one, other, patient="P", format="pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert len(PdfReader(io.BytesIO(pdf.content)).pages) >= 1
    several = server.post(one, other, format="pdf")
    assert several.status_code == 400
    assert several.json()["error"]["code"] == "several_faces"
    shown = server.post(one, format="html")
    assert shown.headers["content-type"].startswith("text/html")
    assert shown.text.count("<article") == 1


def test_file_names_are_shortened_and_escaped(server, paint):
    content = paint("a.png", RED).read_bytes()
    for given, shown in [
        ("../../etc/passwd", "passwd"), ("C:\\photos\\x.png", "x.png"),
        ("a" * 500 + ".png", "a" * 96 + ".png"), ("<b>.png", "<b>.png"),
        ("O'Brien %22q%22.png", "O'Brien \"q\".png"),
    ]:  # fmt: skip
        found = server.post((given, content)).json()["predictions"][0]
        assert found["image"]["source"] == shown
    html = server.post(("<img src=x onerror=alert(1)>.png", content), format="html").text
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in html


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": "xml"}, "format"),
        ({"top": "0"}, "top"),
        ({"face": "-1"}, "must be numbers from 0, separated by commas, found “-1”"),
        ({"explain": "maybe"}, "must be true or false"),
        ({"top": "many"}, "must be a whole number"),
        ({"colour": "red"}, "unknown field 'colour' (allowed: faces"),
        ({"why": "redd"}, "did you mean 'red'"),
        ({"patient": "P", "faces": "all"}, "one face per image"),
        ({"show_image": "true"}, "show_image requires format=html"),
        ({"patient": "a\nb"}, "printable characters"),
        ({"patient": " "}, "printable characters"),
        ({"maps": "occlusion", "format": "csv"}, "maps requires format=json or html"),
    ],
)
def test_an_invalid_field_is_reported(server, paint, fields, message):
    answer = server.post(paint("a.png", RED), **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "wrong_field"
    assert message in answer.json()["error"]["message"]


def test_the_bundle_is_described(server):
    found = server.get("/v1/bundle").json()
    assert found["recipe"] == {"name": "toy", "fingerprint": server.pipeline.recipe.fingerprint}
    assert [one["label"] for one in found["labels"]] == ["green", "red", "sand"]
    assert found["labels"][1]["condition"]["mondo"] == "MONDO:0000001"
    assert found["regions"] == ["upper", "lower"]
    assert "Research use only" in found["notice"]


def test_metrics_count_results_without_names(server, paint):
    server.post(paint("jane-doe.png", RED), ("text.jpg", b"not an image"))
    metrics = server.get("/metrics").text
    assert 'dysfw_images_total{outcome="predicted"} 1.0' in metrics
    assert 'dysfw_images_total{outcome="not_an_image"} 1.0' in metrics
    assert 'dysfw_requests_total{path="/v1/predictions",status="200"} 1.0' in metrics
    assert "jane" not in metrics


def test_requests_in_one_batch_get_their_own_results(server, paint):
    from concurrent.futures import ThreadPoolExecutor

    paths = [paint(f"{n}.png", RED if n % 3 else GREEN, seed=n) for n in range(12)]
    alone = [server.post(path).json()["predictions"][0]["probabilities"] for path in paths]
    with ThreadPoolExecutor(12) as clients:
        together = list(clients.map(lambda path: server.post(path).json()["predictions"][0], paths))
    for path, one, wanted in zip(paths, together, alone, strict=True):
        assert one["image"]["source"] == path.name
        assert one["probabilities"] == pytest.approx(wanted, abs=2e-6)


def test_images_are_rotated_by_their_exif_orientation(server, paint, tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    with Pillow.open(paint("a.png", RED, size=(96, 48))) as image_file:
        image_file.save(tmp_path / "turned.jpg", exif=exif)
    image = server.post(tmp_path / "turned.jpg").json()["predictions"][0]["image"]
    assert (image["width"], image["height"]) == (48, 96)


def test_the_page_offers_files_of_every_format(server):
    chooser = re.search(r'<input id="files"[^>]*accept="([^"]*)"', server.get("/").text).group(1).split(",")
    assert set(chooser) == {"image/*", *image_extensions()}
    assert {".heic", ".dcm", ".tif"} <= set(chooser)
