"""Saliency maps by integrated gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..errors import DysfwError
from ..inference.classifier import Classifier
from ..inference.embedder import Embedder
from ..runtime.choose import has_torch
from ..types import Float32, Prediction, UInt8
from ..util.install import install_command
from .crops import cut_crops
from .occlusion import blurred
from .saliency_map import SaliencyMap

CELLS = 16  # on each side of a map
# From the blurred crop to the crop. With 16 steps the sum of a map of dlib is off by up to 0.13, with 64 by 0.01.
STEPS = 64
BATCH_SIZE = 16  # steps that go through the backbone together
RELATIVE_STEP = 1e-2  # of the finite difference, as a fraction of the embedding's root mean square


@runtime_checkable
class Differentiable(Protocol):
    """A backbone that exposes its network in torch.

    Attributes:
        module: Module that maps pixels, float [N, 3, S, S] from 0 to 255, to embeddings [N, dim].
    """

    module: Any


def refuse_without_module(embedder: Embedder) -> None:
    """Check that maps by gradient are possible.

    Args:
        embedder: The embedder with the backbone.

    Raises:
        DysfwError: The backbone exposes no torch module, or captum is not installed.
    """
    from importlib.util import find_spec

    backbone = embedder.components.backbone
    if not has_torch():
        message = "maps by gradient need torch, which is not installed"
        raise DysfwError(message, hint="pip install torch, or use maps by occlusion")
    if not isinstance(backbone, Differentiable):
        raise DysfwError(
            f"maps by gradient are not possible: the backbone {type(backbone).__name__} exposes no torch module",
            hint="use maps by occlusion, which work with every backbone",
        )
    if not find_spec("captum"):
        raise DysfwError("maps by gradient need captum, which is not installed", hint=install_command("dysfw", "gradients"))


def gradient_maps(embedder: Embedder, classifier: Classifier, result: Prediction, condition: int) -> Iterator[SaliencyMap]:
    """Compute a saliency map for each present region by integrated gradients, from the blurred crop to the crop.

    Head, fusion and calibration are not torch modules. The derivative of the probability with respect to the embedding is
    therefore computed by finite differences, at the embedding itself. A map sums to the first-order effect of blurring the
    whole crop, not to the full effect.

    Args:
        embedder: The embedder that embedded the face.
        classifier: The classifier that made the prediction.
        result: The prediction, with the pixels of its image.
        condition: Index of the label that is explained.

    Yields:
        The maps, in the order of the prediction's regions.

    Raises:
        DysfwError: The backbone exposes no torch module, or captum is not installed.
        ValueError: The pixels of the image were not kept.

    Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, ICML 2017.
    """
    refuse_without_module(embedder)
    crops = cut_crops(embedder, result.face_embedding)
    for row, name in enumerate(result.regions):
        if name in crops:
            region_backbone = embedder.tuned.get(name, embedder.components.backbone)
            assert isinstance(region_backbone, Differentiable)  # noqa: S101  # a fine-tuned copy of one that is
            derivative = _probability_gradient(classifier, result, row, condition)
            importance = np.full((len(result.labels), CELLS, CELLS), np.nan, np.float32)
            importance[condition] = _sum_cells(_attribute(region_backbone.module, crops[name].pixels, derivative))
            yield SaliencyMap(name, importance, crops[name].pixels, crops[name].to_image, "gradient")


def _probability_gradient(classifier: Classifier, result: Prediction, row: int, condition: int) -> Float32:
    """Derivative of the condition's calibrated probability with respect to one region's embedding, float32 [dim]."""
    embedding = result.face_embedding.embeddings[row].astype(np.float64)
    step = RELATIVE_STEP * max(float(np.sqrt((embedding**2).mean())), 1e-6)
    moved = np.concatenate([embedding + step * np.eye(len(embedding)), embedding - step * np.eye(len(embedding))])
    region_probabilities = np.repeat(result.region_probabilities[None], len(moved), axis=0)
    region_probabilities[:, row] = classifier.heads[result.regions[row]].predict(moved.astype(np.float32))
    present = np.repeat(result.present[None], len(moved), axis=0)
    probabilities = classifier.calibrated_probabilities(region_probabilities, present)[:, condition].astype(np.float64)
    return ((probabilities[: len(embedding)] - probabilities[len(embedding) :]) / (2 * step)).astype(np.float32)


def _attribute(module: Any, crop: UInt8, derivative: Float32) -> Float32:  # noqa: ANN401  # a torch module, which the core does not import
    """Integrated gradients of each pixel, summed over the colour channels, float32 [S, S]."""
    import torch
    from captum.attr import IntegratedGradients

    device = next(module.parameters()).device
    weights = torch.from_numpy(derivative).to(device)
    inputs = torch.from_numpy(np.stack([crop, blurred(crop)])).to(device).permute(0, 3, 1, 2).float()
    method = IntegratedGradients(lambda pixels: module(pixels).float() @ weights)
    attribution = method.attribute(inputs[:1], inputs[1:], n_steps=STEPS, internal_batch_size=BATCH_SIZE)
    summed: Float32 = attribution.sum(dim=(0, 1)).detach().cpu().numpy().astype(np.float32)
    return summed


def _sum_cells(pixels: Float32) -> Float32:
    """Sums over cells: float32 [S, S] -> [CELLS, CELLS]."""
    edges = np.rint(np.linspace(0, len(pixels), CELLS + 1)).astype(int)[:-1]
    return np.add.reduceat(np.add.reduceat(pixels, edges, axis=0), edges, axis=1)
