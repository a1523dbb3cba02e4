"""Sensitivity at a fixed specificity: how many images of a condition are found if few of the others may be taken for it.

A value is a point of the ROC curve (``dysfw.stats.roc``). In every split the threshold is the lowest that keeps the
specificity; images tied with it count against it, because a threshold cannot divide them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..types import Bool, Float32, Int64
from .bootstrap import TOLERANCE, Float64, estimate
from .estimate import Estimate
from .metrics import BLOCK
from .one_hot import one_hot
from .roc import controls_ahead, split_rows

SPECIFICITIES = (0.9, 0.95, 0.99)
Unstated = Literal["too_few_controls", "not_reachable", "not_tested"]


class SensitivityAt(BaseModel):
    """The sensitivity of one condition at one specificity.

    Attributes:
        specificity: The specificity, 0 to 1.
        sensitivity: Share of the images of the condition that are found; None if it cannot be stated.
        controls: Patients without the condition, in the split that has fewest of them.
        unstated: Why there is no sensitivity. "too_few_controls": one wrong control already costs more than the specificity
            allows. "not_reachable": in every split, more controls than allowed share the highest score. "not_tested": the
            condition has no test image beside others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    specificity: float
    sensitivity: Estimate | None
    controls: int
    unstated: Unstated | None = None


