"""Several photographs of one patient, judged together.

The votes of each region are averaged over the photographs that show it, and then fused and calibrated as those of a single
photograph are: the linear opinion pool (Stone, Annals of Mathematical Statistics 1961;32:1339). A product would take
photographs of one face for independent evidence, which they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..types import Bool, Failure, Float32, Int64, Neighbor, Notice, PatientPrediction, Prediction, PredictionSet
from .classifier import Classifier
from .retrieval import SHOWN

ALWAYS = frozenset({"random_weights"})  # reasons that no other photograph makes better


def mean_region_probabilities(region_probabilities: Float32, present: Bool, groups: Int64) -> tuple[Float32, Bool]:
    """votes float32 [N, R, K], present bool [N, R], groups int64 [N] in 0..G-1: patients, each with a photograph or more ->
    float32 [G, R, K], NaN where none of a patient's photographs shows a region, and bool [G, R]."""
    members = np.eye(groups.max() + 1, dtype=np.float32)[groups].T  # [G, N]
    shown = members @ present.astype(np.float32)
    total = np.einsum("gn,nrk->grk", members, np.where(present[:, :, None], region_probabilities, 0))
    with np.errstate(invalid="ignore"):
        return total / shown[:, :, None], shown > 0


def predict_patient(
    classifier: Classifier, patient: str, images: Sequence[Prediction], failures: Sequence[Failure] = ()
) -> PatientPrediction:
    """photographs: a prediction or more, by this judge, one face each. What speaks against one photograph leaves it out where
    there are others; a file that was given twice counts once. failures: those that could not be judged."""
    left_out = _left_out(images)
    counted = [one for one, why in zip(images, left_out, strict=True) if not why]
    region_probabilities, present = mean_region_probabilities(
        np.stack([one.region_probabilities for one in counted]),
        np.stack([one.present for one in counted]),
        np.zeros(len(counted), np.int64),
    )
    probabilities = classifier.calibrated_probabilities(region_probabilities, present)
    reasons = _once(reason for one in counted for reason in one.reasons)
    return PatientPrediction(
        patient=patient,
        images=tuple(images),
        left_out=left_out,
        failures=tuple(failures),
        labels=classifier.labels,
        regions=tuple(classifier.heads),
        probabilities=probabilities[0],
        region_probabilities=region_probabilities[0],
        reliable=not reasons,
        reasons=reasons,
        prediction_set=_set(classifier, probabilities),
        notices=_once(notice for one in counted for notice in _named(one)),
        neighbors=_most_similar(counted),
    )


def _left_out(images: Sequence[Prediction]) -> tuple[str, ...]:
    """For each photograph why it does not count, "" where it does."""
    against = [[reason for reason in one.reasons if reason.code not in ALWAYS] for one in images]
    fit = any(not reasons for reasons in against)
    first: dict[str, int] = {}
    found = []
    for number, (one, reasons) in enumerate(zip(images, against, strict=True)):
        original = first.setdefault(one.subject.image.sha256, number)
        if original != number:
            found.append(f"the same photograph as number {original + 1}, {images[original].subject.image.source}")
        else:
            found.append("; ".join(reason.message for reason in reasons) if fit else "")
    return tuple(found)


def _named(one: Prediction) -> Iterator[Notice]:
    """The notices of a photograph; those that are of it alone say which it is."""
    for notice in one.notices:
        own = notice in one.subject.notices
        yield Notice(notice.code, f"{Path(one.subject.image.source).name}: {notice.message}") if own else notice


def _set(classifier: Classifier, probabilities: Float32) -> PredictionSet:
    return classifier.reliability.set_of(classifier.reliability.sets(probabilities)[0])


def _once(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notices))


def _most_similar(images: Sequence[Prediction]) -> tuple[Neighbor, ...]:
    """The cases that any of the photographs is most like, each with its greatest likeness."""
    best: dict[str, Neighbor] = {}
    for match in (match for one in images for match in one.neighbors):
        if match.case not in best or match.similarity > best[match.case].similarity:
            best[match.case] = match
    return tuple(sorted(best.values(), key=lambda match: -match.similarity)[:SHOWN])
