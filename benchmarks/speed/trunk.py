"""How much of what the processor can multiply a trunk makes use of.

The measure is the product of two matrices of 2,048 × 2,048 by torch. Where that is slow (in float32 torch asks MKL, which does
not use all that processors of other makers than Intel can do), a 3 × 3 convolution of 128 channels is the harder measure. A
trunk's operations are counted by torch as it runs, two for each multiplication with its addition.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from dysfw_timm.backbone import Timm
from torch.nn.functional import conv2d
from torch.utils.flop_counter import FlopCounterMode

from dysfw.torch_utils import Precision

from .table import Aim, Row, ratio, spread
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
            backbone = Timm(MODEL, "random", size=size, batch=batch, precision=name)
            works[f"{size} {name}"] = lambda backbone=backbone, crops=crops: backbone.embed(crops)
    operations = {name: counted(work) for name, work in works.items()}  # and all are warm now
    taken = interleaved(works, settings.of(3, 7))
    rates = {name: [operations[name] / s / 1e9 for s in values] for name, values in taken.items()}
    found = [
        row_of("product of 2,048² matrices", "product", rates),
        row_of("3 × 3 convolution, 128 channels", "convolution", rates),
    ]
    for size in SIZES:
        found += rows_of(size, batch, rates)
    return found


def product(dtype: torch.dtype) -> Callable[[], object]:
    one, other = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
    return lambda: torch.mm(one, other)


def convolution(dtype: torch.dtype) -> Callable[[], object]:
    maps, weight = torch.randn(IMAGES, CHANNELS, MAP, MAP), torch.randn(CHANNELS, CHANNELS, 3, 3)
    one, other = (tensor.to(dtype, memory_format=torch.channels_last) for tensor in (maps, weight))
    return lambda: conv2d(one, other, padding=1)


def counted(work: Callable[[], object]) -> float:
    """Operations that it takes, as far as torch's counter knows them: products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def row_of(what: str, name: str, rates: Rates) -> Row:
    full, half = rates[f"{name} float32"], rates[f"{name} bfloat16"]
    to = f"itself in float32 ({spread(full).text()} GFLOP/s)"
    return Row(what=f"{what}, bfloat16", value=spread(half), unit="GFLOP/s", ratio=ratio(half, full), to=to)


def rows_of(size: int, batch: int, rates: Rates) -> list[Row]:
    compared = [
        ("float32", "product float32", Aim(sign="≥", bound=0.8)),
        ("float32", "convolution float32", None),
        ("bfloat16", "product bfloat16", None),
        ("bfloat16", "convolution bfloat16", None),
        ("bfloat16", f"{size} float32", Aim(sign="≥", bound=2)),
    ]
    return [
        Row(
            what=f"trunk {MODEL}, {size} px, batch {batch}, {name}",
            value=spread(rates[f"{size} {name}"]),
            unit="GFLOP/s",
            ratio=ratio(rates[f"{size} {name}"], rates[to]),
            to=to.replace(f"{size}", "itself in"),
            aim=aim,
        )
        for name, to, aim in compared
    ]
