"""Turns a checked recipe into components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np

from ..contracts.components import Backbone, Component, Detector, Fusion, Head, Segmenter
from ..errors import DysfwError
from ..imaging.alignment import ALIGNMENTS, Alignment
from ..recipe.model import Node, Recipe, Registered
from ..recipe.problems import Path, Problem, RecipeError, locate
from ..recipe.signature import SUPPLIED, signature_of
from ..types import Crop
from ..util.text import error_text
from ..weights.find import find_weights
from .devices import Precision, resolve_device, resolve_precision

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """make_head: a fresh, unfitted one for these labels on each call; make_fusion likewise. crop_size: px. alignment: of crops
    of the whole face, None: as of any region. device and precision: as resolved."""

    detector: Detector
    segmenter: Segmenter
    backbone: Backbone
    make_head: Callable[[tuple[str, ...]], Head]
    make_fusion: Callable[[], Fusion]
    crop_size: int
    alignment: Alignment | None
    device: str
    precision: Precision


def build(recipe: Recipe) -> Components:
    """Construct every component of a recipe. Raises RecipeError, at the right line, with what a constructor refused."""
    builder = _Builder(recipe)
    backbone = cast(Backbone, builder.build(recipe.nodes["backbone"]))
    segmenter = cast(Segmenter, builder.build(recipe.nodes["segmenter"]))
    # Their parameters are refused now, not after the first thousand images.
    builder.build(recipe.nodes["head"])
    builder.fusion(segmenter.regions)
    size = recipe.crop.size or backbone.input_size
    builder.guarded(("crop", "size"), lambda: _refuse_size(backbone, size))
    return Components(
        detector=cast(Detector, builder.build(recipe.nodes["detector"])),
        segmenter=segmenter,
        backbone=backbone,
        make_head=builder.head,
        make_fusion=lambda: builder.fusion(segmenter.regions),
        crop_size=size,
        alignment=builder.guarded(("crop", "align"), lambda: _alignment(recipe.crop, backbone)),
        device=builder.supplied["device"],
        precision=builder.supplied["precision"],
    )


def build_detector(recipe: Recipe) -> Detector:
    """The recipe's detector alone. Raises RecipeError."""
    return cast(Detector, _Builder(recipe).build(recipe.nodes["detector"]))


def build_fusion(recipe: Recipe, regions: tuple[str, ...]) -> Fusion:
    """The recipe's fusion alone, fresh. regions: of the segmenter. Raises RecipeError."""
    return _Builder(recipe).fusion(regions)


def parameters_of(recipe: Recipe, node: Node) -> dict[str, Any]:
    """What one of the recipe's components is constructed with, components nested in it built. Raises RecipeError."""
    return _Builder(recipe).arguments(node)


def _alignment(crop: Crop, backbone: Backbone) -> Alignment | None:
    return backbone.alignment if crop.align == "backbone" else None if isinstance(crop.align, bool) else ALIGNMENTS[crop.align]


def _refuse_size(backbone: Backbone, size: int) -> None:
    """Raise ValueError where a trunk cannot take crops of this size: ask it now, with no crops at all."""
    try:
        backbone.embed(np.empty((0, size, size, 3), np.uint8))
    except ValueError as error:
        raise ValueError(
            f"the backbone does not take crops of {size} px ({error}). Leave size out for its own {backbone.input_size} px, "
            "or set the backbone's size where it has one"
        ) from None


class _Builder:
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        device = self.guarded(("device",), lambda: resolve_device(recipe.device))
        self.supplied: dict[str, Any] = {
            "device": device,
            "precision": resolve_precision(recipe.precision, device),
            "seed": recipe.seed,
        }

    def build(self, node: Node) -> Component:
        return self.guarded(node.path, lambda: node.component(**self.arguments(node)))

    def arguments(self, node: Node) -> dict[str, Any]:
        arguments = {
            name: self.guarded((*node.path, name), partial(self.argument, value)) for name, value in node.params.items()
        }
        for name in SUPPLIED:
            if name in signature_of(node.component).names:
                arguments.setdefault(name, self.supplied[name])
        if "device" in node.params:  # this component's own
            arguments["device"] = self.guarded((*node.path, "device"), lambda: resolve_device(str(node.params["device"])))
        if node.params.get("precision") == "auto":
            arguments["precision"] = self.supplied["precision"]
        return arguments

    def head(self, labels: tuple[str, ...]) -> Head:
        head = cast(Head, self.build(self.recipe.nodes["head"]))
        self.guarded(self.recipe.nodes["head"].path, lambda: head.prepare(labels))
        return head

    def fusion(self, regions: tuple[str, ...]) -> Fusion:
        fusion = cast(Fusion, self.build(self.recipe.nodes["fusion"]))
        self.guarded(self.recipe.nodes["fusion"].path, lambda: fusion.prepare(regions))
        return fusion

    def argument(self, value: object) -> object:
        if isinstance(value, Node):
            return self.build(value)
        if isinstance(value, Registered):
            return find_weights(value.entry.spec)
        if isinstance(value, Mapping):
            return {key: self.argument(item) for key, item in value.items()}
        return [self.argument(item) for item in value] if isinstance(value, list) else value

    def guarded(self, path: Path, action: Callable[[], T]) -> T:
        """Do it, and give what is refused its place in the recipe."""
        try:
            return action()
        except RecipeError:
            raise
        except Exception as error:
            problem = _in_words(error)
            raise RecipeError([Problem(locate(self.recipe.positions, path), path, problem)]) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, DysfwError):
        return error.message + (f"\n    {error.hint}" if error.hint else "")
    return str(error) if isinstance(error, ValueError) else f"could not be built: {error_text(error)}"
