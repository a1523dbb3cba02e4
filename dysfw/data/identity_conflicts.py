"""Looks for one person under two patients, by how far the embeddings of their faces lie apart.

What is near depends on the trunk, so it is learned from the data: where enough patients have several photographs, and the
trunk finds a patient's other photograph more often than not, faces are suspicious that are as near to another patient's as nine
in ten photographs are to one of their own patient, and nearer than nearest strangers usually are. Else only outliers can be
named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Float32, Int64
from ..util.text import count
from .checks import EXAMPLES, Finding
from .dataset import Sample

IMAGES = 20  # that have another one of their patient; with fewer, nothing is learned from those
USUAL = 0.9  # the part of photographs whose distance to one of their own patient is taken for usual
FENCE, FAR_FENCE = 2.0, 3.0  # interquartile ranges below the lower quartile (Tukey, Exploratory Data Analysis, 1977)
OUTLIERS = 5  # at most so many pairs are named where nothing is known of one person's photographs
ROWS = 1024  # photographs that are compared with all others at a time


@dataclass(frozen=True, slots=True)
class Suspects:
    """pairs: (i, j, distance) with i < j, of two patients, nearest first; distance: 1 - cosine, of centred embeddings.
    threshold: below which a pair is suspicious, learned from patients with several photographs; None where pairs are outliers
    only."""

    pairs: tuple[tuple[int, int, float], ...]
    threshold: float | None


def find_identity_conflicts(embeddings: Float32, groups: Int64) -> Suspects:
    """embeddings float32 [N, dim], of whole faces; groups int64 [N]: patients."""
    if len(np.unique(groups)) < 2:
        return Suspects((), None)
    own, other, nearest = _nearest(embeddings, groups)
    low, high = np.percentile(other, [25, 75])
    several = np.isfinite(own)
    told = several.sum() >= IMAGES and np.mean(own[several] < other[several]) > 0.5
    threshold = min(float(np.quantile(own[several], USUAL)), low - FENCE * (high - low)) if told else None
    limit = low - FAR_FENCE * (high - low) if threshold is None else threshold
    found = {(min(i, j), max(i, j)): float(other[i]) for i, j in enumerate(nearest.tolist()) if other[i] < limit}
    pairs = sorted(((i, j, distance) for (i, j), distance in found.items()), key=lambda pair: (pair[2], pair))
    return Suspects(tuple(pairs[:OUTLIERS] if threshold is None else pairs), threshold)


def identity_findings(suspects: Suspects, samples: Sequence[Sample]) -> list[Finding]:
    """What to tell the reader. items: the photographs that were compared."""
    if not suspects.pairs:
        return [] if suspects.threshold is not None or len(samples) < 2 else [Finding("persons_not_told", "note", _NOT_TOLD, 0)]
    images = len({n for i, j, _ in suspects.pairs for n in (i, j)})
    examples = tuple(f"{_named(samples[i])} ~ {_named(samples[j])}" for i, j, _ in suspects.pairs[:EXAMPLES])
    pairs = count(len(suspects.pairs), "pair")
    labels = sum(samples[i].label != samples[j].label for i, j, _ in suspects.pairs)
    apart = f", {labels} of them under two labels" if labels else ""
    if suspects.threshold is None:
        message = f"{pairs} of faces far more alike than others{apart}: look whether they show one person"
        return [Finding("faces_alike", "note", message, images, examples)]
    message = f"{pairs} of faces of two patients as alike as those of one{apart}: they may show one person"
    return [Finding("same_person", "warning", message, images, examples)]


_NOT_TOLD = (
    "whether one person stands under two patients cannot be told from these data: too few patients have several photographs, "
    "or the trunk does not find them; faces far more alike than others would have been named, and there are none"
)


def _named(sample: Sample) -> str:
    return f"{sample.path.name} ({sample.patient or 'unknown'}, {sample.label})"


def _nearest(embeddings: Float32, groups: Int64) -> tuple[Float32, Float32, Int64]:
    """For each photograph the distance to the nearest other one of its patient (infinite where there is none), that to the
    nearest of another patient, and which one that is."""
    centred = embeddings - embeddings.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-12))
    number = len(unit)
    own, other = np.empty(number, np.float32), np.empty(number, np.float32)
    nearest = np.empty(number, np.int64)
    for start in range(0, number, ROWS):
        rows = np.arange(start, min(start + ROWS, number))
        distance = 1 - unit[rows] @ unit.T
        same = groups[rows, None] == groups
        distance[rows - start, rows] = np.inf
        own[rows] = np.where(same, distance, np.inf).min(axis=1)
        apart = np.where(same, np.inf, distance)
        nearest[rows] = apart.argmin(axis=1)
        other[rows] = apart.min(axis=1)
    return own, other, nearest
