"""Which part of a region's crop the judgement hangs on, by the gradient of its trunk: integrated gradients.

Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, ICML 2017, along the way from the blurred crop to the crop.
Head, fusion and calibration are no torch modules: how the reported probability follows the embedding is found by differences,
at the embedding itself, so that a map adds up to what blurring the whole crop loses in the first order, and not to all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..errors import DysfwError
from ..inference.classifier import Classifier
from ..inference.embedder import Embedder
from ..types import Float32, Prediction, UInt8
from .crops import cut_crops
from .occlusion import blurred
from .saliency_map import SaliencyMap

CELLS = 16  # on each side of a map
# From the blurred crop to the crop. With 16, what a map of dlib adds up to is off by up to 0.13, with 64 by 0.01.
STEPS = 64
BATCH = 16  # steps that go through the trunk together
DIFFERENCE = 1e-2  # of the embedding's root mean square


@runtime_checkable
class Differentiable(Protocol):
    """A backbone that exposes its network in torch. module: pixels [N, 3, S, S], 0..255 -> [N, dim]."""

    module: Any


def refuse_without_module(embedder: Embedder) -> None:
    """Raise DysfwError where there can be no gradient."""
    from importlib.util import find_spec

    backbone = embedder.components.backbone
    if not isinstance(backbone, Differentiable):
        raise DysfwError(
            f"the backbone {type(backbone).__name__} exposes no torch module, so there is no gradient",
            hint="ask for maps by occlusion, which any backbone allows",
        )
    if not find_spec("captum"):
        raise DysfwError("maps by gradient need captum, which is not installed", hint="pip install 'dysfw[gradients]'")


def gradient_maps(embedder: Embedder, classifier: Classifier, result: Prediction, condition: int) -> Iterator[SaliencyMap]:
    """A map of each region that is present, in the order of the votes, of one condition. Raises DysfwError where the backbone
    exposes no module, ValueError where the photograph's pixels were not kept."""
    refuse_without_module(embedder)
    cuts = cut_crops(embedder, result.subject)
    for row, name in enumerate(result.regions):
        if name in cuts:
            region_backbone = embedder.tuned.get(name, embedder.components.backbone)
            assert isinstance(region_backbone, Differentiable)  # noqa: S101  # a variant of one that is
            pull = _pull(classifier, result, row, condition)
            importance = np.full((len(result.labels), CELLS, CELLS), np.nan, np.float32)
            importance[condition] = _in_cells(_attributed(region_backbone.module, cuts[name].pixels, pull))
            yield SaliencyMap(name, importance, cuts[name].pixels, cuts[name].to_image, "gradient")


def _pull(classifier: Classifier, result: Prediction, row: int, condition: int) -> Float32:
    """float32 [dim]: how the condition's reported probability follows each number of this region's embedding."""
    embedding = result.subject.embeddings[row].astype(np.float64)
    step = DIFFERENCE * max(float(np.sqrt((embedding**2).mean())), 1e-6)
    moved = np.concatenate([embedding + step * np.eye(len(embedding)), embedding - step * np.eye(len(embedding))])
    region_probabilities = np.repeat(result.region_probabilities[None], len(moved), axis=0)
    region_probabilities[:, row] = classifier.heads[result.regions[row]].predict(moved.astype(np.float32))
    said = classifier.calibrated_probabilities(region_probabilities, np.repeat(result.present[None], len(moved), axis=0))[
        :, condition
    ].astype(np.float64)
    return ((said[: len(embedding)] - said[len(embedding) :]) / (2 * step)).astype(np.float32)


def _attributed(module: Any, crop: UInt8, pull: Float32) -> Float32:  # noqa: ANN401  # a torch module, which the core does not import
    """float32 [S, S], the sum over the colours."""
    import torch
    from captum.attr import IntegratedGradients

    device = next(module.parameters()).device
    weights = torch.from_numpy(pull).to(device)
    both = torch.from_numpy(np.stack([crop, blurred(crop)])).to(device).permute(0, 3, 1, 2).float()
    method = IntegratedGradients(lambda pixels: module(pixels).float() @ weights)
    found = method.attribute(both[:1], both[1:], n_steps=STEPS, internal_batch_size=BATCH)
    summed: Float32 = found.sum(dim=(0, 1)).detach().cpu().numpy().astype(np.float32)
    return summed


def _in_cells(pixels: Float32) -> Float32:
    """float32 [S, S] -> [CELLS, CELLS], sums."""
    edges = np.rint(np.linspace(0, len(pixels), CELLS + 1)).astype(int)[:-1]
    return np.add.reduceat(np.add.reduceat(pixels, edges, axis=0), edges, axis=1)
