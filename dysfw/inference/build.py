"""Constructs the components of a checked recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np

from ..contracts.components import Backbone, Component, Detector, Evidence, Fusion, Head, Segmenter
from ..errors import DysfwError
from ..imaging.alignment import ALIGNMENTS, Alignment
from ..recipe.model import Node, Recipe, Registered
from ..recipe.problems import Path, Problem, RecipeError, locate
from ..recipe.signature import SUPPLIED, signature_of
from ..types import Crop, Precision
from ..util.text import error_text
from ..weights.find import find_weights
from .devices import resolve_device, resolve_precision

T = TypeVar("T")


def _no_evidence() -> tuple[Evidence, ...]:
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Makers:
    """What makes the components that are fitted. Unlike those that hold networks, it can be sent to other processes.

    Attributes:
        make_head: Makes a new, unfitted head for the given labels.
        make_fusion: Makes a new, unfitted fusion.
        make_evidence: Makes the recipe's evidence, new and unfitted.
    """

    make_head: Callable[[tuple[str, ...]], Head]
    make_fusion: Callable[[], Fusion]
    make_evidence: Callable[[], tuple[Evidence, ...]] = _no_evidence


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The components of a recipe.

    Attributes:
        detector: The detector.
        segmenter: The segmenter.
        backbone: The backbone.
        make_head: Makes a new, unfitted head for the given labels.
        make_fusion: Makes a new, unfitted fusion.
        crop_size: Side of the crops, px.
        alignment: Alignment of crops of the whole face; None crops it like any other region.
        device: The device used, such as "cpu" or "cuda:0".
        precision: The precision used.
        evidence: The recipe's evidence, unfitted.
        make_evidence: Makes it again.
    """

    detector: Detector
    segmenter: Segmenter
    backbone: Backbone
    make_head: Callable[[tuple[str, ...]], Head]
    make_fusion: Callable[[], Fusion]
    crop_size: int
    alignment: Alignment | None
    device: str
    precision: Precision
    evidence: tuple[Evidence, ...] = ()
    make_evidence: Callable[[], tuple[Evidence, ...]] = _no_evidence

    @property
    def makers(self) -> Makers:
        """What makes heads, fusions and evidence."""
        return Makers(self.make_head, self.make_fusion, self.make_evidence)

    @property
    def runtimes(self) -> tuple[str, ...]:
        """What executes the networks, with versions, such as ("onnxruntime 1.32.0",)."""
        parts = (self.detector, self.segmenter, self.backbone)
        return tuple(dict.fromkeys(name for part in parts for name in part.runtimes()))


def build(recipe: Recipe) -> Components:
    """Construct all components of a recipe.

    Args:
        recipe: The recipe.

    Raises:
        RecipeError: If a constructor rejects a parameter. It names the line of the recipe.
    """
    builder = _Builder(recipe)
    backbone = cast(Backbone, builder.build(recipe.nodes["backbone"]))
    segmenter = cast(Segmenter, builder.build(recipe.nodes["segmenter"]))
    # Reject wrong parameters now, not after the first thousand images.
    builder.build(recipe.nodes["head"])
    builder.fusion(segmenter.regions)
    size = recipe.crop.size or backbone.input_size
    builder.guarded(("crop", "size"), lambda: _refuse_size(backbone, size))
    return Components(
        detector=cast(Detector, builder.build(recipe.nodes["detector"])),
        segmenter=segmenter,
        backbone=backbone,
        make_head=builder.head,
        make_fusion=partial(builder.fusion, segmenter.regions),
        crop_size=size,
        alignment=builder.guarded(("crop", "align"), lambda: _alignment(recipe.crop, backbone)),
        device=builder.supplied["device"],
        precision=builder.supplied["precision"],
        evidence=builder.evidence(),
        make_evidence=builder.evidence,
    )


def build_detector(recipe: Recipe) -> Detector:
    """Construct only the recipe's detector.

    Args:
        recipe: The recipe.

    Raises:
        RecipeError: If the constructor rejects a parameter.
    """
    return cast(Detector, _Builder(recipe).build(recipe.nodes["detector"]))


def build_fusion(recipe: Recipe, regions: tuple[str, ...]) -> Fusion:
    """Construct only the recipe's fusion, unfitted.

    Args:
        recipe: The recipe.
        regions: Regions of the segmenter.

    Raises:
        RecipeError: If the constructor rejects a parameter.
    """
    return _Builder(recipe).fusion(regions)


def parameters_of(recipe: Recipe, node: Node) -> dict[str, Any]:
    """The constructor arguments of one component, with its nested components constructed.

    Args:
        recipe: The recipe.
        node: The component in the recipe.

    Returns:
        Arguments by name.

    Raises:
        RecipeError: If a nested component rejects a parameter.
    """
    return _Builder(recipe).arguments(node)


def _alignment(crop: Crop, backbone: Backbone) -> Alignment | None:
    return backbone.alignment if crop.align == "backbone" else None if isinstance(crop.align, bool) else ALIGNMENTS[crop.align]


def _refuse_size(backbone: Backbone, size: int) -> None:
    """Raise ValueError if the backbone does not accept crops of this size, by calling it with an empty batch."""
    try:
        backbone.embed(np.empty((0, size, size, 3), np.uint8))
    except ValueError as error:
        raise ValueError(
            f"the backbone does not accept crops of {size} px ({error}). Leave size out to use its input size of "
            f"{backbone.input_size} px, or set the backbone's size if it has this parameter"
        ) from None


class _Builder:
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        device = self.guarded(("device",), lambda: resolve_device(recipe.device))
        self.supplied: dict[str, Any] = {
            "device": device,
            "precision": resolve_precision(recipe.precision, device, recipe.runtime),
            "runtime": recipe.runtime,
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
        if "device" in node.params:  # overrides the recipe's
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

    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(cast(Evidence, self.build(node)) for node in self.recipe.evidence)

    def argument(self, value: object) -> object:
        if isinstance(value, Node):
            return self.build(value)
        if isinstance(value, Registered):
            return find_weights(value.entry.spec)
        if isinstance(value, Mapping):
            return {key: self.argument(item) for key, item in value.items()}
        return [self.argument(item) for item in value] if isinstance(value, list) else value

    def guarded(self, path: Path, action: Callable[[], T]) -> T:
        """Run an action; turn its error into a RecipeError that names the place in the recipe."""
        try:
            return action()
        except RecipeError:
            raise
        except Exception as error:
            problem = _describe(error)
            raise RecipeError([Problem(locate(self.recipe.positions, path), path, problem)]) from error


def _describe(error: Exception) -> str:
    if isinstance(error, DysfwError):
        return error.message + (f"\n    {error.hint}" if error.hint else "")
    return str(error) if isinstance(error, ValueError) else f"could not be built: {error_text(error)}"
