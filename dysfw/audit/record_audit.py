"""Audit of the patients' records: is the condition known from how a record was made?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..data.dataset import Sample, patient_numbers
from ..data.split_groups import split_groups
from ..stats.auroc import Ranking
from ..stats.bootstrap import Float64, estimate, patient_weights
from ..stats.estimate import Estimate
from ..stats.one_hot import one_hot
from ..types import Int64
from ..util.progress import Progress, Silent
from ..util.threads import one_thread
from .feature_table import Table
from .leaking_features import leaking_features
from .nearest_records import named, nearest_records
from .permutation import one_of_each
from .permutation_null import ALPHA, PermutationNull, Statistic
from .record_permutation import ASSESSED, EXCLUDED, SIGNS, TESTED, mean_over_tested, permuted_records
from .record_result import CompletenessFeature, RecordAudit, RecordClass, RecordGroup
from .record_terms import RecordTerms, completeness_table, or_none
from .record_verdict import RecordFacts, decide_record_verdict
from .sampling import draw_patients
from .specific_terms import specific_terms

RESAMPLES = 1000
MAX_PATIENTS = 10_000  # more are not needed to find relevant effects, and time grows with their square


def audit_records(
    samples: Sequence[Sample], labels: Sequence[str], *, permutations: int, seed: int, progress: Progress | None = None
) -> RecordAudit | None:
    """Test whether the records reveal the conditions by how they were made.

    Args:
        samples: N samples; of each patient, the record of one image is used.
        labels: K labels, sorted; each occurs.
        permutations: Number of label permutations.
        seed: Random seed.
        progress: Receives the progress; None for no progress.

    Returns:
        The result; None if no sample has a record.
    """
    if not any(sample.record for sample in samples):
        return None
    progress = progress or Silent()
    with progress.stage("auditing: comparing the records"), one_thread():
        data = _Records.of(samples, labels, seed)
        parts = _parts(data.terms)
        everyone = {name: nearest_records(*part, data.groups, seed) for name, part in parts.items()}
        units = data.units
        drawn = _parts(data.terms.rows(units))
        nearest = {name: nearest_records(*drawn[name], data.groups[units], seed) for name in TESTED}
    null = permuted_records(
        nearest, data.table.rows(units), data.y[units], permutations=permutations, seed=seed, progress=progress
    )
    with progress.stage("auditing: computing intervals of records"), one_thread():
        return _result(data, everyone, null)


@dataclass(frozen=True, slots=True, eq=False)
class _Records:
    """One record of each of N patients; a patient with two labels has one for each.

    Attributes:
        terms: Their terms.
        table: How complete they are.
        y: int64 [N], classes.
        groups: int64 [N], publications; patients without one are groups of their own.
        labels: K labels.
        units: int64 [U], rows of one patient of each publication and condition.
        weights: float64 [B, N], bootstrap weights, of whole publications.
        knows_patients: Whether the patient of every image is known.
        knows_publications: Whether any publication is known.
        left_out: Number of patients that were not drawn, because there are more than MAX_PATIENTS.
    """

    terms: RecordTerms
    table: Table
    y: Int64
    groups: Int64
    labels: Sequence[str]
    units: Int64
    weights: Float64
    knows_patients: bool
    knows_publications: bool
    left_out: int

    @classmethod
    def of(cls, samples: Sequence[Sample], labels: Sequence[str], seed: int) -> _Records:
        """Draw an image of each patient, and collect the records."""
        number = {label: k for k, label in enumerate(labels)}
        y = np.array([number[sample.label] for sample in samples], np.int64)
        patients, groups = patient_numbers(samples), split_groups(samples)
        order = np.random.default_rng(seed).permutation(len(samples))
        each = order[one_of_each(y[order], patients[order])]
        rows = each[draw_patients(y[each], patients[each], MAX_PATIENTS, seed)]
        records = [samples[row].record for row in rows]
        return cls(
            RecordTerms.of(records), completeness_table(records), y[rows], groups[rows], labels,
            one_of_each(y[rows], groups[rows]), patient_weights(y[rows], groups[rows], RESAMPLES, seed),
            knows_patients=all(sample.patient is not None for sample in samples),
            knows_publications=any(sample.publication for sample in samples),
            left_out=len(each) - len(rows),
        )  # fmt: skip

    @property
    def members(self) -> Int64:
        """int64 [K], the number of units of each class."""
        return np.bincount(self.y[self.units], minlength=len(self.labels))


def _parts(terms: RecordTerms) -> dict[str, tuple[csr_array, csr_array]]:
    """By which terms records search, and by which they are found.

    Excluded signs search among all assessed signs. A sign that a patient lacks speaks against the conditions that have it: if
    excluded signs still lead to the patient's own condition, then they were looked for because of it.
    """
    assessed, any_or_none, signs = terms.assessed, or_none(terms.assessed), or_none(terms.with_status)
    return {EXCLUDED: (terms.excluded, assessed), ASSESSED: (any_or_none, any_or_none), SIGNS: (signs, signs)}


def _result(data: _Records, everyone: Mapping[str, Int64], null: PermutationNull) -> RecordAudit:
    tested = data.members > 1
    hits = {name: named(nearest, data.y) for name, nearest in everyone.items()}
    parts = {EXCLUDED: data.terms.excluded, ASSESSED: data.terms.assessed, SIGNS: data.terms.assessed}
    records = {name: int(np.count_nonzero(np.diff(terms.indptr))) for name, terms in parts.items()}
    groups = [_group(data, name, hits[name], null, records=records[name]) for name in parts if records[name]]
    significant = null.p < ALPHA
    shares = np.bincount(data.y, minlength=len(data.labels)) / len(data.y)
    facts = RecordFacts(
        null=null,
        groups=groups,
        classes=_classes(data, hits[EXCLUDED], null) if significant else [],
        features=_features(data, null) if significant else [],
        terms=specific_terms(data.terms, data.y, data.units, data.labels),
        chance=float(shares[tested].mean()) if tested.any() else 1 / len(data.labels),
        tested=int(tested.sum()),
        knows_patients=data.knows_patients,
        knows_publications=data.knows_publications,
    )
    verdict = decide_record_verdict(facts)
    return RecordAudit(
        verdict=verdict.verdict, reason=verdict.reason, advice=[*verdict.advice, *_remarks(data)], p=null.p,
        patients=len(data.y), units=len(data.units), records=int(data.table.values[:, 0].sum()), chance=facts.chance,
        groups=groups, classes=list(facts.classes), features=list(facts.features), terms=list(facts.terms),
    )  # fmt: skip


def _remarks(data: _Records) -> list[str]:
    if not data.left_out:
        return []
    audited = len(data.y)
    return [
        f"The audit used the records of {audited:,} of {audited + data.left_out:,} randomly drawn patients, which is enough."
    ]


def _group(data: _Records, name: str, hits: Float64, null: PermutationNull, *, records: int) -> RecordGroup:
    value, resampled = _shares(data, hits)
    members = data.members
    tested = members > 1
    balanced = Estimate(value=0.0)
    if tested.any():
        # The uncertainty of the mean is that of conditions all as small as the smallest.
        patients = int(tested.sum() * members[tested].min())
        balanced = estimate(mean_over_tested(value, members), np.nanmean(resampled[tested], axis=0), patients)
    return RecordGroup(
        name=name,
        records=records,
        balanced_accuracy=balanced,
        p=null.p_of(Statistic(name, None)) if name in TESTED else None,
    )


def _shares(data: _Records, hits: Float64) -> tuple[Float64, Float64]:
    """The share of the patients of each class that are named, float64 [K], and in each resample, float64 [K, B]."""
    hot, drawn = one_hot(data.y, len(data.labels)), data.weights.T
    with np.errstate(divide="ignore", invalid="ignore"):  # a publication with two labels is drawn with the first only
        return hot @ hits / hot.sum(axis=1), (hot @ (drawn * hits[:, None])) / (hot @ drawn)


def _classes(data: _Records, hits: Float64, null: PermutationNull) -> list[RecordClass]:
    p = null.p_among([Statistic(EXCLUDED, k) for k in range(len(data.labels))])
    value, resampled = _shares(data, hits)
    patients, members = np.bincount(data.y, minlength=len(data.labels)), data.members
    found = [
        RecordClass(
            label=data.labels[k],
            patients=int(patients[k]),
            named=estimate(float(value[k]), resampled[k], int(members[k])),
            p=float(p[k]),
        )
        for k in np.flatnonzero(p < ALPHA).tolist()
    ]
    return sorted(found, key=lambda one: (one.named.low or 0.0, one.named.value), reverse=True)


def _features(data: _Records, null: PermutationNull) -> list[CompletenessFeature]:
    found = []
    for one in leaking_features(null, data.table, data.y, data.labels):
        values = data.table.values[:, data.table.names.index(one.name)]
        resampled = Ranking.of(values, data.y == data.labels.index(one.label)).auroc(data.weights.T)
        auroc = estimate(one.auroc, resampled, len(np.unique(data.groups[data.y == data.labels.index(one.label)])))
        found.append(CompletenessFeature(name=one.name, label=one.label, auroc=auroc, words=one.words))
    return found
