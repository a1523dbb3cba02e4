"""Compares several recipes on identical folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DysfwError
from ..stats.bootstrap import patient_weights
from ..stats.intervals import Measured
from ..util.text import listed
from .baselines import BaselineComparison
from .comparison_result import Comparison, Entry
from .evaluate import Evaluated, EvaluationConfig
from .fold_runner import RECIPE


def refuse_same_names(names: Sequence[str]) -> None:
    """Check that a report can distinguish the recipes.

    Args:
        names: Names of the recipes.

    Raises:
        DysfwError: If two recipes have the same name.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DysfwError(f"several recipes are named {listed(repeated)}", hint="give each recipe its own `name:`")


def comparison(evaluated: Sequence[Evaluated], config: EvaluationConfig) -> Comparison:
    """Compare each recipe with the first, paired in the same bootstrap resamples.

    Args:
        evaluated: What ``evaluate`` returned.
        config: How the recipes were evaluated.
    """
    first, embedded = evaluated[0], evaluated[0].evaluation_data.embedded
    tested = np.all([one.pooled.evaluated for one in evaluated], axis=0)
    weights = patient_weights(embedded.y[tested], embedded.groups[tested], config.resamples, config.split.seed)
    control = first.result.labels.index(first.result.unaffected) if first.result.unaffected else None

    def measured(one: Evaluated) -> Measured:
        by_name, splits = {RECIPE: one.pooled.by_name[RECIPE][:, tested]}, one.pooled.splits[:, tested]
        return BaselineComparison(
            by_name, embedded.y[tested], embedded.groups[tested], weights, splits=splits, unaffected=control
        ).measured(RECIPE)

    reference = measured(first)
    entries = [
        Entry(
            name=one.result.name,
            recipe=one.result.recipe,
            fingerprint=one.result.recipe_fingerprint,
            measures=one.result.measures,
            top=one.result.top,
            top_macro=one.result.top_macro,
            difference={} if one is first else measured(one).minus(reference),
            seconds=round(sum(one.result.seconds.values()), 2),
        )
        for one in evaluated
    ]
    return Comparison(
        command=config.command,
        created=first.result.created,
        research_use=first.result.research_use,
        protocol=first.result.protocol,
        data=first.result.data,
        audit=first.result.audit,
        labels=first.result.labels,
        entries=entries,
        evaluations={one.result.name: one.result for one in evaluated},
        resamples=config.resamples,
        versions=first.result.versions,
    )
