"""A backbone, with those nested in it, as one torch module from crops to embeddings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor, nn

from dysfw.plugin import Backbone, DysfwError, build_component, find_weights, read_weights

if TYPE_CHECKING:
    from dysfw.plugin import Node, Recipe

UNIT = 2**22  # of Pillow's weights, which are whole numbers for pixels of 8 bits
PROJECTION = ("neck.weight", "neck.bias")  # beside a trunk in its weight file, see dysfw.torch_utils.Trainable


@dataclass(frozen=True, slots=True)
class Folded:
    """module: pixels float32 [N, 3, size, size] RGB, whole numbers 0..255 -> float32 [N, dim], on the processor."""

    module: nn.Module
    size: int


class Crops(nn.Module):
    """Crops as they come, uint8 [N, size, size, 3] RGB -> float32 [N, dim]."""

    def __init__(self, folded: Folded) -> None:
        super().__init__()
        self.network = folded.module

    def forward(self, crops: Tensor) -> Tensor:
        return self.network(crops.permute(0, 3, 1, 2).float())  # type: ignore[no-any-return]


def fold(recipe: Recipe, node: Node, backbone: Backbone | None = None) -> Folded:
    """node: a backbone of the recipe. backbone: as it was built; None builds it. Raises DysfwError where it cannot be folded
    into a graph."""
    if folding := FOLDINGS.get(node.full_name):
        return folding(recipe, node)
    backbone = backbone or cast(Backbone, build_component(recipe, node))
    module = getattr(backbone, "module", None)
    if not isinstance(module, nn.Module):
        known = ", ".join(name.partition(":")[2] for name in FOLDINGS)
        raise DysfwError(
            f"the backbone {node.full_name} cannot be exported: it offers no torch module from pixels to embeddings. Those of "
            f"timm, facenet and dlib_resnet do, and {known} of such",
            hint="export a recipe with such a backbone; what the backbone onnx runs is an ONNX file already",
        )
    # A copy, for the backbone's own may lie on another device, and is needed there for the check.
    return Folded(copy.deepcopy(module).to("cpu", torch.float32).eval(), backbone.input_size)


def _fold_projection(recipe: Recipe, node: Node) -> Folded:
    network = fold(recipe, cast("Node", node.params["of"]))
    tensors = read_weights(_file(node.params["weights"]), PROJECTION)
    weight, bias = (torch.from_numpy(tensors[name].astype(np.float32)) for name in PROJECTION)
    projection = nn.Linear(weight.shape[1], weight.shape[0], device="meta")  # no values yet
    projection.weight, projection.bias = nn.Parameter(weight), nn.Parameter(bias)
    return Folded(nn.Sequential(network.module, projection), network.size)


def _fold_concat(recipe: Recipe, node: Node) -> Folded:
    parts = [fold(recipe, part) for part in cast("list[Node]", node.params["of"])]
    size = max(part.size for part in parts)
    factors = None
    if node.params["unit"]:
        shares = np.array(node.params["shares"] or [1.0] * len(parts), np.float64)
        factors = np.sqrt(shares / shares.sum()).tolist()
    networks = [part.module if part.size == size else nn.Sequential(Reduced(size, part.size), part.module) for part in parts]
    return Folded(Joined(networks, factors), size)


def _fold_tta(recipe: Recipe, node: Node) -> Folded:
    scales = node.params["scales"]
    if scales not in (None, [1.0]):
        raise DysfwError(
            f"the backbone tta cannot be exported with scales {scales}: its views are cut by Pillow, and no graph does the "
            "same. Mirrored views can be exported",
            hint="leave scales out, and train again",
        )
    network = fold(recipe, cast("Node", node.params["of"]))
    return Folded(
        Mirrored(network.module, unit=bool(node.params["unit"])) if node.params["flip"] else _plain(node, network), network.size
    )


def _plain(node: Node, network: Folded) -> nn.Module:
    """Of one view nothing is left to average."""
    return nn.Sequential(network.module, Unit()) if node.params["unit"] else network.module


def _file(value: object) -> Path:
    """The file of a parameter that takes a path, or the name of weights that a plugin brings."""
    return value if isinstance(value, Path) else find_weights(value.entry.spec)  # type: ignore[attr-defined]


# The core's own backbones of backbones, which compute in numpy. Where they change and this does not, the check refuses.
FOLDINGS: dict[str, Callable[[Recipe, Node], Folded]] = {
    "dysfw:projection": _fold_projection, "dysfw:concat": _fold_concat, "dysfw:tta": _fold_tta,
}  # fmt: skip


class Unit(nn.Module):
    """Embeddings [N, dim] at length 1; zeros stay zeros."""

    def forward(self, x: Tensor) -> Tensor:
        length = (x * x).sum(-1, keepdim=True).sqrt()
        return x / torch.where(length > 0, length, 1.0)


class Joined(nn.Module):
    """The backbone ``concat``. factors: of each trunk's unit embedding; None leaves embeddings as they are."""

    def __init__(self, networks: Sequence[nn.Module], factors: Sequence[float] | None) -> None:
        super().__init__()
        self.networks, self.factors, self.unit = nn.ModuleList(networks), factors, Unit()

    def forward(self, pixels: Tensor) -> Tensor:
        found = [network(pixels) for network in self.networks]
        if self.factors is not None:
            found = [factor * self.unit(part) for factor, part in zip(self.factors, found, strict=True)]
        return torch.cat(found, 1)


class Mirrored(nn.Module):
    """The backbone ``tta`` with ``flip``: the mean over a crop and its mirror image."""

    def __init__(self, network: nn.Module, *, unit: bool) -> None:
        super().__init__()
        self.network, self.unit = network, Unit() if unit else nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        found = self.unit(self.network(torch.cat([pixels, pixels.flip(3)])))
        return found.unflatten(0, (2, pixels.shape[0])).mean(0)  # type: ignore[no-any-return]


class Reduced(nn.Module):
    """Pixels [N, 3, size, size] -> [N, 3, smaller, smaller], as Pillow reduces them with its bicubic filter, to the bit: along
    the rows, rounded to whole numbers, then along the columns, rounded again. In float64, in which its sums are exact."""

    weights: Tensor  # [size, smaller], whole numbers

    def __init__(self, size: int, smaller: int) -> None:
        super().__init__()
        # What Pillow makes of rows with a single pixel in them are its filter's weights.
        rows = Pillow.fromarray(np.eye(size, dtype=np.int32) * UNIT).resize((smaller, size), Pillow.Resampling.BICUBIC)
        self.register_buffer("weights", torch.from_numpy(np.array(rows, np.float64)))

    def forward(self, pixels: Tensor) -> Tensor:
        across = _whole(pixels.double() @ self.weights)
        return _whole(self.weights.T @ across).float()


def _whole(sums: Tensor) -> Tensor:
    """Rounded as Pillow rounds, a half upwards."""
    return ((sums + UNIT // 2) / UNIT).floor().clamp(0, 255)
