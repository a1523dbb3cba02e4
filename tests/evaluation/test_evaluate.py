import json
from functools import partial

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.splits import SplitConfig
from dysfw.inference.build import build, build_fusion
from dysfw.recipe.check import load_recipe
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

QUICK = EvaluationConfig(SplitConfig(folds=3, repeats=2), resamples=200, permutations=99)


@pytest.fixture
def candidate(toys, toy_recipe):
    """candidate("fusion.use=median"): the toy recipe, with the geometric mean and stacking as other fusions."""

    def make(*overrides: str) -> Candidate:
        recipe = load_recipe(toy_recipe, toys, overrides)
        components = build(recipe)
        others = {name: load_recipe(toy_recipe, toys, [f"fusion={{use: {name}}}"]) for name in ("geometric", "stacking")}
        regions = components.segmenter.regions
        fusions = {name: partial(build_fusion, other, regions) for name, other in others.items()}
        return Candidate(recipe, components, fusions)

    return make


@pytest.fixture
def plain(colour_data):
    """The colour data without a split."""
    manifest = colour_data / "manifest.csv"
    manifest.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in manifest.read_text().splitlines()))
    return colour_data


def test_every_image_is_tested_in_each_repeat_by_a_model_trained_on_other_patients(candidate, plain):
    (done,) = evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    result = done.result
    assert result.measures["balanced_accuracy"].value == 1
    assert result.measures["balanced_accuracy"].low < 1  # fifteen patients do not show certainty
    assert result.protocol.kind == "cross-validation"
    assert (result.protocol.folds, result.protocol.repeats, result.protocol.splits) == (3, 2, 6)
    assert result.protocol.patient_wise
    assert result.confusion == [(k, k, 10) for k in range(3)]
    groups = done.evaluation_data.embedded.groups
    for split in done.splits:
        assert not set(groups[split.train_rows]) & set(groups[split.test_rows])
    names = [(one.kind, one.name) for one in result.models]
    assert names[0] == ("recipe", "recipe")
    assert {name for kind, name in names if kind == "region"} == set(done.evaluation_data.embedded.regions)
    assert {name for kind, name in names if kind == "fusion"} == {"geometric", "stacking"}
    assert len([1 for kind, _ in names if kind == "baseline"]) == 2


def test_features_of_patients_do_not_leak_into_the_scores(candidate, tmp_path, paint):
    rows, rng = ["path,label,patient"], np.random.default_rng(1)
    for patient in range(30):
        colour = tuple(rng.integers(40, 215, 3))
        for image in range(2):
            paint(f"leak/{patient}-{image}.png", colour, seed=patient * 2 + image)
            rows.append(f"{patient}-{image}.png,{'ab'[patient % 2]},p{patient}")
    (tmp_path / "leak" / "manifest.csv").write_text("\n".join(rows))
    (done,) = evaluate([candidate("head.C=1000")], read_dataset(tmp_path / "leak"), QUICK, Silent())
    assert done.result.measures["balanced_accuracy"].low < 0.5 < done.result.measures["balanced_accuracy"].high


def test_a_shortcut_feature_fails_the_audit_and_raises_the_baseline(candidate, plain):
    for path in (plain / "red").glob("*.png"):
        Pillow.open(path).resize((96, 96)).save(path)
    (done,) = evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    assert done.result.audit.verdict == "fail"
    (baseline,) = [one for one in done.result.models if one.name == "shortcut features"]
    assert baseline.measures["balanced_accuracy"].value > 0.6


def test_the_split_of_the_data_is_used_if_there_is_one(candidate, colour_data):
    (done,) = evaluate([candidate()], read_dataset(colour_data), QUICK, Silent())
    assert done.result.protocol.kind == "held out"
    assert done.pooled.evaluated.sum() == 6
    assert sum(images for _, _, images in done.result.confusion) == 6


