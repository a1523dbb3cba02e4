"""What each stage of recipes/paper.yaml takes of one core, for a phantom and for a photograph of twelve megapixels.

Stages run one after the other, torch with a single thread. MediaPipe's own process may use more, so that what its mesh takes is
the time until it answers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from dysfw.inference import embedder
from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Failure

from .images import enlarged, repeated
from .processes import ROOT
from .table import Row, spread
from .timing import Settings


def rows(settings: Settings) -> list[Row]:
    torch.set_num_threads(1)
    embedder.pipelined = one_after_the_other  # type: ignore[assignment]  # else a stage's time holds others' work too
    phantoms = repeated(settings, settings.of(16, 48))
    with tempfile.TemporaryDirectory() as scratch:
        large = enlarged(repeated(settings, settings.of(4, 16)), Path(scratch) / "large")
        return [
            row
            for precision in ("float32", "bfloat16")
            for what, paths in (("a phantom", phantoms), ("12 megapixels", large))
            for row in measured(what, paths, precision, settings.of(2, 5))
        ]


def measured(what: str, paths: Sequence[Path], precision: str, rounds: int) -> list[Row]:
    """Decoding and detecting do not depend on the precision, and are told once."""
    pipeline = open_pipeline(ROOT / "recipes/paper.yaml", load_registry(), ["device=cpu", f"precision={precision}"])
    list(pipeline.embed(paths))  # all is warm now
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        results = [result for result in pipeline.embed(paths) if not isinstance(result, Failure)]
        for stage in results[0].timings_ms:
            found.setdefault(stage, []).append(sum(result.timings_ms[stage] for result in results) / len(results))
    told = found if precision == "float32" else {"embed": found["embed"]}
    return [
        Row(what=f"{stage}, {what}{f', {precision}' if stage == 'embed' else ''}, one core", value=spread(values), unit="ms")
        for stage, values in told.items()
    ]


def one_after_the_other(items, stages):  # type: ignore[no-untyped-def]  # as dysfw.util.concurrency has it
    for item in items:
        for stage in stages:
            item = stage(item)  # noqa: PLW2901  # it goes from hand to hand
        yield item