class MeanSensitivityAt(BaseModel):
    """The mean sensitivity over conditions at one specificity.

    Attributes:
        specificity: The specificity, 0 to 1.
        controls_needed: Patients without the condition that a split needs, so that one of them is within what is allowed.
        conditions: Number of conditions for which it can be stated.
        sensitivity: Mean over these; None if there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    specificity: float
    controls_needed: int
    conditions: int
    sensitivity: Estimate | None


def controls_needed(specificity: float) -> int:
    """Return how many controls a threshold needs before one of them may exceed it."""
    return math.ceil(round(1 / (1 - specificity), 6))


def sensitivities(
    probabilities: Float32, y: Int64, groups: Int64, weights: Float64, splits: Int64
) -> tuple[list[list[SensitivityAt]], list[MeanSensitivityAt]]:
    """Estimate the sensitivity of each class at each of ``SPECIFICITIES``.

    Args:
        probabilities: float32 [P, N, K] for P repeats of a cross-validation. A value is the mean over the repeats.
        y: int64 [N], the classes.
        groups: int64 [N], the patients.
        weights: float64 [B, N], from ``dysfw.stats.bootstrap.patient_weights``.
        splits: int64 [P, N], the split in which each image was tested.

    Returns:
        For each of the K classes a list by specificity, and the means over the classes.
    """
    repeats = [split_rows(repeat, split) for repeat, split in zip(probabilities, splits, strict=True)]
    classes = probabilities.shape[2]
    value = _measure(repeats, y, np.ones((len(y), 1)), classes)[:, :, 0]
    controls = np.min([_fewest_controls(y, groups, [at for at, _ in one], classes) for one in repeats], axis=0)
    needed = [controls_needed(s) for s in SPECIFICITIES]
    unstated = [_unstated(value[n], controls, needed[n], _reachable(repeats, y, s)) for n, s in enumerate(SPECIFICITIES)]
    resampled = np.full((*value.shape, len(weights)), np.nan)
    if any(None in reasons for reasons in unstated):
        blocks = (weights[start : start + BLOCK] for start in range(0, len(weights), BLOCK))
        resampled = np.concatenate([_measure(repeats, y, np.ascontiguousarray(b.T), classes) for b in blocks], axis=2)
    patients = np.bincount(np.unique(np.stack([y, groups]), axis=1)[0], minlength=classes)

    def of_class(n: int, k: int) -> SensitivityAt:
        reason = unstated[n][k]
        found = None if reason else estimate(float(value[n, k]), resampled[n, k], int(patients[k]))
        return SensitivityAt(specificity=SPECIFICITIES[n], sensitivity=found, controls=int(controls[k]), unstated=reason)

    by_class = [[of_class(n, k) for n in range(len(SPECIFICITIES))] for k in range(classes)]
    means = []
    for n, specificity in enumerate(SPECIFICITIES):
        stated = [k for k in range(classes) if unstated[n][k] is None]
        mean = _mean(value[n, stated], resampled[n, stated], patients[stated]) if stated else None
        means.append(
            MeanSensitivityAt(specificity=specificity, controls_needed=needed[n], conditions=len(stated), sensitivity=mean)
        )
    return by_class, means


def _mean(values: Float64, resampled: Float64, patients: Int64) -> Estimate:
    """The mean over S classes: values [S], resampled [S, B], patients [S]."""
    # Each class counts as if it had as few patients as the smallest, as for the other means.
    return estimate(float(values.mean()), resampled.mean(axis=0), int(patients.min()) * len(patients))


def _measure(repeats: Sequence[list[tuple[Int64, Float32]]], y: Int64, weights: Float64, classes: int) -> Float64:
    """Sensitivities for weights float64 [N, B]: float64 [S, K, B], NaN for a class without weight in every repeat."""
    measured = []
    for splits in repeats:
        found = np.zeros((len(SPECIFICITIES), classes, weights.shape[1]))
        pairs = np.zeros(found.shape[1:])
        for at, scores in splits:
            own, part = y[at], weights[at]
            ahead, each = controls_ahead(scores, own, part, ties=True), one_hot(own, classes)
            members = each @ part
            controls = part.sum(axis=0) - members
            pairs += members * controls
            for n, specificity in enumerate(SPECIFICITIES):
                allowed = ((1 - specificity) * controls + TOLERANCE)[own]
                found[n] += (each @ np.where(ahead <= allowed, part, 0)) * controls
        with np.errstate(divide="ignore", invalid="ignore"):
            measured.append(found / pairs)
    defined = np.sum([~np.isnan(one) for one in measured], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sum([np.nan_to_num(one) for one in measured], axis=0) / defined, np.float64)


def _fewest_controls(y: Int64, groups: Int64, splits: Sequence[Int64], classes: int) -> Int64:
    """int64 [K], the patients without the class in the split that tests it with fewest of them; 0 for a class never tested."""
    fewest = np.full(classes, np.iinfo(np.int64).max)
    for at in splits:
        label, patient = np.unique(np.stack([y[at], groups[at]]), axis=1)
        names, number, labels_of = np.unique(patient, return_inverse=True, return_counts=True)
        only = np.bincount(label[labels_of[number] == 1], minlength=classes)
        tested = np.bincount(label, minlength=classes) > 0
        fewest[tested] = np.minimum(fewest, len(names) - only)[tested]
    return np.where(fewest == np.iinfo(np.int64).max, 0, fewest)


def _reachable(repeats: Sequence[list[tuple[Int64, Float32]]], y: Int64, specificity: float) -> Bool:
    """Bool [K]: whether in any split few enough controls share the highest score that a threshold keeps the specificity."""
    reachable = np.zeros(len(repeats[0][0][1]), bool)
    for at, scores in (split for splits in repeats for split in splits):
        highest = scores == scores.max(axis=1, keepdims=True)
        own = y[at] == np.arange(len(scores))[:, None]
        allowed = (1 - specificity) * (~own).sum(axis=1) + TOLERANCE
        reachable |= own.any(axis=1) & ((highest & ~own).sum(axis=1) <= allowed)
    return reachable


def _unstated(value: Float64, controls: Int64, needed: int, reachable: Bool) -> list[Unstated | None]:
    """Why the sensitivity of each class cannot be stated, if so."""
    reasons: list[Unstated | None] = []
    for k in range(len(value)):
        if np.isnan(value[k]):
            reasons.append("not_tested")
        elif controls[k] < needed:
            reasons.append("too_few_controls")
        else:
            reasons.append(None if reachable[k] else "not_reachable")
    return reasons
