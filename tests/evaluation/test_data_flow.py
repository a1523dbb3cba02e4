"""How many images were found, excluded and used, on data with everything that excludes an image."""

import shutil

import pytest

from dysfw.data.read import read_dataset
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.splits import SplitConfig
from dysfw.inference.build import build
from dysfw.recipe.check import load_recipe
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

CONFIG = EvaluationConfig(SplitConfig(folds=2, repeats=1, leave_out_small=True), resamples=50, permutations=19)


@pytest.fixture
def candidate(toys, toy_recipe):
    recipe = load_recipe(toy_recipe, toys, [])
    return Candidate(recipe, build(recipe))


@pytest.fixture
def messy(colour_data, paint):
    """30 images of 15 patients, and 9 more that are broken, missing, copies, contradictory, or of a rare label."""
    manifest = colour_data / "manifest.csv"
    rows = [line.rpartition(",")[0] for line in manifest.read_text().splitlines()]
    (colour_data / "broken.png").write_text("not an image")
    rows += ["broken.png,red,broken", "gone.png,red,red-0"]
    shutil.copy(colour_data / "red/0.png", colour_data / "copy.png")
    shutil.copy(colour_data / "red/2.png", colour_data / "copy-of-other.png")
    rows += ["copy.png,red,red-0", "copy-of-other.png,red,joined"]
    paint("data/own.png", (200, 40, 40), seed=900)
    rows += ["own.png,red,joined"]
    paint("data/twice.png", (190, 170, 110), seed=901)
    shutil.copy(colour_data / "twice.png", colour_data / "twice-again.png")
    rows += ["twice.png,sand,conflict-1", "twice-again.png,green,conflict-2"]
    paint("data/rare-1.png", (10, 10, 200), seed=902)
    paint("data/rare-2.png", (10, 10, 200), seed=903)
    rows += ["rare-1.png,blue,rare", "rare-2.png,blue,rare"]
    manifest.write_text("\n".join(rows) + "\n")
    return colour_data


def evaluated(candidate, data):
    (done,) = evaluate([candidate], read_dataset(data), CONFIG, Silent())
    return done.result.data


def test_every_image_is_used_or_excluded_for_one_reason(candidate, messy):
    data = evaluated(candidate, messy)
    flow = data.flow
    assert [(one.code, one.images, one.patients) for one in flow.excluded] == [
        ("not_an_image", 1, 1),
        ("missing_file", 1, 0),
        ("duplicate_image", 2, 0),
        ("duplicate_conflicting_labels", 2, 2),
        ("too_few_patients", 2, 1),
    ]
    assert (flow.images_found, flow.images_used, flow.images_tested) == (39, 31, 31)
    assert (flow.patients_found, flow.patients_joined, flow.patients_used) == (20, 1, 15)
    assert flow.images_found == sum(one.images for one in flow.excluded) + flow.images_used
    assert flow.patients_found == sum(one.patients for one in flow.excluded) + flow.patients_joined + flow.patients_used
    assert (flow.images_used, flow.patients_used) == (data.images, data.patients)
    found = {one.code: one.images for one in data.findings if one.severity == "exclusion"}
    assert found == {one.code: one.images for one in flow.excluded}


def test_images_without_a_patient_are_counted_and_patients_are_not(candidate, messy):
    manifest = messy / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("red/4.png,red,red-2", "red/4.png,red,"))
    flow = evaluated(candidate, messy).flow
    assert flow.images_found == sum(one.images for one in flow.excluded) + flow.images_used == 39
    assert flow.patients_found is flow.patients_joined is flow.patients_used is None
    assert all(one.patients is None for one in flow.excluded)


def test_clean_data_lose_nothing(candidate, colour_data):
    manifest = colour_data / "manifest.csv"
    manifest.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in manifest.read_text().splitlines()))
    flow = evaluated(candidate, colour_data).flow
    assert flow.excluded == []
    assert (flow.images_found, flow.images_used, flow.patients_found, flow.patients_used) == (30, 30, 15, 15)
