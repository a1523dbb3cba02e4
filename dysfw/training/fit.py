"""Fits a head for each region, and the fusion on votes of heads that had not seen the photographs they vote on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..bundle.contents import Performance, Votes
from ..components import Head
from ..engine.fusing import FOLDS
from ..engine.judge import Judge
from ..errors import DysfwError
from ..folds import patient_folds
from ..metrics import scores
from ..progress import Progress
from ..reliability.typicality import fit_typicality
from ..types import Bool, Float32, Int64
from .examples import Examples

MakeHead = Callable[[tuple[str, ...]], Head]
Embed = Callable[[Int64], Float32]


def fit_heads(make_head: MakeHead, examples: Examples, rows: Int64 | None = None) -> dict[str, Head]:
    """One head for each region, on the photographs (or those in ``rows``) in which the region is present."""
    chosen = np.arange(len(examples)) if rows is None else rows
    heads = {}
    for r, region in enumerate(examples.regions):
        use = chosen[examples.present[chosen, r]]
        head = make_head(examples.labels)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                head.fit(examples.embeddings[use, r], examples.y[use], len(examples.labels), examples.groups[use])
            except (ValueError, ConvergenceWarning) as error:
                raise DysfwError(f"the head of region {region!r} cannot be fitted on {len(use)} photographs: {error}") from None
        heads[region] = head
    return heads


def out_of_fold_votes(
    make_head: MakeHead, examples: Examples, seed: int, progress: Progress, embed: Embed | None = None
) -> Votes:
    """Votes on each photograph by heads fitted, their regularisation chosen, without any photograph of its patient; and how far
    it is from the photographs that they were fitted on. Conditions of a single patient, which only a gallery can have, are
    learned from in each fold and judged in none.

    embed: where the embedding itself is learned, makes all embeddings from the photographs of a fold that may be learned from.
    """
    classes = len(examples.labels)
    votes = np.full((*examples.present.shape, classes), 1 / classes, np.float32)
    distances = np.full(examples.present.shape, np.nan, np.float32)
    judged = np.zeros(len(examples), bool)
    folds = _folds(examples, seed)
    for learn, held in progress.track(folds, "cross-validating", len(folds), "folds"):
        seen = replace(examples, embeddings=embed(learn)) if embed else examples
        for r, head in enumerate(fit_heads(make_head, seen, learn).values()):
            rows = held[seen.present[held, r]]
            if len(rows):
                votes[rows, r] = head.predict(seen.embeddings[rows, r])
        typical = fit_typicality(seen.embeddings[learn], seen.present[learn], seen.groups[learn])
        distances[held] = typical.distances(seen.embeddings[held], seen.present[held])
        judged[held] = True
    sharpness = np.full(len(examples), np.nan) if examples.quality is None else examples.quality.sharpness
    # A fold left out for holding a single class leaves photographs without a vote; nothing may be learned from those.
    return Votes(
        probabilities=votes[judged],
        present=examples.present[judged],
        y=examples.y[judged],
        groups=examples.groups[judged],
        distances=distances[judged],
        sharpness=sharpness[judged].astype(np.float32),
    )


def _folds(examples: Examples, seed: int) -> list[tuple[Int64, Int64]]:
    patients = [len(np.unique(examples.groups[examples.y == k])) for k in range(len(examples.labels))]
    several = np.array(patients)[examples.y] > 1
    rows, always = np.flatnonzero(several), np.flatnonzero(~several)
    folds = patient_folds(examples.y[rows], examples.groups[rows], FOLDS, seed)
    return [(np.sort(np.concatenate([always, rows[learn]])), rows[held]) for learn, held in folds]


def performance(fused: Float32, votes: Float32, present: Bool, y: Int64, regions: Sequence[str]) -> Performance:
    """Scores of the fusion and of each region alone."""
    alone = {
        region: scores(votes[present[:, r], r], y[present[:, r]]) for r, region in enumerate(regions) if present[:, r].any()
    }  # fmt: skip
    return Performance(fused=scores(fused, y), regions=alone)


def held_out_performance(judge: Judge, examples: Examples) -> Performance:
    """Scores on photographs that took no part in the training."""
    votes, fused = judge.judge(list(examples.embeddings), list(examples.present))
    return performance(fused, votes, examples.present, examples.y, tuple(judge.heads))
