"""Descriptions of parameters are read from Google-style docstrings."""

import pytest

from dysfw.recipe.docstrings import description, parameter_descriptions

HEAD = """A head.

It is fitted.

Args:
    C: Inverse regularisation strength, above 0;
        null chooses it.
    folds: Number of folds, 2 or more.

Raises:
    ValueError: For any other value.
"""


@pytest.mark.parametrize(
    ("text", "names", "descriptions"),
    [
        (
            HEAD,
            ["C", "folds"],
            {"C": "Inverse regularisation strength, above 0; null chooses it", "folds": "Number of folds, 2 or more"},
        ),
        (HEAD, ["folds", "seed"], {"folds": "Number of folds, 2 or more"}),
        ("A box.\n\nAttributes:\n    size: Side, px.", ["size"], {"size": "Side, px"}),
        ("No section: size: px.", ["size"], {}),
        (None, ["size"], {}),
    ],
)
def test_descriptions_come_from_the_sections(text, names, descriptions):
    assert parameter_descriptions(text, names) == descriptions


def test_the_description_ends_before_the_sections():
    assert description(HEAD) == "A head.\n\nIt is fitted."
    assert description(None) == ""
