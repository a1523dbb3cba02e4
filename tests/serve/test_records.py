"""Records of patients in requests."""

import json
import time

import pytest
from dysfw_toys.knowledge import toy_knowledge

RED, GREEN = (200, 40, 40), (40, 160, 40)
PHENOPACKET = {
    "id": "one",
    "subject": {"id": "Jane", "timeAtLastEncounter": {"age": {"iso8601duration": "P3Y6M"}}, "sex": "FEMALE"},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0000664", "label": "Synophrys"}},
        {"type": {"id": "HP:0000343", "label": "Long philtrum"}, "excluded": True},
    ],
    "metaData": {"created": "2026-01-01T00:00:00Z", "createdBy": "x", "phenopacketSchemaVersion": "2.0", "resources": []},
}


@pytest.fixture
def reading(serving, with_evidence):
    """A server whose recipe reads records."""
    return serving(served=with_evidence, knowledge=toy_knowledge())


def answer(server, *images, **fields):
    return server.json("/v1/predictions", {"images": [{"id": one["id"]} for one in images], **fields})


def test_a_record_changes_the_prediction_of_a_sent_image(reading, paint):
    one = paint("a.png", RED)
    face = reading.post(one).json()["predictions"][0]
    found = reading.post(one, record=json.dumps({"observed": ["cold"]})).json()["predictions"][0]
    assert found["probabilities"]["green"] > face["probabilities"]["green"]
    assert found["record"]["face_probabilities"] == face["probabilities"]
    assert found["record"]["signs"] == [{"id": "TOY:cold", "name": "cold", "status": "observed"}]


def test_a_record_changes_the_prediction_of_a_kept_image_as_in_python(reading, paint):
    from dysfw.types import PatientRecord

    path = paint("a.png", RED)
    (image,) = reading.keep(path)
    found = answer(reading, image, record={"observed": ["cold"]}).json()["predictions"][0]
    (face,) = reading.pipeline.predict([path])
    expected = reading.pipeline.with_record(face, PatientRecord(("cold",)))
    assert list(found["probabilities"].values()) == pytest.approx(expected.probabilities.tolist(), abs=1e-6)
    assert set(found["explanation"]["evidence"]) == {"toy_signs"}
    assert answer(reading, image).json()["predictions"][0]["probabilities"] == image["faces"][0]["probabilities"]


def test_the_record_belongs_to_the_patient_of_several_images(reading, paint):
    images = reading.keep(paint("a.png", RED), paint("b.png", RED, seed=3))
    found = answer(reading, *images, patient="P", record={"observed": ["cold"], "age": 3}).json()
    assert found["patient"]["record"]["signs"]
    assert all("record" not in one for one in found["predictions"])
    for response in (
        answer(reading, *images, record={"observed": ["cold"]}),
        reading.post(paint("a.png", RED), paint("b.png", RED, seed=3), record='{"observed": ["cold"]}'),
    ):
        assert (response.status_code, response.json()["error"]["code"]) == (400, "several_faces")
        assert "name the patient" in response.json()["error"]["message"]


def test_a_recipe_without_evidence_refuses_a_sent_record_and_remarks_on_a_typed_one(server, paint):
    one = paint("a.png", RED)
    refused = server.post(one, record="observed: [warm]")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "reads_no_records")
    (image,) = server.keep(one)
    found = answer(server, image, record={"observed": ["warm"]})
    assert found.status_code == 200
    result = found.json()["predictions"][0]
    assert result["probabilities"] == image["faces"][0]["probabilities"]
    assert [one["code"] for one in result["warnings"]].count("record_not_used") == 1


@pytest.mark.parametrize("form", ["pdf", "phenopacket", "csv", "html"])
def test_every_format_takes_a_record(reading, paint, form):
    (image,) = reading.keep(paint("a.png", RED))
    for fields in ({}, {"patient": "P"}):
        assert answer(reading, image, record={"observed": ["cold"]}, format=form, **fields).status_code == 200


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"observed": "x" * 201}, "201 characters"),
        ({"observed": [f"sign {n}" for n in range(150)], "excluded": [f"other {n}" for n in range(51)]}, "201 signs"),
        ({"ancestry": "x" * 201}, "characters"),
        ({"age": "1.1.2020"}, "a date, not an age"),
        ({"age": 121}, "more than 120 years"),
        ({"sex": "f", "colour": "red"}, "unknown key 'colour'"),
        ({"sex": "unicorn"}, "sex"),
        ({"observed": [{"HP": "1"}]}, "is a mapping"),
        ({"observed": [1]}, "is a number"),
        ({"id": "x", "phenotypicFeatures": 3}, "phenotypicFeatures"),
    ],
)
def test_a_wrong_record_is_refused_everywhere(reading, paint, record, message):
    (image,) = reading.keep(paint("a.png", RED))
    for response in (
        answer(reading, image, record=record),
        reading.json("/v1/records", record),
        reading.json("/v1/comparisons", {"condition": "red", "record": record}),
        reading.json("/v1/rankings", {"record": record}),
        reading.post(paint("a.png", RED), record=json.dumps(record)),
    ):
        assert response.status_code == 400, response.text
        assert response.json()["error"]["code"] == "wrong_record"
        assert message in response.json()["error"]["message"]


