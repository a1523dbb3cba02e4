"""What people and programs get to see of reliability."""

import io
from dataclasses import replace

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


def printed(prediction) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_prediction(console, prediction, 5, (), {})
    return console.file.getvalue()


def test_the_terminal_says_yes(prediction):
    lines = printed(prediction).splitlines()
    assert lines[lines.index("90 % set: red") + 1] == "reliable: yes"


def test_the_terminal_says_no_and_every_reason_once(prediction):
    reasons = (Notice("face_too_small", "the face is 12 px high"), Notice("out_of_distribution", "the face is [odd]"))
    said = printed(replace(prediction, reliable=False, reasons=reasons, notices=reasons))
    assert "reliable: no, because the face is 12 px high; the face is [odd]" in said
    assert said.count("12 px") == 1
    assert said.index("reliable: no") < said.index("condition")  # read before the ranking


def test_nothing_is_promised_of_a_face_unlike_those_in_training(prediction):
    reasons = (Notice("out_of_distribution", "the face is odd"),)
    assert "90 % set" in printed(prediction)
    assert "90 % set" not in printed(replace(prediction, reliable=False, reasons=reasons))


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (PredictionSet(0.9, (0, 1)), "90 % set: red, green"),  # the more probable first
        (PredictionSet(0.995, (1,)), "99.5 % set: red"),
        (PredictionSet(0.9, ()), "90 % set: none"),
        (PredictionSet(0.9, (0, 1, 2)), "90 % set: all 3 conditions"),
        (PredictionSet(0.9, (1, 2), (2,)), "90 % set: red; and, of too few patients to leave them out, sand"),
        (PredictionSet(0.9, (0, 1, 2), (0, 1, 2)), "90 % set: all 3 conditions, each of too few patients to leave it out"),
        (None, ""),
    ],
)
def test_a_set_is_told_in_a_line(prediction, own, text):
    assert set_text(replace(prediction, prediction_set=own)) == text


def test_programs_get_reasons_and_set(prediction, toys, bundle):
    pipeline = open_pipeline(bundle, toys)
    own, reasons = PredictionSet(0.9, (1, 2), (2,)), (Notice("face_too_small", "the face is 12 px high"),)
    written = prediction_to_json(replace(prediction, reliable=False, reasons=reasons, prediction_set=own), pipeline)
    assert written["reliable"] is False
    assert written["reasons"] == [{"code": "face_too_small", "message": "the face is 12 px high"}]
    assert written["prediction_set"] == {"coverage": 0.9, "labels": ["red", "sand"], "always": ["sand"]}
    assert prediction_to_json(replace(prediction, prediction_set=None), pipeline)["prediction_set"] is None


def test_the_figure_says_it_too(prediction, toys, bundle, tmp_path):
    save_figure(tmp_path / "out.svg", prediction, open_pipeline(bundle, toys), 5)
    assert (tmp_path / "out.svg").stat().st_size > 10_000
