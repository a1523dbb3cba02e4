"""Reliability in the terminal, in JSON and in figures."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from dysfw.inference.loading import open_pipeline
from dysfw.output.figure import save_figure
from dysfw.output.terminal import print_prediction, set_text
from dysfw.output.to_json import prediction_to_json
from dysfw.types import Notice, PredictionSet


@pytest.fixture
def prediction(predict, paint):
    return predict(paint("new.png", (200, 40, 40), seed=99))


def printed(prediction, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_prediction(console, prediction, 5, (), {})
    return console.file.getvalue()


def test_the_terminal_shows_that_no_problem_was_found(prediction):
    lines = printed(prediction).splitlines()
    assert lines[lines.index("90 % prediction set: red") + 1] == "no problem found with this image"


def test_the_terminal_shows_every_reason_once(prediction):
    reasons = (Notice("face_too_small", "the face is 12 px high"), Notice("out_of_distribution", "the face is [odd]"))
    text = printed(replace(prediction, reliable=False, reasons=reasons, notices=reasons))
    assert "not reliable: the face is 12 px high; the face is [odd]" in text
    assert text.count("12 px") == 1
    assert text.index("not reliable: ") < text.index("condition")  # read before the ranking


def test_no_prediction_set_is_shown_for_an_out_of_distribution_face(prediction):
    reasons = (Notice("out_of_distribution", "the face is odd"),)
    assert "90 % prediction set" in printed(prediction)
    assert "90 % prediction set" not in printed(replace(prediction, reliable=False, reasons=reasons))


def test_a_narrow_terminal_shows_every_number(prediction):
    wide, narrow = printed(prediction), printed(prediction, width=50)
    header = next(line for line in wide.splitlines() if "condition" in line)
    assert all(region in header for region in prediction.regions)
    assert "…" not in narrow
    numbers = [f"{p:.2f}" for p in prediction.region_probabilities[~np.isnan(prediction.region_probabilities)]]
    assert all(narrow.count(number) >= numbers.count(number) for number in numbers)
    assert all(f"{p:.3f}" in narrow for p in prediction.probabilities)


@pytest.mark.parametrize(
    ("prediction_set", "text"),
    [
        (PredictionSet(0.9, (0, 1)), "90 % prediction set: red, green"),  # the more probable first
        (PredictionSet(0.995, (1,)), "99.5 % prediction set: red"),
        (PredictionSet(0.9, ()), "90 % prediction set: none"),
        (PredictionSet(0.9, (0, 1, 2)), "90 % prediction set: all 3 conditions"),
        (PredictionSet(0.9, (1, 2), (2,)), "90 % prediction set: red (always included, too few patients to exclude: sand)"),
        (
            PredictionSet(0.9, (0, 1, 2), (1, 2)),
            "90 % prediction set: all 3 conditions (2 always included: too few patients to exclude them)",
        ),
        (PredictionSet(0.9, (0, 1, 2), (0, 1, 2)), "90 % prediction set: all 3 conditions (too few patients to exclude any)"),
    ],
)
def test_a_prediction_set_is_described_in_one_line(prediction, prediction_set, text):
    assert set_text(replace(prediction, prediction_set=prediction_set)) == text


def test_json_contains_reasons_and_prediction_set(prediction, toys, bundle):
    pipeline = open_pipeline(bundle, toys)
    prediction_set, reasons = PredictionSet(0.9, (1, 2), (2,)), (Notice("face_too_small", "the face is 12 px high"),)
    written = prediction_to_json(replace(prediction, reliable=False, reasons=reasons, prediction_set=prediction_set), pipeline)
    assert written["reliable"] is False
    assert written["reasons"] == [{"code": "face_too_small", "message": "the face is 12 px high"}]
    assert written["prediction_set"] == {"coverage": 0.9, "labels": ["red", "sand"], "always_included": ["sand"]}


def test_a_figure_is_written(prediction, toys, bundle, tmp_path):
    save_figure(tmp_path / "out.svg", prediction, open_pipeline(bundle, toys), 5)
    assert (tmp_path / "out.svg").stat().st_size > 10_000
