"""Figures of a result."""

import io
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.output.figure import save_figure
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.types import PredictionSet
from dysfw.util.progress import Silent

LONG = "Syndrome of a very long name that two lines of a figure cannot hold, although they are as long as can be"


@pytest.fixture
def pipeline(toys, toy_recipe, colour_data, tmp_path, trained_once):
    (colour_data / "labels.yaml").write_text(f"red: {{name: Redness syndrome}}\nsand: {{name: '{LONG}'}}\n")

    def write():
        train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())

    return open_pipeline(trained_once("figure", tmp_path / "bundle", toy_recipe, colour_data, write), toys)


@pytest.fixture
def drawn(pipeline, paint):
    """drawn(change, top): the texts of the SVG, each with its x coordinate, for a changed prediction."""
    (prediction,) = pipeline.predict([paint("new.png", (200, 40, 40), seed=99)], pixels=True)

    def drawn(change=lambda result: result, top: int = 3) -> dict[str, float]:
        file = io.BytesIO()
        with mpl.rc_context({"svg.fonttype": "none"}):
            save_figure(file, change(prediction), pipeline, top, form="svg")
        svg = file.getvalue().decode()
        placed = re.findall(r'<text [^>]*?x="([\d.]+)"[^>]*>([^<]*)</text>', svg)
        rest = re.findall(r"<t(?:ext|span)[^>]*>([^<]+)</t", svg)  # rotated, or in several lines
        return dict.fromkeys(rest, np.nan) | {text: float(x) for x, text in placed}

    return drawn


def test_conditions_are_named_and_long_names_are_shortened(drawn):
    texts = drawn()
    assert "Redness syndrome" in texts
    assert any(text.startswith("Syndrome of a very long name") for text in texts)
    assert not any(LONG in text for text in texts)


def test_the_axis_of_probabilities_ends_at_one_and_labels_of_long_bars_stay_readable(drawn):
    certain = np.array([0.0002, 0.9996, 0.0002], np.float32)
    texts = drawn(lambda result: replace(result, probabilities=certain))
    assert {"&gt;0.999", "&lt;0.001"} <= texts.keys()
    assert "1.2" not in texts  # a tick of an axis that continues
    assert 0 < texts["1.0"] < texts["&gt;0.999"] + 40 <= 921.6 + 1  # pt: the width of the slide


@pytest.mark.parametrize(("number", "regions"), [(1, 1), (30, 12)])
def test_one_condition_and_many_with_twelve_regions_fit(drawn, number, regions):
    def change(result):
        probabilities = np.full(number, 1 / number, np.float32)
        return replace(
            result,
            labels=tuple(f"condition-{n}" for n in range(number)),
            regions=tuple(f"region-{n}" for n in range(regions)),
            probabilities=probabilities,
            region_probabilities=np.tile(probabilities, (regions, 1)),
            prediction_set=PredictionSet(0.9, (0,)),
        )

    texts = drawn(change, top=30)
    assert f"region-{regions - 1}" in texts
    assert "condition-0" in texts
