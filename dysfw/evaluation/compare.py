"""Several recipes on identical folds, side by side."""

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
    """Raise DysfwError where two recipes could not be told apart in a report."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DysfwError(
            f"several recipes are named {listed(doubled)}", hint="give each a `name:` of its own, by which the report calls it"
        )


def comparison(evaluated: Sequence[Evaluated], config: EvaluationConfig) -> Comparison:
    """What ``evaluate`` found of several recipes, each held against the first in the same resamples."""
    first, embedded = evaluated[0], evaluated[0].evaluation_data.embedded
    judged = np.all([one.pooled.evaluated for one in evaluated], axis=0)
    weights = patient_weights(embedded.y[judged], embedded.groups[judged], config.resamples, config.split.seed)
    control = first.result.labels.index(first.result.unaffected) if first.result.unaffected else None

    def measured(one: Evaluated) -> Measured:
        own, splits = {RECIPE: one.pooled.by_name[RECIPE][:, judged]}, one.pooled.splits[:, judged]
        return BaselineComparison(
            own, embedded.y[judged], embedded.groups[judged], weights, splits=splits, unaffected=control
        ).measured(RECIPE)

    base = measured(first)
    entries = [
        Entry(
            name=one.result.name,
            recipe=one.result.recipe,
            fingerprint=one.result.recipe_fingerprint,
            measures=one.result.measures,
            top=one.result.top,
            top_macro=one.result.top_macro,
            difference={} if one is first else measured(one).minus(base),
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
