"""How much faster the same photographs are judged again, with another fusion, once the cache holds what the stages have found.

Every round begins with an empty cache. In one process the start-up is left out on both sides; ``dysfw batch`` brings it along.
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
from .table import Aim, Row, ratio, spread
from .timing import Settings, progress

RECIPE = ROOT / "recipes" / "paper.yaml"
OTHER = "fusion.use=median"
LIMIT = 2**30  # bytes


def rows(settings: Settings) -> list[Row]:
    number, rounds = settings.of(48, 192), settings.of(2, 3)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photographs"
        paths = copied(settings, number, folder)
        list(open_pipeline(RECIPE, load_registry()).predict(paths[:16]))  # the disk is warm, and what torch makes on first use
        within = [_within(paths, Path(scratch) / f"within-{n}") for n in range(rounds)]
        whole = [_whole(folder, Path(scratch) / f"whole-{n}") for n in range(settings.of(1, 2))]
    return [
        _row(f"again with a cache, {number} photographs", "s, one process", within, Aim(sign="≥", bound=50)),
        _row(f"again with a cache, {number} photographs", "s, by `dysfw batch`", whole, None),
    ]


def _within(paths: Sequence[Path], folder: Path) -> tuple[float, float]:
    """s without and with what the cache holds."""
    taken = []
    for overrides in ([], [OTHER]):
        cache = StageCache(folder, LIMIT, progress)
        pipeline = open_pipeline(RECIPE, load_registry(), overrides, cache)
        started = time.perf_counter()
        for _ in pipeline.predict(paths):
            pass
        taken.append(time.perf_counter() - started)
        cache.close()
    return taken[0], taken[1]


def _whole(images: Path, folder: Path) -> tuple[float, float]:
    """The same of two commands, from start to end."""
    folder.mkdir()
    command = [DYSFW, "batch", str(RECIPE), str(images)]
    cold = seconds([*command, "-o", str(folder / "cold.parquet")], DYSFW_CACHE=str(folder / "cache"))
    warm = [*command, "-o", str(folder / "warm.parquet"), "--set", OTHER]
    return cold, seconds(warm, DYSFW_CACHE=str(folder / "cache"))


def _row(what: str, unit: str, pairs: Sequence[tuple[float, float]], aim: Aim | None) -> Row:
    cold, warm = zip(*pairs, strict=True)
    to = f"the first time ({spread(cold).text()} s): so many times as fast"
    return Row(what=what, value=spread(warm), unit=unit, ratio=ratio(cold, warm), to=to, aim=aim)
