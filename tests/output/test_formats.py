"""Formats for other programs."""

import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest
from google.protobuf.json_format import ParseDict
from phenopackets.schema.v2 import Phenopacket

from dysfw.data.conditions import Condition
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.inference.patient import predict_patient
from dysfw.output.coco import Coco
from dysfw.output.phenopacket import phenopacket
from dysfw.output.ranking_table import COLUMNS, RankingTable
from dysfw.output.writers import writer_for
from dysfw.records.read import record_of_values
from dysfw.types import PatientRecord, PredictionSet, Sign


@pytest.fixture
def pipeline(toys, toy_recipe, colour_data, tmp_path):
    from dysfw.data.read import read_dataset
    from dysfw.recipe.check import load_recipe
    from dysfw.training.train import train
    from dysfw.util.progress import Silent

    (colour_data / "labels.yaml").write_text(
        "red: {name: Red syndrome, mondo: MONDO:0000001, omim: OMIM:100001}\nsand: {name: Sand syndrome, orpha: ORPHA:12}\n"
    )
    train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())
    return open_pipeline(tmp_path / "bundle", toys)


@pytest.fixture
def prediction(pipeline, paint):
    (prediction,) = pipeline.predict([paint("a b.png", (200, 40, 40), seed=50, size=(96, 64))])
    return prediction


def with_set(prediction, *labels, coverage=0.9):
    """The prediction with another prediction set."""
    members = tuple(prediction.labels.index(label) for label in labels)
    return replace(prediction, prediction_set=PredictionSet(coverage, members))


def test_candidates_are_interpretations_in_progress_and_never_diseases(pipeline, prediction):
    prediction = with_set(prediction, *prediction.labels)
    packet = ParseDict(phenopacket(prediction, pipeline, 5), Phenopacket())
    assert not packet.diseases
    assert not packet.phenotypic_features  # without a record, no one observed any
    assert [(one.diagnosis.disease.id, one.diagnosis.disease.label) for one in packet.interpretations] == [
        ("MONDO:0000001", "Red syndrome"),
        ("ORPHA:12", "Sand syndrome"),  # green has no identifier
    ]
    assert {one.progress_status for one in packet.interpretations} == {1}
    assert not any(one.diagnosis.genomic_interpretations for one in packet.interpretations)
    summary = packet.interpretations[0].summary
    assert "Red syndrome, rank 1 of 3" in summary
    assert "in the 90 % prediction set" in summary
    assert "not reliable: " in summary  # the toy's face is small
    assert "Research use only" in summary


def test_conditions_outside_the_prediction_set_are_no_candidates(pipeline, prediction):
    packet = phenopacket(with_set(prediction, "sand"), pipeline, 5)
    assert [one["diagnosis"]["disease"]["id"] for one in packet["interpretations"]] == ["ORPHA:12"]
    rank = 1 + prediction.ranking.index(prediction.labels.index("sand"))
    assert f"rank {rank} of 3" in packet["interpretations"][0]["summary"]
    assert [one["namespacePrefix"] for one in packet["metaData"]["resources"]] == ["ORPHA"]


def test_without_a_candidate_the_packet_is_valid_and_a_remark_says_why(pipeline, prediction):
    stream = io.StringIO()
    writer = writer_for("phenopacket", stream, pipeline)
    writer.add(with_set(prediction, "green"), None)
    packet = json.loads(stream.getvalue())
    assert "interpretations" not in packet
    assert ParseDict(packet, Phenopacket()).id == packet["id"]
    assert "no condition with an identifier is in the prediction set and among the first 5" in writer.remark()
    writer.add(with_set(prediction, "red"), None)
    assert not writer.remark()
    assert not writer_for("csv", stream, pipeline).remark()


def test_an_identifier_has_the_name_of_its_disease_also_for_phantoms(pipeline, prediction):
    conditions = {"red": Condition(name="phantoms of Red syndrome", mondo="MONDO:0000001")}
    pipeline.manifest = pipeline.manifest.model_copy(update={"conditions": conditions, "about": "trained on phantoms"})
    packet = phenopacket(with_set(prediction, "red"), pipeline, 5)
    (interpretation,) = packet["interpretations"]
    assert interpretation["diagnosis"]["disease"] == {"id": "MONDO:0000001", "label": "Red syndrome"}
    assert "candidate: phantoms of Red syndrome, rank 1" in interpretation["summary"]
    assert any("trained on phantoms" in one["description"] for one in packet["metaData"]["externalReferences"])


