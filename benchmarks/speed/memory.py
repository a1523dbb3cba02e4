"""Memory of ``dysfw batch``, which must not grow with the number of images."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .images import linked
from .processes import DYSFW, ROOT, peak
from .table import Row, Target, repeats
from .timing import Settings

CONSTANT = Target(sign="≤", bound=1.2)


def rows(settings: Settings) -> list[Row]:
    few, many = settings.of(50, 200), settings.of(300, 5000)
    with tempfile.TemporaryDirectory() as scratch:
        small, large = (measure(settings, number, Path(scratch)) for number in (few, many))
    what = f"peak memory of `dysfw batch`, recipes/dlib.yaml, bfloat16, {many:,} images"
    to = f"with {few} images ({small:.0f} MB)"
    return [
        Row(what=what, value=repeats([large]), unit="MB", ratio=repeats([large / small]), to=to, target=CONSTANT, timed=False)
    ]


def measure(settings: Settings, number: int, scratch: Path) -> float:
    """Peak memory of the process with the backbone, MB."""
    images = linked(settings, number, scratch / f"{number}")
    command = [DYSFW, "batch", str(ROOT / "recipes/dlib.yaml"), str(images), "-o", str(scratch / f"{number}.parquet")]
    return peak([*command, "--set", "precision=bfloat16", "--no-cache"])
