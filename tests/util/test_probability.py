import pytest

from dysfw.util.probability import probability_text


@pytest.mark.parametrize(
    ("probability", "digits", "text"),
    [
        (0.004, 3, "0.004"), (0.0004, 3, "<0.001"), (0.0, 3, "0.000"), (0.9996, 3, ">0.999"), (1.0, 3, "1.000"),
        (0.9994, 3, "0.999"), (0.004, 2, "<0.01"), (0.996, 2, ">0.99"), (float("nan"), 2, "–"), (1e-30, 3, "<0.001"),
    ],
)  # fmt: skip
def test_a_probability_is_never_rounded_to_impossible_or_certain(probability, digits, text):
    assert probability_text(probability, digits) == text
