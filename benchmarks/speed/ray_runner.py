"""``dysfw batch`` on a Ray cluster of this machine against the same command without: what the cluster costs where it gains
nothing.

Both need the same processors; many machines are what it is for.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .images import linked
from .processes import DYSFW, ROOT, seconds
from .table import Row, ratio, spread
from .timing import Settings, interleaved

WHAT = "`dysfw batch --runner ray` on this machine, recipes/dlib.yaml"
FEW = 16  # photographs: hardly more than starting
BESIDE = 1  # processors beside a judge, which read


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
            (runner, size): lambda runner=runner, source=source: judged(runner, source, folder)
            for size, source in sources.items()
            for runner in ("local", "ray")
        }
        taken = interleaved(works, settings.of(1, 2))
    local, ray = taken["local", many], taken["ray", many]
    found = [Row(what=f"{WHAT}, {many} photographs", value=spread(ray), unit="s", ratio=ratio(ray, local), to="local")]
    if FEW in sizes:
        local, ray = (_each(taken[runner, FEW], taken[runner, many], many - FEW) for runner in ("local", "ray"))
        what = f"{WHAT}, without starting"
        found.append(Row(what=what, value=spread(ray), unit="ms a photograph", ratio=ratio(ray, local), to="local"))
    return found


def judged(runner: str, source: Path, folder: Path) -> float:
    """s"""
    output = folder / f"{runner}-{source.name}.parquet"
    command = [DYSFW, "batch", str(ROOT / "recipes/dlib.yaml"), str(source), "-o", str(output), "--runner", runner]
    processors = max(1, min(2, (os.cpu_count() or 1) - BESIDE))
    taken = seconds(command + (["--runner-set", f"cpus={processors}"] if runner == "ray" else []))
    output.unlink()
    return taken


def _each(short: list[float], long: list[float], more: int) -> list[float]:
    """ms that each photograph takes beyond the start."""
    return [1000 * (b - a) / more for a, b in zip(short, long, strict=True)]
