"""The server with the ontology of dysfw-hpo and the typical faces of dysfw-phantom."""

import io
import time

import pytest
from PIL import Image as Pillow

from dysfw.knowledge.load import load_knowledge
from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry

pytest.importorskip("dysfw_hpo")
pytest.importorskip("dysfw_phantom")
pytestmark = pytest.mark.slow
RED = (200, 40, 40)
CORNELIA_DE_LANGE = "OMIM:122470"


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge(Registry(load_plugins()))


@pytest.fixture
def knowing(serving, knowledge):
    return serving(knowledge=knowledge)


def test_signs_are_found_in_50_ms(knowing):
    knowing.get("/v1/terms?q=a")  # the ontology is loaded
    seconds = []
    for text, wanted in (("long ph", "HP:0000343"), ("synoph", "HP:0000664"), ("cleft pal", "HP:0000175")):
        for end in range(3, len(text) + 1):
            began = time.perf_counter()
            found = knowing.get(f"/v1/terms?q={text[:end]}").json()["terms"]
            seconds.append(time.perf_counter() - began)
        assert wanted in [one["id"] for one in found[:3]]
    assert sorted(seconds)[len(seconds) // 2] < 0.05


def test_a_record_that_contradicts_the_ontology_is_a_problem(knowing):
    record = {"observed": ["Cleft palate", "Long philtrum"], "excluded": ["Oral cleft", "long philtrum"], "age": "3y"}
    found = knowing.json("/v1/records", record).json()
    assert [one["id"] for one in found["observed"]] == ["HP:0000175"]
    assert len(found["problems"]) == 2
    assert "Orofacial cleft (HP:0000202) is excluded, but Cleft palate" in found["problems"][1]
    assert found["excluded"] == []


def test_a_condition_has_links_genes_and_signs(knowing):
    record = {"observed": ["Synophrys"], "excluded": ["Seizure"]}
    found = knowing.json("/v1/comparisons", {"condition": CORNELIA_DE_LANGE, "record": record}).json()
    assert {"id": CORNELIA_DE_LANGE, "href": "https://omim.org/entry/122470"} in found["identifiers"]
    assert "NIPBL" in [gene["symbol"] for gene in found["genes"]]
    synophrys = next(sign for sign in found["signs"] if sign["id"] == "HP:0000664")
    assert (synophrys["assessed"], synophrys["facial"]) == ("observed", True)
    assert synophrys["frequency"] > 0.5
    assert next(one for one in found["compared"] if one["id"] == "HP:0000664")["log10_lr"] > 1


def test_diseases_are_ranked_by_face_and_signs(knowing, paint):
    record = {"observed": ["Synophrys", "Long philtrum", "Long eyelashes", "Hirsutism"]}
    found = knowing.json("/v1/rankings", {"record": record, "top": 5}).json()
    assert any("Cornelia" in one["name"] for one in found["ranking"])
    (image,) = knowing.keep(paint("a.png", RED))
    assert knowing.json("/v1/rankings", {"record": record, "images": [{"id": image["id"]}]}).status_code == 200
    unknown = knowing.json("/v1/rankings", {"record": record, "genes": ["/etc/passwd"]})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "refused")


def test_typical_faces_show_the_signs_of_a_condition(knowing):
    (face,) = knowing.get(f"/v1/conditions/{CORNELIA_DE_LANGE}/faces?count=1").json()["faces"]
    assert "Synophrys" in face["shown"]
    assert not set(face["shown"]) & set(face["not_shown"])
    with Pillow.open(io.BytesIO(knowing.get(face["href"]).content)) as image:
        assert image.size == (320, 320)
