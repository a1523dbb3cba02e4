"""Detection of one person recorded as two patients, by the distance between face embeddings.

The threshold depends on the backbone and is estimated from the data. This needs enough patients with several images, and a
backbone that usually ranks another image of the same patient first. A pair is then suspicious if its distance is below the 0.9
quantile of within-patient distances and clearly below typical distances between patients. Otherwise only outliers are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Float32, Int64
from ..util.text import count
from .dataset import Sample
from .findings import MAX_EXAMPLES, Finding

MIN_IMAGES = 20  # images of patients with several images that are needed to estimate a threshold
QUANTILE = 0.9  # of within-patient distances
FENCE, FAR_FENCE = 2.0, 3.0  # interquartile ranges below the lower quartile (Tukey, Exploratory Data Analysis, 1977)
MAX_OUTLIERS = 5  # pairs reported without a threshold
ROWS = 1024  # images compared with all others at a time


@dataclass(frozen=True, slots=True)
class Suspects:
    """Pairs of images that may show one person under two patients.

    Attributes:
        pairs: (i, j, distance) with i < j, closest first. The distance is 1 - cosine of the centred embeddings.
        threshold: Distance below which a pair is suspicious, estimated from patients with several images. None if it could not
            be estimated; the pairs are then outliers.
    """

    pairs: tuple[tuple[int, int, float], ...]
    threshold: float | None


def find_identity_conflicts(embeddings: Float32, groups: Int64) -> Suspects:
    """Find pairs of images of different patients that may show one person.

    Args:
        embeddings: float32 [N, dim], embeddings of the whole face.
        groups: int64 [N], patient of each image.

    Returns:
        The suspicious pairs.
    """
    if len(np.unique(groups)) < 2:
        return Suspects((), None)
    within, between, nearest = _nearest(embeddings, groups)
    low, high = np.percentile(between, [25, 75])
    several = np.isfinite(within)
    can_estimate = several.sum() >= MIN_IMAGES and np.mean(within[several] < between[several]) > 0.5
    threshold = min(float(np.quantile(within[several], QUANTILE)), low - FENCE * (high - low)) if can_estimate else None
    limit = low - FAR_FENCE * (high - low) if threshold is None else threshold
    close = {(min(i, j), max(i, j)): float(between[i]) for i, j in enumerate(nearest.tolist()) if between[i] < limit}
    pairs = sorted(((i, j, distance) for (i, j), distance in close.items()), key=lambda pair: (pair[2], pair))
    return Suspects(tuple(pairs[:MAX_OUTLIERS] if threshold is None else pairs), threshold)


def identity_findings(suspects: Suspects, samples: Sequence[Sample]) -> list[Finding]:
    """Describe suspicious pairs as findings.

    Args:
        suspects: The pairs.
        samples: The samples that were compared, in order.

    Returns:
        At most one finding.
    """
    if not suspects.pairs:
        unchecked = suspects.threshold is None and len(samples) >= 2
        return [Finding("identities_unchecked", "note", _UNCHECKED, 0)] if unchecked else []
    images = len({n for i, j, _ in suspects.pairs for n in (i, j)})
    examples = tuple(f"{_name(samples[i])} ~ {_name(samples[j])}" for i, j, _ in suspects.pairs[:MAX_EXAMPLES])
    pairs = count(len(suspects.pairs), "pair")
    different_labels = sum(samples[i].label != samples[j].label for i, j, _ in suspects.pairs)
    remark = f", {different_labels} of them with different labels" if different_labels else ""
    if suspects.threshold is None:
        message = f"{pairs} of unusually similar faces{remark}; check whether each pair shows one person"
        return [Finding("similar_faces", "note", message, images, examples)]
    message = f"{pairs} of faces of different patients as similar as images of one patient{remark}; they may show one person"
    return [Finding("same_person", "warning", message, images, examples)]


_UNCHECKED = (
    "could not check whether one person is recorded as two patients: too few patients have several images, or the "
    "backbone does not recognise them; no unusually similar faces were found"
)


def _name(sample: Sample) -> str:
    return f"{sample.path.name} ({sample.patient or 'unknown'}, {sample.label})"


def _nearest(embeddings: Float32, groups: Int64) -> tuple[Float32, Float32, Int64]:
    """Find the nearest images of the same and of other patients.

    Returns:
        For each image the distance to the nearest other image of the same patient (infinite if there is none), the distance to
        the nearest image of another patient, and the index of that image.
    """
    centred = embeddings - embeddings.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-12))
    number = len(unit)
    within, between = np.empty(number, np.float32), np.empty(number, np.float32)
    nearest = np.empty(number, np.int64)
    for start in range(0, number, ROWS):
        rows = np.arange(start, min(start + ROWS, number))
        distance = 1 - unit[rows] @ unit.T
        same = groups[rows, None] == groups
        distance[rows - start, rows] = np.inf
        within[rows] = np.where(same, distance, np.inf).min(axis=1)
        to_others = np.where(same, np.inf, distance)
        nearest[rows] = to_others.argmin(axis=1)
        between[rows] = to_others.min(axis=1)
    return within, between, nearest
