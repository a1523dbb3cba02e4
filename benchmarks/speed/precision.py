"""Agreement of predictions in bfloat16 and float32 on the same phantoms."""

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
from .table import Row, Target, repeats
from .timing import Settings

RECIPES = ("paper", "dlib")
RENDERED = 210
AGREEMENT = Target(sign="≥", bound=99.5, unit=" %")


def rows(settings: Settings) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        render = not settings.quick and settings.data is None and find_spec("dysfw_phantom") is not None
        paths = rendered(RENDERED, Path(scratch) / "phantoms") if render else phantoms(settings)
        return [row for recipe in RECIPES for row in rows_of(recipe, paths)]


def rows_of(recipe: str, paths: Sequence[Path]) -> list[Row]:
    full, half = (predict(recipe, precision, paths) for precision in ("float32", "bfloat16"))
    both = [n for n in full if n in half]
    one, other = (np.stack([probabilities[n] for n in both]) for probabilities in (full, half))
    same = 100 * float((one.argmax(axis=1) == other.argmax(axis=1)).mean())
    difference = float(np.abs(one - other).max())
    what = f"recipes/{recipe}.yaml, {len(both)} phantoms, bfloat16 and float32"
    return [
        Row(what=f"{what}: same first condition", value=repeats([same]), unit="%", target=AGREEMENT, timed=False),
        Row(what=f"{what}: predicted in one of them only", value=repeats([float(len(full.keys() ^ half.keys()))])),
        Row(what=f"{what}: largest difference of a probability", value=repeats([difference])),
    ]


def predict(recipe: str, precision: str, paths: Sequence[Path]) -> dict[int, np.ndarray]:
    """Probabilities by the number of the image, without images that failed."""
    pipeline = open_pipeline(ROOT / f"recipes/{recipe}.yaml", load_registry(), ["device=cpu", f"precision={precision}"])
    results = enumerate(pipeline.predict(paths))
    return {n: result.probabilities for n, result in results if isinstance(result, Prediction)}
