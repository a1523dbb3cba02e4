"""Pages of a document: size, margins, and the footer with its number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate

from .save import Paper
from .text import LINE, MUTED, REGULAR

SIZES = {"a4": A4, "letter": LETTER}  # pt
SIDE, TOP, BOTTOM = 18 * mm, 16 * mm, 22 * mm
FOOTER_SIZE, FOOTER_LEADING = 6.8, 9.0  # pt


def width_between_margins(paper: Paper) -> float:
    """Width that is left for content, pt.

    Args:
        paper: Size of the page.
    """
    return float(SIZES[paper][0] - 2 * SIDE)


def document(file: BinaryIO, paper: Paper, title: str) -> SimpleDocTemplate:
    """An empty document.

    Args:
        file: Open file to write to.
        paper: Size of the pages.
        title: Title in the metadata.
    """
    return SimpleDocTemplate(
        file, pagesize=SIZES[paper], leftMargin=SIDE - 6, rightMargin=SIDE - 6, topMargin=TOP - 6, bottomMargin=BOTTOM,
        title=title, author="dysfw", creator="dysfw", subject="for research use only", lang="en",
    )  # fmt: skip  # a frame has a padding of 6 pt


def numbered_canvas(lines: Sequence[str]) -> Callable[..., Canvas]:
    """A canvas that adds a footer to every page, once it is known how many there are.

    Args:
        lines: Lines of the footer.

    Returns:
        The class of the canvas.
    """

    class NumberedCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
        """Keeps every page until the document ends."""

        def __init__(self, *arguments: object, **settings: object) -> None:
            super().__init__(*arguments, **settings)
            self._pages: list[dict[str, object]] = []

        def showPage(self) -> None:  # noqa: N802  # reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                _draw_footer(self, lines, f"page {number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return NumberedCanvas


def _draw_footer(canvas: Canvas, lines: Sequence[str], number: str) -> None:
    width = canvas._pagesize[0]
    top = BOTTOM - 5 * mm
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.line(SIDE, top, width - SIDE, top)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, FOOTER_SIZE)
    canvas.drawRightString(width - SIDE, top - FOOTER_LEADING - 1, number)
    room = width - 2 * SIDE
    for row, line in enumerate(lines):
        left = room - (stringWidth(number, REGULAR, FOOTER_SIZE) + 12 if row == 0 else 0)
        canvas.drawString(SIDE, top - (row + 1) * FOOTER_LEADING - 1, _cut(line, left))
    canvas.restoreState()


def _cut(line: str, room: float) -> str:
    """The part of a line that fits."""
    if stringWidth(line, REGULAR, FOOTER_SIZE) <= room:
        return line
    while line and stringWidth(f"{line}…", REGULAR, FOOTER_SIZE) > room:
        line = line[:-1]
    return f"{line}…"
