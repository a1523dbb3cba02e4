import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.pretraining.verification_scores import best_threshold, cosines, score_pairs, true_accept_rate


def test_a_threshold_comes_from_the_other_folds_only():
    # similarities of fold 0 are 1 higher: thresholds of the other folds are bad for it, its own would be perfect
    similarity = np.array([1.9, 1.8, 1.2, 1.1, 0.9, 0.8, 0.2, 0.1, 0.9, 0.8, 0.2, 0.1], np.float32)
    same = np.array([True, True, False, False] * 3)
    fold = np.repeat([0, 1, 2], 4)
    found = score_pairs(similarity, same, fold, 3)
    assert found.thresholds[0] == pytest.approx(0.5)
    right = [0.5, 1 if found.thresholds[1] < 0.8 else 0.5, 1 if found.thresholds[2] < 0.8 else 0.5]
    assert found.accuracy == pytest.approx(np.mean(right))
    assert found.standard_error == pytest.approx(np.std(right, ddof=1) / np.sqrt(3))


def test_the_best_threshold_is_as_good_as_the_best_of_a_grid():
    rng = np.random.default_rng(0)
    for _ in range(50):
        similarity = rng.integers(0, 8, 20).astype(np.float32) / 8  # many equal ones
        same = rng.random(20) < 0.5
        tried = [((similarity > t) == same).mean() for t in np.arange(-0.0625, 1.1, 0.0625)]
        assert ((similarity > best_threshold(similarity, same)) == same).mean() == max(tried)


def test_perfect_and_inverted_similarities_have_auc_one_and_zero():
    same = np.array([True, False] * 20)
    fold = np.repeat(np.arange(10), 4)
    assert score_pairs(same.astype(np.float32), same, fold, 10).accuracy == 1
    assert score_pairs(same.astype(np.float32), same, fold, 10).auc == 1
    assert score_pairs(1 - same.astype(np.float32), same, fold, 10).auc == 0


def test_the_true_accept_rate_respects_the_false_accept_rate():
    similarity = np.concatenate([np.linspace(0, 1, 100), np.linspace(0.5, 1.5, 100)]).astype(np.float32)
    same = np.repeat([False, True], 100)
    share = true_accept_rate(similarity, same, 0.1)
    limit = np.sort(similarity[~same])[-11]
    assert (similarity[~same] > limit).mean() == pytest.approx(0.1)
    assert share == pytest.approx((similarity[same] > limit).mean())
    assert true_accept_rate(similarity, same, 0.001) is None


def test_a_fold_without_pairs_is_refused():
    with pytest.raises(DysfwError, match="too few pairs"):
        score_pairs(np.zeros(4, np.float32), np.array([True, False] * 2), np.array([0, 0, 0, 0]), 2)


def test_cosine_similarities():
    one, other = np.array([[1, 0], [3, 0], [0, 0]], np.float32), np.array([[0, 2], [5, 5], [1, 1]], np.float32)
    assert cosines(one, other) == pytest.approx([0, np.sqrt(0.5), 0])
