"""Audit of a data set: can the condition be predicted from everything but the face?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.dataset import Sample, patient_numbers
from ..data.findings import Finding
from ..errors import DysfwError
from ..types import Failure, Int64
from ..util.progress import Progress, Silent
from ..util.text import count, listed
from ..util.threads import one_thread
from .effects import Effects
from .feature_table import Table
from .leaking_features import leaking_features
from .permutation import one_of_each, permuted
from .permutation_null import ALPHA, PermutationNull, Statistic
from .predict import ALL, by_group
from .record_audit import audit_records
from .result import AuditResult, ClassResult, GroupResult, ShortcutFeature
from .sampling import draw_patients
from .shortcut_features import Row
from .verdict import AuditVerdict, decide_verdict

PERMUTATIONS = 999
# More images are not needed to find relevant effects, and the size of the matrices grows quadratically.
MAX_IMAGES = 2000


def audit(
    rows: Sequence[Row],
    samples: Sequence[Sample],
    *,
    failures: Sequence[Failure] = (),
    findings: Sequence[Finding] = (),
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    harmonised: bool = False,
    records: bool = True,
    progress: Progress | None = None,
) -> AuditResult:
    """Test whether anything but the face predicts the conditions: features of the images, and how records were made.

    Args:
        rows: The features of each image, see ``shortcut_features.describe``.
        samples: The samples, in the same order.
        failures: Images that cannot be read.
        findings: What else was found in the data, for the result.
        permutations: Number of label permutations.
        seed: Random seed.
        harmonised: Whether the images are harmonised.
        records: Whether the patients' records are audited, if there are any. Harmonising changes none, so that those of
            harmonised images are not audited again.
        progress: Receives the progress; None for no progress.

    Returns:
        The result.

    Raises:
        DysfwError: If there are fewer than two conditions.
    """
    labels = _labels(samples)
    number = {label: k for k, label in enumerate(labels)}
    y = np.array([number[sample.label] for sample in samples], np.int64)
    groups = patient_numbers(samples)
    progress = progress or Silent()
    measured = _measure(Table.of(rows), y, groups, labels, permutations=permutations, seed=seed, progress=progress)
    record = None
    if records and not harmonised:
        record = audit_records(samples, labels, permutations=permutations, seed=seed, progress=progress)
    with progress.stage("auditing: computing intervals"), one_thread():  # rounding must not depend on the processors
        patients = len(np.unique(groups)) if all(sample.patient is not None for sample in samples) else None
        verdict = _verdict(measured, labels, knows_patients=patients is not None, harmonised=harmonised)
        return AuditResult(
            schema="dysfw.audit/1",
            verdict=verdict.verdict,
            reason=verdict.reason,
            advice=[*verdict.advice, *_remarks(rows, measured.images)],
            p=measured.null_distribution.p,
            permutations=permutations, seed=seed, images=len(samples), patients=patients,
            excluded=dict(Counter(failure.code for failure in failures)),
            labels=labels,
            chance=1 / len(labels),
            majority=float(np.bincount(y).max() / len(y)),
            groups=_group_results(measured),
            classes=_class_results(labels, y, groups, measured),
            features=measured.features if measured.null_distribution.p < ALPHA else [],
            harmonised=harmonised,
            findings=list(findings),
            record=record,
        )  # fmt: skip


def _labels(samples: Sequence[Sample]) -> list[str]:
    labels = sorted({sample.label for sample in samples})
    if len(labels) < 2:
        raise DysfwError(
            f"{count(len(labels), 'condition')} found ({listed(labels)}); an audit needs at least 2",
            hint="use one folder for each class, or a manifest with the columns path and label",
        )
    return labels


@dataclass(frozen=True, slots=True, eq=False)
class _Measurements:
    """What the audit measured, on ``images`` images."""

    table: Table
    null_distribution: PermutationNull
    effects: Effects
    features: list[ShortcutFeature]
    images: int


def _measure(
    table: Table, y: Int64, groups: Int64, labels: Sequence[str], *, permutations: int, seed: int, progress: Progress
) -> _Measurements:
    chosen = draw_patients(y, groups, MAX_IMAGES, seed)
    table, y, groups = table.rows(chosen), y[chosen], groups[chosen]
    smoother_matrices = by_group(table, groups, seed, progress)
    drawn = one_of_each(y, groups)
    drawn_table = table.rows(drawn)
    drawn_matrices = smoother_matrices if len(drawn) == len(chosen) else by_group(drawn_table, groups[drawn], seed, progress)
    null_distribution = permuted(drawn_matrices, drawn_table, y[drawn], permutations=permutations, seed=seed, progress=progress)
    effects = Effects.make(y, groups, len(labels), smoother_matrices, seed)
    return _Measurements(table, null_distribution, effects, leaking_features(null_distribution, table, y, labels), len(chosen))


def _verdict(measured: _Measurements, labels: Sequence[str], *, knows_patients: bool, harmonised: bool) -> AuditVerdict:
    null_distribution, effects, features = measured.null_distribution, measured.effects, measured.features
    return decide_verdict(null_distribution, effects, features, labels, knows_patients=knows_patients, harmonised=harmonised)


def _group_results(measured: _Measurements) -> list[GroupResult]:
    return [
        GroupResult(
            name=name,
            features=len(measured.table.names) if name == ALL else measured.table.groups.count(name),
            accuracy=measured.effects.accuracy(name),
            balanced_accuracy=measured.effects.balanced_accuracy(name),
            p=measured.null_distribution.p_of(Statistic(name, None)),
        )
        for name in measured.effects.smoother_matrices
    ]


def _class_results(labels: Sequence[str], y: Int64, groups: Int64, measured: _Measurements) -> list[ClassResult]:
    p_values = measured.null_distribution.p_among([Statistic(ALL, k) for k in range(len(labels))])
    return [
        ClassResult(
            label=label,
            images=int((y == k).sum()),
            patients=len(np.unique(groups[y == k])),
            auroc=measured.effects.auroc(ALL, k),
            p=float(p_values[k]),
        )
        for k, label in enumerate(labels)
    ]


def _remarks(rows: Sequence[Row], audited: int) -> list[str]:
    remarks = []
    without_face = sum(bool(np.isnan(list(row["framing"].values())).all()) for row in rows)
    if without_face:
        remarks.append(
            f"No face was found in {without_face} of {count(len(rows), 'image')}; their central area was masked instead."
        )
    if audited < len(rows):
        remarks.append(f"The audit used {audited} of {len(rows)} images, of randomly drawn patients, which is enough.")
    return remarks
