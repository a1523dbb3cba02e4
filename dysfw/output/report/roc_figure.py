"""ROC curves for the reports: all conditions in one figure, and each condition in a small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from ...evaluation.result import ClassScores
from ...stats.estimate import Estimate
from ...stats.roc import RocCurves
from .figures import DOTTED, WIDTH
from .formatting import interval, number
from .svg import SERIES, SOFT, inline_svg, style

READ_AT = (0.05, 0.1)  # false positive rates at which the words of a figure give the sensitivity
MAX_SMALL = 60  # conditions with a small figure
LOWEST = 24  # of more conditions, those with the lowest AUROC


@dataclass(frozen=True, slots=True)
class SmallCurve:
    """The curve of one condition, as a small figure.

    Attributes:
        label: The condition.
        path: The curve as an SVG path, in a box of 100 × 100.
        words: The curve for screen readers.
        auroc: The area under it.
    """

    label: str
    path: str
    words: str
    auroc: Estimate | None


def roc_figure(name: str, title: str, roc: RocCurves, mean: Estimate | None) -> Markup:
    """Draw the curves of all conditions and their mean.

    Args:
        name: Prefix of the ids, unique in the page.
        title: Title for screen readers.
        roc: The curves.
        mean: The area under the mean curve.

    Returns:
        The figure as SVG.
    """
    rates = roc.false_positive_rates
    words = f"mean of {len(roc.by_label)} conditions: {_read(roc, roc.mean)}" if roc.mean else "no curve"
    legend = f"mean, AUROC {number(mean.value, 2)} {interval(mean, 2)}".rstrip() if mean else "mean"
    with style():
        figure = Figure(figsize=(0.9 * WIDTH, 0.98 * WIDTH), layout="constrained")
        axes = figure.subplots()
        axes.grid()
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=DOTTED, label="chance")
        if len(roc.by_label) > MAX_SMALL:  # single curves would hide one another, and take a megabyte
            low, high = np.percentile([[0, *curve] for curve in roc.by_label.values()], (10, 90), axis=0)
            axes.fill_between([0, *rates], low, high, color=SOFT, alpha=0.25, linewidth=0, label="80 % of the conditions")
        else:
            for number_of, curve in enumerate(roc.by_label.values()):
                label = "each condition" if number_of == 0 else None
                axes.plot([0, *rates], [0, *curve], color=SOFT, linewidth=0.7, alpha=0.55, label=label)
        if roc.mean:
            axes.plot([0, *rates], [0, *roc.mean], color=SERIES[0], linewidth=2.4, label=legend)
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.set_aspect("equal")
        axes.set_xlabel("false positive rate (1 − specificity)")
        axes.set_ylabel("sensitivity")
        axes.legend(loc="lower right")
    return inline_svg(figure, name, title, [words])


def small_curves(roc: RocCurves, classes: Sequence[ClassScores]) -> list[SmallCurve]:
    """Make the small figures.

    Args:
        roc: The curves.
        classes: The conditions with their scores, in the order of the page.

    Returns:
        One for each condition that has a curve; of many, for those with the lowest AUROC, which come first.
    """
    shown = [(one.label, one.measures.get("auroc")) for one in classes if one.label in roc.by_label]
    if len(shown) > MAX_SMALL:
        shown = sorted(shown, key=lambda item: item[1].value if item[1] else 2.0)[:LOWEST]
    return [
        SmallCurve(label, _path(roc.false_positive_rates, roc.by_label[label]), _read(roc, roc.by_label[label]), auroc)
        for label, auroc in shown
    ]


def _path(rates: Sequence[float], curve: Sequence[float]) -> str:
    """The curve as a path that starts at the origin; points on a straight line are left out."""
    points = [(0.0, 0.0), *zip(rates, curve, strict=True)]
    kept = [points[0]]
    for n, point in enumerate(points[1:-1], 1):
        if not _between(kept[-1], point, points[n + 1]):
            kept.append(point)
    kept.append(points[-1])
    return "M" + "L".join(f"{100 * x:.1f} {100 - 100 * y:.1f}".replace(".0", "") for x, y in kept)


def _between(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether three points lie on one line."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) < 1e-6


def _read(roc: RocCurves, curve: Sequence[float]) -> str:
    """The sensitivity at some false positive rates: "sensitivity 0.70 at a false positive rate of 0.05"."""
    values = dict(zip(roc.false_positive_rates, curve, strict=True))
    return ", ".join(f"sensitivity {number(values[rate], 2)} at a false positive rate of {rate}" for rate in READ_AT)
