from pathlib import Path

import pytest

from dysfw.data.dataset import Sample, refuse_too_small
from dysfw.errors import DysfwError
from dysfw.types import Failure

DATA = Path("data")
FAILURES = [Failure(f"{n}.jpg", "no_face", "no face was found") for n in range(3)] + [
    Failure("x.jpg", "truncated", "it ends early")
]


def test_if_no_image_could_be_used_the_reasons_are_given_not_the_data_blamed():
    with pytest.raises(DysfwError) as caught:
        refuse_too_small([], DATA, FAILURES)
    assert caught.value.message == (
        "data: none of the 4 images could be used: 3 no_face: no face was found; 1 truncated: it ends early"
    )


def test_images_that_could_not_be_used_are_named_beside_what_is_missing():
    samples = [Sample(Path("a.jpg"), "a", "p1"), Sample(Path("b.jpg"), "b", "p2"), Sample(Path("c.jpg"), "b", "p3")]
    with pytest.raises(DysfwError, match=r"too few patients in 'a' \(1 patient\).*Not used: 4 images \(3 no_face"):
        refuse_too_small(samples, DATA, FAILURES)
    with pytest.raises(DysfwError, match=r"(?m)1 class found \(b\).*at least 2 are needed$"):
        refuse_too_small(samples[1:], DATA)
