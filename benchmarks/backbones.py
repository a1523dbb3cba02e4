"""Speed of the backbones: crops per second with two threads, in float32 and bfloat16.

    python benchmarks/backbones.py [SECONDS]

The backbones take turns with batches of 8 crops, for about SECONDS (default 20) each. Prints medians as a Markdown table, with
the ratio to the slowest. Weights are random, which does not change the speed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dysfw.contracts.components import Backbone
from dysfw.registry.registry import load_registry

BATCH = 8
BACKBONES: dict[str, tuple[str, dict[str, Any]]] = {
    "`dlib_resnet`, 150 px": ("dlib_resnet", {}),
    "`facenet`, 160 px": ("facenet", {"weights": "random"}),
    "`timm` inception_resnet_v2, 112 px": ("timm", {"model": "inception_resnet_v2", "weights": "random", "size": 112}),
    "`timm` inception_resnet_v2, 299 px": ("timm", {"model": "inception_resnet_v2", "weights": "random", "size": 299}),
    "`timm` vgg16, 224 px": ("timm", {"model": "vgg16", "weights": "random", "size": 224}),
    "`timm` resnet50, 224 px": ("timm", {"model": "resnet50", "weights": "random", "size": 224}),
}


def timed(backbone: Backbone) -> Callable[[], float]:
    """A function that embeds one batch and returns the time, s."""
    crops = np.random.default_rng(0).integers(0, 256, (BATCH, backbone.input_size, backbone.input_size, 3), np.uint8)

    def run() -> float:
        started = time.perf_counter()
        backbone.embed(crops)
        return time.perf_counter() - started

    return run


def main(seconds: float) -> None:
    torch.set_num_threads(2)
    registry = load_registry()
    work = {}
    for name, (use, parameters) in BACKBONES.items():
        for precision in ("float32", "bfloat16"):
            work[name, precision] = timed(registry.load("backbone", use)(**parameters, precision=precision))
    for run in work.values():
        run()
    times: dict[tuple[str, str], list[float]] = {key: [] for key in work}
    started = time.perf_counter()
    while time.perf_counter() - started < seconds * len(BACKBONES) or min(map(len, times.values())) < 3:
        for key, run in work.items():
            times[key].append(run())
    rates = {key: BATCH / float(np.median(values)) for key, values in times.items()}
    slowest = min(rates.values())
    print(f"| backbone | float32 | bfloat16 | float32 / slowest |\n|{' --- |' * 4}")
    for name in sorted(BACKBONES, key=lambda n: -rates[n, "float32"]):
        float32, bfloat16 = rates[name, "float32"], rates[name, "bfloat16"]
        print(f"| {name} | {float32:.1f} | {bfloat16:.1f} | {float32 / slowest:.1f} |")


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:] == ["--help"]:
        sys.exit(__doc__)
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
