"""The oracle: ranks conditions by the true morphology of each phantom, which no image shows without error.

A condition is a normal distribution of the axes around its mean. Its mean is known from n gallery images only, so the
prediction for a new patient is wider by 1/n (Geisser, Predictive discrimination, in Krishnaiah (ed.), Multivariate Analysis,
1966). All conditions share one covariance, estimated within the conditions of the gallery and shrunk (Ledoit and Wolf, J
Multivar Anal 2004;88:365-411).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pyarrow import parquet
from sklearn.covariance import ledoit_wolf

from dysfw.evaluation.protocol.protocol import GallerySplit, ProtocolPlan
from dysfw.types import Float32

NOT_MORPHOLOGY = ("attribute:trait.base shape", "attribute:age", "attribute:sex")


def morphology(data: Path, names: tuple[str, ...]) -> Float32:
    """Read the true axes and traits.

    Args:
        data: The data set.
        names: N paths of images as in the manifest.

    Returns:
        float32 [N, A], standard deviations; axes that nobody varies on are left out.
    """
    table = parquet.read_table(data / "truth.parquet")
    columns = [n for n in table.column_names if n.startswith("attribute:") and not n.startswith(NOT_MORPHOLOGY)]
    row_of = {path: row for row, path in enumerate(table["path"].to_pylist())}
    x = np.column_stack([table[name].to_numpy() for name in columns])[[row_of[name] for name in names]]
    return np.asarray(x[:, x.std(axis=0) > 0], np.float32)


def predict(plan: ProtocolPlan, split: GallerySplit, x: Float32) -> Float32:
    """Rank the candidates of a split.

    Args:
        plan: The plan.
        split: The split.
        x: float32 [N, A], the morphology of all images.

    Returns:
        float32 [M, K], the logarithm of the likelihood; NaN for conditions that are no candidates.
    """
    gallery, y = x[split.gallery_rows], plan.y[split.gallery_rows]
    classes, index, counts = np.unique(y, return_inverse=True, return_counts=True)
    means = np.stack([gallery[index == k].mean(axis=0) for k in range(len(classes))])
    several = counts[index] > 1
    covariance, _ = ledoit_wolf((gallery - means[index])[several] if several.sum() > 1 else gallery, assume_centered=True)
    whiten = np.linalg.cholesky(np.linalg.inv(covariance))
    distance = ((x[split.test_rows] @ whiten)[:, None] - (means @ whiten)[None]) ** 2
    width = 1 + 1 / counts
    likelihood = -0.5 * distance.sum(axis=2) / width - 0.5 * x.shape[1] * np.log(width)
    scores = np.full((len(split.test_rows), len(plan.labels)), np.nan, np.float32)
    scores[:, classes] = likelihood
    return scores
