"""Several photographs of one patient, judged together.

The votes of each region are averaged over the photographs that show it, and then fused and calibrated as those of a single
photograph are: the linear opinion pool (Stone, Annals of Mathematical Statistics 1961;32:1339). A product would take
photographs of one face for independent evidence, which they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..types import Bool, Failure, Float32, Int64, Match, Notice, PatientPrediction, Prediction, PredictionSet
from .judge import Judge
from .matching import SHOWN

ALWAYS = frozenset({"random_weights"})  # reasons that no other photograph makes better


def mean_votes(votes: Float32, present: Bool, groups: Int64) -> tuple[Float32, Bool]:
    """votes float32 [N, R, K], present bool [N, R], groups int64 [N] in 0..G-1: patients, each with a photograph or more ->
    float32 [G, R, K], NaN where none of a patient's photographs shows a region, and bool [G, R]."""
    members = np.eye(groups.max() + 1, dtype=np.float32)[groups].T  # [G, N]
    shown = members @ present.astype(np.float32)
    total = np.einsum("gn,nrk->grk", members, np.where(present[:, :, None], votes, 0))
    with np.errstate(invalid="ignore"):
        return total / shown[:, :, None], shown > 0


def judge_patient(
    judge: Judge, patient: str, photographs: Sequence[Prediction], failures: Sequence[Failure] = ()
) -> PatientPrediction:
    """photographs: a prediction or more, by this judge, one face each. What speaks against one photograph leaves it out where
    there are others; a file that was given twice counts once. failures: those that could not be judged."""
    left_out = _left_out(photographs)
    counted = [one for one, why in zip(photographs, left_out, strict=True) if not why]
    votes, present = mean_votes(
        np.stack([one.votes for one in counted]), np.stack([one.present for one in counted]), np.zeros(len(counted), np.int64)
    )
    probabilities = judge.opinion(votes, present)
    reasons = _once(reason for one in counted for reason in one.reasons)
    return PatientPrediction(
        patient=patient,
        photographs=tuple(photographs),
        left_out=left_out,
        failures=tuple(failures),
        labels=judge.labels,
        regions=tuple(judge.heads),
        probabilities=probabilities[0],
        votes=votes[0],
        reliable=False if reasons else None if judge.trust is None else True,
        reasons=reasons,
        prediction_set=_set(judge, probabilities),
        notices=_once(notice for one in counted for notice in _named(one)),
        matches=_likest(counted),
    )


def _left_out(photographs: Sequence[Prediction]) -> tuple[str, ...]:
    """For each photograph why it does not count, "" where it does."""
    against = [[reason for reason in one.reasons if reason.code not in ALWAYS] for one in photographs]
    fit = any(not reasons for reasons in against)
    first: dict[str, int] = {}
    found = []
    for number, (one, reasons) in enumerate(zip(photographs, against, strict=True)):
        original = first.setdefault(one.subject.image.sha256, number)
        if original != number:
            found.append(f"the same photograph as number {original + 1}, {photographs[original].subject.image.source}")
        else:
            found.append("; ".join(reason.message for reason in reasons) if fit else "")
    return tuple(found)


def _named(one: Prediction) -> Iterator[Notice]:
    """The notices of a photograph; those that are of it alone say which it is."""
    for notice in one.notices:
        own = notice in one.subject.notices
        yield Notice(notice.code, f"{Path(one.subject.image.source).name}: {notice.message}") if own else notice


def _set(judge: Judge, probabilities: Float32) -> PredictionSet | None:
    return judge.trust.set_of(judge.trust.sets(probabilities)[0]) if judge.trust else None


def _once(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notices))


def _likest(photographs: Sequence[Prediction]) -> tuple[Match, ...]:
    """The cases that any of the photographs is most like, each with its greatest likeness."""
    best: dict[str, Match] = {}
    for match in (match for one in photographs for match in one.matches):
        if match.case not in best or match.likeness > best[match.case].likeness:
            best[match.case] = match
    return tuple(sorted(best.values(), key=lambda match: -match.likeness)[:SHOWN])
