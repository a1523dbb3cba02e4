"""Problems are reported together, by position."""

import pytest

from dysfw.recipe.problems import Position, Problem, RecipeError, locate


def test_positions_are_formatted_for_editors():
    assert str(Position("r.yaml", 3, 7)) == "r.yaml:3:7"
    assert str(Position("--set seed=x")) == "--set seed=x"


def test_problems_are_counted_sorted_and_shown_with_their_keys():
    problems = [
        Problem(Position("r.yaml", 10, 2), ("backbone", "of", 0), "second"),
        Problem(Position("r.yaml", 9, 30), (), "first"),
    ]
    error = RecipeError(iter(problems))
    assert error.message == "2 problems in the recipe:\n  r.yaml:9:30: first\n  r.yaml:10:2: backbone.of.0: second"
    assert "dysfw components" in error.hint


@pytest.mark.parametrize(("path", "line"), [(("a", "b"), 3), (("a", "b", "c"), 3), (("a", "x"), 2), (("x", "y"), 1), ((), 1)])
def test_missing_values_are_located_at_the_enclosing_value(path, line):
    positions = {(): Position("r", 1), ("a",): Position("r", 2), ("a", "b"): Position("r", 3)}
    assert locate(positions, path).line == line
