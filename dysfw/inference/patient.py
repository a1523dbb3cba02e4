"""Predicts for one patient from several images.

The region probabilities are averaged over the images that show the region, then fused and calibrated like those of a single
image: the linear opinion pool (Stone, Annals of Mathematical Statistics 1961;32:1339). A product would treat images of one face
as independent evidence, which they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..types import Bool, Failure, Float32, Int64, Neighbor, Notice, PatientPrediction, Prediction
from .classifier import Classifier
from .notices import OF_THE_BUNDLE
from .retrieval import MAX_NEIGHBORS


def mean_region_probabilities(region_probabilities: Float32, present: Bool, groups: Int64) -> tuple[Float32, Bool]:
    """Average region probabilities over the images of each patient.

    Args:
        region_probabilities: float32 [N, R, K].
        present: bool [N, R].
        groups: int64 [N] in 0..G-1, the patient of each image.

    Returns:
        float32 [G, R, K], NaN if no image of a patient shows a region; and bool [G, R].
    """
    members = np.eye(groups.max() + 1, dtype=np.float32)[groups].T  # [G, N]
    shown = members @ present.astype(np.float32)
    total = np.einsum("gn,nrk->grk", members, np.where(present[:, :, None], region_probabilities, 0))
    with np.errstate(invalid="ignore"):
        return total / shown[:, :, None], shown > 0


def predict_patient(classifier: Classifier, patient: str, results: Iterable[Prediction | Failure]) -> PatientPrediction | None:
    """Predict for one patient.

    An image that is not reliable is left out if another one is reliable. A file that was given twice counts once.

    Args:
        classifier: The classifier that made the predictions.
        patient: The patient's name.
        results: What was predicted for the patient's images, one face each.

    Returns:
        The prediction; None if no image could be predicted.
    """
    outcomes = list(results)
    predictions = [one for one in outcomes if isinstance(one, Prediction)]
    if not predictions:
        return None
    left_out = _left_out(predictions)
    counted = [one for one, why in zip(predictions, left_out, strict=True) if not why]
    region_probabilities, present = mean_region_probabilities(
        np.stack([one.region_probabilities for one in counted]),
        np.stack([one.present for one in counted]),
        np.zeros(len(counted), np.int64),
    )
    probabilities = classifier.calibrated_probabilities(region_probabilities, present)
    reasons = _unique(reason for one in counted for reason in one.reasons)
    return PatientPrediction(
        patient=patient,
        images=tuple(predictions),
        left_out=left_out,
        failures=tuple(one for one in outcomes if isinstance(one, Failure)),
        labels=classifier.labels,
        regions=tuple(classifier.heads),
        probabilities=probabilities[0],
        region_probabilities=region_probabilities[0],
        reliable=not reasons,
        reasons=reasons,
        prediction_set=classifier.reliability.set_of(classifier.reliability.sets(probabilities)[0]),
        notices=_unique(notice for one in counted for notice in _named_notices(one)),
        neighbors=_most_similar(counted),
    )


def _left_out(predictions: Sequence[Prediction]) -> tuple[str, ...]:
    """For each image why it does not count; "" if it does."""
    against = [[reason for reason in one.reasons if reason.code not in OF_THE_BUNDLE] for one in predictions]
    any_reliable = any(not reasons for reasons in against)
    first: dict[str, int] = {}
    left_out = []
    for number, (one, reasons) in enumerate(zip(predictions, against, strict=True)):
        original = first.setdefault(one.face_embedding.image.sha256, number)
        if original != number:
            left_out.append(f"same file as image {original + 1}, {predictions[original].face_embedding.image.source}")
        else:
            left_out.append("; ".join(reason.message for reason in reasons) if any_reliable else "")
    return tuple(left_out)


def _named_notices(one: Prediction) -> Iterator[Notice]:
    """The notices of an image; those that concern it alone name it."""
    for notice in one.notices:
        own = notice in one.face_embedding.notices
        yield Notice(notice.code, f"{Path(one.face_embedding.image.source).name}: {notice.message}") if own else notice


def _unique(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(notices))


def _most_similar(predictions: Sequence[Prediction]) -> tuple[Neighbor, ...]:
    """The gallery cases most similar to any of the images, each with its greatest similarity."""
    best: dict[str, Neighbor] = {}
    for neighbor in (neighbor for one in predictions for neighbor in one.neighbors):
        if neighbor.case not in best or neighbor.similarity > best[neighbor.case].similarity:
            best[neighbor.case] = neighbor
    return tuple(sorted(best.values(), key=lambda neighbor: -neighbor.similarity)[:MAX_NEIGHBORS])
