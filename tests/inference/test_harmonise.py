"""Recipes that harmonise images."""

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.inference.build import build
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.types import Failure
from dysfw.util.progress import Silent

KEYS = "harmonise={face: 48}"
RED = (200, 40, 40)


@pytest.fixture
def pipeline_of(toys, toy_recipe):
    def make(*overrides: str) -> Pipeline:
        recipe = load_recipe(toy_recipe, toys, overrides)
        return Pipeline(recipe, build(recipe))

    return make


def test_coordinates_are_those_of_the_original_image(pipeline_of, paint):
    image = paint("a.png", RED, size=(400, 300))
    (plain,), (harmonised,) = pipeline_of().embed([image]), pipeline_of(KEYS).embed([image])
    assert (harmonised.image.height, harmonised.image.width) == (300, 400)
    assert np.array_equal(harmonised.face.box, plain.face.box)
    for one, other in zip(plain.segmentation.regions, harmonised.segmentation.regions, strict=True):
        assert one.name == other.name
        assert np.abs(one.polygon - other.polygon).max() < 0.5
    assert list(harmonised.timings_ms) == ["decode", "detect", "harmonise", "segment", "crop", "embed"]


def test_the_same_scene_in_two_sizes_and_formats_has_nearly_the_same_embedding(pipeline_of, paint, tmp_path):
    large = paint("large.png", RED, size=(400, 400))
    Pillow.open(large).reduce(4).save(tmp_path / "small.png")
    Pillow.open(large).save(tmp_path / "large.jpg", quality=60)
    files = [tmp_path / "small.png", tmp_path / "large.jpg"]
    one, other = (result.embeddings for result in pipeline_of(KEYS).embed(files))
    assert np.abs(one - other).max() < 3  # of 255
    assert np.abs(one - other).max() > 0


def test_embeddings_do_not_depend_on_the_batch(pipeline_of, paint):
    images = [paint(f"{n}.png", RED, size=(48 + n, 80), seed=n) for n in range(18)]
    keys = "harmonise={face: 48, colour: normalise, background: blur}"
    together = [r.embeddings for r in pipeline_of(keys).embed(images)]
    alone = [next(iter(pipeline_of(keys).embed([image]))).embeddings for image in images]
    np.testing.assert_array_equal(together, alone)


def test_each_of_several_faces_is_harmonised_by_itself(pipeline_of, paint):
    results = list(pipeline_of(KEYS, "detector.faces=3").embed([paint("a.png", RED, size=(240, 120))], all_faces=True))
    assert [round(float(r.segmentation.regions[0].polygon[:, 0].min())) for r in results] == [8, 88, 168]


def test_a_face_that_cannot_be_harmonised_fails_alone(pipeline_of, paint, monkeypatch):
    from dysfw_toys.components import Centre

    original = Centre.detect

    def detect(self, images):
        faces = original(self, images)
        faces[1][0].box[:] = 7
        return faces

    monkeypatch.setattr(Centre, "detect", detect)
    good, bad = pipeline_of(KEYS).embed([paint("a.png", RED), paint("b.png", RED, seed=1)])
    assert not isinstance(good, Failure)
    assert bad.code == "component_failed"
    assert "harmonising failed on this image: ValueError: the box of the face has no area" in bad.message


def test_a_bundle_trained_with_harmonisation_requires_it(toys, toy_recipe, colour_data, paint, tmp_path):
    train(load_recipe(toy_recipe, toys, [KEYS]), read_dataset(colour_data), tmp_path / "bundle", Silent())
    pipeline = open_pipeline(tmp_path / "bundle", toys)
    assert pipeline.embedder.harmonisation.face == 48
    (prediction,) = pipeline.predict([paint("new.png", RED, seed=99)])
    assert prediction.labels[prediction.ranking[0]] == "red"
    for override in ("harmonise=null", "harmonise.quality=50"):
        with pytest.raises(DysfwError, match="harmonise: trained with {'face': 48, .*, the recipe has") as caught:
            open_pipeline(tmp_path / "bundle", toys, [override])
        assert "train the changed recipe" in caught.value.hint


def test_a_bundle_trained_without_harmonisation_refuses_it(toys, toy_recipe, colour_data, tmp_path):
    train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())
    with pytest.raises(DysfwError, match="harmonise: trained with none, the recipe has {'face': 48"):
        open_pipeline(tmp_path / "bundle", toys, [KEYS])


def test_fine_tuning_with_harmonisation_is_refused(toys, toy_recipe, colour_data, tmp_path):
    recipe = load_recipe(toy_recipe, toys, [KEYS, "backbone={use: grey_backbone}", "tune={mode: full}"])
    with pytest.raises(DysfwError, match="'toy' harmonises images, which .* tune do not support") as caught:
        train(recipe, read_dataset(colour_data), tmp_path / "bundle", Silent())
    assert "--set harmonise=null" in caught.value.hint