def test_an_overlong_body_is_refused(reading):
    body = json.dumps({"observed": ["x"] * 400_000}).encode()
    response = reading.send("POST", "/v1/records", data=body)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert "1,024 KiB" in response.json()["error"]["message"]
    began = time.perf_counter()
    assert reading.send("POST", "/v1/records", data=b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n").status_code == 400
    assert reading.send("POST", "/v1/records", data=b"[" * 900_000).status_code == 400
    assert time.perf_counter() - began < 10


def test_a_phenopacket_is_read(reading):
    for keys in ({"json": PHENOPACKET}, {"data": json.dumps(PHENOPACKET).encode()}):
        found = reading.send("POST", "/v1/records", **keys).json()
        assert found["observed"] == [{"id": "HP:0000664", "name": "Synophrys"}]
        assert found["excluded"] == [{"id": "HP:0000343", "name": "Long philtrum"}]
        assert (found["age"], found["age_text"], found["sex"]) == (3.5, "3y 6m", "female")
    found = reading.send("POST", "/v1/records", data=b"observed: [synophrys]\nage: 10 weeks\nancestry: Finnish").json()
    assert (found["observed"][0]["name"], found["ancestry"]) == ("Synophrys", "Finnish")
    assert reading.json("/v1/records", {"age": found["age_text"]}).json()["age"] == pytest.approx(found["age"], abs=1 / 365)


def test_a_record_that_contradicts_itself_is_a_problem(reading, serving, paint):
    record = {"observed": ["Synophrys", "Long philtrum"], "excluded": ["HP:0000664"]}
    found = reading.json("/v1/records", record).json()
    assert found["problems"] == ["Synophrys is observed and excluded"]
    assert [one["name"] for one in found["observed"]] == ["Long philtrum"]
    without = serving().json("/v1/records", {"observed": ["Synophrys"], "excluded": ["synophrys"]}).json()
    assert without["problems"] == ["Synophrys is both observed and excluded"]
    assert without["observed"] == [{"id": "Synophrys", "name": "Synophrys"}]


def test_markup_in_signs_stays_text(reading, paint):
    (image,) = reading.keep(paint("a.png", RED))
    sign = "<script>alert(1)</script>"
    html = answer(reading, image, record={"observed": [sign, "cold"]}, format="html").text
    assert "<script" not in html
    assert sign in str(reading.json("/v1/records", {"observed": [sign]}).json()["problems"])


def test_the_log_contains_nothing_of_a_record(reading, paint, server_log):
    (image,) = reading.keep(paint("jane.png", RED))
    answer(reading, image, patient="Jane", record={"observed": ["Synophrys", "warm"], "age": 3})
    reading.json("/v1/records", PHENOPACKET)
    reading.get("/v1/terms?q=synophrys")
    reading.json("/v1/comparisons", {"condition": "OMIM:122470", "record": {"observed": ["Synophrys"]}})
    reading.json("/v1/rankings", {"record": {"observed": ["Synophrys"]}, "genes": ["NIPBL"]})
    reading.get("/v1/conditions/OMIM:122470/faces/0?age=3&sex=female")
    reading.get(f"/v1/images/{image['id']}/maps/0/upper?condition=red")
    time.sleep(0.1)
    assert "GET /v1/terms 200" in server_log()
    assert "GET /v1/conditions/{condition:path}/faces/{number} 200" in server_log()
    everything = (server_log() + reading.get("/metrics").text).casefold()
    for private in ("synophrys", "jane", "warm", "122470", "nipbl", "female", image["id"].casefold(), "condition=red", "age=3"):
        assert private not in everything
