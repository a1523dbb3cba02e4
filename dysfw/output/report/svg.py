"""Matplotlib figures as inline SVG: text stays text, colours follow the page, and nothing is loaded."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET  # parses only what matplotlib has just written
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from ...util.text import printable

# Every colour of a figure, and its CSS variable; style.css defines it for light mode, dark mode and print.
INK, SOFT, RULE = "#1b1c1d", "#67696b", "#d4d6d8"
SERIES = ("#0c4a86", "#d1791e", "#2e9070", "#8d4a93", "#b4365a", "#6a7f1b", "#3fa0c9", "#80634b")
_NAMES = {INK: "ink", SOFT: "soft", RULE: "rule", **{colour: f"series-{n}" for n, colour in enumerate(SERIES)}}

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_STYLE: Any = {  # Any: matplotlib 3.8 types the keys as str, 3.11 as literals
    "svg.fonttype": "none",  # <text>, which can be searched, selected and read by screen readers
    "svg.hashsalt": "dysfw",  # reproducible ids
    "text.parse_math": False,  # a label may contain a dollar sign
    "font.family": ["DejaVu Sans"],  # included in matplotlib; wide, so the page's font fits, too
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
}


def style() -> AbstractContextManager[None]:
    """Return the context for drawing figures."""
    return mpl.rc_context(_STYLE)


def inline_svg(figure: Figure, name: str, title: str, rows: Sequence[str]) -> Markup:
    """Convert a figure to an ``<svg>`` element. The result is reproducible.

    Args:
        figure: The figure.
        name: Prefix of its ids, unique in the page.
        title: Title for screen readers.
        rows: Values shown in the figure, for screen readers.

    Returns:
        The element.
    """
    buffer = io.StringIO()
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the page's fonts may contain it
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    root = ET.fromstring(buffer.getvalue())  # noqa: S314
    for element in list(root.iter()):
        for child in [child for child in element if child.tag in (f"{_SVG}metadata", f"{_SVG}style")]:
            element.remove(child)
    for element in root.iter():
        _adapt(element, name)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-text"}
    _describe(root, name, title, "; ".join(rows))
    ET.register_namespace("", _SVG.strip("{}"))
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  # ElementTree has escaped every text in it


def _adapt(element: ET.Element, name: str) -> None:
    """Make ids unique in the page, remove fonts, and replace colours by CSS variables."""
    for key, value in list(element.attrib.items()):
        if key == "id" and element.tag == f"{_SVG}g":
            del element.attrib[key]  # nothing refers to a group
        elif key == "id":
            element.attrib[key] = f"{name}-{value}"
        elif key == _HREF:
            del element.attrib[key]
            element.attrib["href"] = f"#{name}-{value[1:]}"
        elif key in ("style", "clip-path"):
            text = value.replace("url(#", f"url(#{name}-")
            text = re.sub(r"font: ([\d.]+px) [^;]+", r"font-size: \1", text)  # format of matplotlib 3.8
            text = re.sub(r"font-family: [^;]+; ", "", text)
            element.attrib[key] = re.sub(r"#[0-9a-f]{6}", _variable, text)


def _variable(match: re.Match[str]) -> str:
    colour = match[0]
    return f"var(--{_NAMES[colour]})" if colour in _NAMES else colour


def _describe(root: ET.Element, name: str, title: str, text: str) -> None:
    for position, (tag, key, content) in enumerate((("title", "title", title), ("desc", "text", text))):
        element = ET.Element(f"{_SVG}{tag}", {"id": f"{name}-{key}"})
        element.text = printable(content)
        root.insert(position, element)
