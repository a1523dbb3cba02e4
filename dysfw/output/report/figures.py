"""Figures of the reports.

Figures are drawn small, so that their text is readable on a phone, and scale with the page. Series differ by marker and line
style as well as by colour, for greyscale prints and colour-blind readers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...evaluation.result import Calibration
from ...stats.estimate import Estimate
from ...stats.metrics import CalibrationBin
from ...util.text import printable
from .formatting import excludes_zero, interval, number, signed
from .svg import INK, SERIES, SOFT, inline_svg, style

WIDTH = 4.3  # inches, 310 units: on a phone, 9 pt are about 9 px
MAX_NAME_LENGTH = 24  # characters


class SeriesStyle(NamedTuple):
    """Appearance of a series.

    Attributes:
        colour: Colour of line and marker.
        marker: Marker of matplotlib.
        dash: Line style of matplotlib.
    """

    colour: str
    marker: str
    dash: Any


DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
STYLES = [SeriesStyle(colour, marker, dash) for colour, marker, dash in zip(SERIES, "osD^vPX<", 2 * DASHES, strict=True)]
DOTTED = (0, (1, 2))  # for expected values


@dataclass(frozen=True, slots=True)
class Curve:
    """A top-n curve.

    Attributes:
        name: Name of the model.
        points: Top-n accuracy by n.
    """

    name: str
    points: Mapping[int, Estimate]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a forest plot.

    Attributes:
        name: Name of the model.
        estimate: The difference; None if it was not measured.
        group: Group of the line; groups are separated by a gap.
    """

    name: str
    estimate: Estimate | None
    group: str = ""


def top_curves(name: str, title: str, curves: Sequence[Curve], classes: int) -> Markup:
    """Draw top-n accuracy against n, with the chance level.

    Args:
        name: Prefix of the ids, unique in the page.
        title: Title for screen readers.
        curves: The curves.
        classes: Number of conditions.

    Returns:
        The figure as SVG.
    """
    sizes = sorted({n for curve in curves for n in curve.points})
    rows = [f"{curve.name}: " + ", ".join(_point(n, e) for n, e in curve.points.items()) for curve in curves]
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y")
        for index, curve in enumerate(curves):
            shift = 0.012 * max(sizes, default=1) * (index - (len(curves) - 1) / 2)
            _curve(axes, curve, STYLES[index % len(STYLES)], shift)
        axes.plot(sizes, [min(1.0, n / classes) for n in sizes], color=SOFT, linewidth=1, linestyle=DOTTED, label="chance")
        axes.set_xticks(sizes, [str(n) for n in sizes])
        axes.set_xlim(min(sizes, default=1) - 0.4, max(sizes, default=1) + 0.4)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("n")
        axes.set_ylabel("top-n accuracy")
        columns = _columns([curve.name for curve in curves])
        series = axes.get_legend_handles_labels()[0]
        handles = [handle for first in range(columns) for handle in series[first::columns]]  # row by row
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, handlelength=3)
    return inline_svg(figure, name, title, rows)


def _curve(axes: Axes, curve: Curve, look: SeriesStyle, shift: float) -> None:
    sizes = np.array(list(curve.points), dtype=float) + shift
    values = [estimate.value for estimate in curve.points.values()]
    errors = np.array([_error_lengths(estimate) for estimate in curve.points.values()], dtype=float).reshape(-1, 2).T
    axes.plot(sizes, values, color=look.colour, linewidth=1.4, linestyle=look.dash, marker=look.marker, markersize=4.5,
              label=_short(curve.name))  # fmt: skip
    axes.errorbar(sizes, values, errors, fmt="none", ecolor=look.colour, elinewidth=0.9, capsize=2)


def forest(name: str, title: str, rows: Sequence[Row], axis: str, zero: str) -> Markup:
    """Draw a forest plot of differences with their intervals.

    Args:
        name: Prefix of the ids, unique in the page.
        title: Title for screen readers.
        rows: The differences.
        axis: Label of the axis.
        zero: Label of the line at 0.

    Returns:
        The figure as SVG.
    """
    lines = _with_gaps(rows)
    values = [f"{row.name}: {signed(row.estimate.value) if row.estimate else '–'} {interval(row.estimate)}" for row in rows]
    with style():
        figure = Figure(figsize=(WIDTH, 0.75 + 0.235 * max(2, len(lines))), layout="constrained")
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        for y, row in enumerate(lines):
            if row and row.estimate and math.isfinite(row.estimate.value):
                _whisker(axes, y, row.estimate)
            elif row:
                axes.annotate("not available", (0, y), (-5, 0), textcoords="offset points", ha="right", va="center", color=SOFT)
        labelled = [(y, row) for y, row in enumerate(lines) if row]
        axes.set_yticks([y for y, _ in labelled], [_short(row.name) for _, row in labelled])
        axes.set_ylim(len(lines) - 0.4, -0.6)
        _set_limits(axes)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(axis)
        axes.annotate(zero, (0, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
                      fontsize=8.5, color=INK)  # fmt: skip
    return inline_svg(figure, name, title, values)


def _set_limits(axes: Axes) -> None:
    """Show at least 0.02 on either side of zero, so that small differences look small."""
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -0.02), max(high, 0.02))
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _position: signed(value, 2))


