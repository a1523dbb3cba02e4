"""Fits a head for each region, and makes the out-of-fold predictions on which fusion and calibration are fitted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..bundle.contents import OutOfFoldPredictions, Performance
from ..contracts.components import Head
from ..errors import DysfwError
from ..inference.classifier import Classifier
from ..inference.fusion import FOLDS
from ..reliability.ood import fit_embedding_distribution
from ..stats.folds import patient_folds
from ..stats.metrics import scores
from ..types import Bool, Float32, Int64
from ..util.progress import Progress
from ..util.text import count
from .embedded_dataset import EmbeddedDataset

MakeHead = Callable[[tuple[str, ...]], Head]
Embed = Callable[[Int64], Float32]


def fit_heads(make_head: MakeHead, embedded: EmbeddedDataset, rows: Int64 | None = None) -> dict[str, Head]:
    """Fit one head for each region, on the images in which the region is present.

    Args:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
        rows: int64 [n], the images to use; None uses all.

    Returns:
        The heads by region.

    Raises:
        DysfwError: If a head cannot be fitted.
    """
    chosen = np.arange(len(embedded)) if rows is None else rows
    heads = {}
    for r, region in enumerate(embedded.regions):
        use = chosen[embedded.present[chosen, r]]
        head = make_head(embedded.labels)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                head.fit(embedded.embeddings[use, r], embedded.y[use], len(embedded.labels), embedded.groups[use])
            except (ValueError, ConvergenceWarning) as error:
                raise DysfwError(
                    f"the head of region {region!r} cannot be fitted on {count(len(use), 'image')}: {error}"
                ) from None
        heads[region] = head
    return heads


def out_of_fold_predictions(
    make_head: MakeHead, embedded: EmbeddedDataset, seed: int, progress: Progress, embed: Embed | None = None
) -> OutOfFoldPredictions:
    """Predict each image by heads that were fitted and regularised without any image of its patient.

    Images of conditions with a single patient, which only a gallery can have, are training images in each fold and test images
    in none.

    Args:
        make_head: Makes an unfitted head for the given labels.
        embedded: The images.
        seed: Random seed of the folds.
        progress: Where the work is shown.
        embed: If the backbone is fine-tuned: embeds all images by a backbone trained on some rows.

    Returns:
        The predictions, with each image's distance from its training images.
    """
    classes = len(embedded.labels)
    probabilities = np.full((*embedded.present.shape, classes), 1 / classes, np.float32)
    distances = np.full(embedded.present.shape, np.nan, np.float32)
    tested = np.zeros(len(embedded), bool)
    folds = _folds(embedded, seed)
    for train_rows, test_rows in progress.track(folds, "cross-validating", len(folds), "folds"):
        current = embedded.with_embeddings(embed(train_rows)) if embed else embedded
        for r, head in enumerate(fit_heads(make_head, current, train_rows).values()):
            rows = test_rows[current.present[test_rows, r]]
            if len(rows):
                probabilities[rows, r] = head.predict(current.embeddings[rows, r])
        distribution = fit_embedding_distribution(
            current.embeddings[train_rows], current.present[train_rows], current.groups[train_rows]
        )
        distances[test_rows] = distribution.distances(current.embeddings[test_rows], current.present[test_rows])
        tested[test_rows] = True
    sharpness = np.full(len(embedded), np.nan) if embedded.quality is None else embedded.quality.sharpness
    # A fold with a single class is skipped; its images have no predictions, and nothing may be fitted on them.
    return OutOfFoldPredictions(
        probabilities=probabilities[tested],
        present=embedded.present[tested],
        y=embedded.y[tested],
        groups=embedded.groups[tested],
        distances=distances[tested],
        sharpness=sharpness[tested].astype(np.float32),
    )


def _folds(embedded: EmbeddedDataset, seed: int) -> list[tuple[Int64, Int64]]:
    """Rows to train and to test on, patient-wise."""
    patients = [len(np.unique(embedded.groups[embedded.y == k])) for k in range(len(embedded.labels))]
    several = np.array(patients)[embedded.y] > 1
    rows, always = np.flatnonzero(several), np.flatnonzero(~several)
    folds = patient_folds(embedded.y[rows], embedded.groups[rows], FOLDS, seed)
    return [(np.sort(np.concatenate([always, rows[train_rows]])), rows[test_rows]) for train_rows, test_rows in folds]


def performance(fused: Float32, region_probabilities: Float32, present: Bool, y: Int64, regions: Sequence[str]) -> Performance:
    """Score the fusion and each region alone.

    Args:
        fused: float32 [N, K], fused probabilities.
        region_probabilities: float32 [N, R, K].
        present: bool [N, R], the regions that each image shows.
        y: int64 [N], classes.
        regions: R regions.
    """
    alone = {
        region: scores(region_probabilities[shown, r], y[shown])
        for r, region in enumerate(regions)
        if (shown := present[:, r]).any()
    }
    return Performance(fused=scores(fused, y), regions=alone)


def held_out_performance(classifier: Classifier, embedded: EmbeddedDataset) -> Performance:
    """Score a classifier on images that took no part in the training.

    Args:
        classifier: The classifier.
        embedded: The test images.
    """
    region_probabilities, fused = classifier.predict(list(embedded.embeddings), list(embedded.present))
    return performance(fused, region_probabilities, embedded.present, embedded.y, tuple(classifier.heads))
