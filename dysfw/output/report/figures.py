"""The drawings of a report. They are drawn small, so that their text can be read on a telephone, and grow with the page.

Series differ by marker and line as well as by colour, so that a grey print and a colour-blind reader lose nothing.
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
from .formatting import apart, interval, number, signed
from .svg import INK, SERIES, SOFT, inline_svg, style

WIDTH = 4.3  # inches: 310 units, so that on a telephone 9 pt stay about 9 px
NAME_LENGTH = 24  # characters of a name that a figure shows


class Look(NamedTuple):
    """How a series is told from the others. dash: matplotlib's line style."""

    colour: str
    marker: str
    dash: Any


DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
LOOKS = [Look(colour, marker, dash) for colour, marker, dash in zip(SERIES, "osD^vPX<", 2 * DASHES, strict=True)]
DOTTED = (0, (1, 2))  # for what is expected, not measured


@dataclass(frozen=True, slots=True)
class Curve:
    """A top-n curve. points: share by n."""

    name: str
    points: Mapping[int, Estimate]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a forest plot. estimate: None where nothing could be measured. group: lines of a group stand together."""

    name: str
    estimate: Estimate | None
    group: str = ""


def top_curves(name: str, title: str, curves: Sequence[Curve], classes: int) -> Markup:
    """Share of photographs whose condition is among the first n, against n, beside guessing."""
    sizes = sorted({n for curve in curves for n in curve.points})
    rows = [f"{curve.name}: " + ", ".join(_point(n, e) for n, e in curve.points.items()) for curve in curves]
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y")
        for index, curve in enumerate(curves):
            shift = 0.012 * max(sizes, default=1) * (index - (len(curves) - 1) / 2)
            _curve(axes, curve, LOOKS[index % len(LOOKS)], shift)
        axes.plot(sizes, [min(1.0, n / classes) for n in sizes], color=SOFT, linewidth=1, linestyle=DOTTED, label="guessing")
        axes.set_xticks(sizes, [str(n) for n in sizes])
        axes.set_xlim(min(sizes, default=1) - 0.4, max(sizes, default=1) + 0.4)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("n, how many of the ranking are looked at")
        axes.set_ylabel("condition among the first n")
        columns = _columns([curve.name for curve in curves])
        series = axes.get_legend_handles_labels()[0]
        handles = [handle for first in range(columns) for handle in series[first::columns]]  # row by row, as people read
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, handlelength=3)
    return inline_svg(figure, name, title, rows)


def _curve(axes: Axes, curve: Curve, look: Look, shift: float) -> None:
    sizes = np.array(list(curve.points), dtype=float) + shift
    values = [estimate.value for estimate in curve.points.values()]
    errors = np.array([_reach(estimate) for estimate in curve.points.values()], dtype=float).reshape(-1, 2).T
    axes.plot(sizes, values, color=look.colour, linewidth=1.4, linestyle=look.dash, marker=look.marker, markersize=4.5,
              label=_short(curve.name))  # fmt: skip
    axes.errorbar(sizes, values, errors, fmt="none", ecolor=look.colour, elinewidth=0.9, capsize=2)


def forest(name: str, title: str, rows: Sequence[Row], axis: str, zero: str) -> Markup:
    """Differences with their intervals, one below the other, around a line that stands for ``zero``."""
    lines = _with_gaps(rows)
    said = [f"{row.name}: {signed(row.estimate.value) if row.estimate else '–'} {interval(row.estimate)}" for row in rows]
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
                axes.annotate("no figure", (0, y), (-5, 0), textcoords="offset points", ha="right", va="center", color=SOFT)
        named = [(y, row) for y, row in enumerate(lines) if row]
        axes.set_yticks([y for y, _ in named], [_short(row.name) for _, row in named])
        axes.set_ylim(len(lines) - 0.4, -0.6)
        _room(axes)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(axis)
        axes.annotate(zero, (0, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
                      fontsize=8.5, color=INK)  # fmt: skip
    return inline_svg(figure, name, title, said)


def _room(axes: Axes) -> None:
    """Show zero and at least a hundredth on either side, and let small differences look small."""
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -0.02), max(high, 0.02))
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _position: signed(value, 2))


def _whisker(axes: Axes, y: int, estimate: Estimate) -> None:
    below, above = _reach(estimate)
    axes.errorbar(estimate.value, y, xerr=[[below], [above]], fmt="o", color=SERIES[0], markersize=5, elinewidth=1.2,
                  capsize=2.5, markerfacecolor=SERIES[0] if apart(estimate) else "none")  # fmt: skip


def _with_gaps(rows: Sequence[Row]) -> list[Row | None]:
    """The rows, with an empty line wherever the group changes."""
    lines: list[Row | None] = []
    for row in rows:
        previous = lines[-1] if lines else None
        if previous and previous.group != row.group:
            lines.append(None)
        lines.append(row)
    return lines


def reliability(name: str, title: str, calibration: Calibration) -> Markup:
    """How often the judgement was right against how sure it was, before and after calibration; below, how many that were."""
    rows = [f"after, sure {number(b.confidence, 2)}: right {number(b.accuracy, 2)} of {b.images}" for b in calibration.bins]
    before, after = _shown(calibration.bins_before), _shown(calibration.bins)
    most = max((b.images for b in [*before, *after]), default=1)
    with style():
        figure = Figure(figsize=(0.9 * WIDTH, 1.05 * WIDTH), layout="constrained")
        axes, below = figure.subplots(2, 1, height_ratios=(5, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=DOTTED, label="as often right as sure")
        _bins(axes, before, most, LOOKS[1], "before")
        _bins(axes, after, most, LOOKS[0], "calibrated")
        axes.set_ylim(-0.04, 1.04)
        axes.grid()
        axes.set_ylabel("share that was right")
        axes.legend(loc="upper left")
        below.vlines([b.confidence for b in after], 0, [b.images for b in after], color=SERIES[0], linewidth=3.5)
        below.set_xlim(-0.02, 1.02)
        below.set_ylim(0)
        below.locator_params(axis="y", nbins=3, integer=True)
        below.set_ylabel("judgements")
        below.set_xlabel("highest probability")
    return inline_svg(figure, name, title, rows)


def _shown(bins: Sequence[CalibrationBin]) -> list[CalibrationBin]:
    return [b for b in bins if b.images and math.isfinite(b.confidence) and math.isfinite(b.accuracy)]


def _bins(axes: Axes, bins: Sequence[CalibrationBin], most: int, look: Look, label: str) -> None:
    """A line through points whose area grows with their photographs. most: that any bin holds."""
    x, y = [b.confidence for b in bins], [b.accuracy for b in bins]
    face = look.colour if look is LOOKS[0] else "none"
    axes.plot(x, y, color=look.colour, linewidth=1, linestyle=look.dash)
    areas = [8 + 110 * b.images / most for b in bins]
    axes.scatter(x, y, areas, marker=look.marker, facecolors=face, edgecolors=look.colour)
    axes.plot([], [], color=look.colour, linewidth=1, linestyle=look.dash, marker=look.marker, markersize=4.5,
              markerfacecolor=face, label=label)  # fmt: skip


def _reach(estimate: Estimate) -> tuple[float, float]:
    """How far the interval goes below and above the value; 0 where there is none."""
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return max(0.0, estimate.value - low), max(0.0, high - estimate.value)


def _point(n: int, estimate: Estimate) -> str:
    return f"first {n} {number(estimate.value)} {interval(estimate)}".rstrip()


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _columns(names: Sequence[str]) -> int:
    """How many columns of the legend fit side by side."""
    longest = max((len(_short(name)) for name in names), default=0)
    return min(len(names) + 1, 3 if longest <= 12 else 2 if longest <= 22 else 1)
