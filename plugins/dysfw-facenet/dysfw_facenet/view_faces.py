"""The faces in one view of an image, in px of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Face, Float32, Image, prominence

from .cascade import Detections
from .view import View


@dataclass(frozen=True, slots=True)
class ViewFaces:
    """The upright faces in a view.

    If ``rotated_score`` is higher than ``score``, the view probably has the wrong orientation.

    Attributes:
        faces: The faces.
        score: Score of the most prominent face, 0 if there is none.
        rotated_score: Best score of that face's crop after a rotation by 90, 180 or 270 degrees, 1 if there is none.
    """

    faces: list[Face]
    score: float = 0.0
    rotated_score: float = 1.0

    @classmethod
    def of(cls, detections: Detections, image: Image, view: View) -> ViewFaces:
        """Select the upright faces and map them to the image."""
        upright = [i for i, points in enumerate(detections.landmarks) if _is_upright(points)]
        faces = [
            Face(_box_in_image(detections.boxes[i], view), float(detections.scores[i]), view.to_image(detections.landmarks[i]))
            for i in upright
        ]
        if not faces:
            return cls([])
        top = max(range(len(faces)), key=lambda i: prominence(faces[i], image))
        return cls(faces, faces[top].score, float(detections.rotated_scores[upright[top]]))


def _is_upright(points: Float32) -> bool:
    """Whether the eye line and the line from eyes to mouth deviate less than 45 degrees from horizontal and vertical."""
    along, down = points[1] - points[0], points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return bool(along[0] > abs(along[1]) and down[1] > abs(down[0]))


def _box_in_image(box: Float32, view: View) -> Float32:
    """Map a box of the view to the image."""
    corners = view.to_image(box.reshape(2, 2))
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])
