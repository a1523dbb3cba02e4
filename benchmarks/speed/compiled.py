"""The backbone of recipes/paper.yaml with and without ``torch.compile`` (``compile: true``)."""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial

import numpy as np

from dysfw.runtime.torch_utils import Precision

from .table import Row, ratio, repeats
from .timing import Settings, interleaved

MODEL, SIDE, BATCH = "inception_resnet_v2", 112, 32


def rows(settings: Settings) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch  # otherwise it reuses what an earlier run compiled
        return [row for precision in ("float32", "bfloat16") for row in compare(settings, precision)]


def compare(settings: Settings, precision: Precision) -> list[Row]:
    from dysfw_timm.backbone import Timm

    crops = np.random.default_rng(0).integers(0, 256, (BATCH * settings.of(2, 4), SIDE, SIDE, 3), dtype=np.uint8)
    make = partial(Timm, MODEL, "random", size=SIDE, batch_size=BATCH, precision=precision)
    eager, compiled = make(), make(compile=True)
    eager.embed(crops)
    started = time.perf_counter()
    compiled.embed(crops)
    first = time.perf_counter() - started
    times = interleaved({"eager": lambda: eager.embed(crops), "compiled": lambda: compiled.embed(crops)}, settings.of(5, 15))
    per_crop = {name: [1000 * s / len(crops) for s in values] for name, values in times.items()}
    what = f"{MODEL}, {SIDE} px, {precision}"
    return [
        Row(what=f"{what}: compilation and first {len(crops)} crops", value=repeats([first]), unit="s", timed=False),
        Row(
            what=f"{what}, compiled",
            value=repeats(per_crop["compiled"]),
            unit="ms per crop",
            ratio=ratio(per_crop["eager"], per_crop["compiled"]),
            to=f"not compiled ({repeats(per_crop['usual']).text()} ms)",
        ),
    ]
