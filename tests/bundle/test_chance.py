"""A bundle that was not shown to beat chance says so wherever its predictions are seen; others do not."""

import csv
import io
import json

import matplotlib as mpl
import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from dysfw.batch.run import Batch
from dysfw.batch.runner import BatchTask, Local, fingerprints_of
from dysfw.batch.shard import WHOLE
from dysfw.batch.source import Listing
from dysfw.bundle.contents import Manifest
from dysfw.bundle.read import read_bundle
from dysfw.cli.commands.train import print_summary
from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.inference.patient import predict_patient
from dysfw.output.card.card import card
from dysfw.output.figure import save_figure
from dysfw.output.ranking_table import RankingTable
from dysfw.output.terminal import print_prediction
from dysfw.output.to_json import patient_to_json, prediction_to_json
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.progress import Silent

CODE = "not_shown_to_beat_chance"


@pytest.fixture
def shuffled(paint, tmp_path):
    """Twenty-four patients whose colours say nothing of their conditions, and so neither does anything else."""
    rows, rng = ["path,label,patient"], np.random.default_rng(5)
    for patient in range(24):
        paint(f"shuffled/{patient}.png", tuple(rng.integers(40, 215, 3)), seed=patient)
        rows.append(f"{patient}.png,{'abc'[patient % 3]},p{patient}")
    (tmp_path / "shuffled" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "shuffled"


@pytest.fixture
def at_chance(toys, toy_recipe, shuffled, tmp_path, trained_once):
    def write():
        recipe = load_recipe(toy_recipe, toys, ["reliability.min_face_height=0"])
        train(recipe, read_dataset(shuffled), tmp_path / "at-chance", Silent())

    return trained_once("at-chance", tmp_path / "at-chance", toy_recipe, shuffled, write)


@pytest.fixture
def good(toys, toy_recipe, colour_data, tmp_path, trained_once):
    def write():
        recipe = load_recipe(toy_recipe, toys, ["reliability.min_face_height=0"])
        train(recipe, read_dataset(colour_data), tmp_path / "good", Silent())

    return trained_once("good", tmp_path / "good", toy_recipe, colour_data, write)


@pytest.fixture
def image(paint):
    return paint("new.png", (120, 100, 90), seed=99)


def test_training_and_card_say_so_with_intervals(at_chance, good, toys):
    for folder, words in ((at_chance, "not shown to beat chance"), (good, "shown to beat chance (p = 0.001)")):
        console = Console(file=io.StringIO(), width=300)
        manifest = read_bundle(folder, toys).manifest
        print_summary(console, manifest, folder)
        text, written = console.file.getvalue(), (folder / "MODEL_CARD.md").read_text()
        fused = manifest.cross_validated.fused
        interval = str(fused.estimate("balanced_accuracy"))
        assert interval.endswith("]")
        assert interval in text
        assert interval in written
        assert str(fused.estimate("top_2")) in written
        assert words in text
        assert "shown to beat chance (p = " in written
        assert ("**This bundle was not shown to beat chance.**" in written) is (folder is at_chance)
    assert manifest.cross_validated.fused.balanced_accuracy == 1
    assert fused.intervals["balanced_accuracy"][0] < 1  # twelve patients prove no certainty


def test_every_output_of_a_prediction_says_so(at_chance, toys, image, tmp_path):
    pipeline = open_pipeline(at_chance, toys)
    (prediction,) = pipeline.predict([image], pixels=True)
    patient = predict_patient(pipeline.classifier, "P", [prediction])
    message = "this bundle was not shown to beat chance (cross-validated balanced accuracy "
    for written in (prediction_to_json(prediction, pipeline), patient_to_json(patient, pipeline)):
        assert written["reliable"] is False
        assert CODE in [one["code"] for one in written["reasons"]]
        assert any(one["code"] == CODE and one["message"].startswith(message) for one in written["warnings"])
    console = Console(file=io.StringIO(), width=300)
    print_prediction(console, prediction, 3, (), {})
    assert f"not reliable: {message}" in console.file.getvalue()
    assert console.file.getvalue().count(message) == 1
    assert message in card(prediction, pipeline, None, top=3, name="x")  # what notebooks and the page of serve show
    with mpl.rc_context({"svg.fonttype": "none"}):
        save_figure(tmp_path / "figure.svg", prediction, pipeline, 3)
    assert "not reliable: this bundle was not shown to beat chance" in (tmp_path / "figure.svg").read_text()
    file = io.StringIO(newline="")
    RankingTable(file, "csv").write(prediction, pipeline)
    row = next(csv.DictReader(io.StringIO(file.getvalue())))
    assert row["reliable"] == "false"
    assert CODE in row["reasons"].split(";")


def test_a_batch_says_so_in_each_row_and_in_the_metadata(at_chance, toys, image, tmp_path):
    pipeline = open_pipeline(at_chance, toys)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(image.read_bytes())
    task = BatchTask(at_chance, (), None, False, False, fingerprints_of(pipeline))
    listing = Listing(str(tmp_path / "images"))
    Batch(task, pipeline, listing, WHOLE, Local(), Silent(), print).run(tmp_path / "out.parquet", fresh=False)
    table = pq.read_table(tmp_path / "out.parquet")
    (row,) = table.to_pylist()
    assert row["reliable"] is False
    assert CODE in row["reasons"]
    assert CODE in [one["code"] for one in json.loads(table.schema.metadata[b"dysfw"])["warnings"]]


def test_a_good_bundle_has_no_such_warning(good, toys, paint):
    pipeline = open_pipeline(good, toys)
    (prediction,) = pipeline.predict([paint("red.png", (200, 40, 40), seed=99)])
    assert pipeline.notices == ()
    assert prediction.reliable


def test_a_patient_keeps_images_whose_only_fault_is_the_bundle(at_chance, toys, image, paint):
    pipeline = open_pipeline(at_chance, toys)
    results = list(pipeline.predict([image, paint("other.png", (110, 110, 90), seed=98)]))
    patient = predict_patient(pipeline.classifier, "P", results)
    others = [[one for one in result.reasons if one.code != CODE] for result in results]
    assert [bool(why) for why in patient.left_out] == [bool(why) and not all(others) for why in others]
    assert not patient.reliable


def older(folder):
    """Make the bundle what it would have been before bundles had intervals and a test."""
    content = json.loads((folder / "bundle.json").read_text())
    for part in (content["cross_validated"], content["held_out"]):
        if part:
            part.pop("chance_test", None)
            for scores in (part["fused"], *part["regions"].values()):
                scores.pop("intervals", None)
    manifest = Manifest.model_validate(content)
    assert manifest.model_dump(mode="json", by_alias=True, exclude={"fingerprint"}) == {
        key: value for key, value in content.items() if key != "fingerprint"
    }  # so old fingerprints stay valid
    content["fingerprint"] = manifest.computed_fingerprint()
    (folder / "bundle.json").write_text(json.dumps(content))
    return folder


def test_an_older_bundle_is_tested_when_it_is_opened(at_chance, good, toys):
    (known,) = open_pipeline(at_chance, toys).notices
    assert open_pipeline(older(at_chance), toys).notices == (known,)  # the same words, with the interval
    assert open_pipeline(older(good), toys).notices == ()


def test_another_fusion_is_tested_itself(at_chance, toys):
    (mean,) = open_pipeline(at_chance, toys).notices
    (largest,) = (one for one in open_pipeline(at_chance, toys, ["fusion.use=max"]).notices if one.code == CODE)
    assert mean.code == largest.code
    bundle = read_bundle(at_chance, toys)
    right = bundle.fitted.out_of_fold.probabilities.max(axis=1).argmax(axis=1) == bundle.fitted.out_of_fold.y
    assert f"balanced accuracy {right.mean():.3f}" in largest.message  # the classes have equally many images
