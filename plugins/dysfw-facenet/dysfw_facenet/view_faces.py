"""What one view of an image shows, in the image's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Face, Float32, Image, prominence

from .cascade import Found
from .view import View


@dataclass(frozen=True, slots=True)
class Look:
    """The upright faces of a view.

    score: that of the most prominent face, 0 where there is none. rival: the best score of that face's crop in another
    quarter turn, 1 where there is none. Where the rival is better, the view is likely to be the wrong way up.
    """

    faces: list[Face]
    score: float = 0.0
    rival: float = 1.0

    @classmethod
    def of(cls, found: Found, image: Image, view: View) -> Look:
        upright = [i for i, points in enumerate(found.landmarks) if _is_upright(points)]
        faces = [
            Face(_turned_box(found.boxes[i], view), float(found.scores[i]), view.to_image(found.landmarks[i])) for i in upright
        ]
        if not faces:
            return cls([])
        top = max(range(len(faces)), key=lambda i: prominence(faces[i], image))
        return cls(faces, faces[top].score, float(found.rivals[upright[top]]))


def _is_upright(points: Float32) -> bool:
    """Whether the eye line and the line from the eyes to the mouth are within 45 degrees of where they belong."""
    along, down = points[1] - points[0], points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return bool(along[0] > abs(along[1]) and down[1] > abs(down[0]))


def _turned_box(box: Float32, view: View) -> Float32:
    """A box of the view as the box of the image whose corners are the same."""
    corners = view.to_image(box.reshape(2, 2))
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])
