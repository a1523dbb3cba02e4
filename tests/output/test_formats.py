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


def test_candidates_are_interpretations_in_progress_and_never_diseases(pipeline, prediction):
    packet = ParseDict(phenopacket(prediction, pipeline, 5), Phenopacket())
    assert not packet.diseases
    assert not packet.phenotypic_features
    assert [(one.diagnosis.disease.id, one.diagnosis.disease.label) for one in packet.interpretations] == [
        ("MONDO:0000001", "Red syndrome"),
        ("ORPHA:12", "Sand syndrome"),  # green has no identifier
    ]
    assert {one.progress_status for one in packet.interpretations} == {1}
    assert not any(one.diagnosis.genomic_interpretations for one in packet.interpretations)
    summary = packet.interpretations[0].summary
    assert "rank 1 of 3" in summary
    assert "not reliable: " in summary  # the toy's face is small
    assert "Research use only" in summary


def test_a_phenopacket_states_its_origin_without_file_names(pipeline, prediction):
    written = phenopacket(prediction, pipeline, 5)
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
    packet = phenopacket(predict_patient(pipeline.classifier, "P-7", [prediction, prediction]), pipeline, 1)
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
