"""How much of the processor's arithmetic throughput a backbone uses.

The reference is torch's product of two matrices of 2,048 × 2,048. If this is slow (float32 uses MKL, which does not use all
features of processors by other makers than Intel), a 3 × 3 convolution of 128 channels is a harder reference. Torch counts the
operations of a backbone, two for each multiply-add.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from dysfw_timm.backbone import Timm
from torch.nn.functional import conv2d
from torch.utils.flop_counter import FlopCounterMode

from dysfw.runtime.torch_utils import Precision

from .table import Row, Target, ratio, repeats
from .timing import Settings, interleaved

SIDE, CHANNELS, MAP, IMAGES = 2048, 128, 56, 32
SIZES = (160, 299)
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MODEL = "inception_resnet_v2"
Rates = dict[str, list[float]]


def rows(settings: Settings) -> list[Row]:
    batch = settings.of(8, 32)
    works: dict[str, Callable[[], object]] = {}
    for name, dtype in PRECISIONS.items():
        works |= {f"product {name}": product(dtype), f"convolution {name}": convolution(dtype)}
    for size in SIZES:
        crops = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), np.uint8)
        for name in PRECISIONS:
            backbone = Timm(MODEL, "random", size=size, batch_size=batch, precision=name)
            works[f"{size} {name}"] = lambda backbone=backbone, crops=crops: backbone.embed(crops)
    operations = {name: count_operations(work) for name, work in works.items()}  # also warms up
    times = interleaved(works, settings.of(3, 7))
    rates = {name: [operations[name] / s / 1e9 for s in values] for name, values in times.items()}
    table = [
        row_of("product of 2,048² matrices", "product", rates),
        row_of("3 × 3 convolution, 128 channels", "convolution", rates),
    ]
    for size in SIZES:
        table += rows_of(size, batch, rates)
    return table


def product(dtype: torch.dtype) -> Callable[[], object]:
    one, other = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
    return lambda: torch.mm(one, other)


def convolution(dtype: torch.dtype) -> Callable[[], object]:
    maps, weight = torch.randn(IMAGES, CHANNELS, MAP, MAP), torch.randn(CHANNELS, CHANNELS, 3, 3)
    one, other = (tensor.to(dtype, memory_format=torch.channels_last) for tensor in (maps, weight))
    return lambda: conv2d(one, other, padding=1)


def count_operations(work: Callable[[], object]) -> float:
    """Number of operations, as far as torch counts them: products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def row_of(what: str, name: str, rates: Rates) -> Row:
    full, half = rates[f"{name} float32"], rates[f"{name} bfloat16"]
    to = f"the same in float32 ({repeats(full).text()} GFLOP/s)"
    return Row(what=f"{what}, bfloat16", value=repeats(half), unit="GFLOP/s", ratio=ratio(half, full), to=to)


def rows_of(size: int, batch: int, rates: Rates) -> list[Row]:
    comparisons = [
        ("float32", "product float32", Target(sign="≥", bound=0.8)),
        ("float32", "convolution float32", None),
        ("bfloat16", "product bfloat16", None),
        ("bfloat16", "convolution bfloat16", None),
        ("bfloat16", f"{size} float32", Target(sign="≥", bound=2)),
    ]
    return [
        Row(
            what=f"backbone {MODEL}, {size} px, batch {batch}, {name}",
            value=repeats(rates[f"{size} {name}"]),
            unit="GFLOP/s",
            ratio=ratio(rates[f"{size} {name}"], rates[to]),
            to=to.replace(f"{size}", "the same in"),
            target=target,
        )
        for name, to, target in comparisons
    ]
