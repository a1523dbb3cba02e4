"""Fits the projection head that a weight file contains beside the backbone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..types import Float32, Int64
from ..util.progress import Progress
from ..weights.projection_head import IDENTITY, MEASURES, ProjectionHead
from .attribute_regression import fit_attribute_regression
from .calibrate import unaugmented_batches
from .objective import folded_projection
from .training import Training

MAX_CROPS = 24_000  # that the attribute regression is fitted to
MIN_R2 = 0.05  # attributes that a region predicts worse are omitted


def fit_projection_head(training: Training, progress: Progress) -> ProjectionHead | None:
    """Return the projection head of a trained model.

    With an identity loss, this is the trained projection. With an attribute loss only, it is a linear regression of the
    attributes.

    Args:
        training: The finished training; its model must be in inference mode.
        progress: Progress display.

    Returns:
        The projection head; None without these losses, or if no attribute can be predicted.
    """
    objective = training.model.objective
    if "identity" in objective.weights:
        weight, bias = (tensor.cpu().contiguous().numpy() for tensor in folded_projection(objective))
        return ProjectionHead(weight, bias, IDENTITY)
    return _fit_attributes(training, progress) if "attributes" in objective.weights else None


def _fit_attributes(training: Training, progress: Progress) -> ProjectionHead | None:
    samples, objective = training.samples, training.model.objective
    number = -(-min(MAX_CROPS, len(samples)) // training.local_batch_size)
    names = samples.truth.attribute_names
    regression = fit_attribute_regression(
        progress.track(_embedded_batches(training, number), "fitting attributes", number, "batches"),
        regions=objective.regions,
        dim=objective.dim,
        attributes=len(names),
    )
    kept = np.argwhere(regression.r2 >= MIN_R2)
    if not len(kept):
        return None
    rows = tuple((samples.regions[r], names[a], round(float(regression.r2[r, a]), 3)) for r, a in kept)
    return ProjectionHead(regression.weight[kept[:, 0], kept[:, 1]], regression.bias[kept[:, 0], kept[:, 1]], MEASURES, rows)


def _embedded_batches(training: Training, number: int) -> Iterator[tuple[Float32, Int64, Int64, Float32]]:
    """Yield embeddings, regions, identities and attributes of crops without augmentation."""
    for pixels, identity, region, attributes, _ in unaugmented_batches(training, number):
        with torch.no_grad(), training.fabric.autocast():
            embeddings = training.model.network(pixels).float().cpu().numpy()
        yield embeddings, region.cpu().numpy(), identity.cpu().numpy(), attributes.cpu().numpy()
