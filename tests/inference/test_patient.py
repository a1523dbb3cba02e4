"""Predictions for one patient from several images."""

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
def predictions(pipeline, paint):
    """Predictions for reddish, greyish and greenish images."""
    colours = [(200, 40, 40), (150, 90, 60), (120, 110, 50)]
    paths = [paint(f"{n}.png", colour, seed=70 + n) for n, colour in enumerate(colours)]
    return [replace(one, reasons=(), reliable=True) for one in pipeline.predict(paths)]


def test_region_probabilities_are_averaged_over_images_that_show_the_region():
    region_probabilities = np.array(
        [[[0.2, 0.8], [np.nan, np.nan]], [[0.6, 0.4], [0.9, 0.1]], [[0.5, 0.5], [np.nan, np.nan]]], np.float32
    )
    present = ~np.isnan(region_probabilities).any(axis=2)
    means, shown = mean_region_probabilities(region_probabilities, present, np.array([0, 0, 1]))
    assert np.allclose(means[0], [[0.4, 0.6], [0.9, 0.1]])
    assert np.allclose(means[1, 0], [0.5, 0.5])
    assert np.isnan(means[1, 1]).all()
    assert shown.tolist() == [[True, True], [True, False]]


def test_a_single_image_gives_its_own_prediction(pipeline, predictions):
    alone = predict_patient(pipeline.classifier, "P", predictions[:1])
    assert np.allclose(alone.probabilities, predictions[0].probabilities, atol=1e-6)
    assert alone.prediction_set == predictions[0].prediction_set
    assert alone.reliable is True


def test_the_prediction_lies_between_those_of_the_images_in_any_order(pipeline, predictions):
    combined = predict_patient(pipeline.classifier, "P", predictions)
    other = predict_patient(pipeline.classifier, "P", predictions[::-1])
    assert np.allclose(combined.probabilities, other.probabilities, atol=1e-6)
    by_image = np.stack([one.probabilities for one in predictions])
    assert combined.probabilities.sum() == pytest.approx(1, abs=1e-5)
    red = combined.labels.index("red")
    assert by_image[:, red].min() < combined.probabilities[red] < by_image[:, red].max()


def test_a_file_given_twice_counts_once(pipeline, predictions):
    twice = predict_patient(pipeline.classifier, "P", [predictions[0], predictions[1], predictions[0]])
    once = predict_patient(pipeline.classifier, "P", predictions[:2])
    assert np.array_equal(twice.probabilities, once.probabilities)
    assert [bool(reason) for reason in twice.left_out] == [False, False, True]
    assert "same file as image 1" in twice.left_out[2]


def test_an_unreliable_image_is_left_out_if_another_is_reliable(pipeline, predictions):
    blurred = replace(predictions[2], reasons=(Notice("face_too_blurred", "the face is blurred"),), reliable=False)
    some = predict_patient(pipeline.classifier, "P", [predictions[0], blurred])
    assert some.left_out == ("", "the face is blurred")
    assert some.reliable is True
    assert np.allclose(some.probabilities, predictions[0].probabilities, atol=1e-6)
    none = predict_patient(pipeline.classifier, "P", [blurred, replace(predictions[1], reasons=blurred.reasons)])
    assert none.left_out == ("", "")
    assert none.reliable is False
    assert [reason.code for reason in none.reasons] == ["face_too_blurred"]


def test_notices_of_one_image_name_it(pipeline, predictions):
    grey = Notice("greyscale", "the image has no colour")
    greyscale = replace(
        predictions[1],
        face_embedding=replace(predictions[1].face_embedding, notices=(grey,)),
        notices=(*predictions[1].notices, grey),
    )
    combined = predict_patient(pipeline.classifier, "P", [predictions[0], greyscale])
    assert Notice("greyscale", "1.png: the image has no colour") in combined.notices


def test_random_weights_do_not_leave_out_an_image(pipeline, predictions):
    reasons = (Notice("random_weights", "the backbone has random weights"),)
    combined = predict_patient(pipeline.classifier, "P", [replace(one, reasons=reasons) for one in predictions])
    assert combined.left_out == ("", "", "")
    assert combined.reasons == reasons


def test_the_most_similar_cases_of_all_images_are_listed_once(pipeline, predictions):
    first = replace(predictions[0], neighbors=(Neighbor("a", "red", 0.9), Neighbor("b", "red", 0.3)))
    second = replace(predictions[1], neighbors=(Neighbor("b", "red", 0.95), Neighbor("c", "sand", 0.1)))
    combined = predict_patient(pipeline.classifier, "P", [first, second])
    assert [(m.case, m.similarity) for m in combined.neighbors] == [("b", 0.95), ("a", 0.9), ("c", 0.1)]


def test_contributions_of_the_regions_add_up_to_the_patient_s_probabilities(pipeline, predictions):
    combined = predict_patient(pipeline.classifier, "P", predictions)
    contributions = explain(pipeline, combined).contributions
    assert np.allclose(contributions.base_values + np.nansum(contributions.values, axis=0), combined.probabilities, atol=1e-6)
