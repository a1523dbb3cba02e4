"""How fast each trunk embeds: crops/s with two threads, in float32 and bfloat16, measured side by side in one run.

    python benchmarks/backbones.py [SECONDS]

Every trunk takes a batch of 8 crops in turn, round after round, for about SECONDS (20) each; medians are printed as a Markdown
table, with the ratio to the slowest. Random weights are as fast as any.
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
TRUNKS: dict[str, tuple[str, dict[str, Any]]] = {
    "`dlib_resnet`, 150 px": ("dlib_resnet", {}),
    "`facenet`, 160 px": ("facenet", {"weights": "random"}),
    "`timm` inception_resnet_v2, 112 px": ("timm", {"model": "inception_resnet_v2", "weights": "random", "size": 112}),
    "`timm` inception_resnet_v2, 299 px": ("timm", {"model": "inception_resnet_v2", "weights": "random", "size": 299}),
    "`timm` vgg16, 224 px": ("timm", {"model": "vgg16", "weights": "random", "size": 224}),
    "`timm` resnet50, 224 px": ("timm", {"model": "resnet50", "weights": "random", "size": 224}),
}


def timed(backbone: Backbone) -> Callable[[], float]:
    """A function that embeds one batch and tells how long it took, s."""
    crops = np.random.default_rng(0).integers(0, 256, (BATCH, backbone.input_size, backbone.input_size, 3), np.uint8)

    def once() -> float:
        started = time.perf_counter()
        backbone.embed(crops)
        return time.perf_counter() - started

    return once


def main(seconds: float) -> None:
    torch.set_num_threads(2)
    registry = load_registry()
    work = {}
    for name, (use, parameters) in TRUNKS.items():
        for precision in ("float32", "bfloat16"):
            work[name, precision] = timed(registry.load("backbone", use)(**parameters, precision=precision))
    for once in work.values():
        once()
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in work}
    started = time.perf_counter()
    while time.perf_counter() - started < seconds * len(TRUNKS) or min(map(len, taken.values())) < 3:
        for key, once in work.items():
            taken[key].append(once())
    rate = {key: BATCH / float(np.median(values)) for key, values in taken.items()}
    slowest = min(rate.values())
    print(f"| trunk | float32 | bfloat16 | float32 over the slowest |\n|{' --- |' * 4}")
    for name in sorted(TRUNKS, key=lambda n: -rate[n, "float32"]):
        print(
            f"| {name} | {rate[name, 'float32']:.1f} | {rate[name, 'bfloat16']:.1f} | {rate[name, 'float32'] / slowest:.1f} |"
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
