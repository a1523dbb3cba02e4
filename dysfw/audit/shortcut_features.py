"""Shortcut features of an image: everything but the face that could predict its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..types import Face, Image
from .file_features import file_features
from .image_features import background_features, border_features, colour_features, framing_features, quality_features

Row = Mapping[str, Mapping[str, float]]  # group -> name -> value; NaN if it cannot be measured


@dataclass(frozen=True, slots=True, eq=False)
class AuditSample:
    """An image to audit. A harmonised image has its own encoding, pixels and face.

    Attributes:
        encoded: Content of the file.
        image: The decoded image.
        face: The face; None if none was found.
        faces: Number of faces found.
    """

    encoded: bytes
    image: Image
    face: Face | None
    faces: int = 1


def describe(sample: AuditSample) -> Row:
    """Compute the features of an image.

    Args:
        sample: The image.

    Returns:
        The features by group; groups and names are the same for every image.
    """
    return {name: features_of(sample) for name, features_of in GROUPS.items()}


GROUPS: dict[str, Callable[[AuditSample], dict[str, float]]] = {
    "file": lambda sample: file_features(sample.encoded, (sample.image.width, sample.image.height)),
    "colour": lambda sample: colour_features(sample.image.pixels, sample.face) | quality_features(sample.image.pixels),
    "border": lambda sample: border_features(sample.image.pixels, sample.face),
    "background": lambda sample: background_features(sample.image.pixels, sample.face),
    "framing": lambda sample: framing_features(sample.image.pixels, sample.face),
}
