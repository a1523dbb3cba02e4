"""What backbones in torch have in common: a device that is really there, the pixels' normalisation, inference in batches.

For plugins. The core itself never imports this module, and so never imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from .types import Float32, UInt8

Precision = Literal["float32", "bfloat16"]


class Normalise(nn.Module):
    """The first layer of a trunk that takes pixels: [N, 3, H, W], uint8 or float, 0..255 -> float32 (pixels - mean) / std.

    mean, std: one value for each channel, R G B, in units of a pixel (0..255). They follow the module to its device, but are
    no part of its ``state_dict``.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels.float() - self.mean) / self.std


class Runner:
    """Runs trunks that take pixels [N, 3, size, size] and give [N, dim], on one device, ``batch`` crops at a time.

    size: side of the crops, px. batch: 1 or more. device: "cpu", "cuda:0" …; "cuda" is the first of its kind.
    precision: "bfloat16" runs under autocast, the weights stay float32. Raises ValueError for a value that is wrong and for
    a device that this machine does not have: nothing falls back to another. On CUDA it sets cuDNN, for the whole process, to
    deterministic algorithms and true float32 (torch's default rounds convolutions to TF32, an error of about 1e-3).
    """

    def __init__(self, size: int, batch: int, device: str, precision: Precision) -> None:
        if size < 1 or batch < 1:
            raise ValueError(f"size and batch must be 1 or more, found size {size} and batch {batch}")
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f'precision must be "float32" or "bfloat16", found {precision!r}')
        self.size = size
        self.batch = batch
        self.device = find_device(device)
        self.precision = precision
        if self.device.type == "cuda":
            cudnn = torch.backends.cudnn
            cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = False, True, False

    def place(self, module: nn.Module) -> nn.Module:
        """``module`` itself, moved to the device in inference mode, its weights laid out channels last."""
        return module.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]

    def embed(self, module: nn.Module, crops: UInt8, dim: int) -> Float32:
        """crops uint8 [N, size, size, 3] RGB -> float32 [N, dim], N >= 0. Raises ValueError where the crops are others."""
        side = self.size
        if crops.dtype != np.uint8 or crops.shape[1:] != (side, side, 3):
            raise ValueError(f"crops must be uint8 [N, {side}, {side}, 3], found {crops.dtype} {list(crops.shape)}")
        parts = [np.empty((0, dim), np.float32)]
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, self.precision == "bfloat16"):
            # Results stay on the device until all is queued, so that a GPU computes while the next batch is sent.
            found = [module(self._send(crops[i : i + self.batch])) for i in range(0, len(crops), self.batch)]
            parts += [part.float().cpu().numpy() for part in found]
        return np.concatenate(parts)

    def _send(self, crops: UInt8) -> Tensor:
        """Crops on the device: still bytes, a quarter of what floats would be, and already channels last in memory."""
        return torch.from_numpy(crops.copy(order="C")).to(self.device).permute(0, 3, 1, 2)


def find_device(name: str) -> torch.device:
    """The device called ``name``. Raises ValueError, naming those of this machine, where it has no such device."""
    accelerator = torch.accelerator.current_accelerator()
    kind = accelerator.type if accelerator else ""
    usable = ["cpu", *(f"{kind}:{i}" for i in range(torch.accelerator.device_count()))]
    for choice in (name, f"{name}:0"):
        if choice in usable:
            return torch.device(choice)
    raise ValueError(f"device {name!r} is not there: this machine has {', '.join(usable)}")
