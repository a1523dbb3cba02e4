"""Morphological axes and identity traits, read from axes.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

Natural = Literal["both", "positive", "none"]
Weights = Mapping[str, float]  # morph name -> weight
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
    """

    name: str
    ends: Mapping[str, Weights]
    natural: Natural
    drawn: bool
    terms: tuple[tuple[str, str, int], ...]

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


def _axis(entry: Mapping[str, Any]) -> Axis:
    return Axis(
        name=entry["name"],
        ends={end: _both_sides(entry[end]) for end in ("plus", "minus", "right", "left") if end in entry},
        natural=entry.get("natural", "both"),
        drawn=entry.get("drawn", False),
        terms=tuple((i, label, 1 if end == "+" else -1) for end, named in entry.get("terms", {}).items() for i, label in named),
    )


@cache
def _table() -> dict[str, tuple[Axis, ...]]:
    loaded = yaml.safe_load((files(__package__) / "axes.yaml").read_text(encoding="utf-8"))
    return {kind: tuple(map(_axis, loaded[kind])) for kind in ("axes", "traits")}


@cache
def axes() -> Mapping[str, Axis]:
    """Return all axes by name, in the order of the file."""
    return {axis.name: axis for axis in _table()["axes"]}


@cache
def traits() -> Mapping[str, Axis]:
    """Return the identity traits by name. No HPO term refers to them."""
    return {axis.name: axis for axis in _table()["traits"]}