def test_a_condition_without_training_images_is_an_error(candidate, colour_data):
    manifest = colour_data / "manifest.csv"
    rows = [row for row in manifest.read_text().splitlines() if "sand" not in row or row.endswith("test")]
    manifest.write_text("\n".join([*rows, *(f"sand/{n}.png,sand,s{n},test" for n in range(4))]))
    with pytest.raises(DysfwError, match="test images of sand, but no training image"):
        evaluate([candidate()], read_dataset(colour_data), QUICK, Silent())


def test_conditions_with_too_few_patients_are_an_error_or_left_out(candidate, plain):
    manifest = plain / "manifest.csv"
    rows = [
        row for row in manifest.read_text().splitlines() if "sand-2" not in row and "sand-3" not in row and "sand-4" not in row
    ]
    manifest.write_text("\n".join(rows))
    with pytest.raises(DysfwError, match=r"too few patients for 3 folds in 'sand' \(2 patients\)"):
        evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    smaller = EvaluationConfig(SplitConfig(folds=3, repeats=1, leave_out_small=True), resamples=50, permutations=99)
    (done,) = evaluate([candidate()], read_dataset(plain), smaller, Silent())
    assert done.result.labels == ["green", "red"]
    (finding,) = [one for one in done.result.data.findings if one.code == "too_few_patients"]
    assert (finding.severity, finding.images) == ("exclusion", 4)


@pytest.mark.parametrize(("folds", "hint"), [(6, "--folds 5"), (9, "--folds 5")])
def test_leaving_out_nearly_all_conditions_is_an_error_with_a_hint(candidate, plain, folds, hint):
    config = EvaluationConfig(SplitConfig(folds=folds, leave_out_small=True))
    with pytest.raises(DysfwError, match="--leave-out-small would leave 0 conditions of 3") as refusal:
        evaluate([candidate()], read_dataset(plain), config, Silent())
    assert hint in refusal.value.hint


def test_a_single_condition_is_an_error(candidate, plain):
    manifest = plain / "manifest.csv"
    manifest.write_text("\n".join(row for row in manifest.read_text().splitlines() if "green" not in row and "red" not in row))
    with pytest.raises(DysfwError):
        evaluate([candidate()], read_dataset(plain), EvaluationConfig(SplitConfig(folds=9, leave_out_small=True)), Silent())


def test_sources_are_left_out_one_by_one(candidate, plain):
    manifest = plain / "manifest.csv"
    head, *rows = manifest.read_text().splitlines()
    manifest.write_text("\n".join([f"{head},source", *(f"{row},{'north' if int(row[-1]) < 3 else 'south'}" for row in rows)]))
    (done,) = evaluate(
        [candidate()], read_dataset(plain), EvaluationConfig(SplitConfig("sources"), resamples=50, permutations=99), Silent()
    )
    assert done.result.protocol.sources == ["north", "south"]
    assert done.result.measures["accuracy"].value == 1


def test_unreadable_images_are_counted_and_named(candidate, plain):
    (plain / "red" / "0.png").write_bytes(b"no image")
    (done,) = evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    assert [failure.source for failure in done.failures] == [str(plain / "red" / "0.png")]
    assert done.result.data.images == 29
    assert any(one.severity == "exclusion" and one.images == 1 for one in done.result.data.findings)


def test_candidates_that_differ_in_fusion_share_embeddings_and_splits(candidate, plain):
    first, second = candidate(), candidate("fusion.use=median")
    calls = []
    embed = first.components.backbone.embed
    first.components.backbone.embed = lambda crops: calls.append(len(crops)) or embed(crops)
    second.components.backbone.embed = None  # would raise
    one, other = evaluate([first, second], read_dataset(plain), QUICK, Silent())
    assert sum(calls) == 60  # two regions of thirty images
    assert [split.test_rows.tolist() for split in one.splits] == [split.test_rows.tolist() for split in other.splits]
    alone = next(c for c in one.result.models if c.kind == "region")
    assert alone == next(c for c in other.result.models if c.kind == "region" and c.name == alone.name)


