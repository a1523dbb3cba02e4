"""Fonts, styles and paragraphs of a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import CondPageBreak, Flowable, Paragraph

from ...util.text import printable

REGULAR, BOLD = "dysfw-DejaVuSans", "dysfw-DejaVuSans-Bold"
FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}  # matplotlib brings them
MISSING = "□"  # in place of a character that the font lacks
BELOW_HEADING = 90  # pt that must be left on a page for a heading to start there
MAX_TEXT = 4_000  # characters of one text, so that no text fills page after page

INK, MUTED = colors.HexColor("#1c1f23"), colors.HexColor("#5a626b")
LINE, PANEL = colors.HexColor("#cfd5db"), colors.HexColor("#f3f5f7")
ACCENT, PALE, GREY = colors.HexColor("#3b6ea5"), colors.HexColor("#b4c5da"), colors.HexColor("#c4c7ca")
WARNING, WARNING_PANEL = colors.HexColor("#b3261e"), colors.HexColor("#fdf0ef")
CAUTION_LINE, CAUTION_PANEL = colors.HexColor("#b7791f"), colors.HexColor("#fff7e6")
SUPPORTS, OPPOSES = colors.HexColor("#c2570c"), colors.HexColor("#1f6fb5")


def _style(name: str, size: float, **changes: object) -> ParagraphStyle:
    settings = {"fontName": REGULAR, "textColor": INK, "leading": 1.35 * size, "spaceAfter": 3} | changes
    return ParagraphStyle(name, fontSize=size, **settings)


BODY = _style("body", 9)
SMALL = _style("small", 7.5, textColor=MUTED, spaceAfter=1)
CELL = _style("cell", 8.5, spaceAfter=0)
CELL_BOLD = _style("cell bold", 8.5, fontName=BOLD, spaceAfter=0)
CELL_SMALL = _style("cell small", 7, textColor=MUTED, spaceAfter=0)
NUMBER = _style("number", 8.5, alignment=2, spaceAfter=0)
HEADER = _style("header", 7.5, textColor=MUTED, spaceAfter=0)
HEADER_RIGHT = _style("header right", 7.5, textColor=MUTED, alignment=2, spaceAfter=0)
TITLE = _style("title", 16, fontName=BOLD, spaceAfter=2)
HEADING = _style("heading", 10.5, fontName=BOLD, spaceBefore=8, spaceAfter=4)
_PANEL = {"borderPadding": (5, 7, 5, 7), "leftIndent": 7, "rightIndent": 7, "spaceBefore": 8, "spaceAfter": 13}
NOTE = _style("note", 8.5, backColor=PANEL, **_PANEL)
CAUTION = _style("caution", 8.5, backColor=CAUTION_PANEL, borderColor=CAUTION_LINE, borderWidth=0.7, **_PANEL)
ALARM = _style("alarm", 8.5, backColor=WARNING_PANEL, borderColor=WARNING, borderWidth=0.7, **_PANEL)


@cache
def _glyphs() -> frozenset[int]:
    """Register the fonts, and list the code points that both have."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    every = [frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in FILES]
    return every[0] & every[1]


@dataclass(slots=True)
class Text:
    """Writes texts from outside into a document.

    Attributes:
        replaced: Whether any character was replaced because the font lacks it.
    """

    replaced: bool = field(default=False)

    def __post_init__(self) -> None:
        """Load the fonts."""
        _glyphs()

    def plain(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a text that the fonts can show, in one line, shortened if it is very long.

        Args:
            text: Any text.
            limit: Maximum number of characters.
        """
        line = printable(" ".join(text.split()))
        line = line if len(line) <= limit else line[: limit - 1] + "…"
        shown = "".join(c if ord(c) in _glyphs() else MISSING for c in line)
        self.replaced |= shown != line
        return shown

    def marked(self, text: str, limit: int = MAX_TEXT) -> str:
        """The same for a place where markup is read: the text stays literal."""
        return escape(self.plain(text, limit))

    def paragraph(self, text: str, style: ParagraphStyle = BODY, *, start: str = "", limit: int = MAX_TEXT) -> Paragraph:
        """Return a paragraph with a literal text.

        Args:
            text: Any text.
            style: Its style.
            start: Words before it, in bold.
            limit: Maximum number of characters.
        """
        bold = f"<b>{self.marked(start)}</b> " if start else ""
        return Paragraph(bold + self.marked(text, limit), style)

    def heading(self, words: str) -> list[Flowable]:
        """Return a heading, on the next page if too little would follow it on this one.

        ``keepWithNext`` would move a table to the next page as a whole, and leave this one empty.

        Args:
            words: Its text.
        """
        return [CondPageBreak(BELOW_HEADING), self.paragraph(words, HEADING, limit=300)]
