"""The face in two halves."""

import numpy as np
import pytest

from dysfw.builtin.segmenters.halves import Halves

from .test_grid import MARKS, area, face, patches


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
def test_each_side_holds_the_subjects_own_eye(angle):
    one = face(angle)
    found = patches(Halves("sides"), one)
    right_eye, left_eye, *_ = one.landmarks
    gaps = {name: [np.linalg.norm(p.mean(axis=0) - eye) for eye in (right_eye, left_eye)] for name, p in found.items()}
    assert gaps["right_half"][0] < gaps["right_half"][1]
    assert gaps["left_half"][1] < gaps["left_half"][0]
    assert area(found["right_half"]) == pytest.approx(area(found["left_half"]), rel=1e-3)


def test_levels_part_the_eyes_from_the_mouth():
    found = patches(Halves("levels"))
    eyes, mouth = MARKS[:2] + 400, MARKS[3:] + 400
    for name, inside, outside in (("upper_half", eyes, mouth), ("lower_half", mouth, eyes)):
        low, high = found[name].min(axis=0), found[name].max(axis=0)
        assert ((inside > low) & (inside < high)).all()
        assert not ((outside > low) & (outside < high)).all(axis=1).any()


def test_other_words_are_refused():
    with pytest.raises(ValueError, match="by must be sides or levels"):
        Halves("quarters")
