"""Explanations of predictions, as JSON values and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ..explain.explanation import Explanation
from ..explain.saliency_map import SaliencyMap
from ..imaging.geometry import transform
from ..types import BasePrediction
from ..util.probability import probability_text
from .fitted_table import Column, FittedTable

BAR_WIDTH = 20  # characters of the largest contribution


def explanation_to_json(result: BasePrediction, explanation: Explanation) -> dict[str, object]:
    """Convert an explanation to plain JSON values.

    Args:
        result: The prediction that is explained.
        explanation: The explanation.

    Returns:
        The value of ``explanation`` in the prediction's JSON object.
    """
    contributions, k = explanation.contributions, explanation.condition
    present = [row for row, is_present in enumerate(result.present) if is_present]
    rows = {result.regions[row]: row for row in present}
    of_evidence = zip(result.evidence, contributions.evidence, strict=True)
    evidence = {one.name: _labelled(result.labels, values) for one, values in of_evidence}
    errors = {name: _labelled(result.labels, contributions.standard_error[row]) for name, row in rows.items()}
    return {
        "label": result.labels[k],
        "base_values": _labelled(result.labels, contributions.base_values),
        "contributions": {name: _labelled(result.labels, contributions.values[row]) for name, row in rows.items()},
        **({"evidence": evidence} if evidence else {}),
        **({"standard_error": errors} if contributions.standard_error[present].any() else {}),
        "agreement": {
            "first": explanation.agreement.first,
            "of": explanation.agreement.of,
            "overlap": round(explanation.agreement.overlap, 4),
        },
        "maps": [map_to_json(saliency_map, k) for saliency_map in explanation.maps],
    }


def map_to_json(saliency_map: SaliencyMap, condition: int) -> dict[str, object]:
    """Convert a saliency map to plain JSON values.

    Args:
        saliency_map: The map.
        condition: Index of the label whose importance is written.

    Returns:
        The region, the corners of its crop in pixels of the image, and the importance of each cell.
    """
    side = len(saliency_map.pixels)
    corners = transform(saliency_map.to_image, [[0, 0], [side, 0], [side, side], [0, side]])
    return {
        "region": saliency_map.region,
        "method": saliency_map.method,
        "corners": [[round(float(v), 2) for v in corner] for corner in corners],
        "importance": [[round(float(v), 5) for v in row] for row in saliency_map.importance[condition]],
    }


def _labelled(labels: Sequence[str], values: npt.NDArray[np.float64]) -> dict[str, float]:
    return {label: round(float(value), 8) for label, value in zip(labels, values, strict=True)}


def print_explanation(console: Console, result: BasePrediction, explanation: Explanation) -> None:
    """Print the regions and the evidence by their contribution to the condition's probability, largest first.

    Args:
        console: Where to print.
        result: The prediction that is explained.
        explanation: The explanation.
    """
    k = explanation.condition
    base_value, probability = float(explanation.contributions.base_values[k]), float(result.probabilities[k])
    label, parts = escape(result.labels[k]), "regions and record" if result.evidence else "the regions"
    texts = probability_text(probability), probability_text(base_value)
    console.print(f"{label}: probability {texts[0]} = base value {texts[1]} + contributions of {parts}:")
    console.print(_bars(explanation.ordered(result)))
    console.print(escape(agreement_text(result, explanation)))
    console.print()


def agreement_text(result: BasePrediction, explanation: Explanation) -> str:
    """Describe how far the regions agree.

    Args:
        result: The prediction that is explained.
        explanation: The explanation.

    Returns:
        Text such as "5 of 7 regions rank down-syndrome first; mean overlap of the regions' probabilities: 70 %".
    """
    agreement, first = explanation.agreement, result.labels[result.ranking[0]]
    if agreement.of == 1:
        return "only one region contributes"
    return (
        f"{agreement.first} of {agreement.of} regions rank {first} first; "
        f"mean overlap of the regions' probabilities: {100 * agreement.overlap:.0f} %"
    )


def _bars(ordered: Sequence[tuple[str, float]]) -> FittedTable:
    largest = max(abs(value) for _, value in ordered) or 1.0
    table = FittedTable(Column("region", role="id"), Column("contribution", right=True), Column(role="bar"), header=False)
    for name, value in ordered:
        bar = "█" * round(BAR_WIDTH * abs(value) / largest)
        table.add(name, f"{value:+.3f}", Text(bar, "green" if value > 0 else "red"))
    return table
