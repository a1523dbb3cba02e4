"""Adds what a patient's record says to the prediction from the face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Evidence
from ..reliability.combination import CombinationWeights, combine, fit_combination, known_rows
from ..reliability.conformal import most_probable_sets, prediction_sets, thresholds
from ..reliability.prior import apply_prior
from ..stats.folds import patient_folds
from ..types import BasePrediction, Bool, ConditionIds, EvidenceResult, Float32, Int64, InterpretedRecord, Notice, PatientRecord
from ..util.text import count, listed
from .fusion import FOLDS
from .reliability_model import Float64, ReliabilityModel

P = TypeVar("P", bound=BasePrediction)
MAX_NAMED = 5  # conditions that a message names


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceModel:
    """The evidence of a trained recipe, and how it is combined with the face.

    Attributes:
        evidence: E kinds of evidence by name, fitted.
        conditions: The K conditions.
        weights: Their weights, and that of the face.
        thresholds: float64 [K], for the prediction sets of combined probabilities; None if they could not be fitted, because no
            training patient has a record.
        coverage: Target coverage of prediction sets, 0 to 1.
    """

    evidence: Mapping[str, Evidence]
    conditions: tuple[ConditionIds, ...]
    weights: CombinationWeights
    thresholds: Float64 | None
    coverage: float

    def log_likelihoods(self, records: Sequence[PatientRecord]) -> Float32:
        """Evaluate records, each different one once.

        Args:
            records: N records.

        Returns:
            float32 [N, E, K], NaN for what is not known.
        """
        return log_likelihoods(list(self.evidence.values()), records, self.conditions)

    def combined(self, face: Float32, values: Float32, prior: Float64) -> Float32:
        """Combine the face with evidence.

        Args:
            face: float32 [N, K], calibrated, under the prior.
            values: float32 [N, E, K], from ``log_likelihoods``.
            prior: float64 [K].

        Returns:
            float32 [N, K].
        """
        return combine(face, values, prior, self.weights)

    def sets(self, combined: Float32, values: Float32, face_sets: Bool) -> Bool:
        """Form prediction sets. Rows without any evidence, or all if no threshold could be fitted, keep that of the face.

        Thresholds are those of training patients, whose records may be more complete than this one: with a single sign, or the
        age alone, they would exclude nearly everything. So a set also holds the most probable conditions, until their
        probabilities reach the coverage.

        Args:
            combined: float32 [N, K].
            values: float32 [N, E, K].
            face_sets: bool [N, K].

        Returns:
            bool [N, K].
        """
        if self.thresholds is None:
            return face_sets
        members = prediction_sets(combined, self.thresholds) | most_probable_sets(combined, self.coverage)
        return np.asarray(np.where(known_rows(values)[:, None], members, face_sets))

    def interpret(self, record: PatientRecord) -> InterpretedRecord:
        """Report what all evidence uses of a record."""
        interpreted = [one.interpret(record) for one in self.evidence.values()]
        signs = dict.fromkeys(sign for one in interpreted for sign in one.signs)
        return InterpretedRecord(tuple(signs), tuple(dict.fromkeys(p for one in interpreted for p in one.problems)))


def log_likelihoods(
    evidence: Sequence[Evidence], records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]
) -> Float32:
    """Evaluate records by several kinds of evidence, each different record once.

    Args:
        evidence: E kinds of evidence, fitted.
        records: N records.
        conditions: K conditions.

    Returns:
        float32 [N, E, K], NaN for what is not known.
    """
    numbers = {record: number for number, record in enumerate(dict.fromkeys(records))}
    rows = np.array([numbers[record] for record in records], np.int64)
    values = [one.log_likelihood(list(numbers), conditions) for one in evidence]
    if not values or not numbers:
        return np.full((len(records), len(evidence), len(conditions)), np.nan, np.float32)
    return np.stack(values, axis=1).astype(np.float32)[rows]


def fit_evidence(
    evidence: Mapping[str, Evidence],
    conditions: tuple[ConditionIds, ...],
    out_of_fold: OutOfFoldPredictions,
    fused: Float32,
    reliability: ReliabilityModel,
    *,
    seed: int,
) -> EvidenceModel:
    """Fit the weights, and the thresholds of prediction sets, to out-of-fold predictions.

    Args:
        evidence: E kinds of evidence by name, fitted.
        conditions: K conditions.
        out_of_fold: Out-of-fold predictions on training images, with log-likelihoods of their records; without them, the
            weights are those of Bayes' theorem.
        fused: float32 [N, K], the same, fused and not calibrated.
        reliability: Calibrates the face.
        seed: Random seed of the folds.
    """
    combined = combine_out_of_fold(out_of_fold, fused, reliability, seed=seed)
    if combined is None:
        bayes = CombinationWeights(1.0, (1.0,) * len(evidence))
        return EvidenceModel(evidence, conditions, bayes, None, reliability.config.coverage)
    minimum = thresholds(combined.both, combined.y, combined.groups, reliability.config.coverage)
    return EvidenceModel(evidence, conditions, combined.weights, minimum, reliability.config.coverage)


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFoldCombination:
    """Out-of-fold predictions on the N training images whose patient has a record.

    Attributes:
        face: float32 [N, K], from the face alone, at the prior.
        record: float32 [N, K], from the record alone.
        both: float32 [N, K], with weights that were fitted to other patients.
        y: int64 [N], the conditions.
        groups: int64 [N], the patients.
        weights: Fitted to all of them.
    """

    face: Float32
    record: Float32
    both: Float32
    y: Int64
    groups: Int64
    weights: CombinationWeights


def combine_out_of_fold(
    out_of_fold: OutOfFoldPredictions, fused: Float32, reliability: ReliabilityModel, *, seed: int
) -> OutOfFoldCombination | None:
    """Combine faces and records of training patients, with weights that were fitted to other patients.

    Args:
        out_of_fold: Out-of-fold predictions on training images, with log-likelihoods of their records.
        fused: float32 [N, K], the same, fused and not calibrated.
        reliability: Calibrates the face.
        seed: Random seed of the folds.

    Returns:
        The predictions; None if no training patient has a record.
    """
    values = out_of_fold.log_likelihoods
    if values is None or not (rows := known_rows(values)).any():
        return None
    face, values, prior = reliability.calibrated(fused)[rows], values[rows], reliability.prior
    y, groups, split_groups = out_of_fold.y[rows], out_of_fold.groups[rows], out_of_fold.split_groups[rows]
    guess = np.full_like(face, 1 / face.shape[1])  # says nothing, whatever its weight
    combined = {name: apply_prior(guess, prior).copy() for name in ("record", "both")}
    for train, test in _folds(y, split_groups, seed):
        for name, part in (("record", guess), ("both", face)):
            weights = fit_combination(part[train], values[train], y[train], groups[train])
            combined[name][test] = combine(apply_prior(part[test], prior), values[test], prior, weights)
    weights = fit_combination(face, values, y, groups)
    return OutOfFoldCombination(apply_prior(face, prior), combined["record"], combined["both"], y, groups, weights)


def _folds(y: np.ndarray, groups: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds of the patients with a record; a single one, tested on itself, if there are too few to divide."""
    everything = np.arange(len(y))
    if len(np.unique(groups)) < FOLDS:
        return [(everything, everything)]
    return list(patient_folds(y, groups, FOLDS, seed))


