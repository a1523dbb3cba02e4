import numpy as np
import pytest

from dysfw.audit.feature_table import Table
from dysfw.audit.predict import FOLDS, REPEATS, Kernel, by_group, cross_validated, kernels, predict_conditions, smoother_matrix


def table_of(values, groups=("file", "file", "colour")) -> Table:
    return Table(np.asarray(values, float), tuple(f"feature {n}" for n in range(len(groups))), groups)


@pytest.fixture
def two_cameras():
    """Sixty images of thirty patients, half of them from another camera."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    values = rng.normal(size=(60, 3))
    values[:, 2] += 4 * y
    return table_of(values), y, np.repeat(np.arange(30), 2)


def test_a_patient_is_never_predicted_from_own_images(two_cameras):
    table, _, groups = two_cameras
    matrix = cross_validated(kernels(table)["all"], groups, seed=1)
    same = groups[:, None] == groups
    assert (matrix[same] == 0).all()
    assert (matrix[~same] != 0).any(axis=None)


def test_only_the_informative_group_predicts_the_condition(two_cameras):
    table, y, groups = two_cameras
    accuracy = {g: ((m @ np.eye(2)[y]).argmax(axis=1) == y).mean() for g, m in by_group(table, groups, seed=0).items()}
    assert accuracy["colour"] > 0.9
    assert accuracy["all"] > 0.85
    assert accuracy["file"] < 0.7


def test_kernels_do_not_depend_on_units(two_cameras):
    table, _, _ = two_cameras
    scaled = table_of(np.exp(table.values) * [1000, 1, 7])
    for name, kernel in kernels(table).items():
        assert np.allclose(kernel, kernels(scaled)[name])


def test_a_constant_group_predicts_nothing():
    rng = np.random.default_rng(0)
    values = np.column_stack([np.full(20, 256.0), np.ones(20), rng.normal(size=20)])
    matrix = by_group(table_of(values), np.arange(20), seed=0)["file"]
    assert np.allclose(matrix @ np.eye(2)[np.repeat([0, 1], 10)], 0, atol=1e-6)


def test_a_constant_label_gives_zero(two_cameras):
    """Predictions are relative to the mean, so a constant label adds nothing."""
    table, _, _ = two_cameras
    matrix = smoother_matrix(kernels(table)["all"], np.arange(40), np.arange(40, 60))
    assert np.allclose(matrix.sum(axis=1), 0)


def test_predictions_are_probabilities_for_test_rows(two_cameras):
    table, y, _ = two_cameras
    train_rows, test_rows = np.arange(0, 60, 2), np.arange(1, 60, 2)
    predicted = predict_conditions(Kernel.of(table), y, 2, train_rows, test_rows)
    assert predicted.shape == (30, 2)
    assert predicted.dtype == np.float32
    assert np.allclose(predicted.sum(axis=1), 1)
    assert (predicted.argmax(axis=1) == y[test_rows]).mean() > 0.85
    changed = y.copy()
    changed[test_rows] = 1 - y[test_rows]
    assert (predict_conditions(Kernel.of(table), changed, 2, train_rows, test_rows) == predicted).all()


def test_rounding_errors_are_ignored():
    table = Table.of([{"framing": {"height": value}} for value in (0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2)])
    assert table.standardized_ranks()["framing"].shape == (4, 0)


def test_a_missing_value_becomes_the_median_of_the_others():
    rows = [{"border": {"mean": value, "never": np.nan}} for value in (1.0, np.nan, 5.0, 3.0)]
    assert Table.of(rows).values.tolist() == [[1, 0], [3, 0], [5, 0], [3, 0]]


def test_blocks_of_the_kernel_are_parts_of_the_whole(two_cameras):
    table, _, _ = two_cameras
    rows, columns = np.array([3, 1, 50]), np.arange(10, 60, 7)
    assert np.allclose(Kernel.of(table).block(rows, columns), kernels(table)["all"][np.ix_(rows, columns)])


def test_one_inverse_predicts_every_fold_as_if_fitted_to_the_others(two_cameras):
    table, _, groups = two_cameras
    kernel = kernels(table)["all"]
    expected, rng = np.zeros((60, 60)), np.random.default_rng(7)
    for _ in range(REPEATS):
        fold = (rng.permutation(30) % FOLDS)[groups]
        for n in range(FOLDS):
            train_rows, test_rows = np.flatnonzero(fold != n), np.flatnonzero(fold == n)
            expected[np.ix_(test_rows, train_rows)] += smoother_matrix(kernel, train_rows, test_rows) / REPEATS
    assert cross_validated(kernel, groups, seed=7) == pytest.approx(expected, abs=1e-7)


def test_landmarks_predict_like_all_training_images(monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 400)
    table = table_of(rng.normal(size=(400, 3)) + np.stack([y, y % 2, y % 3], axis=1))
    train_rows, test_rows = np.arange(300), np.arange(300, 400)
    exact = predict_conditions(Kernel.of(table), y, 5, train_rows, test_rows)
    monkeypatch.setattr("dysfw.audit.predict.ROWS", 70)
    for landmarks, tolerance in ((299, 1e-3), (60, 0.02)):
        monkeypatch.setattr("dysfw.audit.predict.LANDMARKS", landmarks)
        assert np.abs(predict_conditions(Kernel.of(table), y, 5, train_rows, test_rows) - exact).max() < tolerance
