"""Time of each stage of recipes/paper.yaml on one core, for a phantom and for images of twelve megapixels.

Stages run one after the other. All threads and MediaPipe's process share one core. In one image of twelve megapixels a phantom
is enlarged to 2,000 px on a background; in the other it fills the image, so that all of it is needed for the mesh.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from dysfw.inference import embedder
from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Failure

from .images import LARGE, enlarged, repeated
from .processes import ROOT
from .table import Row, repeats
from .timing import Settings

T = TypeVar("T")


def rows(settings: Settings) -> list[Row]:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    embedder.pipelined = sequential  # type: ignore[assignment]  # otherwise a stage's time includes that of others
    phantoms = repeated(settings, settings.of(16, 48))
    with tempfile.TemporaryDirectory() as scratch:
        chosen = repeated(settings, settings.of(4, 16))
        images = {
            "a phantom": phantoms,
            "12 megapixels": enlarged(chosen, Path(scratch) / "large"),
            "12 megapixels, filled by the phantom": enlarged(chosen, Path(scratch) / "filled", side=max(LARGE)),
        }
        return [
            row
            for precision in ("float32", "bfloat16")
            for what, paths in images.items()
            for row in measure(what, paths, precision, settings.of(2, 5))
        ]


def measure(what: str, paths: Sequence[Path], precision: str, rounds: int) -> list[Row]:
    """Measure all stages in float32, and only embedding in other precisions, on which the other stages do not depend."""
    pipeline = open_pipeline(ROOT / "recipes/paper.yaml", load_registry(), ["device=cpu", f"precision={precision}"])
    list(pipeline.embed(paths))  # warm up
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        results = [result for result in pipeline.embed(paths) if not isinstance(result, Failure)]
        for stage in results[0].timings_ms:
            times.setdefault(stage, []).append(sum(result.timings_ms[stage] for result in results) / len(results))
    shown = times if precision == "float32" else {"embed": times["embed"]}
    how = {"embed": f", {precision}, {', '.join(pipeline.components.backbone.runtimes())}"}
    return [
        Row(what=f"{stage}, {what}{how.get(stage, '')}, one core", value=repeats(values), unit="ms")
        for stage, values in shown.items()
    ]


def sequential(items: Iterable[T], stages: Sequence[Callable[[T], T]]) -> Iterator[T]:
    """Replace ``dysfw.util.concurrency.pipelined``: run all stages of an item before the next item."""
    for item in items:
        result = item
        for stage in stages:
            result = stage(result)
        yield result
