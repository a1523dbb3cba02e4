"""Why a condition has its probability: the contributions of regions and evidence."""

from __future__ import annotations

from reportlab.platypus import Flowable, KeepTogether

from ...explain.explanation import Explanation
from ...types import BasePrediction
from ...util.probability import probability_text
from ..evidence import evidence_text
from ..explanation import agreement_text
from .bars import signed_bar
from .ranking import Conditions, condition_name
from .tables import table
from .text import BODY, CELL, HEADER, HEADER_RIGHT, HEADING, NUMBER, SMALL, Text

BAR, FIGURE = 190.0, 90.0  # widths of columns, pt


def why(result: BasePrediction, explanation: Explanation, conditions: Conditions, width: float, text: Text) -> list[Flowable]:
    """Show the contributions to the explained condition, largest first.

    Args:
        result: The prediction.
        explanation: Its explanation.
        conditions: Descriptions of labels.
        width: Width of the page between its margins, pt.
        text: Writes texts.

    Returns:
        The parts of the page.
    """
    k, ordered = explanation.condition, explanation.ordered(result)
    name, of_evidence = condition_name(result.labels[k], conditions), {one.name for one in result.evidence}
    own = {region: float(p) for region, p in zip(result.regions, result.region_probabilities[:, k], strict=True)}
    largest = max((abs(value) for _, value in ordered), default=0.0) or 1.0
    header = [
        text.paragraph(one, HEADER) for one in ("region or record" if of_evidence else "region", "opposes ← 0 → supports")
    ]
    header += [text.paragraph(one, HEADER_RIGHT) for one in ("contribution", "by this region alone")]
    rows = [
        [
            text.paragraph(f"record ({part})" if part in of_evidence else part, CELL, limit=120),
            signed_bar(value, largest, BAR),
            text.paragraph(f"{value:+.3f}".replace("-", "−"), NUMBER),
            text.paragraph("" if part in of_evidence else probability_text(own[part]), NUMBER),
        ]
        for part, value in ordered
    ]
    base, probability = float(explanation.contributions.base_values[k]), float(result.probabilities[k])
    sums = (
        f"The probability {probability_text(probability)} is the base value {probability_text(base)}, which holds before "
        "anything is known, plus these contributions."
    )
    return [
        KeepTogether(
            [
                text.paragraph(f"What speaks for and against {name}", HEADING, limit=200),
                table(header, rows, [width - BAR - 2 * FIGURE, BAR, FIGURE, FIGURE]),
            ]
        ),
        text.paragraph(sums, BODY),
        text.paragraph(f"{agreement_text(result, explanation)}.", SMALL),
        *(text.paragraph(f"Likelihood ratios, before weighting: {evidence_text(one, k)}.", SMALL) for one in result.evidence),
    ]
