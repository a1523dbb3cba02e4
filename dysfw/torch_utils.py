"""What backbones in torch have in common: a device that is really there, the pixels' normalisation, inference in batches.

For plugins, and for ``dysfw.pretraining``, which alone of the core imports this module and torch.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from .contracts.components import Backbone
from .errors import DysfwError
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


@runtime_checkable
class Trainable(Protocol):
    """What a backbone offers beside its contract so that ``dysfw pretrain`` can train it.

    module: pixels [N, 3, S, S], uint8 or float, 0..255 -> embeddings [N, dim], on the backbone's device, in inference mode.
    net: the part of ``module`` whose ``state_dict`` a weight file holds. The constructor's parameter ``weights`` takes the path
    of such a file, which may hold "neck.weight" and "neck.bias" beside.
    """

    module: nn.Module
    net: nn.Module


@runtime_checkable
class Tunable(Trainable, Protocol):
    """What a trainable backbone offers, beside ``dysfw.contracts.components.Variable``, so that its trunk can be fitted to each region.

    last_block: names of the tensors of ``net`` from its last block to its end, for tuning that leaves all before as it is.
    """

    last_block: frozenset[str]

    def variant(self, differences: Mapping[str, Float32]) -> Backbone: ...


def with_weight_deltas(module: nn.Module, net: nn.Module, differences: Mapping[str, Float32]) -> tuple[nn.Module, nn.Module]:
    """Copies of ``module`` and of the ``net`` in it to some of whose tensors the differences are added; all other tensors are
    the same ones in memory. Raises ValueError for a name or shape that is not the net's."""
    own = net.state_dict(keep_vars=True)
    for name, difference in differences.items():
        if name not in own or tuple(own[name].shape) != difference.shape:
            shape = list(own[name].shape) if name in own else "no such tensor"
            raise ValueError(f"{name}: {list(difference.shape)} cannot be added to {shape}")
    changed = {id(own[name]) for name in differences}
    shared = {id(t): t for t in (*module.parameters(), *module.buffers()) if id(t) not in changed}
    done: dict[int, object] = dict(shared)
    copied = copy.deepcopy(module, done)
    net_copied = done[id(net)]
    assert isinstance(net_copied, nn.Module)  # noqa: S101  # deepcopy keeps what it made by the original's id
    tensors = net_copied.state_dict(keep_vars=True)
    with torch.no_grad():
        for name, difference in differences.items():
            tensors[name].add_(torch.from_numpy(difference).to(tensors[name].device))
    return copied, net_copied


NAMED = 5  # tensors that an error names


def load_tensors(model: nn.Module, tensors: Mapping[str, Tensor], origin: str, *, beside: Sequence[str] = ()) -> None:
    """Replace all parameters and buffers of ``model``. origin: where the tensors come from, for errors. beside: names of layers
    that may come with them and that the model does not have, such as a classifier.

    Raises ValueError, and leaves the model as it was, where any other tensor is missing, left over or of another shape.
    """
    wanted = model.state_dict()
    extra = [name for name in tensors.keys() - wanted.keys() if not name.startswith(tuple(f"{layer}." for layer in beside))]
    other = [name for name in wanted.keys() & tensors.keys() if wanted[name].shape != tensors[name].shape]
    shapes = {name: f" {list(tensors[name].shape)} for {list(wanted[name].shape)}" for name in other}
    problems = [
        _counted("missing", wanted.keys() - tensors.keys(), {}),
        _counted("left over", extra, {}),
        _counted("of another shape", other, shapes),
    ]
    if any(problems):
        raise ValueError(f"{origin} is not for this model: {'; '.join(filter(None, problems))}")
    model.load_state_dict({name: tensors[name] for name in wanted})


def _counted(what: str, names: Iterable[str], notes: Mapping[str, str]) -> str:
    every = sorted(names)
    shown = ", ".join(name + notes.get(name, "") for name in every[:NAMED])
    return f"{len(every)} {what} ({shown}{', …' if len(every) > NAMED else ''})" if every else ""


