"""Rankings as CSV or TSV, for spreadsheets and for tools that read ranked diseases by identifier."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from typing import Literal, TextIO

from .. import RESEARCH_USE
from ..data.conditions import IDENTIFIERS, Condition
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, PatientPrediction, Prediction

COLUMNS = (
    "image", "face", "patient", "rank", "label", "name", *IDENTIFIERS, "probability", "in_set", "reliable", "reasons", "notice",
)  # fmt: skip
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")  # a file's or patient's name could run as a formula
Row = dict[str, str | int | float | bool | None]


def ranking_rows(result: BasePrediction, pipeline: Pipeline) -> Iterator[Row]:
    """Convert a ranking to rows with the columns ``COLUMNS``.

    Args:
        result: The prediction.
        pipeline: The pipeline that made it.

    Yields:
        A row for each condition, the most probable first. ``image`` and ``face`` (from 0) are set for a face, ``patient`` for
        a patient. ``reasons`` holds codes, separated by ";".
    """
    conditions = pipeline.manifest.conditions if pipeline.manifest else {}
    face_embedding = result.face_embedding if isinstance(result, Prediction) else None
    for rank, k in enumerate(result.ranking, 1):
        condition = conditions.get(result.labels[k], Condition())
        yield {
            "image": face_embedding.image.source if face_embedding else None,
            "face": face_embedding.index if face_embedding else None,
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
    """Writes rankings to one table.

    None becomes an empty cell, booleans become ``true`` and ``false``. A text that a spreadsheet would run as a formula is
    prefixed with an apostrophe.

    Args:
        file: Where to write.
        kind: "csv" (RFC 4180) or "tsv".
        top: Number of conditions of each ranking; None for all.
    """

    def __init__(self, file: TextIO, kind: Literal["csv", "tsv"], top: int | None = None) -> None:
        self._file = file
        self._top = top
        self._writer = csv.DictWriter(file, COLUMNS, dialect="excel" if kind == "csv" else "excel-tab", lineterminator="\n")
        self._has_header = False

    def write(self, result: BasePrediction, pipeline: Pipeline) -> None:
        """Append the ranking of a prediction.

        Args:
            result: The prediction.
            pipeline: The pipeline that made it.
        """
        if not self._has_header:
            self._writer.writeheader()
            self._has_header = True
        for row in itertools.islice(ranking_rows(result, pipeline), self._top):
            self._writer.writerow({name: _cell(value) for name, value in row.items()})
        self._file.flush()


def _cell(value: str | int | float | bool | None) -> str | int | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_PREFIXES) else value
    return value
