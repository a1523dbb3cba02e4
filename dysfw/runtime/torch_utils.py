"""Tools for backbones in torch: devices, normalisation of pixels, loading of tensors and inference in batches."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from ..contracts.components import Backbone
from ..errors import DysfwError
from ..types import Float32, Precision, UInt8
from ..util.out_of_memory import ShrinkingBatches
from ..util.processors import usable_processors
from .graph import refuse_misfits


class Normalise(nn.Module):
    """First layer of a backbone that takes pixels: (pixels - mean) / std.

    Mean and standard deviation move with the module to its device, but are not part of its ``state_dict``.

    Args:
        mean: One value for each channel R, G, B, in units of a pixel (0 to 255).
        std: One value for each channel R, G, B, in units of a pixel (0 to 255).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise pixels.

        Args:
            pixels: uint8 or float [N, 3, H, W], 0 to 255.

        Returns:
            float32 [N, 3, H, W].
        """
        return (pixels.float() - self.mean) / self.std


@runtime_checkable
class Trainable(Protocol):
    """Optional interface of a backbone that ``dysfw pretrain`` can train.

    The constructor's parameter ``weights`` takes the path of a weight file. The file may also contain the tensors of a
    projection head, "neck.weight" and "neck.bias".

    Attributes:
        module: Maps pixels [N, 3, S, S], uint8 or float, 0 to 255, to embeddings [N, dim]; on the backbone's device, in eval
            mode.
        net: The part of ``module`` whose ``state_dict`` a weight file contains.
    """

    module: nn.Module
    net: nn.Module


@runtime_checkable
class Tunable(Trainable, Protocol):
    """Optional interface of a trainable backbone that can be fine-tuned for each region.

    Attributes:
        last_block: Names of the tensors of ``net`` from its last block on, for fine-tuning that freezes all other tensors.
    """

    last_block: frozenset[str]

    def variant(self, differences: Mapping[str, Float32]) -> Backbone:
        """As in ``dysfw.contracts.components.SupportsWeightDelta``."""


def with_weight_deltas(module: nn.Module, net: nn.Module, differences: Mapping[str, Float32]) -> tuple[nn.Module, nn.Module]:
    """Copy a module and add differences to some of its tensors. All other tensors are shared with the original.

    Args:
        module: The module.
        net: The part of it that the names refer to.
        differences: What to add, by name.

    Returns:
        The copies of ``module`` and ``net``.

    Raises:
        ValueError: A name or shape does not fit ``net``.
    """
    original = net.state_dict(keep_vars=True)
    for name, difference in differences.items():
        if name not in original or tuple(original[name].shape) != difference.shape:
            shape = list(original[name].shape) if name in original else "no such tensor"
            raise ValueError(f"{name}: {list(difference.shape)} cannot be added to {shape}")
    changed = {id(original[name]) for name in differences}
    shared = {id(t): t for t in (*module.parameters(), *module.buffers()) if id(t) not in changed}
    memo: dict[int, object] = dict(shared)
    module_copy = copy.deepcopy(module, memo)
    net_copy = memo[id(net)]
    assert isinstance(net_copy, nn.Module)  # noqa: S101  # deepcopy stores copies by the id of the original
    tensors = net_copy.state_dict(keep_vars=True)
    with torch.no_grad():
        for name, difference in differences.items():
            tensors[name].add_(torch.from_numpy(difference).to(tensors[name].device))
    return module_copy, net_copy


def load_tensors(model: nn.Module, tensors: Mapping[str, Tensor], origin: str, *, ignore: Sequence[str] = ()) -> None:
    """Replace all parameters and buffers of a model.

    Args:
        model: The model.
        tensors: The tensors by name.
        origin: Where the tensors come from, for errors.
        ignore: Names of layers that the model does not have and whose tensors are ignored, such as a classifier.

    Raises:
        ValueError: A tensor is missing, unexpected or of the wrong shape. The model is unchanged.
    """
    expected = model.state_dict()
    refuse_misfits(
        {name: tuple(tensor.shape) for name, tensor in tensors.items()},
        {name: tuple(tensor.shape) for name, tensor in expected.items()},
        origin,
        ignore,
    )
    model.load_state_dict({name: tensors[name] for name in expected})


def tensor_digest(model: nn.Module) -> str:
    """Compute the sha256 of a model's tensors: of their names, types, shapes and little-endian bytes, ordered by name.

    Args:
        model: The model.

    Returns:
        The hex digest.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    array = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return array.tobytes()


