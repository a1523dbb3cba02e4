"""Where the head may be, so that no clue is taken from it.

A real sign of a condition must not be called a trick. The mask is generous: an ellipse around the detected face that holds hair
and ears, and all below the chin nearly as wide as that, because necks have signs too (a webbed neck in Noonan syndrome).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..types import Bool, Face

Float64 = npt.NDArray[np.float64]

# In heights of the face's box, which reaches from the middle of the forehead to the chin; chosen by looking at pictures.
HALF_WIDTH = 0.73
HALF_HEIGHT = 0.88
RAISED = 0.17  # how far above the middle of the box the middle of the head is
NECK = 0.55  # half the width of what is left out below the middle of the face
# Where no face is known, this share of the picture's width and height around its middle, and all below that.
CENTRAL = 0.6


def outside_head(x: Float64, y: Float64, width: int, height: int, face: Face | None) -> Bool:
    """bool [len(y), len(x)]: which points of a grid are surely outside the head. x, y: px of a picture of width × height px."""
    if face is None:
        inside = (np.abs(x / width - 0.5) < CENTRAL / 2) & (y[:, None] / height > (1 - CENTRAL) / 2)
        return np.asarray(~inside)
    size = float(face.box[3] - face.box[1])
    centre_x, centre_y = (face.box[:2] + face.box[2:]) / 2
    dx, dy = (x - centre_x) / size, (y[:, None] - centre_y) / size
    cosine, sine = math.cos(face.roll), math.sin(face.roll)
    across, along = cosine * dx + sine * dy, cosine * dy - sine * dx  # of a head that is tilted; along: towards the chin
    head = (across / HALF_WIDTH) ** 2 + ((along + RAISED) / HALF_HEIGHT) ** 2 < 1
    projection = (np.abs(across) < NECK) & (along > 0)
    return np.asarray(~(head | projection))


def centres(cells: int, length: int) -> Float64:
    """float64 [cells]: the middles of as many equal parts of a length, px."""
    return (np.arange(cells) + 0.5) * length / cells
