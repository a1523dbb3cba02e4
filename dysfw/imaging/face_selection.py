"""Which of an image's faces to judge: the one rule that all detectors share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, get_args

from ..types import Face, Image

Select = Literal["central", "largest", "confident", "all"]

SPREAD = 0.25  # a face this far from the middle, as a fraction of the image, weighs e^-0.5 of one in the middle


def order_faces(faces: Iterable[Face], image: Image, select: Select) -> list[Face]:
    """The faces, best first, with ``chosen`` set on the first, or on every one where ``select`` is "all".

    "central" (and "all"): by ``prominence``, the patient rather than a parent or bystander. "largest": by the area of the
    box. "confident": by the score. Equals are ordered by prominence, then by their coordinates, so that the order in which
    they come never matters. Raises ValueError for any other ``select``.
    """
    check_select(select)

    def rank(face: Face) -> tuple[float, ...]:
        first = {"largest": _area(face), "confident": face.score}.get(select, 0.0)
        place = (float(v) for part in (face.box, face.landmarks) for v in part.flat)
        return (-first, -prominence(face, image), -face.score, *place)

    ranked = sorted(faces, key=rank)
    return [replace(face, chosen=select == "all" or i == 0) for i, face in enumerate(ranked)]


def check_select(select: str) -> None:
    """Raises ValueError, naming the choices, where ``select`` is none of them."""
    if select not in get_args(Select):
        raise ValueError(f"select must be one of {', '.join(get_args(Select))}, found {select!r}")


def prominence(face: Face, image: Image) -> float:
    """How much a face looks like the subject of the photograph, 0..1: large, near the middle, and surely a face.

    The share of the image that the visible part of the box covers, times the fourth power of the score, times a Gaussian of
    the distance of that part's centre from the image's. Area weighs more than place: a patient's head is often near the upper
    edge, a pattern on the clothes near the middle. Place decides between a child and the parent who holds it.
    """
    x0, y0, x1, y1 = (float(v) for v in face.box)
    left, right = max(x0, 0.0) / image.width, min(x1, image.width) / image.width
    top, bottom = max(y0, 0.0) / image.height, min(y1, image.height) / image.height
    if not (right > left and bottom > top):
        return 0.0
    distance = math.hypot((left + right - 1) / 2, (top + bottom - 1) / 2)
    return (right - left) * (bottom - top) * face.score**4 * math.exp(-((distance / SPREAD) ** 2) / 2)


def _area(face: Face) -> float:
    x0, y0, x1, y1 = (float(v) for v in face.box)
    return (x1 - x0) * (y1 - y0)
