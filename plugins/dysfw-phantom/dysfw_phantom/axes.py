"""Morphological axes and identity traits, read from the folder ``morphology``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

Natural = Literal["both", "positive", "none"]
Weights = Mapping[str, float]  # morph name -> weight
PARTS = (
    "eyes", "eyeballs", "eyelashes", "eyebrows", "nose", "mouth", "face", "expression", "ears", "head", "neck", "hair",
)  # fmt: skip
SIDE = "side"  # trait that selects the side on which one-sided axes act: 1 is the subject's left, -1 the right


@dataclass(frozen=True, slots=True)
class Axis:
    """One bipolar measure of a face, in standard deviations.

    Attributes:
        name: Name of the axis.
        ends: Morph weights of one unit towards each end: "plus" and "minus", or "right" and "left" for a one-sided axis.
        natural: How unaffected people vary: "both" (normal deviate), "positive" (its absolute value) or "none".
        drawn: Whether the renderer draws the axis instead of a morph.
        terms: HPO id, label and sign of each term that names an end.
        later_terms: The same of terms that specs of version 1 do not draw at random, although they know the axis.
        version: Version of specs from which on unaffected people vary on the axis, 1 or 2.
    """

    name: str
    ends: Mapping[str, Weights]
    natural: Natural
    drawn: bool
    terms: tuple[tuple[str, str, int], ...]
    later_terms: tuple[tuple[str, str, int], ...]
    version: int

    def end(self, value: float, side: float) -> str:
        """Return the name of the end at which a value lies.

        Args:
            value: Value on the axis.
            side: 1 for the subject's left, -1 for the right.

        Returns:
            A key of ``ends``.
        """
        if "left" in self.ends:
            return "left" if side > 0 else "right"
        return "plus" if value > 0 else "minus"


def _both_sides(weights: Weights) -> Weights:
    """Expand the names of morphs that contain "lr-" or "LR" to both sides."""
    result: dict[str, float] = {}
    for name, weight in weights.items():
        if name.startswith("lr-"):
            result |= {side + name[2:]: weight for side in "lr"}
        elif name.endswith("LR"):
            result |= {name[:-2] + side: weight for side in ("Left", "Right")}
        else:
            result[name] = weight
    return result


def _named(ends: Mapping[str, list[list[str]]]) -> tuple[tuple[str, str, int], ...]:
    return tuple((id, label, 1 if end == "+" else -1) for end, named in ends.items() for id, label in named)


def _axis(entry: Mapping[str, Any], version: int) -> Axis:
    return Axis(
        name=entry["name"],
        ends={end: _both_sides(entry[end]) for end in ("plus", "minus", "right", "left") if end in entry},
        natural=entry.get("natural", "both"),
        drawn=entry.get("drawn", False),
        terms=_named(entry.get("terms", {})),
        later_terms=_named(entry.get("later terms", {})),
        version=version,
    )


def _read(name: str) -> list[Any]:
    loaded: list[Any] = yaml.safe_load((files(__package__) / "morphology" / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def axes() -> Mapping[str, Axis]:
    """Return all axes by name: those of ``draw_order.yaml`` in its order, then the others."""
    entries = {entry["name"]: entry for part in PARTS for entry in _read(part)}
    first = _read("draw_order")
    later = [name for name in entries if name not in first]
    return {name: _axis(entries[name], 1) for name in first} | {name: _axis(entries[name], 2) for name in later}


@cache
def traits() -> Mapping[str, Axis]:
    """Return the identity traits by name."""
    return {entry["name"]: _axis(entry, 1) for entry in _read("traits")}
