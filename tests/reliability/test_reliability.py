"""Reliability of predictions, from training to the model card."""

import math

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.bundle.read import read_bundle
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.reliability.quality import Quality

RED, BETWEEN = (200, 40, 40), (120, 100, 40)


@pytest.fixture
def striped(tmp_path):
    """An image unlike the training data: no toy is trained on stripes."""
    rows = np.arange(64)[:, None, None] // 8 % 2 * 255
    Pillow.fromarray(np.broadcast_to(rows, (64, 64, 3)).astype(np.uint8)).save(tmp_path / "striped.png")
    return tmp_path / "striped.png"


def codes(prediction):
    return [reason.code for reason in prediction.reasons]


def test_an_image_like_the_training_data_is_reliable_and_has_a_prediction_set(predict, paint):
    prediction = predict(paint("new.png", RED, seed=99))
    assert (prediction.reliable, prediction.reasons) == (True, ())
    assert prediction.prediction_set.coverage == 0.9
    assert [prediction.labels[k] for k in prediction.prediction_set.members] == ["red"]
    assert prediction.prediction_set.always == ()


def test_a_different_kind_of_image_is_out_of_distribution(predict, striped):
    prediction = predict(striped)
    assert prediction.reliable is False
    assert "out_of_distribution" in codes(prediction)
    assert set(prediction.reasons) <= set(prediction.notices)


def test_false_alarm_rates_of_zero_disable_the_checks(predict, striped):
    assert predict(striped, "reliability.ood_false_alarm_rate=0", "reliability.min_sharpness_quantile=0").reliable is True


def test_a_face_below_the_minimum_height_is_unreliable(predict, paint):
    assert codes(predict(paint("new.png", RED, seed=99), "reliability.min_face_height=60")) == ["face_too_small"]


def test_each_problem_has_a_reason_and_unknown_values_have_none(toys, bundle, paint):
    pipeline = open_pipeline(bundle, toys)
    (one,) = pipeline.embed([paint("new.png", RED, seed=99)])
    quality = Quality(
        sharpness=np.array([one.sharpness, -30.0, math.nan, one.sharpness]),
        height=np.array([50.0, 50.0, 19.0, math.nan]),
        pose_angle=np.array([39.0, math.nan, math.nan, 41.0]),
    )
    embeddings, present = np.repeat(one.embeddings[None], 4, axis=0), np.repeat(one.present[None], 4, axis=0)
    fused = np.full((4, 3), 1 / 3, np.float32)
    assessed = pipeline.classifier.reliability.assess(fused, embeddings, present, quality)
    found = [[reason.code for reason in reasons] for reasons in assessed.reasons]
    assert found == [[], ["face_too_blurred"], ["face_too_small"], ["face_rotated_too_far"]]


def test_coverage_can_be_changed_without_training(predict, paint):
    image = paint("between.png", BETWEEN)
    sizes = [len(predict(image, f"reliability.coverage={c}").prediction_set.members) for c in (0.3, 0.9, 0.99)]
    assert sizes == sorted(sizes)
    last = predict(image, "reliability.coverage=0.99").prediction_set
    assert last.always == last.members == (0, 1, 2)  # twenty patients are too few for such a coverage


def test_only_fused_probabilities_are_calibrated(predict, paint):
    image = paint("between.png", BETWEEN)
    plain, other = predict(image, "reliability.calibrate=false"), predict(image)
    np.testing.assert_allclose(plain.probabilities, plain.region_probabilities.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(plain.region_probabilities, other.region_probabilities)
    assert abs(plain.probabilities - other.probabilities).max() > 0.01
    assert plain.ranking == other.ranking


@pytest.mark.parametrize("fusion", ["mean", "weighted"])
def test_calibration_follows_the_fusion_in_use(toys, bundle, fusion):
    reliability = open_pipeline(bundle, toys, [f"fusion.use={fusion}"]).classifier.reliability
    again = open_pipeline(bundle, toys, [f"fusion.use={fusion}"]).classifier.reliability
    assert reliability.temperature == again.temperature
    geometric = open_pipeline(bundle, toys, ["fusion.use=geometric"]).classifier.reliability
    assert reliability.temperature != geometric.temperature


def shorten(name):
    return lambda arrays: arrays | {f"reliability/{name}": arrays[f"reliability/{name}"][..., :-1].copy()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shorten("distances"), "distances .* and sharpness"),
        (shorten("sharpness"), "distances .* and sharpness"),
        (shorten("axes"), "do not fit axes"),
        (lambda arrays: arrays | {"reliability/rest": -arrays["reliability/rest"]}, "above 0"),
        (lambda arrays: {name: array for name, array in arrays.items() if name != "reliability/mean"}, "is incomplete"),
    ],
)
def test_inconsistent_arrays_are_refused_even_with_valid_hashes(toys, bundle, change_state, change, message):
    change_state(change)
    with pytest.raises(DysfwError, match=message):
        read_bundle(bundle, toys)


def test_a_distribution_of_other_embeddings_is_refused(toys, bundle, change_state):
    change_state(
        lambda arrays: arrays | {f"reliability/{n}": arrays[f"reliability/{n}"][..., :-1].copy() for n in ("mean", "axes")}
    )
    with pytest.raises(DysfwError, match="cannot be restored: .*47.*48"):
        open_pipeline(bundle, toys)


def test_a_bundle_contains_no_embeddings_of_patients(toys, bundle):
    fitted = read_bundle(bundle, toys).fitted
    out_of_fold, embedding_distribution = fitted.out_of_fold, fitted.embedding_distribution
    assert out_of_fold.distances.shape == (60, 2)
    assert out_of_fold.sharpness.shape == (60,)
    assert embedding_distribution.mean.shape == (2, 48)
    assert embedding_distribution.axes.shape == (2, 8, 48)


def test_the_model_card_lists_the_reliability_criteria(bundle):
    card = (bundle / "MODEL_CARD.md").read_text()
    for words in ("## Reliability", "for 90 % of patients", "less than 20 px high", "rotated by more than 40°"):
        assert words in card
