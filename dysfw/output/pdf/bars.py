"""Bars in the cells of tables."""

from __future__ import annotations

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color

from .text import LINE, MUTED, OPPOSES, REGULAR, SUPPORTS

HEIGHT = 8.0  # pt
PAD = 6.0  # pt on both sides of an axis, for the labels of its ends


def probability_bar(probability: float, width: float, colour: Color) -> Drawing:
    """Draw a bar on an axis that ends at 0 and 1.

    Args:
        probability: From 0 to 1.
        width: Width of the cell, pt.
        colour: Colour of the bar.
    """
    length = width - 2 * PAD
    drawing = Drawing(width, HEIGHT)
    drawing.add(Rect(PAD, 0, length, HEIGHT, fillColor=None, strokeColor=LINE, strokeWidth=0.5))
    drawing.add(Rect(PAD, 0, length * min(max(probability, 0.0), 1.0), HEIGHT, fillColor=colour, strokeColor=None))
    return drawing


def probability_axis(width: float) -> Drawing:
    """Draw the axis that belongs above the bars: 0, 0.5 and 1.

    Args:
        width: Width of the cell, pt.
    """
    drawing = Drawing(width, HEIGHT + 3)
    for at, label in ((0.0, "0"), (0.5, "0.5"), (1.0, "1")):
        x = PAD + at * (width - 2 * PAD)
        drawing.add(String(x, 4, label, fontName=REGULAR, fontSize=7, fillColor=MUTED, textAnchor="middle"))
        drawing.add(Line(x, 0, x, 2.5, strokeColor=MUTED, strokeWidth=0.5))
    return drawing


def signed_bar(value: float, largest: float, width: float) -> Drawing:
    """Draw a bar to the right of zero if the value is positive, otherwise to the left.

    Args:
        value: The value.
        largest: Absolute value of the longest bar; positive.
        width: Width of the cell, pt.
    """
    zero, reach = width / 2, width / 2 - PAD
    length = reach * min(abs(value) / largest, 1.0)
    drawing = Drawing(width, HEIGHT)
    start, colour = (zero, SUPPORTS) if value > 0 else (zero - length, OPPOSES)
    drawing.add(Rect(start, 0, length, HEIGHT, fillColor=colour, strokeColor=None))
    drawing.add(Line(zero, -3, zero, HEIGHT + 3, strokeColor=MUTED, strokeWidth=0.6))
    return drawing
