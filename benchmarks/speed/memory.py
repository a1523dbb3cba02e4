"""Memory against the number of photographs: that of ``dysfw batch`` must not grow with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .images import linked
from .processes import DYSFW, ROOT, peak
from .table import Aim, Row, spread
from .timing import Settings

FLAT = Aim(sign="≤", bound=1.2)


def rows(settings: Settings) -> list[Row]:
    few, many = settings.of(50, 200), settings.of(300, 5000)
    with tempfile.TemporaryDirectory() as scratch:
        least, most = (measured(settings, number, Path(scratch)) for number in (few, many))
    what = f"peak memory of `dysfw batch`, recipes/dlib.yaml, bfloat16, {many:,} photographs"
    to = f"with {few} photographs ({least:.0f} MB)"
    return [Row(what=what, value=spread([most]), unit="MB", ratio=spread([most / least]), to=to, aim=FLAT, timed=False)]


def measured(settings: Settings, number: int, scratch: Path) -> float:
    """MB, of the process that holds the trunk."""
    images = linked(settings, number, scratch / f"{number}")
    command = [DYSFW, "batch", str(ROOT / "recipes/dlib.yaml"), str(images), "-o", str(scratch / f"{number}.parquet")]
    return peak([*command, "--set", "precision=bfloat16", "--no-cache"])
