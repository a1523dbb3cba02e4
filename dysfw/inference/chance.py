"""Warns if a bundle was not shown to beat chance."""

from __future__ import annotations

import numpy as np

from ..bundle.contents import Bundle
from ..recipe.model import Recipe
from ..stats.chance import ChanceTest, compare_with_chance
from ..stats.shares import Ranked, share_estimates
from ..types import Float32, Notice


def check_chance(recipe: Recipe, bundle: Bundle, fused: Float32) -> list[Notice]:
    """Warn if a bundle was not shown to beat chance.

    Bundles say so themselves. Older ones do not, and say nothing of another fusion: then the test is made now, on the
    out-of-fold predictions that every bundle holds.

    Args:
        recipe: The recipe in use; it may have another fusion than the bundle.
        bundle: The bundle.
        fused: float32 [N, K], its out-of-fold predictions, fused by the recipe's fusion.
    """
    test = bundle.manifest.cross_validated.chance_test
    if test is None or recipe.nodes["fusion"].portable() != bundle.recipe.nodes["fusion"].portable():
        test = _test(bundle, fused)
    if test.shown:
        return []
    return [Notice("not_shown_to_beat_chance", f"this bundle was not shown to beat chance ({test})")]


def _test(bundle: Bundle, fused: Float32) -> ChanceTest:
    y, groups = bundle.fitted.out_of_fold.y, bundle.fitted.out_of_fold.groups
    test = compare_with_chance(fused, y, groups)
    if test.shown:
        return test
    right = Ranked((fused.argmax(axis=1) != y).astype(np.int64), np.ones(len(y), bool))
    (measured,) = share_estimates([right], y, groups, ())  # takes longer than the test, and only the warning needs it
    return test.model_copy(update={"balanced_accuracy": measured["balanced_accuracy"]})