def _whisker(axes: Axes, y: int, estimate: Estimate) -> None:
    below, above = _error_lengths(estimate)
    axes.errorbar(estimate.value, y, xerr=[[below], [above]], fmt="o", color=SERIES[0], markersize=5, elinewidth=1.2,
                  capsize=2.5, markerfacecolor=SERIES[0] if excludes_zero(estimate) else "none")  # fmt: skip


def _with_gaps(rows: Sequence[Row]) -> list[Row | None]:
    """Insert an empty line between groups."""
    lines: list[Row | None] = []
    for row in rows:
        previous = lines[-1] if lines else None
        if previous and previous.group != row.group:
            lines.append(None)
        lines.append(row)
    return lines


def reliability(name: str, title: str, calibration: Calibration) -> Markup:
    """Draw a reliability diagram before and after calibration, with the number of predictions below.

    Args:
        name: Prefix of the ids, unique in the page.
        title: Title for screen readers.
        calibration: The calibration.

    Returns:
        The figure as SVG.
    """
    rows = [
        f"calibrated, confidence {number(b.confidence, 2)}: accuracy {number(b.accuracy, 2)} of {b.images}"
        for b in calibration.bins
    ]
    before, after = _not_empty(calibration.bins_before), _not_empty(calibration.bins)
    largest = max((b.images for b in [*before, *after]), default=1)
    with style():
        figure = Figure(figsize=(0.9 * WIDTH, 1.05 * WIDTH), layout="constrained")
        axes, below = figure.subplots(2, 1, height_ratios=(5, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=DOTTED, label="perfect calibration")
        _bins(axes, before, largest, STYLES[1], "uncalibrated")
        _bins(axes, after, largest, STYLES[0], "calibrated")
        axes.set_ylim(-0.04, 1.04)
        axes.grid()
        axes.set_ylabel("accuracy")
        axes.legend(loc="upper left")
        below.vlines([b.confidence for b in after], 0, [b.images for b in after], color=SERIES[0], linewidth=3.5)
        below.set_xlim(-0.02, 1.02)
        below.set_ylim(0)
        below.locator_params(axis="y", nbins=3, integer=True)
        below.set_ylabel("predictions")
        below.set_xlabel("confidence (highest probability)")
    return inline_svg(figure, name, title, rows)


def _not_empty(bins: Sequence[CalibrationBin]) -> list[CalibrationBin]:
    return [b for b in bins if b.images and math.isfinite(b.confidence) and math.isfinite(b.accuracy)]


def _bins(axes: Axes, bins: Sequence[CalibrationBin], largest: int, look: SeriesStyle, label: str) -> None:
    """Draw a line through points whose area grows with the number of images. largest: number of images in the largest bin."""
    x, y = [b.confidence for b in bins], [b.accuracy for b in bins]
    face = look.colour if look is STYLES[0] else "none"
    axes.plot(x, y, color=look.colour, linewidth=1, linestyle=look.dash)
    areas = [8 + 110 * b.images / largest for b in bins]
    axes.scatter(x, y, areas, marker=look.marker, facecolors=face, edgecolors=look.colour)
    axes.plot([], [], color=look.colour, linewidth=1, linestyle=look.dash, marker=look.marker, markersize=4.5,
              markerfacecolor=face, label=label)  # fmt: skip


def _error_lengths(estimate: Estimate) -> tuple[float, float]:
    """Return the lengths of the interval below and above the value; 0 without an interval."""
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return max(0.0, estimate.value - low), max(0.0, high - estimate.value)


def _point(n: int, estimate: Estimate) -> str:
    return f"top {n} {number(estimate.value)} {interval(estimate)}".rstrip()


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"


def _columns(names: Sequence[str]) -> int:
    """Return the number of columns of the legend that fit side by side."""
    longest = max((len(_short(name)) for name in names), default=0)
    return min(len(names) + 1, 3 if longest <= 12 else 2 if longest <= 22 else 1)
