"""Folds a backbone, including nested backbones, into one torch module from crops to embeddings."""

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

FIXED_POINT_ONE = 2**22  # Pillow resizes 8-bit pixels with integer weights of this scale
PROJECTION = ("neck.weight", "neck.bias")  # in a backbone's weight file, see dysfw.runtime.torch_utils.Trainable


@dataclass(frozen=True, slots=True)
class Folded:
    """A backbone as one torch module.

    Attributes:
        module: Maps pixels float32 [N, 3, size, size], RGB, integers 0..255, to embeddings float32 [N, dim]. On the CPU.
        size: Side of the crops, px.
    """

    module: nn.Module
    size: int


class Crops(nn.Module):
    """Wraps a folded backbone to take crops uint8 [N, size, size, 3], RGB.

    Args:
        folded: The backbone.
    """

    def __init__(self, folded: Folded) -> None:
        super().__init__()
        self.network = folded.module

    def forward(self, crops: Tensor) -> Tensor:
        """Compute embeddings float32 [N, dim]."""
        return self.network(crops.permute(0, 3, 1, 2).float())  # type: ignore[no-any-return]


def fold(recipe: Recipe, node: Node, backbone: Backbone | None = None) -> Folded:
    """Fold a backbone into one module.

    Args:
        recipe: The recipe.
        node: The backbone's node in the recipe.
        backbone: The backbone; None builds it.

    Raises:
        DysfwError: If the backbone cannot be exported.
    """
    if fold_node := FOLDERS.get(node.full_name):
        return fold_node(recipe, node)
    backbone = backbone or cast(Backbone, build_component(recipe, node))
    module = getattr(backbone, "module", None)
    if not isinstance(module, nn.Module):
        known = ", ".join(name.partition(":")[2] for name in FOLDERS)
        raise DysfwError(
            f"the backbone {node.full_name} cannot be exported: it has no torch module from pixels to embeddings. "
            f"The backbones timm, facenet and dlib_resnet have one, and {known} can wrap them",
            hint="export a recipe with one of these; the backbone onnx already runs an ONNX file",
        )
    # Copied because the original may be on another device, and the check needs it there.
    return Folded(copy.deepcopy(module).to("cpu", torch.float32).eval(), backbone.input_size)


def _fold_projection(recipe: Recipe, node: Node) -> Folded:
    network = fold(recipe, cast("Node", node.params["of"]))
    tensors = read_weights(_file(node.params["weights"]), PROJECTION)
    weight, bias = (torch.from_numpy(tensors[name].astype(np.float32)) for name in PROJECTION)
    projection = nn.Linear(weight.shape[1], weight.shape[0], device="meta")  # skips the initialisation
    projection.weight, projection.bias = nn.Parameter(weight), nn.Parameter(bias)
    return Folded(nn.Sequential(network.module, projection), network.size)


def _fold_concat(recipe: Recipe, node: Node) -> Folded:
    parts = [fold(recipe, part) for part in cast("list[Node]", node.params["of"])]
    size = max(part.size for part in parts)
    factors = None
    if node.params["unit"]:
        shares = np.array(node.params["shares"] or [1.0] * len(parts), np.float64)
        factors = np.sqrt(shares / shares.sum()).tolist()
    networks = [
        part.module if part.size == size else nn.Sequential(BicubicDownscale(size, part.size), part.module) for part in parts
    ]
    return Folded(Concatenated(networks, factors), size)


def _fold_tta(recipe: Recipe, node: Node) -> Folded:
    scales = node.params["scales"]
    if scales not in (None, [1.0]):
        raise DysfwError(
            f"the backbone tta cannot be exported with scales {scales}: Pillow resizes its views, which ONNX cannot reproduce. "
            "Mirrored views can be exported",
            hint="remove scales, and train again",
        )
    network = fold(recipe, cast("Node", node.params["of"]))
    unit = bool(node.params["unit"])
    if node.params["flip"]:
        return Folded(Mirrored(network.module, unit=unit), network.size)
    return Folded(nn.Sequential(network.module, Unit()) if unit else network.module, network.size)


def _file(value: object) -> Path:
    """The file of a parameter whose value is a path or the name of registered weights."""
    return value if isinstance(value, Path) else find_weights(value.entry.spec)  # type: ignore[attr-defined]


# The core's nested backbones, which compute in numpy. The check fails if they change and these functions do not.
FOLDERS: dict[str, Callable[[Recipe, Node], Folded]] = {
    "dysfw:projection": _fold_projection, "dysfw:concat": _fold_concat, "dysfw:tta": _fold_tta,
}  # fmt: skip


class Unit(nn.Module):
    """Scales embeddings [N, dim] to length 1; zero vectors stay zero."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise embeddings [N, dim]."""
        length = (x * x).sum(-1, keepdim=True).sqrt()
        return x / torch.where(length > 0, length, 1.0)


class Concatenated(nn.Module):
    """The backbone ``concat``.

    Args:
        networks: The backbones.
        factors: Factor of each backbone's embedding after scaling to length 1; None concatenates embeddings unchanged.
    """

    def __init__(self, networks: Sequence[nn.Module], factors: Sequence[float] | None) -> None:
        super().__init__()
        self.networks, self.factors, self.unit = nn.ModuleList(networks), factors, Unit()

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute embeddings float32 [N, sum of dims] from pixels float32 [N, 3, size, size]."""
        parts = [network(pixels) for network in self.networks]
        if self.factors is not None:
            parts = [factor * self.unit(part) for factor, part in zip(self.factors, parts, strict=True)]
        return torch.cat(parts, 1)


class Mirrored(nn.Module):
    """The backbone ``tta`` with ``flip``: the mean over a crop and its mirror image.

    Args:
        network: The backbone.
        unit: Whether to scale both embeddings to length 1 before averaging.
    """

    def __init__(self, network: nn.Module, *, unit: bool) -> None:
        super().__init__()
        self.network, self.unit = network, Unit() if unit else nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute embeddings float32 [N, dim] from pixels float32 [N, 3, size, size]."""
        embeddings = self.unit(self.network(torch.cat([pixels, pixels.flip(3)])))
        return embeddings.unflatten(0, (2, pixels.shape[0])).mean(0)  # type: ignore[no-any-return]


class BicubicDownscale(nn.Module):
    """Downscales pixels to exactly what Pillow's bicubic filter gives.

    Pillow resizes along the rows, rounds to integers, then resizes along the columns and rounds again. Its sums are exact in
    float64.

    Args:
        size: Side of the input, px.
        smaller: Side of the output, px.
    """

    weights: Tensor  # [size, smaller], integers

    def __init__(self, size: int, smaller: int) -> None:
        super().__init__()
        # Resizing rows with a single non-zero pixel reveals the filter's weights.
        rows = Pillow.fromarray(np.eye(size, dtype=np.int32) * FIXED_POINT_ONE).resize(
            (smaller, size), Pillow.Resampling.BICUBIC
        )
        self.register_buffer("weights", torch.from_numpy(np.array(rows, np.float64)))

    def forward(self, pixels: Tensor) -> Tensor:
        """Downscale pixels [N, 3, size, size] to [N, 3, smaller, smaller]."""
        across = _rounded(pixels.double() @ self.weights)
        return _rounded(self.weights.T @ across).float()


def _rounded(sums: Tensor) -> Tensor:
    """Round half up, as Pillow does."""
    return ((sums + FIXED_POINT_ONE // 2) / FIXED_POINT_ONE).floor().clamp(0, 255)
