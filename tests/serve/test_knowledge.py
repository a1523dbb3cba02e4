"""Signs, conditions, typical faces and a ranking of all diseases, from toys; test_real_knowledge.py uses the real plugins."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from dysfw_toys.knowledge import ToyGenerator, ToyOntology, toy_knowledge
from PIL import Image as Pillow

from dysfw.inference.loading import open_pipeline
from dysfw.knowledge.load import Knowledge

RED = (200, 40, 40)


@pytest.fixture
def knowing(serving):
    return serving(knowledge=toy_knowledge())


def test_terms_are_found_while_typing(knowing):
    found = knowing.get("/v1/terms?q=phil").json()["terms"]
    assert found == [{"id": "HP:0000343", "name": "Long philtrum", "synonym": "", "definition": "A sign."}]
    assert knowing.get("/v1/terms?q=").json() == {"terms": []}
    assert len(knowing.get("/v1/terms?q=e&limit=2").json()["terms"]) == 2
    for query in ("", "q=" + "x" * 201, "q=a&limit=0", "q=a&limit=51", "q=a&limit=many"):
        response = knowing.get(f"/v1/terms?{query}")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "wrong_field")
        assert "xxx" not in response.text


def test_without_plugins_the_page_still_predicts(server, paint):
    for path in ("/v1/terms?q=a", "/v1/conditions/red/faces", "/v1/conditions/red/faces/0", "/v1/conditions/red/composite"):
        assert server.get(path).status_code == 404
    assert server.get("/v1/terms?q=a").json()["error"]["code"] == "no_ontology"
    assert server.json("/v1/rankings", {"record": {"observed": ["x"]}}).json()["error"]["code"] == "no_ontology"
    assert server.get("/v1/conditions/red/faces").json()["error"]["code"] == "no_face_generator"
    described = server.json("/v1/comparisons", {"condition": "red"}).json()
    assert (described["name"], described["signs"], described["typical_faces"]) == ("Red syndrome", [], 0)
    assert server.json("/v1/comparisons", {"condition": "OMIM:122470"}).json()["error"]["code"] == "unknown_condition"
    bundle = server.get("/v1/bundle").json()
    assert (bundle["ontology"], bundle["face_generator"]) == (None, False)
    assert server.post(paint("a.png", RED)).status_code == 200


def test_a_condition_is_compared_with_a_record(knowing):
    body = {"condition": "red", "record": {"observed": ["Synophrys"], "excluded": ["Seizure"]}}
    found = knowing.json("/v1/comparisons", body).json()
    assert found == {
        "label": "red",
        "name": "Red syndrome",
        "identifiers": [{"id": "MONDO:0000001", "href": "https://monarchinitiative.org/MONDO:0000001"}],
        "imitates": None,
        "genes": [
            {"symbol": "NIPBL", "href": "https://www.ncbi.nlm.nih.gov/gene/25836"},
            {"symbol": "ODD", "href": None},
        ],
        "signs": [
            {
                "id": "HP:0000664", "name": "Synophrys", "frequency": 0.97, "source": "58 of 60", "facial": True,
                "assessed": "observed", "href": "https://hpo.jax.org/browse/term/HP:0000664",
            },
            {
                "id": "HP:0001250", "name": "Seizure", "frequency": None, "source": "", "facial": False,
                "assessed": "excluded", "href": "https://hpo.jax.org/browse/term/HP:0001250",
            },
        ],
        "compared": [
            {"id": "HP:0000664", "name": "Synophrys", "status": "observed", "log10_lr": 1.0, "because": ""},
            {"id": "HP:0001250", "name": "Seizure", "status": "excluded", "log10_lr": None, "because": ""},
        ],
        "typical_faces": 6,
        "composite": None,
    }  # fmt: skip


def test_a_disease_is_compared_too(knowing):
    found = knowing.json("/v1/comparisons", {"condition": "OMIM:122470", "record": None}).json()
    assert (found["label"], found["name"]) == (None, "Cornelia de Lange syndrome 1")
    assert found["identifiers"] == [{"id": "OMIM:122470", "href": "https://omim.org/entry/122470"}]
    assert {one["assessed"] for one in found["signs"]} == {"not assessed"}
    for name in ("OMIM:1", "reddish", "<b>", "OMIM:", "x" * 200):
        response = knowing.json("/v1/comparisons", {"condition": name})
        assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_condition")


def test_a_phantom_imitates_a_disease_and_does_not_have_it(serving, pipeline, monkeypatch):
    from dysfw.data.conditions import Condition

    conditions = {"red": Condition(name="Phantom of CdLS", imitates="OMIM:122470")}
    monkeypatch.setattr(pipeline, "manifest", pipeline.manifest.model_copy(update={"conditions": conditions}))
    found = serving(knowledge=toy_knowledge()).json("/v1/comparisons", {"condition": "red"}).json()
    assert (found["name"], found["identifiers"], found["imitates"]) == ("Phantom of CdLS", [], "OMIM:122470")
    assert [one["name"] for one in found["signs"]] == ["Synophrys", "Seizure"]


def test_all_diseases_are_ranked_by_signs_and_faces(knowing, paint):
    found = knowing.json("/v1/rankings", {"record": {"observed": ["Synophrys"]}, "top": 1}).json()
    assert (found["schema"], found["faces"], found["with_model"], len(found["ranking"])) == ("dysfw.rank/1", 0, False, 1)
    (image,) = knowing.keep(paint("a.png", RED))
    found = knowing.json("/v1/rankings", {"images": [{"id": image["id"], "face": 0}, {"id": image["id"]}]}).json()
    assert (found["faces"], found["with_model"]) == (2, True)
    for body, message in (
        ({}, "there is nothing to rank by; give signs or an image"),
        ({"record": {"observed": ["Synophrys"]}, "genes": ["XYZ"]}, "no such gene"),
    ):
        response = knowing.json("/v1/rankings", body)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "refused")
        assert message in response.json()["error"]["message"]
    wrong = knowing.json("/v1/rankings", {"genes": ["x" * 41]})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "wrong_field")


def test_typical_faces_are_drawn_once(serving):
    generator = ToyGenerator()
    server = serving(knowledge=Knowledge(ToyOntology(), generator))
    found = server.get("/v1/conditions/red/faces?count=3&sex=female&age=2.5").json()["faces"]
    assert [one["href"] for one in found] == [f"/v1/conditions/red/faces/{n}?age=2.5&sex=female" for n in range(3)]
    assert found[0]["shown"] == ["Synophrys"]
    for number, one in enumerate(found):
        response = server.get(one["href"])
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["Cache-Control"] == "no-store"  # a cache on disk would tell which conditions were looked at
        with Pillow.open(io.BytesIO(response.content)) as image:
            assert image.size == (320, 320)
            assert abs(image.getpixel((9, 9))[0] - 40 * number) < 4
    assert generator.drawn == 3
    assert server.get("/v1/conditions/OMIM:122470/faces/5").headers["Cache-Control"] == "no-store"
    assert len(server.get("/v1/conditions/red/faces").json()["faces"]) == 6
    assert server.get("/v1/conditions/green/faces").json() == {"faces": []}  # nothing is known of it
    assert server.get("/v1/conditions/green/faces/0").json()["error"]["code"] == "no_face"
    for path in ("red/faces/6", "red/faces/-1", "red/faces/x", "red/faces/0?age=121", "red/faces/0?sex=x", "red/faces?count=7"):
        assert server.get(f"/v1/conditions/{path}").json()["error"]["code"] == "wrong_field"
    assert server.get("/v1/conditions/nobody/faces").json()["error"]["code"] == "unknown_condition"


def test_a_label_may_hold_any_character(serving, pipeline, monkeypatch):
    label = "a/b <c> 100 %?"
    classifier = replace(pipeline.classifier, labels=("green", label, "sand"))
    monkeypatch.setattr(pipeline, "classifier", classifier)
    from dysfw.data.conditions import Condition

    conditions = {label: Condition(mondo="MONDO:0000001")}
    monkeypatch.setattr(pipeline, "manifest", pipeline.manifest.model_copy(update={"conditions": conditions}))
    server = serving(knowledge=toy_knowledge())
    assert server.json("/v1/comparisons", {"condition": label}).json()["label"] == label
    assert server.get("/v1/conditions/a%2Fb%20%3Cc%3E%20100%20%25%3F/faces/1").status_code == 200
    href = server.get("/v1/conditions/a%2Fb%20%3Cc%3E%20100%20%25%3F/faces?count=1").json()["faces"][0]["href"]
    assert server.get(href).status_code == 200


def test_a_bundle_is_described_for_people(knowing, with_evidence, serving):
    found = knowing.get("/v1/bundle").json()
    measured = found["performance"]
    assert 0 <= measured["balanced_accuracy"]["low"] <= measured["balanced_accuracy"]["value"] <= 1
    assert measured["chance"] == pytest.approx(1 / 3)
    assert measured["beats_chance"] is True
    assert (measured["p"] <= 0.025, measured["images"], measured["patients"]) == (True, 24, 12)
    assert measured["top"]["1"] <= 1
    assert found["ontology"] == {"name": "HPO", "version": "2026-01-01", "licence": "HPO-licence"}
    assert (found["face_generator"], found["evidence"], found["reads_records"]) == (True, [], False)
    assert found["labels"][1]["name"] == "Red syndrome"
    assert found["labels"][1]["identifiers"][0]["href"] == "https://monarchinitiative.org/MONDO:0000001"
    assert found["labels"][0] == {"label": "green", "name": "green", "identifiers": [], "condition": None}
    assert found["limits"] == {"upload_bytes": 64 * 2**20, "images": 16, "signs": 200, "keep_minutes": 30.0}
    assert found["card"] == "/v1/card"
    other = serving(served=with_evidence).get("/v1/bundle").json()
    assert (other["evidence"], other["reads_records"]) == (["toy_signs"], True)


def test_the_model_card_is_a_page(knowing):
    response = knowing.get("/v1/card")
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<h2>Performance</h2>" in response.text
    assert "<table>" in response.text
    assert '<link rel="stylesheet" href="/assets/page.css">' in response.text
    assert "<script" not in response.text


def test_the_card_that_people_edited_is_shown_and_html_in_it_is_text(serving, bundle, toys):
    card = bundle / "MODEL_CARD.md"
    card.write_text(card.read_text("utf-8") + "\nAsk Dr. Who. <img src=x onerror=alert(1)> [x](javascript:alert(1))\n", "utf-8")
    text = serving(served=open_pipeline(bundle, toys)).get("/v1/card").text
    assert "Ask Dr. Who. &lt;img" in text
    assert "<img" not in text
    assert 'href="javascript' not in text
    card.unlink()
    assert "<h2>Performance</h2>" in serving(served=open_pipeline(bundle, toys)).get("/v1/card").text


def test_the_ontology_is_loaded_while_the_server_starts(serving):
    class Slow(ToyOntology):
        begun, go = threading.Event(), threading.Event()

        def load(self):
            self.begun.set()
            self.go.wait(10)
            super().load()

    ontology = Slow()
    server = serving(knowledge=Knowledge(ontology))
    assert server.get("/healthz").status_code == 200  # the server does not wait
    assert ontology.begun.wait(5)
    ontology.go.set()


class Broken(ToyOntology):
    """Fails at everything, and quotes what it was given."""

    @property
    def release(self):
        raise KeyError("release")

    def load(self):
        raise OSError("/home/jane/hp.obo")

    def search(self, text, limit):
        raise KeyError(text)

    def interpret(self, record):
        raise ValueError(record.observed)

    def profile(self, condition, record):
        raise RuntimeError(record.observed)

    def rank(self, record, **_):
        raise MemoryError(record.observed)


class BrokenGenerator(ToyGenerator):
    def generate(self, condition, signs, **_):
        raise IndexError(condition.label)


def test_a_plugin_that_fails_does_not_end_predictions_and_logs_nothing_of_the_request(serving, paint, server_log):
    server = serving(knowledge=Knowledge(Broken(), ToyGenerator()))
    record = {"observed": ["Synophrys"]}
    for response in (
        server.get("/v1/terms?q=synophrys"), server.json("/v1/records", record),
        server.json("/v1/comparisons", {"condition": "red", "record": record}),
        server.json("/v1/rankings", {"record": record}), server.get("/v1/conditions/red/faces/0"),
    ):  # fmt: skip
        assert response.status_code == 500
        assert response.json()["error"]["code"] == "plugin_failed"
        assert "predictions still work" in response.json()["error"]["message"]
    assert server.get("/v1/bundle").json()["ontology"] is None
    (image,) = server.keep(paint("a.png", RED))
    assert server.json("/v1/predictions", {"images": [{"id": image["id"]}]}).status_code == 200
    other = serving(knowledge=Knowledge(ToyOntology(), BrokenGenerator()))
    assert other.get("/v1/conditions/red/faces").json()["error"]["code"] == "plugin_failed"
    assert "the ontology cannot be loaded: OSError at" in server_log()
    assert "the ontology failed: KeyError at" in server_log()
    assert "synophrys" not in server_log().casefold()
    assert "jane" not in server_log()


def test_plugins_are_asked_by_many_at_once(knowing):
    with ThreadPoolExecutor(16) as clients:
        found = list(clients.map(lambda n: knowing.get(f"/v1/terms?q=syn&limit={1 + n % 5}").status_code, range(100)))
    assert set(found) == {200}


def test_a_composite_is_shown_if_the_bundle_has_one(serving, pipeline, monkeypatch):
    import numpy as np

    class Composite:
        pixels, patients = np.full((64, 64, 3), 90, np.uint8), 12

    monkeypatch.setattr(pipeline, "composites", {"red": Composite()})
    server = serving()
    found = server.json("/v1/comparisons", {"condition": "red"}).json()["composite"]
    assert found == {"patients": 12, "href": "/v1/conditions/red/composite"}
    response = server.get(found["href"])
    assert response.headers["Content-Type"] == "image/png"
    with Pillow.open(io.BytesIO(response.content)) as image:
        assert np.asarray(image).tolist() == Composite.pixels.tolist()
    assert server.json("/v1/comparisons", {"condition": "green"}).json()["composite"] is None
    assert server.get("/v1/conditions/green/composite").json()["error"]["code"] == "no_composite"
