"""Mask of the head, so that no shortcut feature is measured inside it.

A real sign of a condition must not count as a shortcut. The mask is generous: an ellipse around the detected face that includes
hair and ears, and a wide strip below the chin, because the neck has signs too (a webbed neck in Noonan syndrome).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..types import Bool, Face

Float64 = npt.NDArray[np.float64]

# In heights of the face box, which reaches from mid-forehead to chin; chosen by visual inspection.
HALF_WIDTH = 0.73
HALF_HEIGHT = 0.88
RAISED = 0.17  # offset of the head centre above the box centre
NECK = 0.55  # half the width of the masked strip below the face centre
# Without a face: share of the image's width and height around its centre that is masked, with everything below.
CENTRAL = 0.6


def outside_head(x: Float64, y: Float64, width: int, height: int, face: Face | None) -> Bool:
    """Find the points of a grid that are clearly outside the head.

    Args:
        x: float64 [W], columns of the grid, px.
        y: float64 [H], rows of the grid, px.
        width: Width of the image, px.
        height: Height of the image, px.
        face: The face; None masks the centre of the image.

    Returns:
        bool [H, W].
    """
    if face is None:
        inside = (np.abs(x / width - 0.5) < CENTRAL / 2) & (y[:, None] / height > (1 - CENTRAL) / 2)
        return np.asarray(~inside)
    size = float(face.box[3] - face.box[1])
    centre_x, centre_y = (face.box[:2] + face.box[2:]) / 2
    dx, dy = (x - centre_x) / size, (y[:, None] - centre_y) / size
    cosine, sine = math.cos(face.roll), math.sin(face.roll)
    across, along = cosine * dx + sine * dy, cosine * dy - sine * dx  # in the axes of the tilted head; along: towards the chin
    head = (across / HALF_WIDTH) ** 2 + ((along + RAISED) / HALF_HEIGHT) ** 2 < 1
    neck = (np.abs(across) < NECK) & (along > 0)
    return np.asarray(~(head | neck))


def centres(cells: int, length: int) -> Float64:
    """Return float64 [cells], the centres of equal parts of a length, px."""
    return (np.arange(cells) + 0.5) * length / cells
