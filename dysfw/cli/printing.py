"""How ``dysfw run`` hands results over: to people, or in one of the formats that programs take."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

from ..output.terminal import print_failure
from ..types import BasePrediction, Failure, PatientPrediction, Prediction
from .formats import Format
from .terminal import err, out

if TYPE_CHECKING:
    from ..explain.explanation import Explanation
    from ..inference.pipeline import Pipeline


class Printer(ABC):
    """Takes results as they come; what can be shown at once is. Failures are told on stderr unless the format has a place for
    them. single: whether the photographs of a patient are shown too, or the patient alone."""

    single = True

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    @abstractmethod
    def add(self, result: BasePrediction, why: Explanation | None) -> None: ...

    def fail(self, failure: Failure) -> None:
        print_failure(err(), failure)

    def end(self) -> None:  # noqa: B027  # most show everything at once
        """All results were added."""


class _Text(Printer):
    def __init__(self, pipeline: Pipeline, top: int) -> None:
        super().__init__(pipeline)
        self._top, self._console = top, out()
        self._conditions = pipeline.manifest.conditions if pipeline.manifest else {}

    def add(self, result: BasePrediction, why: Explanation | None) -> None:
        from ..output.explanation import print_explanation
        from ..output.terminal import print_prediction

        print_prediction(self._console, result, self._top, self.pipeline.notices, self._conditions)
        if why:
            print_explanation(self._console, result, why)


class _Json(Printer):
    def add(self, result: BasePrediction, why: Explanation | None) -> None:
        from ..output.to_json import patient_to_json, prediction_to_json

        if isinstance(result, PatientPrediction):
            _print_json(patient_to_json(result, self.pipeline, why))
        elif isinstance(result, Prediction):
            _print_json(prediction_to_json(result, self.pipeline, why))

    def fail(self, failure: Failure) -> None:
        from ..output.to_json import prediction_to_json

        _print_json(prediction_to_json(failure, self.pipeline))


class _Table(Printer):
    single = False

    def __init__(self, pipeline: Pipeline, kind: Literal["csv", "tsv"]) -> None:
        super().__init__(pipeline)
        from ..output.ranking_table import RankingTable

        self._table = RankingTable(sys.stdout, kind)

    def add(self, result: BasePrediction, why: Explanation | None) -> None:
        self._table.write(result, self.pipeline)


class _Phenopackets(Printer):
    """One JSON object a line: of a single result a file that other tools read."""

    single = False

    def __init__(self, pipeline: Pipeline, top: int) -> None:
        super().__init__(pipeline)
        from ..output.phenopacket import refuse_nameless

        refuse_nameless(pipeline)
        self._top = top

    def add(self, result: BasePrediction, why: Explanation | None) -> None:
        from ..output.phenopacket import phenopacket

        _print_json(phenopacket(result, self.pipeline, self._top))


class _Coco(Printer):
    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(pipeline)
        from ..output.coco import Coco

        self._evaluation_data = Coco(pipeline)

    def add(self, result: BasePrediction, why: Explanation | None) -> None:
        if isinstance(result, Prediction):
            self._evaluation_data.add(result)

    def end(self) -> None:
        _print_json(self._evaluation_data.document())


def printer(form: Format, pipeline: Pipeline, top: int) -> Printer:
    """Raises DysfwError where the format cannot hold what this pipeline says."""
    if form in {"csv", "tsv"}:
        return _Table(pipeline, "csv" if form == "csv" else "tsv")
    if form == "phenopacket":
        return _Phenopackets(pipeline, top)
    if form == "coco":
        return _Coco(pipeline)
    return _Json(pipeline) if form == "json" else _Text(pipeline, top)


def _print_json(value: object) -> None:
    utf8 = (sys.stdout.encoding or "").lower() == "utf-8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8) + "\n")
    sys.stdout.flush()
