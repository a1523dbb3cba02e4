"""Time of each stage of recipes/paper.yaml on one core, for a phantom and for an image of twelve megapixels.

Stages run one after the other, torch with one thread. MediaPipe's process may use more threads; its time is that until it
responds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import torch

from dysfw.inference import embedder
from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Failure

from .images import enlarged, repeated
from .processes import ROOT
from .table import Row, repeats
from .timing import Settings

T = TypeVar("T")


def rows(settings: Settings) -> list[Row]:
    torch.set_num_threads(1)
    embedder.pipelined = sequential  # type: ignore[assignment]  # otherwise a stage's time includes that of others
    phantoms = repeated(settings, settings.of(16, 48))
    with tempfile.TemporaryDirectory() as scratch:
        large = enlarged(repeated(settings, settings.of(4, 16)), Path(scratch) / "large")
        return [
            row
            for precision in ("float32", "bfloat16")
            for what, paths in (("a phantom", phantoms), ("12 megapixels", large))
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
    return [
        Row(what=f"{stage}, {what}{f', {precision}' if stage == 'embed' else ''}, one core", value=repeats(values), unit="ms")
        for stage, values in shown.items()
    ]


def sequential(items: Iterable[T], stages: Sequence[Callable[[T], T]]) -> Iterator[T]:
    """Replace ``dysfw.util.concurrency.pipelined``: run all stages of an item before the next item."""
    for item in items:
        result = item
        for stage in stages:
            result = stage(result)
        yield result