def tensor_digest(model: nn.Module) -> str:
    """sha256 of a model's tensors, hexadecimal: for each, by name, its name, type, shape and little-endian bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    array = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return array.tobytes()


class TorchRunner:
    """Runs trunks that take pixels [N, 3, size, size] and give [N, dim], on one device, ``batch`` crops at a time.

    size: side of the crops, px. batch: 1 or more; it is halved, and the work goes on, where memory does not suffice. device:
    "cpu", "cuda:0" …; "cuda" is the first of its kind. precision: "bfloat16" runs under autocast, the weights stay float32.
    compile: by ``torch.compile``, when the first crops come; every batch is filled up to ``batch``, so that this happens once.
    Raises ValueError for a value that is wrong and for a device that this machine does not have: nothing falls back to another.
    On CUDA it sets cuDNN, for the whole process, to deterministic algorithms and true float32 (torch's default rounds
    convolutions to TF32, an error of about 1e-3).
    """

    def __init__(self, size: int, batch: int, device: str, precision: Precision, *, compile: bool = False) -> None:
        if size < 1 or batch < 1:
            raise ValueError(f"size and batch must be 1 or more, found size {size} and batch {batch}")
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f'precision must be "float32" or "bfloat16", found {precision!r}')
        self.size = size
        self.batch = batch
        self.device = find_device(device)
        self.precision = precision
        self.compile = compile
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
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, self.precision == "bfloat16"):
            # Results stay on the device until all is queued, so that a GPU computes while the next batch is sent.
            found = list(self._batches(module, crops))
            parts = [part.float().cpu().numpy() for part in found]
        return np.concatenate([np.empty((0, dim), np.float32), *parts])

    def _batches(self, module: nn.Module, crops: UInt8) -> Iterator[Tensor]:
        """What the module makes of each batch. Where memory does not suffice, batches are half as large from then on."""
        done = 0
        while done < len(crops):
            part = crops[done : done + self.batch]
            try:
                rows = self._compiled(module, part) if self.compile else module(self._send(part))
            except (RuntimeError, MemoryError) as error:
                if len(part) == 1 or not is_out_of_memory(error):
                    raise
                self.batch = len(part) // 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                continue
            done += len(part)
            yield rows

    def _compiled(self, module: nn.Module, crops: UInt8) -> Tensor:
        """Raises DysfwError where this machine cannot compile."""
        filled = np.concatenate([crops, np.zeros((self.batch - len(crops), *crops.shape[1:]), np.uint8)])
        try:
            return _compiled_call()(module, self._send(filled))[: len(crops)]
        except torch._dynamo.exc.BackendCompilerFailed as error:
            raise DysfwError(
                f"compile: true, but torch cannot compile here: {str(error).strip().splitlines()[0]}",
                hint="leave compile out, or install what torch.compile needs (on a processor, a C++ compiler such as g++)",
            ) from error

    def _send(self, crops: UInt8) -> Tensor:
        """Crops on the device: still bytes, a quarter of what floats would be, and already channels last in memory."""
        return torch.from_numpy(crops.copy(order="C")).to(self.device).permute(0, 3, 1, 2)


@cache
def _compiled_call() -> Callable[[nn.Module, Tensor], Tensor]:
    """One function for all modules: what was compiled for one serves its variants, whose tensors alone differ."""
    return torch.compile(lambda module, pixels: module(pixels), dynamic=False)


def is_out_of_memory(error: BaseException) -> bool:
    """Of a GPU, by its class; of the machine, which torch reports as any other error, by its words."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "t allocate memory" in str(error)


def find_device(name: str) -> torch.device:
    """The device called ``name``. Raises ValueError, naming those of this machine, where it has no such device."""
    accelerator = torch.accelerator.current_accelerator()
    kind = accelerator.type if accelerator else ""
    usable = ["cpu", *(f"{kind}:{i}" for i in range(torch.accelerator.device_count()))]
    for choice in (name, f"{name}:0"):
        if choice in usable:
            return torch.device(choice)
    raise ValueError(f"device {name!r} is not there: this machine has {', '.join(usable)}")
