"""The ranking and the prediction set of a document."""

from __future__ import annotations

from collections.abc import Mapping

from reportlab.platypus import Flowable

from ...data.conditions import Condition
from ...types import BasePrediction
from ...util.probability import probability_text
from ...util.text import count
from ..terminal import set_holds
from .bars import probability_axis, probability_bar
from .tables import table
from .text import ACCENT, BODY, CELL, CELL_BOLD, CELL_SMALL, GREY, HEADER, HEADER_RIGHT, NUMBER, PALE, SMALL, Text

MAX_NAME = 300  # characters
BAR, RANK, FIGURE, IN_SET = 120.0, 30.0, 48.0, 40.0  # widths of columns, pt
Conditions = Mapping[str, Condition]


def condition_name(label: str, conditions: Conditions) -> str:
    """The name of a condition; its label if none is known.

    Args:
        label: The label.
        conditions: Descriptions of labels.
    """
    return conditions.get(label, Condition()).name or label


def ranking(result: BasePrediction, conditions: Conditions, top: int, width: float, text: Text) -> list[Flowable]:
    """Show the most probable conditions in a table.

    Args:
        result: The prediction.
        conditions: Descriptions of labels.
        top: Maximum number of conditions.
        width: Width of the page between its margins, pt.
        text: Writes texts.

    Returns:
        The parts of the page.
    """
    face, holds = result.face_probabilities, set_holds(result)
    shown = result.ranking[:top]
    both = "face and record" if face is not None else "probability"
    header = [text.paragraph("rank", HEADER), text.paragraph("condition", HEADER), text.paragraph(both, HEADER_RIGHT)]
    header += [probability_axis(BAR)]
    header += [] if face is None else [text.paragraph("face alone", HEADER_RIGHT)]
    header += [text.paragraph("in the set", HEADER)] if holds else []
    rows = []
    for rank, k in enumerate(shown, 1):
        probability, member = float(result.probabilities[k]), k in result.prediction_set.members
        colour = GREY if result.reasons else ACCENT if member else PALE
        row = [
            text.paragraph(str(rank), CELL), _named(result.labels[k], conditions, text),
            text.paragraph(probability_text(probability), NUMBER), probability_bar(probability, BAR, colour),
        ]  # fmt: skip
        row += [] if face is None else [text.paragraph(probability_text(float(face[k])), NUMBER)]
        row += [text.paragraph("✓ yes" if member else "no", CELL)] if holds else []
        rows.append(row)
    fixed = [FIGURE, BAR, *([] if face is None else [FIGURE]), *([IN_SET] if holds else [])]
    parts = [
        *text.heading("Ranking"),
        table(header, rows, [RANK, width - RANK - sum(fixed), *fixed]),
    ]
    if hidden := len(result.labels) - len(shown):
        below = probability_text(float(result.probabilities[shown[-1]]))
        more = f"{count(hidden, 'more condition')} of the bundle, none more probable than {below.lstrip('<>')}."
        parts.append(text.paragraph(more, SMALL))
    return parts


def _named(label: str, conditions: Conditions, text: Text) -> tuple[Flowable, ...]:
    """Name of a condition; below it the label, if it is another word, and the identifiers."""
    condition = conditions.get(label, Condition())
    name = condition_name(label, conditions)
    details = [label] if name != label else []
    details += [one for one in (condition.omim, condition.orpha, condition.mondo) if one]
    details += [f"imitates {condition.imitates}; not a diagnosis"] if condition.imitates else []
    below = [text.paragraph(" · ".join(details), CELL_SMALL, limit=MAX_NAME)] if details else []
    return (text.paragraph(name, CELL_BOLD, limit=MAX_NAME), *below)


def prediction_set(result: BasePrediction, conditions: Conditions, text: Text) -> list[Flowable]:
    """Say in words which conditions cannot be excluded.

    Args:
        result: The prediction.
        conditions: Descriptions of labels.
        text: Writes texts.

    Returns:
        The parts of the page.
    """
    sentences = [text.paragraph(line, BODY, limit=20_000) for line in set_sentences(result, conditions)]
    return [*text.heading("Conditions that cannot be excluded"), *sentences]


def set_sentences(result: BasePrediction, conditions: Conditions) -> list[str]:
    """Describe the prediction set in full sentences.

    Args:
        result: The prediction.
        conditions: Descriptions of labels.

    Returns:
        One or more sentences, such as "The 90 % set: A; B."
    """
    if not set_holds(result):
        return ["No prediction set: this face is unlike the training data, and the set does not hold for such a face."]
    members, number = result.prediction_set, len(result.labels)
    coverage = f"{100 * members.coverage:g} %"
    caveat = (
        f"Sets made this way hold the true condition of {coverage} of patients like those in training who have one of the "
        f"bundle's {number} conditions; they say nothing of any other condition."
    )
    if len(members.members) == number:
        few = f" {count(len(members.always), 'condition')} had too few patients to be excluded." if members.always else ""
        return [f"None of the {number} conditions can be excluded with {coverage} confidence.{few}"]
    if not members.members:
        return [f"The {coverage} prediction set is empty: no condition of the bundle fits this face.", caveat]
    names = "; ".join(condition_name(result.labels[k], conditions) for k in result.ranking if k in members.members)
    sentences = [f"The {coverage} set: {names}.", caveat]
    if members.always:
        few = "; ".join(condition_name(result.labels[k], conditions) for k in members.always)
        sentences.append(f"In every set, because there were too few patients to exclude them: {few}.")
    return sentences
