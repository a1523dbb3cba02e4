"""Confusion matrix with shares and counts, and the most common mistakes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

DENSE = 20  # number of conditions above which cells show only the share, in small print
MAX_MATRIX = 60  # number of conditions above which a page shows no matrix, only the most common mistakes
MAX_MISTAKES, MANY_MISTAKES = 15, 200

Confused = tuple[int, int, float]  # true condition, predicted condition, number of images


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix.

    Attributes:
        images: Number of images, mean over repeats.
        share: Share of the images of the row, 0 to 1.
        shade: Darkness of the cell, 0 to 9.
    """

    images: float
    share: float
    shade: int


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A true condition.

    Attributes:
        label: The condition.
        images: Number of its images.
        cells: One cell for each predicted condition, in the order of the labels.
    """

    label: str
    images: float
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A condition predicted as another.

    Attributes:
        label: The true condition.
        predicted: The predicted condition.
        images: Number of images, mean over repeats.
        share: Share of the images of the true condition, 0 to 1.
    """

    label: str
    predicted: str
    images: float
    share: float


def matrix(labels: Sequence[str], confusion: Sequence[Confused]) -> list[MatrixRow]:
    """Compute the shares of a confusion matrix.

    Args:
        labels: K labels.
        confusion: Numbers of images, as in ``Evaluation``.

    Returns:
        K rows. A condition without images has shares of 0.
    """
    counts = [[0.0] * len(labels) for _ in labels]
    for label, predicted, images in confusion:
        counts[label][predicted] = images
    return [_row(label, row) for label, row in zip(labels, counts, strict=True)]


def _row(label: str, counts: Sequence[float]) -> MatrixRow:
    total = sum(counts)
    shares = [count / total if total else 0.0 for count in counts]
    cells = [Cell(count, share, min(9, int(10 * share))) for count, share in zip(counts, shares, strict=True)]
    return MatrixRow(label, total, cells)


def mistakes(labels: Sequence[str], confusion: Sequence[Confused]) -> list[Mistake]:
    """Find the most common mistakes.

    Args:
        labels: K labels.
        confusion: Numbers of images, as in ``Evaluation``.

    Returns:
        Up to MAX_MATRIX conditions at most MAX_MISTAKES mistakes, by decreasing share of the true condition's images. Of more
        conditions, most of which have few images, at most MANY_MISTAKES, by decreasing number of images.
    """
    if len(labels) <= MAX_MATRIX:
        return sorted(_mistakes(labels, confusion), key=lambda mistake: -mistake.share)[:MAX_MISTAKES]
    by_images = sorted(_mistakes(labels, confusion), key=lambda mistake: (-mistake.images, -mistake.share))
    return by_images[:MANY_MISTAKES]


def mistakes_words(labels: Sequence[str]) -> str:
    """How ``mistakes`` are chosen and ordered, as a sentence."""
    if len(labels) <= MAX_MATRIX:
        return "By share of the images of the true condition."
    return f"The {MANY_MISTAKES} confusions of most images. Share: of the images of the true condition."


def by_condition(labels: Sequence[str], confusion: Sequence[Confused]) -> dict[str, Mistake]:
    """Find the most common mistake for each condition that has one.

    Args:
        labels: K labels.
        confusion: Numbers of images, as in ``Evaluation``.
    """
    found: dict[str, Mistake] = {}
    for mistake in _mistakes(labels, confusion):
        if mistake.label not in found or mistake.images > found[mistake.label].images:
            found[mistake.label] = mistake
    return found


def matrix_csv(labels: Sequence[str], confusion: Sequence[Confused]) -> str:
    """Write the whole matrix as CSV.

    Args:
        labels: K labels.
        confusion: Numbers of images, as in ``Evaluation``.

    Returns:
        A row for each true condition: its label and the number of its images predicted as each condition.
    """
    rows: list[dict[int, float]] = [{} for _ in labels]
    for label, predicted, images in confusion:
        rows[label][predicted] = images
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["true condition", *labels])
    for name, row in zip(labels, rows, strict=True):
        writer.writerow([name, *(f"{row[k]:g}" if k in row else "0" for k in range(len(labels)))])
    return text.getvalue()


def _mistakes(labels: Sequence[str], confusion: Sequence[Confused]) -> list[Mistake]:
    totals = [0.0] * len(labels)
    for label, _, images in confusion:
        totals[label] += images
    return [
        Mistake(labels[label], labels[predicted], images, images / totals[label])
        for label, predicted, images in confusion
        if label != predicted and images
    ]
