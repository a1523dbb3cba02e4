"""Whether bfloat16 says what float32 says: the first condition and the probabilities, on the same phantoms."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Prediction

from .images import phantoms, rendered
from .processes import ROOT
from .table import Aim, Row, spread
from .timing import Settings

RECIPES = ("paper", "dlib")
RENDERED = 210
AGREE = Aim(sign="≥", bound=99.5, unit=" %")


def rows(settings: Settings) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        make = not settings.quick and settings.data is None and find_spec("dysfw_phantom") is not None
        paths = rendered(RENDERED, Path(scratch) / "phantoms") if make else phantoms(settings)
        return [row for recipe in RECIPES for row in rows_of(recipe, paths)]


def rows_of(recipe: str, paths: Sequence[Path]) -> list[Row]:
    full, half = (judged(recipe, precision, paths) for precision in ("float32", "bfloat16"))
    both = [place for place in full if place in half]
    one, other = (np.stack([found[place] for place in both]) for found in (full, half))
    agree = 100 * float((one.argmax(axis=1) == other.argmax(axis=1)).mean())
    apart = float(np.abs(one - other).max())
    what = f"recipes/{recipe}.yaml, {len(both)} phantoms, bfloat16 and float32"
    return [
        Row(what=f"{what}: same first condition", value=spread([agree]), unit="%", aim=AGREE, timed=False),
        Row(what=f"{what}: judged by one of them only", value=spread([float(len(full.keys() ^ half.keys()))])),
        Row(what=f"{what}: largest difference of a probability", value=spread([apart])),
    ]


def judged(recipe: str, precision: str, paths: Sequence[Path]) -> dict[int, np.ndarray]:
    """Probabilities by the place of the photograph, of those that could be judged."""
    pipeline = open_pipeline(ROOT / f"recipes/{recipe}.yaml", load_registry(), ["device=cpu", f"precision={precision}"])
    results = enumerate(pipeline.predict(paths))
    return {place: result.probabilities for place, result in results if isinstance(result, Prediction)}
