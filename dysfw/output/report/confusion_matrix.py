"""Confusion matrix with shares and counts, and the most common mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DENSE = 20  # number of conditions above which cells show only the share, in small print
MAX_MISTAKES = 15


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


def matrix(labels: Sequence[str], confusion: Sequence[Sequence[float]]) -> list[MatrixRow]:
    """Compute the shares of a confusion matrix.

    Args:
        labels: K labels.
        confusion: Numbers of images [K, K]; rows are true conditions.

    Returns:
        K rows. A condition without images has shares of 0.
    """
    return [_row(label, counts) for label, counts in zip(labels, confusion, strict=True)]


def _row(label: str, counts: Sequence[float]) -> MatrixRow:
    total = sum(counts)
    shares = [count / total if total else 0.0 for count in counts]
    cells = [Cell(count, share, min(9, int(10 * share))) for count, share in zip(counts, shares, strict=True)]
    return MatrixRow(label, total, cells)


def mistakes(rows: Sequence[MatrixRow]) -> list[Mistake]:
    """Find the most common mistakes.

    Args:
        rows: The confusion matrix.

    Returns:
        At most MAX_MISTAKES mistakes, by decreasing share of the true condition's images.
    """
    labels = [row.label for row in rows]
    off_diagonal = [
        Mistake(row.label, predicted, cell.images, cell.share)
        for row in rows
        for predicted, cell in zip(labels, row.cells, strict=True)
        if predicted != row.label and cell.images > 0
    ]
    return sorted(off_diagonal, key=lambda mistake: -mistake.share)[:MAX_MISTAKES]
