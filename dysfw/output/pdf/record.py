"""The record of the patient in a document, and what it says of the explained condition."""

from __future__ import annotations

from collections.abc import Mapping

from reportlab.platypus import Flowable

from ...types import BasePrediction, EvidencePart, PatientRecord, Sign
from ...util.probability import probability_text
from ..evidence import ratio_text
from .ranking import Conditions, condition_name
from .tables import table
from .text import BODY, CELL, HEADER, HEADER_RIGHT, NUMBER, Text

STATUS, ID, RATIO = 60.0, 75.0, 120.0  # widths of columns, pt
MAX_NAME = 300  # characters


def record_parts(result: BasePrediction, k: int, conditions: Conditions, width: float, text: Text) -> list[Flowable]:
    """Show the record, each sign with its likelihood ratio, and what the face alone says.

    Args:
        result: The prediction.
        k: Index of the condition that is explained.
        conditions: Descriptions of labels.
        width: Width of the page between its margins, pt.
        text: Writes texts.

    Returns:
        The parts of the page; empty if there is no record.
    """
    record = result.record
    if record is None:
        return []
    parts = text.heading("Record of the patient")
    if person := _person(record):
        parts.append(text.paragraph(person, BODY))
    if result.signs:
        parts.append(_signs(result, k, condition_name(result.labels[k], conditions), width, text))
    parts += [text.paragraph(line, BODY, limit=20_000) for line in _as_written(record, result.signs)]
    if result.face_probabilities is not None:
        parts.append(text.paragraph(_face_alone(result, conditions), BODY))
    return parts


def _person(record: PatientRecord) -> str:
    """Age, sex and ancestry, as far as they are known."""
    age = None if record.age is None else f"age {record.age:.4g} years"
    return " · ".join(one for one in (age, record.sex, record.ancestry and f"ancestry: {record.ancestry}") if one)


def _signs(result: BasePrediction, k: int, name: str, width: float, text: Text) -> Flowable:
    ratios = _ratios(result, k)
    header = [text.paragraph(one, HEADER) for one in ("", "sign", "HPO")]
    header.append(text.paragraph(f"likelihood ratio for {name}", HEADER_RIGHT, limit=100))
    ordered = sorted(result.signs, key=lambda sign: sign.status == "excluded")  # those observed first, in their order
    rows = [
        [
            text.paragraph(sign.status, CELL),
            text.paragraph(sign.name, CELL, limit=MAX_NAME),
            text.paragraph(sign.id, CELL),
            text.paragraph(ratios.get(sign, "–"), NUMBER),
        ]
        for sign in ordered
    ]
    return table(header, rows, [STATUS, width - STATUS - ID - RATIO, ID, RATIO])


def _ratios(result: BasePrediction, k: int) -> Mapping[Sign, str]:
    parts: list[EvidencePart] = [part for one in result.evidence for part in one.parts]
    return {part.sign: ratio_text(float(part.log_ratio[k])) for part in parts if part.sign}


def _as_written(record: PatientRecord, known: tuple[Sign, ...]) -> list[str]:
    """Signs as they were written, if no ontology knows any of that status; it then has names and ids of its own."""
    statuses = {sign.status for sign in known}
    pairs = (("observed", record.observed), ("excluded", record.excluded))
    return [f"{status}, as written: {'; '.join(signs)}" for status, signs in pairs if signs and status not in statuses]


def _face_alone(result: BasePrediction, conditions: Conditions) -> str:
    """What the ranking would be without the record."""
    face, first = result.face_probabilities, result.ranking[0]
    assert face is not None  # noqa: S101  # asked before
    order = sorted(range(len(face)), key=lambda j: -float(face[j]))
    best = condition_name(result.labels[order[0]], conditions)
    sentence = f"From the face alone, {best} ranks first with {probability_text(float(face[order[0]]))}"
    if order[0] == first:
        return f"{sentence}, as with the record."
    name, rank = condition_name(result.labels[first], conditions), order.index(first) + 1
    return f"{sentence}; {name}, which is first with the record, is number {rank} with {probability_text(float(face[first]))}."