def test_signs_age_and_sex_of_the_record_are_in_the_packet_and_read_back(pipeline, prediction):
    record = PatientRecord(("Long philtrum",), ("epicanthus",), 3.5, "female", "Finnish")
    signs = (Sign("HP:0000343", "Long philtrum", "observed"), Sign("HP:0000286", "Epicanthus", "excluded"))
    packet = phenopacket(replace(prediction, record=record, signs=signs), pipeline, 5)
    first, second = ParseDict(packet, Phenopacket()).phenotypic_features
    assert (first.type.id, first.type.label, first.excluded) == ("HP:0000343", "Long philtrum", False)
    assert (second.type.id, second.type.label, second.excluded) == ("HP:0000286", "Epicanthus", True)
    (resource,) = [one for one in packet["metaData"]["resources"] if one["namespacePrefix"] == "HP"]
    assert resource["version"] == "unknown"  # this recipe has no evidence that states it
    read = record_of_values(packet, "x").record
    assert read == PatientRecord(("HP:0000343",), ("HP:0000286",), 3.5, "female")
    assert "Finnish" not in json.dumps(packet)  # the schema has no place for it


def test_a_phenopacket_states_its_origin_without_file_names(pipeline, prediction):
    written = phenopacket(with_set(prediction, *prediction.labels), pipeline, 5)
    references = {one["id"] for one in written["metaData"]["externalReferences"]}
    assert references == {
        f"dysfw-recipe:{pipeline.recipe.fingerprint}",
        f"dysfw-bundle:{pipeline.manifest.fingerprint}",
        f"sha256:{prediction.face_embedding.image.sha256}",
    }
    assert "a b" not in json.dumps(written)
    prefixes = {one["namespacePrefix"] for one in written["metaData"]["resources"]}
    assert prefixes == {"MONDO", "ORPHA"}
    assert all(one["iriPrefix"] and one["version"] for one in written["metaData"]["resources"])
    assert written["metaData"]["phenopacketSchemaVersion"] == "2.0"


def test_a_patient_is_one_phenopacket(pipeline, prediction):
    patient = predict_patient(pipeline.classifier, "P-7", [prediction, prediction])
    packet = phenopacket(with_set(patient, *patient.labels), pipeline, 1)
    assert packet["subject"] == {"id": "P-7"}
    assert len(packet["interpretations"]) == 1
    assert sum(one["id"].startswith("sha256:") for one in packet["metaData"]["externalReferences"]) == 1


def test_a_phenopacket_needs_identifiers(pipeline, prediction):
    pipeline.manifest = pipeline.manifest.model_copy(update={"conditions": {"red": Condition(name="Red")}})
    with pytest.raises(DysfwError, match="identifiers") as error:
        phenopacket(prediction, pipeline, 5)
    assert "labels.yaml" in error.value.hint


@pytest.mark.parametrize(("kind", "separator"), [("csv", ","), ("tsv", "\t")])
def test_pandas_reads_rankings(pipeline, prediction, kind, separator):
    file = io.StringIO(newline="")
    table = RankingTable(file, kind)
    table.write(prediction, pipeline)
    table.write(predict_patient(pipeline.classifier, 'P "7", the second', [prediction]), pipeline)
    frame = pd.read_csv(io.StringIO(file.getvalue()), sep=separator)
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 6
    assert frame.loc[0, ["rank", "label", "name", "mondo", "omim"]].tolist() == [
        1, "red", "Red syndrome", "MONDO:0000001", "OMIM:100001",
    ]  # fmt: skip
    assert frame.groupby(frame.patient.fillna("")).probability.sum().round(4).tolist() == [1, 1]
    assert frame.patient.dropna().unique().tolist() == ['P "7", the second']
    assert frame.reliable.tolist() == [False] * 6
    assert next(iter(csv.DictReader(io.StringIO(file.getvalue()), delimiter=separator)))["in_set"] in ("true", "false")


def test_regions_are_coco_annotations(pipeline, prediction, paint):
    coco = Coco(pipeline)
    coco.add(prediction)
    coco.add(replace(prediction, face_embedding=replace(prediction.face_embedding, index=1)))
    (other,) = pipeline.predict([paint("c.png", (40, 160, 40))])
    coco.add(other)
    document = coco.document()
    assert [one["file_name"].endswith(name) for one, name in zip(document["images"], ["a b.png", "c.png"], strict=True)]
    assert [one["name"] for one in document["categories"]] == ["upper", "lower"]
    assert [one["image_id"] for one in document["annotations"]] == [1, 1, 1, 1, 2, 2]
    assert len({one["id"] for one in document["annotations"]}) == 6
    for one, region in zip(document["annotations"], prediction.face_embedding.segmentation.regions, strict=False):
        (outline,) = one["segmentation"]
        x, y = outline[::2], outline[1::2]
        assert one["bbox"] == pytest.approx([min(x), min(y), max(x) - min(x), max(y) - min(y)], abs=0.02)
        assert one["area"] == pytest.approx(one["bbox"][2] * one["bbox"][3], rel=1e-3)  # the toy's regions are rectangles
        assert len(outline) == 2 * len(region.polygon)
    assert "Research use only" in document["info"]["description"]
