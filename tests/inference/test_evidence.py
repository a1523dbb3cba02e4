"""Face and record, from training to prediction."""

from dataclasses import replace

import numpy as np
import pytest

from dysfw.bundle.read import read_bundle
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.explain.contributions import contributions_of
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.types import PatientRecord
from dysfw.util.progress import Silent

EVIDENCE = "evidence=[{use: toy_signs}]"
RED = (200, 40, 40)
WARM, COLD = PatientRecord(("warm",)), PatientRecord(("cold",))
RECORDS = {"red": WARM, "sand": WARM, "green": COLD}


@pytest.fixture
def trained(toys, toy_recipe, colour_data, tmp_path):
    """trained(EVIDENCE): a bundle of the toy recipe, trained on colours; patients have records unless ``without``."""

    def make(*overrides: str, without: bool = False, name: str = "bundle"):
        dataset = read_dataset(colour_data)
        if not without:
            samples = tuple(replace(sample, record=RECORDS[sample.label]) for sample in dataset.samples)
            dataset = replace(dataset, samples=samples)
        train(load_recipe(toy_recipe, toys, overrides), dataset, tmp_path / name, Silent())
        return tmp_path / name

    return make


def predicted(pipeline, image):
    (prediction,) = pipeline.predict([image])
    return prediction


def test_a_record_moves_the_prediction_by_its_weighted_likelihood_ratios(toys, trained, paint):
    pipeline = open_pipeline(trained(EVIDENCE), toys)
    face = predicted(pipeline, paint("new.png", RED, seed=99))
    both = pipeline.with_record(face, COLD)
    weights = pipeline.evidence.weights
    assert weights.patients == 12
    log_ratios = np.log([4.0, 0.5, 0.5])  # green, red, sand
    logits = weights.face * np.log(np.maximum(face.probabilities, 1e-9)) + weights.evidence[0] * log_ratios
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(both.probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(both.evidence[0].log_likelihood, log_ratios, rtol=1e-6)
    assert both.face_probabilities is face.probabilities
    assert [(sign.name, sign.status) for sign in both.signs] == [("cold", "observed")]


def test_without_a_record_the_face_decides_alone(toys, trained, paint):
    image = paint("new.png", RED, seed=99)
    with_evidence, without = open_pipeline(trained(EVIDENCE), toys), open_pipeline(trained(name="plain"), toys)
    face = predicted(with_evidence, image)
    assert np.array_equal(face.probabilities, predicted(without, image).probabilities)
    assert with_evidence.with_record(face, PatientRecord()) is face
    assert face.evidence == ()


def test_a_record_of_which_nothing_is_known_changes_no_probability_and_says_so(toys, trained, paint):
    pipeline = open_pipeline(trained(EVIDENCE), toys)
    face = predicted(pipeline, paint("new.png", RED, seed=99))
    result = pipeline.with_record(face, PatientRecord(("tepid",)))
    assert np.array_equal(result.probabilities, face.probabilities)
    assert [notice.code for notice in result.notices if notice not in face.notices] == ["unknown_term", "record_not_used"]


def test_a_condition_that_evidence_does_not_know_is_named(toys, trained, paint):
    pipeline = open_pipeline(trained("evidence=[{use: toy_signs, known: [red, green]}]"), toys)
    result = pipeline.with_record(predicted(pipeline, paint("new.png", RED, seed=99)), WARM)
    assert np.isnan(result.evidence[0].log_likelihood).tolist() == [False, False, True]
    assert "sand" in next(notice.message for notice in result.notices if notice.code == "condition_not_known")


def test_evidence_can_be_added_to_a_bundle_without_it_but_its_weight_is_not_learned(toys, trained, paint):
    pipeline = open_pipeline(trained(), toys, [EVIDENCE])
    assert "evidence_not_trained" in [notice.code for notice in pipeline.notices]
    face = predicted(pipeline, paint("new.png", RED, seed=99))
    result = pipeline.with_record(face, WARM)
    assert "evidence_not_learned" in [notice.code for notice in result.notices]
    assert result.prediction_set == face.prediction_set
    bayes = face.probabilities * np.array([0.25, 4.0, 2.0])
    np.testing.assert_allclose(result.probabilities, bayes / bayes.sum(), atol=1e-5)


def test_evidence_can_be_left_out(toys, trained, paint):
    bundle = trained(EVIDENCE)
    pipeline = open_pipeline(bundle, toys, ["evidence=null"])
    with pytest.raises(DysfwError, match="reads no records"):
        pipeline.with_record(predicted(pipeline, paint("new.png", RED, seed=99)), WARM)


def test_training_patients_without_records_leave_the_weights_open(toys, trained):
    bundle = trained(EVIDENCE, without=True)
    assert open_pipeline(bundle, toys).evidence.weights.patients == 0
    assert read_bundle(bundle, toys).manifest.cross_validated.records == {}
    assert "was never tested" in (bundle / "MODEL_CARD.md").read_text()


def test_a_bundle_states_what_face_and_record_reach_apart(toys, trained):
    bundle = trained(EVIDENCE, "head.C=1.0e-6")  # a head that learns nothing
    records = read_bundle(bundle, toys).manifest.cross_validated.records
    assert list(records) == ["face alone", "record alone", "both"]
    assert records["record alone"].balanced_accuracy == pytest.approx(2 / 3)  # warm means red or sand
    assert records["both"].images == 24
    assert "record alone" in (bundle / "MODEL_CARD.md").read_text()


def test_face_record_and_both_are_predictions_of_their_own(toys, trained):
    """Warm means red or sand: the record alone cannot tell these two, the face and both can."""
    records = read_bundle(trained(EVIDENCE), toys).manifest.cross_validated.records
    assert records["face alone"].balanced_accuracy == 1
    assert records["record alone"].balanced_accuracy == pytest.approx(2 / 3)
    assert records["both"].balanced_accuracy == 1


def test_a_record_that_says_little_does_not_empty_the_prediction_set(toys, trained, paint):
    """Training patients are all classified with certainty, so that their thresholds would exclude all of an unclear face."""
    pipeline = open_pipeline(trained(EVIDENCE, "reliability.coverage=0.75"), toys)
    unclear = predicted(pipeline, paint("mixed.png", (120, 100, 75), seed=7))
    unclear = replace(unclear, probabilities=np.array([0.34, 0.33, 0.33], np.float32))
    result = pipeline.with_record(unclear, WARM)
    total = result.probabilities[list(result.prediction_set.members)].sum()
    assert total >= 0.75


def test_another_parameter_of_trained_evidence_is_named(toys, trained):
    pipeline = open_pipeline(trained(EVIDENCE), toys, ["evidence=[{use: toy_signs, known: [red]}]"])
    (message,) = [notice.message for notice in pipeline.notices if notice.code == "evidence_not_trained"]
    assert "with other parameters of the evidence toy_signs" in message
    assert pipeline.evidence.weights.patients == 0


def test_contributions_of_regions_and_evidence_add_up(toys, trained, paint):
    pipeline = open_pipeline(trained(EVIDENCE), toys)
    result = pipeline.with_record(predicted(pipeline, paint("new.png", RED, seed=99)), COLD)
    contributions = contributions_of(pipeline.classifier, result, seed=0)
    assert contributions.evidence.shape == (1, 3)
    total = contributions.base_values + contributions.values.sum(axis=0) + contributions.evidence.sum(axis=0)
    np.testing.assert_allclose(total, result.probabilities, atol=1e-6)
    assert contributions.evidence[0, 0] > 0 > contributions.evidence[0, 1]  # cold speaks for green, against red