class TorchRunner:
    """Runs networks that map pixels [N, 3, size, size] to embeddings [N, dim], in batches on one device.

    On CUDA it sets cuDNN, for the whole process, to deterministic algorithms and true float32. By default torch rounds
    convolutions to TF32, an error of about 1e-3.

    Args:
        size: Side of the crops, px.
        batch_size: Crops per batch, 1 or more. It is halved if memory does not suffice.
        device: Device such as "cpu" or "cuda:0"; "cuda" is the first of its kind.
        precision: "float32", or "bfloat16" for autocast; the weights stay float32.
        compile: Whether to use ``torch.compile``. It compiles once, for the first crops, since every batch is padded to
            ``batch_size``.

    Raises:
        ValueError: A value is invalid, or this machine does not have the device. There is no fallback to another.
    """

    def __init__(self, size: int, batch_size: int, device: str, precision: Precision, *, compile: bool = False) -> None:
        if size < 1 or batch_size < 1:
            raise ValueError(f"size and batch_size must be 1 or more, found size {size} and batch_size {batch_size}")
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f'precision must be "float32" or "bfloat16", found {precision!r}')
        self.size = size
        self.batches = ShrinkingBatches(batch_size)
        self.device = find_device(device)
        self.precision = precision
        self.compile = compile
        if self.device.type == "cpu" and usable_processors() < torch.get_num_threads():
            torch.set_num_threads(usable_processors())  # torch does not know of CPU quotas
        if self.device.type == "cuda":
            cudnn = torch.backends.cudnn
            cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = False, True, False

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to the device, in eval mode and with channels-last weights.

        Args:
            module: The module.

        Returns:
            The same module.
        """
        return module.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]

    def embed(self, module: nn.Module, crops: UInt8, dim: int) -> Float32:
        """Embed crops.

        Args:
            module: Maps pixels [N, 3, size, size] to embeddings.
            crops: uint8 [N, size, size, 3], RGB, N >= 0.
            dim: Length of an embedding.

        Returns:
            float32 [N, dim].

        Raises:
            ValueError: The crops have another type or shape.
            DysfwError: The module cannot be compiled on this machine.
        """
        side = self.size
        if crops.dtype != np.uint8 or crops.shape[1:] != (side, side, 3):
            raise ValueError(f"crops must be uint8 [N, {side}, {side}, 3], found {crops.dtype} {list(crops.shape)}")
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, self.precision == "bfloat16"):
            # Results stay on the device until all batches are queued, so that a GPU computes while the next batch is sent.
            run = partial(self._compiled if self.compile else self._eager, module)
            results = list(self.batches.run(run, crops, self._free_memory))
            embeddings = [result.float().cpu().numpy() for result in results]
        return np.concatenate([np.empty((0, dim), np.float32), *embeddings])

    def _eager(self, module: nn.Module, crops: UInt8) -> Tensor:
        return module(self.send(crops))  # type: ignore[no-any-return]

    def _free_memory(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _compiled(self, module: nn.Module, crops: UInt8) -> Tensor:
        """Run the compiled module. Raises DysfwError if this machine cannot compile."""
        padded = np.concatenate([crops, np.zeros((self.batches.size - len(crops), *crops.shape[1:]), np.uint8)])
        try:
            return _compiled_call()(module, self.send(padded))[: len(crops)]
        except torch._dynamo.exc.BackendCompilerFailed as error:
            raise DysfwError(
                f"compile is true, but torch cannot compile on this machine: {str(error).strip().splitlines()[0]}",
                hint="remove compile, or install what torch.compile needs (on a CPU, a C++ compiler such as g++)",
            ) from error

    def send(self, crops: UInt8) -> Tensor:
        """Copy crops to the device, as bytes (a quarter of the size of floats) and channels last in memory."""
        return torch.from_numpy(crops.copy(order="C")).to(self.device).permute(0, 3, 1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class TorchNetwork:
    """A network in torch with the runner that executes it.

    Attributes:
        runner: The runner.
        module: Maps pixels [N, 3, size, size] to embeddings.
        net: The part of ``module`` whose ``state_dict`` a weight file contains.
    """

    runner: TorchRunner
    module: nn.Module
    net: nn.Module

    def embed(self, crops: UInt8, dim: int) -> Float32:
        """Embed crops; see ``TorchRunner.embed``."""
        return self.runner.embed(self.module, crops, dim)

    def run(self, crops: UInt8) -> Float32:
        """Run the module on uint8 [N, size, size, 3], 1 or more, as one batch; returns float32 [N, dim]."""
        with torch.inference_mode():
            rows: Float32 = self.module(self.runner.send(crops)).float().cpu().numpy()
        return rows

    def with_weight_deltas(self, differences: Mapping[str, Float32]) -> TorchNetwork:
        """Copy the network and add differences to some of its tensors; see ``with_weight_deltas``."""
        return TorchNetwork(self.runner, *with_weight_deltas(self.module, self.net, differences))


@cache
def _compiled_call() -> Callable[[nn.Module, Tensor], Tensor]:
    """One function for all modules: variants that only differ in their tensors share the compiled code."""
    return torch.compile(lambda module, pixels: module(pixels), dynamic=False)


def find_device(name: str) -> torch.device:
    """Find a device of this machine.

    Args:
        name: "cpu", "cuda:0" …; "cuda" is the first of its kind.

    Returns:
        The device.

    Raises:
        ValueError: This machine does not have it.
    """
    accelerator = torch.accelerator.current_accelerator()
    kind = accelerator.type if accelerator else ""
    usable = ["cpu", *(f"{kind}:{i}" for i in range(torch.accelerator.device_count()))]
    for choice in (name, f"{name}:0"):
        if choice in usable:
            return torch.device(choice)
    raise ValueError(f"device {name!r} is not available: this machine has {', '.join(usable)}")
