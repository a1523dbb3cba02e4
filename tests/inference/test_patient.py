"""Several photographs of one patient, judged together."""

from dataclasses import replace

import numpy as np
import pytest

from dysfw.data.read import read_dataset
from dysfw.explain.explanation import explain
from dysfw.inference.loading import open_pipeline
from dysfw.inference.patient import mean_region_probabilities, predict_patient
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.types import Neighbor, Notice
from dysfw.util.progress import Silent


@pytest.fixture
def pipeline(toys, toy_recipe, colour_data, tmp_path):
    small = ["reliability.min_face_height=0"]
    train(load_recipe(toy_recipe, toys, small), read_dataset(colour_data), tmp_path / "bundle", Silent())
    return open_pipeline(tmp_path / "bundle", toys)


@pytest.fixture
def judged(pipeline, paint):
    """Photographs of reddish, greyish and greenish patches."""
    colours = [(200, 40, 40), (150, 90, 60), (120, 110, 50)]
    paths = [paint(f"{n}.png", colour, seed=70 + n) for n, colour in enumerate(colours)]
    return [replace(one, reasons=(), reliable=True) for one in pipeline.predict(paths)]


def test_votes_are_averaged_over_the_photographs_that_show_the_region():
    region_probabilities = np.array(
        [[[0.2, 0.8], [np.nan, np.nan]], [[0.6, 0.4], [0.9, 0.1]], [[0.5, 0.5], [np.nan, np.nan]]], np.float32
    )
    present = ~np.isnan(region_probabilities).any(axis=2)
    means, shown = mean_region_probabilities(region_probabilities, present, np.array([0, 0, 1]))
    assert np.allclose(means[0], [[0.4, 0.6], [0.9, 0.1]])
    assert np.allclose(means[1, 0], [0.5, 0.5])
    assert np.isnan(means[1, 1]).all()
    assert shown.tolist() == [[True, True], [True, False]]


def test_one_photograph_is_judged_as_by_itself(pipeline, judged):
    alone = predict_patient(pipeline.classifier, "P", judged[:1])
    assert np.allclose(alone.probabilities, judged[0].probabilities, atol=1e-6)
    assert alone.prediction_set == judged[0].prediction_set
    assert alone.reliable is True


def test_several_lie_between_them_whatever_their_order(pipeline, judged):
    together = predict_patient(pipeline.classifier, "P", judged)
    other = predict_patient(pipeline.classifier, "P", judged[::-1])
    assert np.allclose(together.probabilities, other.probabilities, atol=1e-6)
    said = np.stack([one.probabilities for one in judged])
    assert together.probabilities.sum() == pytest.approx(1, abs=1e-5)
    red = together.labels.index("red")
    assert said[:, red].min() < together.probabilities[red] < said[:, red].max()


def test_a_file_given_twice_counts_once(pipeline, judged):
    twice = predict_patient(pipeline.classifier, "P", [judged[0], judged[1], judged[0]])
    once = predict_patient(pipeline.classifier, "P", judged[:2])
    assert np.array_equal(twice.probabilities, once.probabilities)
    assert [bool(why) for why in twice.left_out] == [False, False, True]
    assert "same file as image 1" in twice.left_out[2]


def test_what_speaks_against_a_photograph_leaves_it_out_where_there_are_others(pipeline, judged):
    blurred = replace(judged[2], reasons=(Notice("face_too_blurred", "the face is blurred"),), reliable=False)
    some = predict_patient(pipeline.classifier, "P", [judged[0], blurred])
    assert some.left_out == ("", "the face is blurred")
    assert some.reliable is True
    assert np.allclose(some.probabilities, judged[0].probabilities, atol=1e-6)
    none = predict_patient(pipeline.classifier, "P", [blurred, replace(judged[1], reasons=blurred.reasons)])
    assert none.left_out == ("", "")
    assert none.reliable is False
    assert [reason.code for reason in none.reasons] == ["face_too_blurred"]


def test_what_is_said_of_one_photograph_names_it(pipeline, judged):
    grey = Notice("greyscale", "the photograph has no colour")
    own = replace(judged[1], subject=replace(judged[1].subject, notices=(grey,)), notices=(*judged[1].notices, grey))
    together = predict_patient(pipeline.classifier, "P", [judged[0], own])
    assert Notice("greyscale", "1.png: the photograph has no colour") in together.notices


def test_random_weights_are_no_reason_to_prefer_another_photograph(pipeline, judged):
    worthless = (Notice("random_weights", "the trunk has random weights"),)
    together = predict_patient(pipeline.classifier, "P", [replace(one, reasons=worthless) for one in judged])
    assert together.left_out == ("", "", "")
    assert together.reasons == worthless


def test_the_likest_cases_of_all_photographs_are_named_once(pipeline, judged):
    first = replace(judged[0], neighbors=(Neighbor("a", "red", 0.9), Neighbor("b", "red", 0.3)))
    second = replace(judged[1], neighbors=(Neighbor("b", "red", 0.95), Neighbor("c", "sand", 0.1)))
    together = predict_patient(pipeline.classifier, "P", [first, second])
    assert [(m.case, m.similarity) for m in together.neighbors] == [("b", 0.95), ("a", 0.9), ("c", 0.1)]


def test_the_regions_contributions_explain_the_patient(pipeline, judged):
    together = predict_patient(pipeline.classifier, "P", judged)
    found = explain(pipeline, together).contributions
    assert np.allclose(found.base_values + np.nansum(found.values, axis=0), together.probabilities, atol=1e-6)
