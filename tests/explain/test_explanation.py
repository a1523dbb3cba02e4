"""What is said of why, on the recipe for phantoms that needs no large trunk."""

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


def pipeline_of(*overrides):
    return open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu", *overrides])


@pytest.fixture(scope="module")
def pipeline():
    return pipeline_of()


@pytest.fixture(scope="module")
def result(pipeline) -> Prediction:
    (found,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    return found


def without(result: Prediction, region: str) -> Prediction:
    """The same face, as if this region were absent."""
    row = result.regions.index(region)
    present, region_probabilities = result.subject.present.copy(), result.region_probabilities.copy()
    present[row], region_probabilities[row] = False, np.nan
    return replace(result, subject=replace(result.subject, present=present), region_probabilities=region_probabilities)


@pytest.mark.parametrize(
    "change", [(), ("fusion.use=geometric",), ("fusion.use=stacking",), ("prior={phantom-unaffected: 0.5}",)]
)
def test_contributions_sum_to_the_change_in_what_is_reported(change):
    pipeline = pipeline_of(*change)
    (result,) = pipeline.predict([ROOT / "docs" / "images" / "phantom.jpg"])
    found = explain(pipeline, result).contributions
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=0), result.probabilities, atol=1e-6)
    share = 0.5 if change and "prior" in change[0] else 1 / len(result.labels)
    assert found.base_values[result.labels.index("phantom-unaffected")] == pytest.approx(share, abs=1e-6)


def test_absent_regions_contribute_nothing(pipeline, result):
    fewer = without(result, "nose")
    told = explain(pipeline, fewer)
    here = fewer.present
    row = result.regions.index("nose")
    assert np.isnan(told.contributions.values[row]).all()
    said = pipeline.classifier.calibrated_probabilities(fewer.region_probabilities[None], here[None])[0]
    np.testing.assert_allclose(told.contributions.base_values + told.contributions.values[here].sum(axis=0), said, atol=1e-6)
    assert told.agreement.of == len(result.regions) - 1
    assert "nose" not in explanation_to_json(fewer, told)["contributions"]


def test_what_moves_nothing_contributes_nothing_and_likes_contribute_alike(pipeline, result):
    region_probabilities = result.region_probabilities.copy()
    region_probabilities[0] = 1 / region_probabilities.shape[1]
    region_probabilities[2] = region_probabilities[1]
    found = explain(pipeline, replace(result, region_probabilities=region_probabilities)).contributions.values
    np.testing.assert_allclose(found[1], found[2], atol=1e-6)


def test_agreement_counts_regions(pipeline, result):
    region_probabilities = np.zeros_like(result.region_probabilities)
    first = result.ranking[0]
    region_probabilities[:, first] = 1
    assert explain(pipeline, replace(result, region_probabilities=region_probabilities)).agreement.overlap == 1
    region_probabilities[0] = np.eye(region_probabilities.shape[1])[(first + 1) % region_probabilities.shape[1]]
    told = explain(pipeline, replace(result, region_probabilities=region_probabilities)).agreement
    regions = len(region_probabilities)
    assert (told.first, told.of) == (regions - 1, regions)
    assert told.overlap == pytest.approx((regions - 2) / regions)  # all pairs but those with the odd one


def test_crops_are_cut_again_as_they_were_from_harmonised_photographs():
    registry = load_registry()
    recipe = load_recipe(ROOT / "recipes" / "dlib.yaml", registry, ["device=cpu", "harmonise={face: 150}"])
    pipeline = Pipeline(recipe, build(recipe))
    (subject,) = pipeline.embed([ROOT / "docs" / "images" / "phantom.jpg"], pixels=True)
    for row, cut in enumerate(cut_crops(pipeline.embedder, subject).values()):
        found = pipeline.components.backbone.embed(cut.pixels[None])[0]
        np.testing.assert_allclose(found, subject.embeddings[row], atol=2e-3)
        middle = transform(cut.to_image, [len(cut.pixels) / 2] * 2)
        x0, y0, x1, y1 = subject.face.box
        assert x0 - 20 < middle[0] < x1 + 20
        assert y0 - 20 < middle[1] < y1 + 20


