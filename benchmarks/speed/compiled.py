"""The trunk of recipes/paper.yaml as it is, and after ``torch.compile`` (``compile: true``)."""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial

import numpy as np

from dysfw.torch_utils import Precision

from .table import Row, ratio, spread
from .timing import Settings, interleaved

MODEL, SIDE, BATCH = "inception_resnet_v2", 112, 32


def rows(settings: Settings) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch  # else it remembers what an earlier run compiled
        return [row for precision in ("float32", "bfloat16") for row in compared(settings, precision)]


def compared(settings: Settings, precision: Precision) -> list[Row]:
    from dysfw_timm.backbone import Timm

    crops = np.random.default_rng(0).integers(0, 256, (BATCH * settings.of(2, 4), SIDE, SIDE, 3), dtype=np.uint8)
    make = partial(Timm, MODEL, "random", size=SIDE, batch=BATCH, precision=precision)
    usual, compiled = make(), make(compile=True)
    usual.embed(crops)
    started = time.perf_counter()
    compiled.embed(crops)
    first = time.perf_counter() - started
    taken = interleaved({"usual": lambda: usual.embed(crops), "compiled": lambda: compiled.embed(crops)}, settings.of(5, 15))
    each = {name: [1000 * s / len(crops) for s in values] for name, values in taken.items()}
    what = f"{MODEL}, {SIDE} px, {precision}"
    return [
        Row(what=f"{what}: compiling, and the first {len(crops)} crops", value=spread([first]), unit="s", timed=False),
        Row(
            what=f"{what}, compiled",
            value=spread(each["compiled"]),
            unit="ms a crop",
            ratio=ratio(each["usual"], each["compiled"]),
            to=f"as it is ({spread(each['usual']).text()} ms)",
        ),
    ]