def add_record(model: EvidenceModel, reliability: ReliabilityModel, result: P, record: PatientRecord) -> P:
    """Combine the prediction from the face with a record.

    Args:
        model: The evidence of the recipe.
        reliability: Its reliability model.
        result: The prediction from the face alone.
        record: The patient's record.

    Returns:
        The combined prediction; if the record says nothing that any evidence uses, that of the face, with notices.
    """
    interpreted = model.interpret(record)
    notices = [Notice(problem.code, problem.message) for problem in interpreted.problems]
    values = model.log_likelihoods([record])
    known = ~np.isnan(values[0]).all(axis=1)
    if not known.any():
        notices.append(Notice("record_not_used", "the recipe's evidence can use nothing of the record; the face alone counts"))
        return replace(result, record=record, signs=interpreted.signs, notices=(*result.notices, *notices))
    notices += _unknown_conditions(model, values[0], known)
    face = result.probabilities[None]
    combined = model.combined(face, values, reliability.prior)
    members = result.prediction_set.members
    if model.thresholds is None:
        notices.append(_NOT_LEARNED)
        always = result.prediction_set.always
    else:
        face_set = np.isin(np.arange(len(result.labels)), members)[None]
        members = tuple(np.flatnonzero(model.sets(combined, values, face_set)[0]).tolist())
        always = tuple(np.flatnonzero(np.isneginf(model.thresholds)).tolist())
    results = tuple(
        EvidenceResult(name, values[0, number], model.weights.evidence[number], one.parts(record, model.conditions))
        for number, (name, one) in enumerate(model.evidence.items())
        if known[number]
    )
    return replace(
        result,
        probabilities=combined[0],
        prediction_set=replace(result.prediction_set, members=members, always=always),
        notices=(*result.notices, *notices),
        record=record,
        face_probabilities=result.probabilities,
        evidence=results,
        signs=interpreted.signs,
    )


_NOT_LEARNED = Notice(
    "evidence_not_learned",
    "the weights of face and record were not learned, because the bundle was trained without records or with other evidence: "
    "both count in full, the probabilities are not calibrated, and the prediction set is that of the face",
)


def _unknown_conditions(model: EvidenceModel, values: Float32, known: Bool) -> list[Notice]:
    """Say which conditions the evidence does not know."""
    notices = []
    for number, name in enumerate(model.evidence):
        unknown = [one.label for one, value in zip(model.conditions, values[number], strict=True) if np.isnan(value)]
        if known[number] and unknown:
            message = (
                f"{name} does not know {count(len(unknown), 'condition')} of {len(model.conditions)} "
                f"({listed(unknown, MAX_NAMED)}): the record speaks neither for nor against them, so they rise if it fits no "
                "other condition"
            )
            notices.append(Notice("condition_not_known", message))
    return notices
