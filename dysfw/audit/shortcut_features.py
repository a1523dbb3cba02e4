"""One photograph as a row of clues: everything that could tell its condition and is not its face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..types import Face, Image
from .file_features import file_features
from .image_features import background_features, border_features, colour_features, framing_features, quality_features

Row = Mapping[str, Mapping[str, float]]  # group -> name -> value; NaN where it cannot be told


@dataclass(frozen=True, slots=True, eq=False)
class AuditSample:
    """A photograph as an audit sees it. encoded: the content of its file. image: decoded. face: where the head is, None where
    none was found. A harmonised photograph is handed over with its own encoding, pixels and face."""

    encoded: bytes
    image: Image
    face: Face | None


def describe(seen: AuditSample) -> Row:
    """The clues of one photograph, by group; the same groups and names for every photograph."""
    return {name: features_of(seen) for name, features_of in GROUPS.items()}


GROUPS: dict[str, Callable[[AuditSample], dict[str, float]]] = {
    "file": lambda seen: file_features(seen.encoded),
    "colour": lambda seen: colour_features(seen.image.pixels, seen.face) | quality_features(seen.image.pixels),
    "border": lambda seen: border_features(seen.image.pixels, seen.face),
    "background": lambda seen: background_features(seen.image.pixels, seen.face),
    "framing": lambda seen: framing_features(seen.image.pixels, seen.face),
}
