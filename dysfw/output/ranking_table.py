"""A ranking as the rows of a table, for spreadsheets and for tools that take ranked diseases by their identifiers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Literal, TextIO

from .. import RESEARCH_USE
from ..data.conditions import IDENTIFIERS, Condition
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction

COLUMNS = (
    "image", "face", "patient", "rank", "label", "name", *IDENTIFIERS, "probability", "in_set", "reliable", "reasons", "notice",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a formula may begin: names of files and patients come from outside
Row = dict[str, str | int | float | bool | None]


def ranking_rows(result: BasePrediction, pipeline: Pipeline) -> Iterator[Row]:
    """A row for each condition, the most probable first, with the columns ``COLUMNS``. image and face: of a photograph, face
    from 0; patient: of several together. in_set, reliable: None where not assessed. reasons: codes, separated by ";"."""
    known = pipeline.manifest.conditions if pipeline.manifest else {}
    about = result.subject if isinstance(result, Prediction) else None
    for rank, k in enumerate(result.ranking, 1):
        condition = known.get(result.labels[k], Condition())
        yield {
            "image": about.image.source if about else None,
            "face": about.index if about else None,
            "patient": result.patient if isinstance(result, PatientPrediction) else None,
            "rank": rank,
            "label": result.labels[k],
            "name": condition.name or None,
            **{name: getattr(condition, name) for name in IDENTIFIERS},
            "probability": round(float(result.probabilities[k]), 6),
            "in_set": k in result.prediction_set.members,
            "reliable": result.reliable,
            "reasons": ";".join(reason.code for reason in result.reasons),
            "notice": RESEARCH_USE,
        }


class RankingTable:
    """Writes rankings below one another. kind: "csv" (RFC 4180) or "tsv"; what is None stays empty, and what is true or
    false is written so. A text that a spreadsheet would take for a formula gets an apostrophe before it."""

    def __init__(self, file: TextIO, kind: Literal["csv", "tsv"]) -> None:
        self._file = file
        self._writer = csv.DictWriter(file, COLUMNS, dialect="excel" if kind == "csv" else "excel-tab", lineterminator="\n")
        self._begun = False

    def write(self, result: BasePrediction, pipeline: Pipeline) -> None:
        if not self._begun:
            self._writer.writeheader()
            self._begun = True
        for row in ranking_rows(result, pipeline):
            self._writer.writerow({name: _cell(value) for name, value in row.items()})
        self._file.flush()


def _cell(value: str | int | float | bool | None) -> str | int | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value
