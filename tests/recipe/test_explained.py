"""Docstrings explain parameters in a form that editors and the reference can take over."""

import pytest

from dysfw.recipe.explained import explained


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        (
            "A head.\n\nC: of the penalty, > 0. folds: 2 or more.",
            ["C", "folds"],
            {"C": "of the penalty, > 0", "folds": "2 or more"},
        ),
        ("scale, shift: parts of the side.", ["scale", "shift"], {"scale": "parts of the side", "shift": "parts of the side"}),
        ("size: px; 0: none. Note: not a name.", ["size"], {"size": "px; 0: none. Note: not a name"}),
        ("Mouth\n\nsize: px", ["size"], {"size": "px"}),
        ("size: px. Raises ValueError for others.", ["size"], {"size": "px"}),
        ("size: px.\n\nAnother matter.", ["size"], {"size": "px"}),
        ("Nothing is said.", ["size"], {}),
        ("size: one\n    line after another.", ["size"], {"size": "one line after another"}),
        (None, ["size"], {}),
    ],
)
def test_what_it_says(text, names, said):
    assert explained(text, names) == said
