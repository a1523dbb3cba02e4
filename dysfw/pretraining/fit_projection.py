"""After training: the neck that goes beside the trunk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..types import Float32, Int64
from ..util.progress import Progress
from ..weights.projection_head import IDENTITY, MEASURES, ProjectionHead
from .attribute_regression import fit_measuring
from .calibrate import plain_batches
from .objective import folded_projection
from .training import Training

CROPS = 24_000  # measures are fitted to as many, or to all
LEAST = 0.05  # measures of which less can be read off a region are left out


def fit_projection_head(training: Training, progress: Progress) -> ProjectionHead | None:
    """The neck that identities were told apart by; without that loss, layers that read the measures; or None. The learner is in
    inference mode."""
    objective = training.learner.objective
    if "identity" in objective.weights:
        weight, bias = (tensor.cpu().contiguous().numpy() for tensor in folded_projection(objective))
        return ProjectionHead(weight, bias, IDENTITY)
    return _measures(training, progress) if "attributes" in objective.weights else None


def _measures(training: Training, progress: Progress) -> ProjectionHead | None:
    samples, objective = training.samples, training.learner.objective
    number = -(-min(CROPS, len(samples)) // training.share)
    names = samples.truth.attribute_names
    found = fit_measuring(
        progress.track(_embedded(training, number), "fitting measures", number, "batches"),
        regions=objective.regions,
        dim=objective.dim,
        measures=len(names),
    )
    kept = np.argwhere(found.explained >= LEAST)
    if not len(kept):
        return None
    rows = tuple((samples.regions[r], names[m], round(float(found.explained[r, m]), 3)) for r, m in kept)
    return ProjectionHead(found.weight[kept[:, 0], kept[:, 1]], found.bias[kept[:, 0], kept[:, 1]], MEASURES, rows)


def _embedded(training: Training, number: int) -> Iterator[tuple[Float32, Int64, Int64, Float32]]:
    """Embeddings, regions, persons and measures of plain crops."""
    for pixels, person, region, measures, _ in plain_batches(training, number):
        with torch.no_grad(), training.fabric.autocast():
            embeddings = training.learner.network(pixels).float().cpu().numpy()
        yield embeddings, region.cpu().numpy(), person.cpu().numpy(), measures.cpu().numpy()
