"""The look that the tables of a document share."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, LongTable

from .text import LINE

Row = Sequence[Flowable | Sequence[Flowable] | str]

_LOOK = [
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
]


def table(header: Row, rows: Sequence[Row], widths: Sequence[float]) -> LongTable:
    """Build a table that repeats its header on every page.

    Args:
        header: Cells of the header.
        rows: Cells of the rows.
        widths: Widths of the columns, pt.
    """
    cells = [[list(cell) if isinstance(cell, tuple) else cell for cell in row] for row in (header, *rows)]
    return LongTable(cells, colWidths=list(widths), repeatRows=1, hAlign="LEFT", style=_LOOK, spaceAfter=4)
