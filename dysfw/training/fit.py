"""Fits a head for each region, and the fusion on votes of heads that had not seen the photographs they vote on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

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
from .embedded_dataset import EmbeddedDataset

MakeHead = Callable[[tuple[str, ...]], Head]
Embed = Callable[[Int64], Float32]


def fit_heads(make_head: MakeHead, embedded: EmbeddedDataset, rows: Int64 | None = None) -> dict[str, Head]:
    """One head for each region, on the photographs (or those in ``rows``) in which the region is present."""
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
                raise DysfwError(f"the head of region {region!r} cannot be fitted on {len(use)} photographs: {error}") from None
        heads[region] = head
    return heads


def out_of_fold_predictions(
    make_head: MakeHead, embedded: EmbeddedDataset, seed: int, progress: Progress, embed: Embed | None = None
) -> OutOfFoldPredictions:
    """Votes on each photograph by heads fitted, their regularisation chosen, without any photograph of its patient; and how far
    it is from the photographs that they were fitted on. Conditions of a single patient, which only a gallery can have, are
    learned from in each fold and judged in none.

    embed: where the embedding itself is learned, makes all embeddings from the photographs of a fold that may be learned from.
    """
    classes = len(embedded.labels)
    votes = np.full((*embedded.present.shape, classes), 1 / classes, np.float32)
    distances = np.full(embedded.present.shape, np.nan, np.float32)
    judged = np.zeros(len(embedded), bool)
    folds = _folds(embedded, seed)
    for train_rows, test_rows in progress.track(folds, "cross-validating", len(folds), "folds"):
        seen = replace(embedded, embeddings=embed(train_rows)) if embed else embedded
        for r, head in enumerate(fit_heads(make_head, seen, train_rows).values()):
            rows = test_rows[seen.present[test_rows, r]]
            if len(rows):
                votes[rows, r] = head.predict(seen.embeddings[rows, r])
        typical = fit_embedding_distribution(seen.embeddings[train_rows], seen.present[train_rows], seen.groups[train_rows])
        distances[test_rows] = typical.distances(seen.embeddings[test_rows], seen.present[test_rows])
        judged[test_rows] = True
    sharpness = np.full(len(embedded), np.nan) if embedded.quality is None else embedded.quality.sharpness
    # A fold left out for holding a single class leaves photographs without a vote; nothing may be learned from those.
    return OutOfFoldPredictions(
        probabilities=votes[judged],
        present=embedded.present[judged],
        y=embedded.y[judged],
        groups=embedded.groups[judged],
        distances=distances[judged],
        sharpness=sharpness[judged].astype(np.float32),
    )


def _folds(embedded: EmbeddedDataset, seed: int) -> list[tuple[Int64, Int64]]:
    patients = [len(np.unique(embedded.groups[embedded.y == k])) for k in range(len(embedded.labels))]
    several = np.array(patients)[embedded.y] > 1
    rows, always = np.flatnonzero(several), np.flatnonzero(~several)
    folds = patient_folds(embedded.y[rows], embedded.groups[rows], FOLDS, seed)
    return [(np.sort(np.concatenate([always, rows[train_rows]])), rows[test_rows]) for train_rows, test_rows in folds]


def performance(fused: Float32, votes: Float32, present: Bool, y: Int64, regions: Sequence[str]) -> Performance:
    """Scores of the fusion and of each region alone."""
    alone = {
        region: scores(votes[present[:, r], r], y[present[:, r]]) for r, region in enumerate(regions) if present[:, r].any()
    }  # fmt: skip
    return Performance(fused=scores(fused, y), regions=alone)


def held_out_performance(classifier: Classifier, embedded: EmbeddedDataset) -> Performance:
    """Scores on photographs that took no part in the training."""
    votes, fused = classifier.predict(list(embedded.embeddings), list(embedded.present))
    return performance(fused, votes, embedded.present, embedded.y, tuple(classifier.heads))
