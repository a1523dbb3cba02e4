"""Selection of the subject among the faces of an image, shared by all detectors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, get_args

from ..types import Face, Image

Select = Literal["central", "largest", "confident", "all"]

CENTRE_STD = 0.25  # standard deviation of the Gaussian weight of the distance from the centre, as a fraction of the image


def order_faces(faces: Iterable[Face], image: Image, select: Select) -> list[Face]:
    """Order faces, best first. Ties are ordered by prominence, then by coordinates, so the order of the input never matters.

    Args:
        faces: The faces of one image.
        image: The image.
        select: "central" and "all" order by ``prominence``, which favours a patient over a parent or bystander; "largest" by
            the area of the box; "confident" by the score.

    Returns:
        The faces. ``chosen`` is set on the first, or on all of them if ``select`` is "all".

    Raises:
        ValueError: ``select`` has another value.
    """
    check_select(select)

    def rank(face: Face) -> tuple[float, ...]:
        first = {"largest": _area(face), "confident": face.score}.get(select, 0.0)
        coordinates = (float(v) for part in (face.box, face.landmarks) for v in part.flat)
        return (-first, -prominence(face, image), -face.score, *coordinates)

    ranked = sorted(faces, key=rank)
    return [replace(face, chosen=select == "all" or i == 0) for i, face in enumerate(ranked)]


def check_select(select: str) -> None:
    """Check a value of ``select``.

    Args:
        select: The value.

    Raises:
        ValueError: It is not one of the choices.
    """
    if select not in get_args(Select):
        raise ValueError(f"select must be one of {', '.join(get_args(Select))}, found {select!r}")


def prominence(face: Face, image: Image) -> float:
    """Score how likely a face is the subject of the image: large, near the centre, and certainly a face.

    The score is the product of the share of the image that the visible part of the box covers, the fourth power of the
    detector's score, and a Gaussian of the distance between the centres of that part and of the image. Area matters more than
    position: a patient's head is often near the upper edge, and a pattern on the clothes near the centre. Position decides
    between a child and the parent holding it.

    Args:
        face: The face.
        image: The image.

    Returns:
        The score, 0 to 1.
    """
    x0, y0, x1, y1 = (float(v) for v in face.box)
    left, right = max(x0, 0.0) / image.width, min(x1, image.width) / image.width
    top, bottom = max(y0, 0.0) / image.height, min(y1, image.height) / image.height
    if not (right > left and bottom > top):
        return 0.0
    distance = math.hypot((left + right - 1) / 2, (top + bottom - 1) / 2)
    return (right - left) * (bottom - top) * face.score**4 * math.exp(-((distance / CENTRE_STD) ** 2) / 2)


def _area(face: Face) -> float:
    x0, y0, x1, y1 = (float(v) for v in face.box)
    return (x1 - x0) * (y1 - y0)