def test_maps_are_of_the_crops_that_were_judged(pipeline, result):
    cuts = cut_crops(pipeline.embedder, result.subject)
    backbone = pipeline.components.backbone
    for row, (region, cut) in enumerate(cuts.items()):
        np.testing.assert_allclose(
            backbone.embed(cut.pixels[None])[0], result.subject.embeddings[row], atol=2e-5, err_msg=region
        )
    polygons = {region.name: region.polygon for region in result.subject.segmentation.regions}
    side = len(cuts["nose"].pixels)
    middle = transform(cuts["nose"].to_image, [side / 2, side / 2])
    assert np.abs(middle - polygons["nose"].mean(axis=0)).max() < 0.1 * result.subject.image.width


def test_a_map_finds_the_only_place_that_the_judgement_hangs_on(pipeline, result):
    """A trunk that sees one corner of its crops, and a head that asks for light there."""

    class Corner(type(pipeline.components.backbone)):
        def __init__(self):
            pass

        input_size, dim = 150, 1

        def embed(self, crops):
            return crops[:, :37, 113:].std(axis=(1, 2, 3), dtype=np.float32)[:, None]

    class Wants(type(next(iter(pipeline.classifier.heads.values())))):
        def __init__(self):
            pass

        def predict(self, x):
            share = 1 / (1 + np.exp(-x / 10))
            rest = np.repeat((1 - share) / (len(result.labels) - 1), len(result.labels) - 1, axis=1)
            return np.concatenate([share, rest], axis=1).astype(np.float32)

    from dysfw.plugin import with_networks

    noise = np.random.default_rng(0).integers(0, 256, result.subject.pixels.shape, dtype=np.uint8)
    seen = replace(result, subject=replace(result.subject, pixels=noise))
    changed = with_networks(pipeline, Corner(), {}, {name: Wants() for name in result.regions})
    told = explain(changed, seen, label=result.labels[0], maps="occlusion")
    assert [one.region for one in told.maps] == list(result.regions)
    for one in told.maps:
        y, x = np.unravel_index(one.importance[0].argmax(), (CELLS, CELLS))
        assert y < 2, one.region
        assert x >= CELLS - 2, one.region
        assert abs(one.importance[0][4:, :4]).max() < 1e-6


def test_maps_need_the_pixels(pipeline, result):
    with pytest.raises(ValueError, match="were not kept"):
        explain(pipeline, replace(result, subject=replace(result.subject, pixels=None)), maps="occlusion")


def test_the_record_is_plain_json(pipeline, result):
    label = result.labels[3]
    told = explanation_to_json(result, explain(pipeline, result, label=label, maps="occlusion"))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["label"] == label
    total = told["base_values"][label] + sum(own[label] for own in told["contributions"].values())
    assert total == pytest.approx(float(result.probabilities[3]), abs=1e-6)
    grid = {"type": "array", "minItems": CELLS, "maxItems": CELLS}
    jsonschema.validate(told["maps"], {"items": {"properties": {"lost": grid | {"items": grid}, "corners": {"minItems": 4}}}})
    assert "standard_error" not in told


def test_people_read_the_regions_in_order(pipeline, result):
    text = io.StringIO()
    told = explain(pipeline, result)
    print_explanation(Console(file=text, width=120), result, told)
    names = [line.split()[0] for line in text.getvalue().splitlines() if line.split() and line.split()[0] in result.regions]
    assert names == [name for name, _ in told.ordered(result)]
    assert "regions put phantom-kabuki-syndrome first" in text.getvalue()


def test_a_condition_that_is_not_there_is_refused_with_the_closest():
    with pytest.raises(DysfwError, match="--why downs: the bundle knows no such condition; did you mean 'down'"):
        condition_called("downs", ["down", "sotos"], "--why")
