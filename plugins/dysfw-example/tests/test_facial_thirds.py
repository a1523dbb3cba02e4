import numpy as np
import pytest
from dysfw_example.facial_thirds import NAMES, FacialThirds

from dysfw.types import Face, Image


def image(width: int = 200, height: int = 200) -> Image:
    return Image(np.zeros((height, width, 3), np.uint8), "none.png", "0" * 64)


def face(x: float = 100, y: float = 100) -> Face:
    points = np.array([[-20, 0], [20, 0], [0, 20], [-12, 36], [12, 36]], np.float32) + np.float32([x, y])
    return Face(np.array([x - 40, y - 50, x + 40, y + 60], np.float32), 1.0, points)


def test_the_thirds_touch_and_are_equally_high():
    (found,) = FacialThirds().segment([image()], [face()])
    assert tuple(region.name for region in found.regions) == NAMES
    heights = [float(np.ptp(region.polygon[:, 1])) for region in found.regions]
    np.testing.assert_allclose(heights, heights[0], rtol=1e-5)
    upper, middle, _ = (region.polygon for region in found.regions)
    np.testing.assert_allclose(upper[2:], middle[1::-1], rtol=1e-5)


def test_a_third_outside_the_photograph_is_absent():
    (found,) = FacialThirds().segment([image()], [face(y=20)])
    assert found.absent == {"upper_third": "out of the image"}


def test_a_width_of_nothing_is_refused():
    with pytest.raises(ValueError, match="width must be above 0, found 0"):
        FacialThirds(width=0)
