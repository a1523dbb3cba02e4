"""Speed of a second prediction of the same images, with another fusion, from the cache.

Each round starts with an empty cache. Measurements in one process exclude the start-up; those of ``dysfw batch`` include it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dysfw.cache.store import StageCache
from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry

from .images import copied
from .processes import DYSFW, ROOT, seconds
from .table import Row, Target, ratio, repeats
from .timing import Settings, progress

RECIPE = ROOT / "recipes" / "paper.yaml"
OTHER = "fusion.use=median"
LIMIT = 2**30  # bytes


def rows(settings: Settings) -> list[Row]:
    number, rounds = settings.of(48, 192), settings.of(2, 3)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        paths = copied(settings, number, folder)
        list(open_pipeline(RECIPE, load_registry()).predict(paths[:16]))  # warm up the disk and torch
        in_process = [_in_process(paths, Path(scratch) / f"process-{n}") for n in range(rounds)]
        commands = [_commands(folder, Path(scratch) / f"commands-{n}") for n in range(settings.of(1, 2))]
    return [
        _row(f"second prediction from the cache, {number} images", "s, one process", in_process, Target(sign="≥", bound=50)),
        _row(f"second prediction from the cache, {number} images", "s, `dysfw batch`", commands, None),
    ]


def _in_process(paths: Sequence[Path], folder: Path) -> tuple[float, float]:
    """Time without and with a filled cache, s."""
    times = []
    for overrides in ([], [OTHER]):
        cache = StageCache(folder, LIMIT, progress)
        pipeline = open_pipeline(RECIPE, load_registry(), overrides, cache)
        started = time.perf_counter()
        for _ in pipeline.predict(paths):
            pass
        times.append(time.perf_counter() - started)
        cache.close()
    return times[0], times[1]


def _commands(images: Path, folder: Path) -> tuple[float, float]:
    """Time of two commands without and with a filled cache, s."""
    folder.mkdir()
    command = [DYSFW, "batch", str(RECIPE), str(images)]
    cold = seconds([*command, "-o", str(folder / "cold.parquet")], DYSFW_CACHE=str(folder / "cache"))
    warm = [*command, "-o", str(folder / "warm.parquet"), "--set", OTHER]
    return cold, seconds(warm, DYSFW_CACHE=str(folder / "cache"))


def _row(what: str, unit: str, pairs: Sequence[tuple[float, float]], target: Target | None) -> Row:
    cold, warm = zip(*pairs, strict=True)
    to = f"first prediction ({repeats(cold).text()} s): times as fast"
    return Row(what=what, value=repeats(warm), unit=unit, ratio=ratio(cold, warm), to=to, target=target)
