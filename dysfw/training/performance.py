"""Scores a classifier, with intervals, cross-validated or on images that took no part in the training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..bundle.contents import OutOfFoldPredictions, Performance
from ..inference.classifier import Classifier
from ..inference.evidence import OutOfFoldCombination
from ..stats.chance import compare_with_chance
from ..stats.estimate import Estimate
from ..stats.metrics import Scores, rank_of_truth, scores, top_sizes
from ..stats.shares import Ranked, share_estimates
from ..types import Bool, Float32, Int64
from .embedded_dataset import EmbeddedDataset


def cross_validated_performance(fused: Float32, out_of_fold: OutOfFoldPredictions, regions: Sequence[str]) -> Performance:
    """Score out-of-fold predictions, and test whether they beat chance.

    Args:
        fused: float32 [N, K], fused probabilities.
        out_of_fold: Those of the regions.
        regions: R regions.
    """
    y, groups = out_of_fold.y, out_of_fold.groups
    measured = _performance(fused, out_of_fold.probabilities, out_of_fold.present, y, groups=groups, regions=regions)
    test = compare_with_chance(fused, y, groups, measured.fused.estimate("balanced_accuracy"))
    return measured.model_copy(update={"chance_test": test})


def held_out_performance(classifier: Classifier, embedded: EmbeddedDataset) -> Performance:
    """Score a classifier on images that took no part in the training.

    Args:
        classifier: The classifier.
        embedded: The test images.
    """
    region_probabilities, fused = classifier.predict(list(embedded.embeddings), list(embedded.present))
    regions = tuple(classifier.heads)
    return _performance(fused, region_probabilities, embedded.present, embedded.y, groups=embedded.groups, regions=regions)


def record_performance(combined: OutOfFoldCombination) -> dict[str, Scores]:
    """Score face, record and both, on the same images.

    Args:
        combined: Out-of-fold predictions on images whose patient has a record.

    Returns:
        The scores of "face alone", "record alone" and "both".
    """
    by_name = {"face alone": combined.face, "record alone": combined.record, "both": combined.both}
    y, everything = combined.y, np.ones(len(combined.y), bool)
    ranked = [Ranked(rank_of_truth(one, y), everything) for one in by_name.values()]
    intervals = share_estimates(ranked, y, combined.groups, top_sizes(combined.face.shape[1]))
    return {name: _scores(one, y, estimates) for (name, one), estimates in zip(by_name.items(), intervals, strict=True)}


def _performance(
    fused: Float32, region_probabilities: Float32, present: Bool, y: Int64, *, groups: Int64, regions: Sequence[str]
) -> Performance:
    """Score the fusion and each region alone, over the images that show it."""
    shown = [r for r in range(len(regions)) if present[:, r].any()]
    probabilities = [fused, *(region_probabilities[:, r] for r in shown)]
    rows = [np.ones(len(y), bool), *(present[:, r] for r in shown)]
    ranked = [Ranked(rank_of_truth(one, y), use) for one, use in zip(probabilities, rows, strict=True)]
    intervals = share_estimates(ranked, y, groups, top_sizes(fused.shape[1]))
    alone = [_scores(one[use], y[use], estimates) for one, use, estimates in zip(probabilities, rows, intervals, strict=True)]
    return Performance(fused=alone[0], regions={regions[r]: one for r, one in zip(shown, alone[1:], strict=True)})


def _scores(probabilities: Float32, y: Int64, estimates: dict[str, Estimate]) -> Scores:
    intervals = {name: (one.low, one.high) for name, one in estimates.items() if one.low is not None and one.high is not None}
    return scores(probabilities, y).model_copy(update={"intervals": intervals})
