"""Could a model cheat? Predicts the condition from everything but the face, and judges what that means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.dataset import Sample, patient_numbers
from ..errors import DysfwError
from ..types import Failure, Int64
from ..util.progress import Progress, Silent
from ..util.text import count, listed
from .effects import Effects
from .feature_table import Table
from .leaking_features import leaking_features
from .permutation import one_of_each, permuted
from .permutation_null import LEVEL, PermutationNull, Statistic
from .predict import ALL, by_group
from .result import AuditResult, ClassResult, GroupResult, ShortcutFeature
from .shortcut_features import Row
from .verdict import decide_verdict

PERMUTATIONS = 999
# More photographs than this are not needed to find what matters, and the matrices grow with their square.
MOST = 2000


def audit(
    rows: Sequence[Row],
    samples: Sequence[Sample],
    *,
    failures: Sequence[Failure] = (),
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    harmonised: bool = False,
    progress: Progress | None = None,
) -> AuditResult:
    """What the clues of a data set's photographs tell of their conditions.

    rows: of each photograph, see ``clues.describe``; items: the same photographs. failures: those that could not be read.
    harmonised: whether the clues are of harmonised photographs. Raises DysfwError where there is nothing to tell apart.
    """
    labels = sorted({sample.label for sample in samples})
    if len(labels) < 2:
        raise DysfwError(
            f"{count(len(labels), 'condition')} to tell apart ({listed(labels)}); an audit needs at least 2",
            hint="use one folder for each class, or a manifest with the columns path and label",
        )
    y = np.array([labels.index(sample.label) for sample in samples], np.int64)
    groups = patient_numbers(samples)
    found = _examine(Table.of(rows), y, groups, labels, permutations=permutations, seed=seed, progress=progress or Silent())
    knows_patients = all(sample.patient is not None for sample in samples)
    prediction = decide_verdict(
        found.null_distribution, found.effects, found.features, labels, knows_patients=knows_patients, harmonised=harmonised
    )
    return AuditResult(
        schema="dysfw.audit/1",
        verdict=prediction.verdict,
        reason=prediction.reason,
        advice=[*prediction.advice, *_remarks(rows, found.examined)],
        p=found.null_distribution.p,
        permutations=permutations,
        seed=seed,
        images=len(samples),
        patients=len(np.unique(groups)) if knows_patients else None,
        excluded=dict(Counter(failure.code for failure in failures)),
        labels=labels,
        chance=1 / len(labels),
        majority=float(np.bincount(y).max() / len(y)),
        groups=_groups(found),
        classes=_classes(labels, y, groups, found),
        features=found.features if found.null_distribution.p < LEVEL else [],
        harmonised=harmonised,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was measured. examined: how many photographs that was of."""

    table: Table
    null_distribution: PermutationNull
    effects: Effects
    features: list[ShortcutFeature]
    examined: int


def _examine(
    table: Table, y: Int64, groups: Int64, labels: Sequence[str], *, permutations: int, seed: int, progress: Progress
) -> _Found:
    chosen = _sample(groups, seed)
    table, y, groups = table.rows(chosen), y[chosen], groups[chosen]
    smoother_matrices = by_group(table, groups, seed)
    drawn = one_of_each(y, groups)
    each = table.rows(drawn)
    own = smoother_matrices if len(drawn) == len(chosen) else by_group(each, groups[drawn], seed)
    null_distribution = permuted(own, each, y[drawn], permutations=permutations, seed=seed, progress=progress)
    effects = Effects.make(y, groups, len(labels), smoother_matrices, seed)
    return _Found(table, null_distribution, effects, leaking_features(null_distribution, table, y, labels), len(chosen))


def _sample(groups: Int64, seed: int) -> Int64:
    """Rows, in random order, of as many patients, drawn at random, as have MOST photographs together; of all, if no more."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(np.unique(groups)))
    images = np.bincount(groups)[order]
    kept = order[np.cumsum(images) <= MOST]
    return rng.permutation(np.flatnonzero(np.isin(groups, kept)))


def _groups(found: _Found) -> list[GroupResult]:
    return [
        GroupResult(
            name=name,
            features=len(found.table.names) if name == ALL else found.table.groups.count(name),
            accuracy=found.effects.accuracy(name),
            balanced_accuracy=found.effects.balanced_accuracy(name),
            p=found.null_distribution.p_of(Statistic(name, None)),
        )
        for name in found.effects.smoother_matrices
    ]


def _classes(labels: Sequence[str], y: Int64, groups: Int64, found: _Found) -> list[ClassResult]:
    family = [Statistic(ALL, k) for k in range(len(labels))]
    return [
        ClassResult(
            label=label,
            images=int((y == k).sum()),
            patients=len(np.unique(groups[y == k])),
            auroc=found.effects.auroc(ALL, k),
            p=found.null_distribution.p_among(family[k], family),
        )
        for k, label in enumerate(labels)
    ]


def _remarks(rows: Sequence[Row], examined: int) -> list[str]:
    remarks = []
    faceless = sum(bool(np.isnan(list(row["framing"].values())).all()) for row in rows)
    if faceless:
        found = f"No face was found in {count(faceless, 'photograph')} of {len(rows)}"
        remarks.append(f"{found}; there the middle of the picture was taken for the head.")
    if examined < len(rows):
        remarks.append(f"{examined} of {len(rows)} photographs, of patients drawn at random, were examined: enough to tell.")
    return remarks
