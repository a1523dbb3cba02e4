"""The confusion matrix as a reader needs it: shares with their counts, and the commonest mistakes by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DENSE = 20  # conditions beyond which a cell holds its share alone, in small print
COMMONEST = 15


@dataclass(frozen=True, slots=True)
class Cell:
    """photographs: judged so, mean over repeats. share: of the row's photographs. shade: 0..9, how dark the cell is."""

    images: float
    share: float
    shade: int


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One true condition; cells in the labels' order."""

    label: str
    images: float
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One condition taken for another."""

    label: str
    judged: str
    images: float
    share: float


def matrix(labels: Sequence[str], confusion: Sequence[Sequence[float]]) -> list[MatrixRow]:
    """confusion: photographs [K, K], rows are the truth. A condition without photographs has shares of 0."""
    return [_row(label, counts) for label, counts in zip(labels, confusion, strict=True)]


def _row(label: str, counts: Sequence[float]) -> MatrixRow:
    total = sum(counts)
    shares = [count / total if total else 0.0 for count in counts]
    cells = [Cell(count, share, min(9, int(10 * share))) for count, share in zip(counts, shares, strict=True)]
    return MatrixRow(label, total, cells)


def mistakes(rows: Sequence[MatrixRow]) -> list[Mistake]:
    """The commonest confusions, by the share of the true condition's photographs."""
    labels = [row.label for row in rows]
    found = [
        Mistake(row.label, judged, cell.images, cell.share)
        for row in rows
        for judged, cell in zip(labels, row.cells, strict=True)
        if judged != row.label and cell.images > 0
    ]
    return sorted(found, key=lambda mistake: -mistake.share)[:COMMONEST]
