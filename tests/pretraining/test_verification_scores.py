import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.pretraining.verification_scores import accepted, best_threshold, cosines, verification


def test_a_threshold_comes_from_the_other_folds_alone():
    # in fold 0 everything lies 1 higher: thresholds from the others fit it badly, its own would fit perfectly
    similarity = np.array([1.9, 1.8, 1.2, 1.1, 0.9, 0.8, 0.2, 0.1, 0.9, 0.8, 0.2, 0.1], np.float32)
    same = np.array([True, True, False, False] * 3)
    fold = np.repeat([0, 1, 2], 4)
    found = verification(similarity, same, fold, 3)
    assert found.thresholds[0] == pytest.approx(0.5)
    right = [0.5, 1 if found.thresholds[1] < 0.8 else 0.5, 1 if found.thresholds[2] < 0.8 else 0.5]
    assert found.accuracy == pytest.approx(np.mean(right))
    assert found.standard_error == pytest.approx(np.std(right, ddof=1) / np.sqrt(3))


def test_the_best_threshold_is_that_of_trying_all():
    rng = np.random.default_rng(0)
    for _ in range(50):
        similarity = rng.integers(0, 8, 20).astype(np.float32) / 8  # many equal ones
        same = rng.random(20) < 0.5
        tried = [((similarity > t) == same).mean() for t in np.arange(-0.0625, 1.1, 0.0625)]
        assert ((similarity > best_threshold(similarity, same)) == same).mean() == max(tried)


def test_perfect_and_opposite_similarities_score_one_and_zero_area():
    same = np.array([True, False] * 20)
    fold = np.repeat(np.arange(10), 4)
    assert verification(same.astype(np.float32), same, fold, 10).accuracy == 1
    assert verification(same.astype(np.float32), same, fold, 10).auc == 1
    assert verification(1 - same.astype(np.float32), same, fold, 10).auc == 0


def test_the_share_accepted_keeps_to_the_false_rate():
    similarity = np.concatenate([np.linspace(0, 1, 100), np.linspace(0.5, 1.5, 100)]).astype(np.float32)
    same = np.repeat([False, True], 100)
    share = accepted(similarity, same, 0.1)
    limit = np.sort(similarity[~same])[-11]
    assert (similarity[~same] > limit).mean() == pytest.approx(0.1)
    assert share == pytest.approx((similarity[same] > limit).mean())
    assert accepted(similarity, same, 0.001) is None


def test_a_fold_without_pairs_is_refused():
    with pytest.raises(DysfwError, match="too few pairs"):
        verification(np.zeros(4, np.float32), np.array([True, False] * 2), np.array([0, 0, 0, 0]), 2)


def test_cosines_are_those_of_the_angles():
    one, other = np.array([[1, 0], [3, 0], [0, 0]], np.float32), np.array([[0, 2], [5, 5], [1, 1]], np.float32)
    assert cosines(one, other) == pytest.approx([0, np.sqrt(0.5), 0])
