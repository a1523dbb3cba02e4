"""Overhead of ``dysfw batch`` on a Ray cluster of one machine, compared with the local runner.

Both use the same processors, so the cluster cannot be faster here; it is meant for many machines.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .images import linked
from .processes import DYSFW, ROOT, seconds
from .table import Row, ratio, repeats
from .timing import Settings, interleaved

WHAT = "`dysfw batch --runner ray` on this machine, recipes/dlib.yaml"
FEW = 16  # images; hardly more than the start-up
READERS = 1  # processors that read images for the workers


def rows(settings: Settings) -> list[Row]:
    missing = [name for name in ("ray", "dysfw_ray") if not find_spec(name)]
    if missing:
        return [Row(what=WHAT, problem=f"not installed: {', '.join(missing)}")]
    many = settings.of(48, 240)
    sizes = (many,) if settings.quick else (FEW, many)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = {size: linked(settings, size, folder / f"{size}") for size in sizes}
        works = {
            (runner, size): lambda runner=runner, source=source: run(runner, source, folder)
            for size, source in sources.items()
            for runner in ("local", "ray")
        }
        times = interleaved(works, settings.of(1, 2))
    local, ray = times["local", many], times["ray", many]
    table = [Row(what=f"{WHAT}, {many} images", value=repeats(ray), unit="s", ratio=ratio(ray, local), to="local")]
    if FEW in sizes:
        local, ray = (_per_image(times[runner, FEW], times[runner, many], many - FEW) for runner in ("local", "ray"))
        what = f"{WHAT}, without start-up"
        table.append(Row(what=what, value=repeats(ray), unit="ms per image", ratio=ratio(ray, local), to="local"))
    return table


def run(runner: str, source: Path, folder: Path) -> float:
    """Time of a batch, s."""
    output = folder / f"{runner}-{source.name}.parquet"
    command = [DYSFW, "batch", str(ROOT / "recipes/dlib.yaml"), str(source), "-o", str(output), "--runner", runner]
    processors = max(1, min(2, (os.cpu_count() or 1) - READERS))
    elapsed = seconds(command + (["--runner-set", f"cpus={processors}"] if runner == "ray" else []))
    output.unlink()
    return elapsed


def _per_image(short: list[float], long: list[float], more: int) -> list[float]:
    """Time per image without the start-up, ms."""
    return [1000 * (b - a) / more for a, b in zip(short, long, strict=True)]
