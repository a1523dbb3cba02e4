import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dysfw.audit.feature_table import Table
from dysfw.audit.permutation import auroc_of_each, one_of_each, permuted
from dysfw.audit.permutation_null import SINGLE, PermutationNull, Statistic
from dysfw.audit.predict import by_group
from dysfw.data.dataset import patient_numbers
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow


def null_distribution_of(rows, samples, permutations=99, seed=0) -> PermutationNull:
    labels = sorted({sample.label for sample in samples})
    y, groups = np.array([labels.index(sample.label) for sample in samples]), patient_numbers(samples)
    order = np.random.default_rng(seed).permutation(len(y))
    drawn = order[one_of_each(y[order], groups[order])]
    table = Table.of(rows).rows(drawn)
    smoother_matrices = by_group(table, groups[drawn], seed)
    return permuted(smoother_matrices, table, y[drawn], permutations=permutations, seed=seed, progress=Silent())


def test_p_of_data_without_an_effect_is_uniform(synthetic):
    p = np.array([null_distribution_of(*synthetic(seed), permutations=79, seed=seed).p for seed in range(100)])
    assert 0 <= (p <= 0.05).sum() <= 11  # 5 expected; P(12 or more) = 0.004
    assert 0.4 < p.mean() < 0.6  # 6 standard errors of 0.029 would be 0.17
    assert abs(np.quantile(p, 0.25) - 0.25) < 0.15


def test_different_numbers_of_images_per_patient_raise_no_false_alarm(synthetic):
    numbers = {"a": 1, "b": 4, "c": 2}
    p = np.array([null_distribution_of(*synthetic(seed, images=numbers), permutations=79, seed=seed).p for seed in range(60)])
    assert (p <= 0.05).sum() <= 8  # 3 expected; P(9 or more) = 0.003


def test_a_condition_with_lighter_images_is_found(synthetic):
    p = [null_distribution_of(*synthetic(seed, shift={"b": 2.0}), permutations=79, seed=seed).p for seed in range(10)]
    assert sum(value < 0.05 for value in p) >= 9


def test_the_most_significant_statistic_has_the_group_and_the_condition(synthetic):
    null_distribution = null_distribution_of(*synthetic(3, shift={"b": 4.0}))
    assert null_distribution.most_significant().group in ("colour", "all", None)
    assert Statistic("colour", 1) in null_distribution.significant()
    assert null_distribution.p_of(Statistic("framing", None)) > 0.05
    assert null_distribution.p_of_features()[1, 3] == pytest.approx(0.01)
    assert null_distribution.p_of_features()[1, 0] == 1  # a constant feature


def test_several_images_per_patient_do_not_inflate_significance(synthetic):
    """If they counted as separate patients, the similarity within patients would look like an effect."""
    p = np.array(
        [null_distribution_of(*synthetic(s, images={"a": 4, "b": 4, "c": 4}), permutations=79, seed=s).p for s in range(60)]
    )
    assert (p <= 0.05).sum() <= 8


def test_p_counts_the_original_labels_and_ties():
    values = np.array([[3.0], [1.0], [3.0], [2.0]])
    null_distribution = PermutationNull((SINGLE,), values, np.zeros((2, 1)))
    assert null_distribution.p_of(SINGLE) == 0.5
    assert PermutationNull((SINGLE,), np.ones((4, 1)), np.zeros((2, 1))).p == 1


def test_p_in_a_family_is_corrected_for_its_members():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 30))
    statistics = (*(Statistic("file", k) for k in range(29)), SINGLE)
    null_distribution = PermutationNull(statistics, values, np.zeros((29, 1)))
    corrected = null_distribution.p_among(statistics)
    assert all(null_distribution.p_of(one) <= p for one, p in zip(statistics, corrected, strict=True))
    assert null_distribution.p == corrected.min()
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    assert corrected == pytest.approx([(z.max(axis=1) >= one).mean() for one in z[0]])


def test_one_image_per_patient_and_label_is_drawn():
    y, groups = np.array([1, 0, 0, 1, 0, 1]), np.array([5, 5, 5, 7, 8, 7])
    assert one_of_each(y, groups).tolist() == [0, 1, 3, 4]


def test_many_conditions_are_measured_like_few(synthetic, monkeypatch):
    """Above MANY conditions the same statistics are computed from sparse labels; ties of scores are then counted half."""
    few = null_distribution_of(*synthetic(3, shift={"b": 4.0}))
    monkeypatch.setattr("dysfw.audit.permutation.MANY", 2)
    many = null_distribution_of(*synthetic(3, shift={"b": 4.0}))
    assert many.statistics == few.statistics
    assert many.features == pytest.approx(few.features, abs=1e-4)
    assert many.values[:, -1] == pytest.approx(few.values[:, -1], abs=1e-4)
    assert np.abs(many.values - few.values).max() < 0.02  # a tie of two images of 90


def test_the_auroc_of_many_conditions_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    y, scores = rng.permutation(np.arange(90) % 30), rng.integers(0, 6, (30, 90)).astype(np.float32)
    expected = [roc_auc_score(y == k, scores[k]) for k in range(30)]
    assert auroc_of_each(scores, y) == pytest.approx(expected)
