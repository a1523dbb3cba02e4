"""Why a prediction is what it is, as JSON values and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..explain.explanation import Explanation
from ..explain.saliency_map import SaliencyMap
from ..imaging.geometry import transform
from ..types import BasePrediction

BAR = 20  # characters of the largest contribution


def explanation_to_json(result: BasePrediction, explanation: Explanation) -> dict[str, object]:
    """What stands under ``explanation`` in a prediction's JSON object."""
    found, k = explanation.contributions, explanation.condition
    here = [row for row, present in enumerate(result.present) if present]
    named = {result.regions[row]: row for row in here}
    sampled = {"standard_error": {name: _labelled(result.labels, found.error[row]) for name, row in named.items()}}
    return {
        "label": result.labels[k],
        "base_values": _labelled(result.labels, found.base_values),
        "contributions": {name: _labelled(result.labels, found.values[row]) for name, row in named.items()},
        **(sampled if found.error[here].any() else {}),
        "agreement": {
            "first": explanation.agreement.first,
            "of": explanation.agreement.of,
            "overlap": round(explanation.agreement.overlap, 4),
        },
        "maps": [_map(one, k) for one in explanation.maps],
    }


def _map(one: SaliencyMap, condition: int) -> dict[str, object]:
    side = len(one.pixels)
    corners = transform(one.to_image, [[0, 0], [side, 0], [side, side], [0, side]])
    return {
        "region": one.region,
        "method": one.method,
        "corners": [[round(float(v), 2) for v in corner] for corner in corners],
        "importance": [[round(float(v), 5) for v in row] for row in one.importance[condition]],
    }


def _labelled(labels: Sequence[str], values: npt.NDArray[np.float64]) -> dict[str, float]:
    return {label: round(float(value), 8) for label, value in zip(labels, values, strict=True)}


def print_explanation(console: Console, result: BasePrediction, explanation: Explanation) -> None:
    """The regions in the order of what they add to the condition's probability."""
    k = explanation.condition
    before, after = float(explanation.contributions.base_values[k]), float(result.probabilities[k])
    console.print(f"why {escape(result.labels[k])} has {after:.3f}: {before:.3f} before any region has spoken, and")
    console.print(_bars(explanation.ordered(result)))
    console.print(escape(agreement_text(result, explanation)))
    console.print()


def agreement_text(result: BasePrediction, explanation: Explanation) -> str:
    """ "5 of 7 regions put down-syndrome first; their opinions have 70 % in common"."""
    agreement, first = explanation.agreement, result.labels[result.ranking[0]]
    if agreement.of == 1:
        return "one region speaks alone"
    return (
        f"{agreement.first} of {agreement.of} regions put {first} first; their opinions have "
        f"{100 * agreement.overlap:.0f} % in common"
    )


def _bars(ordered: Sequence[tuple[str, float]]) -> Table:
    largest = max(abs(value) for _, value in ordered) or 1.0
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    for name, value in ordered:
        bar = "█" * round(BAR * abs(value) / largest)
        table.add_row(escape(name), f"{value:+.3f}", f"[{'green' if value > 0 else 'red'}]{bar}[/]")
    return table
