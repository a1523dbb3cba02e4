"""One photograph as a row of clues: everything that could tell its condition and is not its face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..types import Face, Image
from .fileclues import file_clues
from .pictureclues import background_clues, border_clues, colour_clues, framing_clues, quality_clues

Row = Mapping[str, Mapping[str, float]]  # group -> name -> value; NaN where it cannot be told


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A photograph as an audit sees it. encoded: the content of its file. image: decoded. face: where the head is, None where
    none was found. A harmonised photograph is handed over with its own encoding, pixels and face."""

    encoded: bytes
    image: Image
    face: Face | None


def describe(seen: Seen) -> Row:
    """The clues of one photograph, by group; the same groups and names for every photograph."""
    return {name: clues_of(seen) for name, clues_of in GROUPS.items()}


GROUPS: dict[str, Callable[[Seen], dict[str, float]]] = {
    "file": lambda seen: file_clues(seen.encoded),
    "colour": lambda seen: colour_clues(seen.image.pixels, seen.face) | quality_clues(seen.image.pixels),
    "border": lambda seen: border_clues(seen.image.pixels, seen.face),
    "background": lambda seen: background_clues(seen.image.pixels, seen.face),
    "framing": lambda seen: framing_clues(seen.image.pixels, seen.face),
}