def test_the_unaffected_label_is_found_or_given(candidate, plain):
    (done,) = evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    assert done.result.unaffected is None
    (done,) = evaluate([candidate()], read_dataset(plain), EvaluationConfig(QUICK.split, "sand", 50, 99), Silent())
    assert done.result.measures["auroc_affected"].value == 1
    with pytest.raises(DysfwError, match="did you mean 'sand'"):
        evaluate([candidate()], read_dataset(plain), EvaluationConfig(QUICK.split, "sandy", 50, 99), Silent())


def test_the_result_can_be_saved_and_loaded_as_json(candidate, plain):
    (done,) = evaluate([candidate()], read_dataset(plain), QUICK, Silent())
    text = done.result.model_dump_json(by_alias=True)
    assert type(done.result).model_validate(json.loads(text)) == done.result
    assert "NaN" not in text


@pytest.fixture
def several(tmp_path, paint):
    """several([0, 0, 1]): patients of three colours, each with images of their own colour (0) and of the next (1). Each
    image has its own noise, because images with the same noise count as copies."""
    colours = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}

    def make(shown: list[int], split: str, first: int) -> list[str]:
        rows, names = [], list(colours)
        for k, label in enumerate(names):
            for patient in range(5):
                for n, step in enumerate(shown):
                    name = f"{split}-{label}-{patient}-{n}.png"
                    paint(f"several/{name}", colours[names[(k + step) % 3]], seed=first + 100 * k + 10 * patient + n)
                    rows.append(f"{name},{label},{split}-{label}-{patient},{split}")
        return rows

    def write(train: list[int], test: list[int] | None = None):
        rows = make(train, "train", 1000) + (make(test, "test", 2000) if test else [])
        cut = None if test else -len(",train")
        rows = ["path,label,patient,split"[: cut and -len(",split")], *(row[:cut] for row in rows)]
        (tmp_path / "several" / "manifest.csv").write_text("\n".join(rows) + "\n")
        return read_dataset(tmp_path / "several")

    return write


def test_patients_with_several_images_are_also_predicted_from_all_of_them(candidate, several):
    (done,) = evaluate([candidate()], several([0, 0]), QUICK, Silent())
    patients = done.result.patients
    assert (patients.patients, patients.with_several_images, patients.images_per_patient) == (15, 15, 2)
    assert patients.measures["balanced_accuracy"].value == 1
    groups, per_patient = done.evaluation_data.embedded.groups, done.pooled.per_patient
    for group in np.unique(groups):
        rows = per_patient[:, groups == group]
        assert np.array_equal(rows[:, 0], rows[:, 1])  # one prediction for each patient
    assert np.allclose(per_patient.sum(axis=2), 1, atol=1e-5)


def test_several_images_outweigh_a_misleading_one(candidate, several):
    (done,) = evaluate([candidate()], several([0], [0, 0, 1]), QUICK, Silent())
    assert done.result.measures["balanced_accuracy"].value == pytest.approx(2 / 3)
    assert done.result.patients.measures["balanced_accuracy"].value == 1
    assert done.result.patients.difference["balanced_accuracy"].value == pytest.approx(1 / 3)


def test_patients_with_one_image_each_have_no_patient_level_result(candidate, several):
    (done,) = evaluate([candidate()], several([0]), QUICK, Silent())
    assert done.result.patients is None


def test_patients_with_several_labels_are_left_out_of_the_patient_level_result(candidate, several, tmp_path):
    several([0, 0])
    manifest = tmp_path / "several" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("train-green-0\n", "train-red-0\n"))
    (done,) = evaluate([candidate()], read_dataset(tmp_path / "several"), QUICK, Silent())
    assert done.result.patients.patients == 13  # of 15 two became one, under two labels
