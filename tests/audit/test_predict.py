import numpy as np
import pytest

from dysfw.audit.feature_table import Table
from dysfw.audit.predict import by_group, cross_validated, kernels, predict_conditions, smoother_matrix


def table_of(values, groups=("file", "file", "colour")) -> Table:
    return Table(np.asarray(values, float), tuple(f"clue {n}" for n in range(len(groups))), groups)


@pytest.fixture
def two_kinds():
    """Sixty photographs of thirty patients, half of them from another camera."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    values = rng.normal(size=(60, 3))
    values[:, 2] += 4 * y
    return table_of(values), y, np.repeat(np.arange(30), 2)


def test_nothing_of_a_patient_is_learned_from_when_that_patient_is_judged(two_kinds):
    table, _, groups = two_kinds
    matrix = cross_validated(kernels(table)["all"], groups, seed=1)
    same = groups[:, None] == groups
    assert (matrix[same] == 0).all()
    assert (matrix[~same] != 0).any(axis=None)


def test_the_group_that_tells_is_told_from_the_one_that_does_not(two_kinds):
    table, y, groups = two_kinds
    right = {g: ((m @ np.eye(2)[y]).argmax(axis=1) == y).mean() for g, m in by_group(table, groups, seed=0).items()}
    assert right["colour"] > 0.9
    assert right["all"] > 0.85
    assert right["file"] < 0.7


def test_folds_and_matrices_do_not_depend_on_labels_or_on_units_of_measurement(two_kinds):
    table, _, _ = two_kinds
    scaled = table_of(np.exp(table.values) * [1000, 1, 7])
    for name, kernel in kernels(table).items():
        assert np.allclose(kernel, kernels(scaled)[name])


def test_a_group_that_is_the_same_in_all_photographs_says_nothing():
    rng = np.random.default_rng(0)
    values = np.column_stack([np.full(20, 256.0), np.ones(20), rng.normal(size=20)])
    matrix = by_group(table_of(values), np.arange(20), seed=0)["file"]
    assert np.allclose(matrix @ np.eye(2)[np.repeat([0, 1], 10)], 0, atol=1e-6)


def test_a_constant_label_is_answered_by_zero(two_kinds):
    """A hat says how much more than on average; it adds nothing to what all rows have in common."""
    table, _, _ = two_kinds
    matrix = smoother_matrix(kernels(table)["all"], np.arange(40), np.arange(40, 60))
    assert np.allclose(matrix.sum(axis=1), 0)


def test_answers_are_probabilities_for_rows_that_were_not_learned_from(two_kinds):
    table, y, _ = two_kinds
    train_rows, test_rows = np.arange(0, 60, 2), np.arange(1, 60, 2)
    found = predict_conditions(kernels(table)["all"], y, 2, train_rows, test_rows)
    assert found.shape == (30, 2)
    assert found.dtype == np.float32
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == y[test_rows]).mean() > 0.85
    changed = y.copy()
    changed[test_rows] = 1 - y[test_rows]
    assert (predict_conditions(kernels(table)["all"], changed, 2, train_rows, test_rows) == found).all()


def test_differences_that_only_rounding_makes_are_no_clue():
    table = Table.of([{"framing": {"height": value}} for value in (0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2)])
    assert table.standardized_ranks()["framing"].shape == (4, 0)


def test_what_cannot_be_told_of_a_photograph_has_the_median_of_the_others():
    rows = [{"border": {"mean": value, "never": np.nan}} for value in (1.0, np.nan, 5.0, 3.0)]
    assert Table.of(rows).values.tolist() == [[1, 0], [3, 0], [5, 0], [3, 0]]
