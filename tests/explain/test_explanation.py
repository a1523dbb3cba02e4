"""Explanations, with the recipe dlib, which needs no large backbone."""

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from dysfw.errors import DysfwError
from dysfw.explain.crops import cut_crops
from dysfw.explain.explanation import condition_called, explain
from dysfw.explain.occlusion import CELLS
from dysfw.imaging.geometry import transform
from dysfw.inference.build import build
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.output.explanation import explanation_to_json, print_explanation
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry
from dysfw.types import Prediction

ROOT = Path(__file__).parents[2]


def open_recipe(*overrides):
    return open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu", *overrides])


@pytest.fixture(scope="module")
def pipeline():
    return open_recipe()


@pytest.fixture(scope="module")
def result(pipeline) -> Prediction:
    (prediction,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    return prediction


def without(result: Prediction, region: str) -> Prediction:
    """The same face, as if this region were absent."""
    row = result.regions.index(region)
    present, region_probabilities = result.face_embedding.present.copy(), result.region_probabilities.copy()
    present[row], region_probabilities[row] = False, np.nan
    return replace(
        result, face_embedding=replace(result.face_embedding, present=present), region_probabilities=region_probabilities
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [(), ("fusion.use=geometric",), ("fusion.use=stacking",), ("prior={phantom-unaffected: 0.5}",)]
)
def test_contributions_and_base_values_sum_to_the_probabilities(change):
    pipeline = open_recipe(*change)
    (result,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"])
    contributions = explain(pipeline, result).contributions
    np.testing.assert_allclose(contributions.base_values + contributions.values.sum(axis=0), result.probabilities, atol=1e-6)
    share = 0.5 if change and "prior" in change[0] else 1 / len(result.labels)
    assert contributions.base_values[result.labels.index("phantom-unaffected")] == pytest.approx(share, abs=1e-6)


def test_absent_regions_contribute_nothing(pipeline, result):
    partial = without(result, "nose")
    explanation = explain(pipeline, partial)
    present = partial.present
    row = result.regions.index("nose")
    assert np.isnan(explanation.contributions.values[row]).all()
    probabilities = pipeline.classifier.calibrated_probabilities(partial.region_probabilities[None], present[None])[0]
    total = explanation.contributions.base_values + explanation.contributions.values[present].sum(axis=0)
    np.testing.assert_allclose(total, probabilities, atol=1e-6)
    assert explanation.agreement.of == len(result.regions) - 1
    assert "nose" not in explanation_to_json(partial, explanation)["contributions"]


def test_regions_with_equal_probabilities_contribute_equally(pipeline, result):
    region_probabilities = result.region_probabilities.copy()
    region_probabilities[0] = 1 / region_probabilities.shape[1]
    region_probabilities[2] = region_probabilities[1]
    values = explain(pipeline, replace(result, region_probabilities=region_probabilities)).contributions.values
    np.testing.assert_allclose(values[1], values[2], atol=1e-6)


def test_agreement_between_regions(pipeline, result):
    region_probabilities = np.zeros_like(result.region_probabilities)
    first = result.ranking[0]
    region_probabilities[:, first] = 1
    assert explain(pipeline, replace(result, region_probabilities=region_probabilities)).agreement.overlap == 1
    region_probabilities[0] = np.eye(region_probabilities.shape[1])[(first + 1) % region_probabilities.shape[1]]
    agreement = explain(pipeline, replace(result, region_probabilities=region_probabilities)).agreement
    regions = len(region_probabilities)
    assert (agreement.first, agreement.of) == (regions - 1, regions)
    assert agreement.overlap == pytest.approx((regions - 2) / regions)  # all pairs without the first region


def test_crops_of_harmonised_images_are_reproduced():
    registry = load_registry()
    recipe = load_recipe(ROOT / "recipes" / "dlib.yaml", registry, ["device=cpu", "harmonise={face: 150}"])
    pipeline = Pipeline(recipe, build(recipe))
    (subject,) = pipeline.embed([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    for row, crop in enumerate(cut_crops(pipeline.embedder, subject).values()):
        embedding = pipeline.components.backbone.embed(crop.pixels[None])[0]
        np.testing.assert_allclose(embedding, subject.embeddings[row], atol=2e-3)
        centre = transform(crop.to_image, [len(crop.pixels) / 2] * 2)
        x0, y0, x1, y1 = subject.face.box
        assert x0 - 20 < centre[0] < x1 + 20
        assert y0 - 20 < centre[1] < y1 + 20


def test_crops_are_the_ones_that_were_embedded(pipeline, result):
    crops = cut_crops(pipeline.embedder, result.face_embedding)
    backbone = pipeline.components.backbone
    for row, (region, crop) in enumerate(crops.items()):
        np.testing.assert_allclose(
            backbone.embed(crop.pixels[None])[0], result.face_embedding.embeddings[row], atol=2e-5, err_msg=region
        )
    polygons = {region.name: region.polygon for region in result.face_embedding.segmentation.regions}
    side = len(crops["nose"].pixels)
    centre = transform(crops["nose"].to_image, [side / 2, side / 2])
    assert np.abs(centre - polygons["nose"].mean(axis=0)).max() < 0.1 * result.face_embedding.image.width


def test_a_map_finds_the_part_of_a_crop_that_determines_the_prediction(pipeline, result):
    """The backbone sees one corner of the crops; the head responds to contrast there."""

    class Corner(type(pipeline.components.backbone)):
        def __init__(self):
            pass

        input_size, dim = 150, 1

        def embed(self, crops):
            return crops[:, :37, 113:].std(axis=(1, 2, 3), dtype=np.float32)[:, None]

    class CornerHead(type(next(iter(pipeline.classifier.heads.values())))):
        def __init__(self):
            pass

        def predict(self, x):
            share = 1 / (1 + np.exp(-x / 10))
            rest = np.repeat((1 - share) / (len(result.labels) - 1), len(result.labels) - 1, axis=1)
            return np.concatenate([share, rest], axis=1).astype(np.float32)

    from dysfw.plugin import with_networks

    noise = np.random.default_rng(0).integers(0, 256, result.face_embedding.pixels.shape, dtype=np.uint8)
    noisy = replace(result, face_embedding=replace(result.face_embedding, pixels=noise))
    changed = with_networks(pipeline, Corner(), {}, {name: CornerHead() for name in result.regions})
    explanation = explain(changed, noisy, label=result.labels[0], maps="occlusion")
    assert [one.region for one in explanation.maps] == list(result.regions)
    for one in explanation.maps:
        y, x = np.unravel_index(one.importance[0].argmax(), (CELLS, CELLS))
        assert y < 2, one.region
        assert x >= CELLS - 2, one.region
        assert abs(one.importance[0][4:, :4]).max() < 1e-6


def test_maps_need_the_pixels(pipeline, result):
    with pytest.raises(ValueError, match="were not kept"):
        explain(pipeline, replace(result, face_embedding=replace(result.face_embedding, pixels=None)), maps="occlusion")


def test_an_explanation_is_plain_json(pipeline, result):
    label = result.labels[3]
    written = explanation_to_json(result, explain(pipeline, result, label=label, maps="occlusion"))
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["label"] == label
    total = written["base_values"][label] + sum(values[label] for values in written["contributions"].values())
    assert total == pytest.approx(float(result.probabilities[3]), abs=1e-6)
    grid = {"type": "array", "minItems": CELLS, "maxItems": CELLS}
    jsonschema.validate(
        written["maps"], {"items": {"properties": {"importance": grid | {"items": grid}, "corners": {"minItems": 4}}}}
    )
    assert "standard_error" not in written


def test_the_terminal_lists_regions_by_their_contribution(pipeline, result):
    text = io.StringIO()
    explanation = explain(pipeline, result)
    print_explanation(Console(file=text, width=120), result, explanation)
    names = [line.split()[0] for line in text.getvalue().splitlines() if line.split() and line.split()[0] in result.regions]
    assert names == [name for name, _ in explanation.ordered(result)]
    assert "regions rank phantom-kabuki-syndrome first" in text.getvalue()


def test_an_unknown_condition_is_rejected_with_a_suggestion():
    with pytest.raises(DysfwError, match="--why downs: the bundle has no such condition; did you mean 'down'"):
        condition_called("downs", ["down", "sotos"], "--why")
