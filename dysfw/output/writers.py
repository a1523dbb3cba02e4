"""Writes results for people at a terminal, or in a format for programs: JSON Lines, tables, Phenopackets, COCO."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TextIO, cast

from rich.console import Console

from ..explain.explanation import Explanation
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Failure, PatientPrediction, Prediction

MAX_INTERPRETATIONS = 5  # in a Phenopacket, unless another number is given


class Writer(ABC):
    """Takes results as they come and writes them to a stream.

    Attributes:
        writes_failures: Whether the format has a place for images that could not be predicted.
        writes_warnings: Whether the format has a place for the warnings of a result.
        writes_images_of_patient: Whether each image of a patient is written too, or the patient alone.
    """

    writes_failures = False
    writes_warnings = False
    writes_images_of_patient = False

    def __init__(self, stream: TextIO, pipeline: Pipeline) -> None:
        """Create a writer.

        Args:
            stream: Where to write.
            pipeline: What made the results.
        """
        self.stream = stream
        self.pipeline = pipeline

    @abstractmethod
    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Write the prediction for a face or a patient."""

    def fail(self, failure: Failure) -> None:  # noqa: B027  # most formats have no place for it
        """Write why an image could not be predicted."""

    def remark(self) -> str:
        """What to say beside the last result, such as what its format could not hold; "" if nothing."""
        return ""

    def end(self) -> None:  # noqa: B027  # most formats write everything at once
        """Finish, after all results were added."""

    def _write_json(self, value: object) -> None:
        """One JSON value on a line; in ASCII if the stream is not UTF-8."""
        ascii_only = (getattr(self.stream, "encoding", None) or "utf-8").lower() != "utf-8"
        self.stream.write(json.dumps(value, ensure_ascii=ascii_only) + "\n")
        self.stream.flush()


class TerminalWriter(Writer):
    """Text for people."""

    writes_warnings = True
    writes_images_of_patient = True

    def __init__(self, console: Console, pipeline: Pipeline, top: int) -> None:
        """Create a writer.

        Args:
            console: Where to write.
            pipeline: What made the results.
            top: Number of conditions to show.
        """
        super().__init__(cast(TextIO, console.file), pipeline)
        self._console = console
        self._top = top
        self._conditions = pipeline.manifest.conditions if pipeline.manifest else {}

    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Print the prediction for a face or a patient."""
        from .explanation import print_explanation
        from .terminal import print_prediction

        print_prediction(self._console, result, self._top, self.pipeline.notices, self._conditions)
        if explanation:
            print_explanation(self._console, result, explanation)


class JsonWriter(Writer):
    """One JSON object a line for each face, failure and patient."""

    writes_failures = True
    writes_warnings = True
    writes_images_of_patient = True

    def __init__(self, stream: TextIO, pipeline: Pipeline, top: int | None = None) -> None:
        """Create a writer.

        Args:
            stream: Where to write.
            pipeline: What made the results.
            top: Number of conditions in the ranking; None for all. The probabilities always contain all.
        """
        super().__init__(stream, pipeline)
        self._top = top

    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Write the prediction for a face or a patient."""
        from .to_json import patient_to_json, prediction_to_json

        if isinstance(result, PatientPrediction):
            self._write(patient_to_json(result, self.pipeline, explanation), result)
        elif isinstance(result, Prediction):
            self._write(prediction_to_json(result, self.pipeline, explanation), result)

    def _write(self, values: dict[str, object], result: BasePrediction) -> None:
        ranking = values["ranking"]
        assert isinstance(ranking, list)  # noqa: S101
        self._write_json(values | {"ranking": ranking[: self._top or len(result.labels)]})

    def fail(self, failure: Failure) -> None:
        """Write why an image could not be predicted."""
        from .to_json import prediction_to_json

        self._write_json(prediction_to_json(failure, self.pipeline))


class TableWriter(Writer):
    """A row for each condition of each face or patient, as CSV or TSV."""

    def __init__(self, stream: TextIO, pipeline: Pipeline, kind: str, top: int | None = None) -> None:
        """Create a writer.

        Args:
            stream: Where to write.
            pipeline: What made the results.
            kind: "csv" or "tsv".
            top: Number of conditions; None for all.
        """
        super().__init__(stream, pipeline)
        from .ranking_table import RankingTable

        self._table = RankingTable(stream, "csv" if kind == "csv" else "tsv", top)

    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Write the rows of a face or a patient."""
        self._table.write(result, self.pipeline)


class PhenopacketWriter(Writer):
    """One Phenopacket a line for each face or patient."""

    def __init__(self, stream: TextIO, pipeline: Pipeline, top: int) -> None:
        """Create a writer.

        Args:
            stream: Where to write.
            pipeline: What made the results.
            top: Number of conditions in each packet.

        Raises:
            DysfwError: If the bundle knows no identifiers of its conditions.
        """
        super().__init__(stream, pipeline)
        from .phenopacket import require_condition_ids

        require_condition_ids(pipeline)
        self._top = top
        self._remark = ""

    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Write the packet of a face or a patient."""
        from .phenopacket import NO_CANDIDATES, phenopacket

        packet = phenopacket(result, self.pipeline, self._top)
        self._write_json(packet)
        source = result.face_embedding.image.source if isinstance(result, Prediction) else "the patient"
        self._remark = "" if "interpretations" in packet else NO_CANDIDATES.format(name=source, top=self._top)

    def remark(self) -> str:
        """Whether the last packet has no candidates."""
        return self._remark


class CocoWriter(Writer):
    """One COCO document with the regions of all faces."""

    writes_images_of_patient = True

    def __init__(self, stream: TextIO, pipeline: Pipeline) -> None:
        """Create a writer.

        Args:
            stream: Where to write.
            pipeline: What made the results.
        """
        super().__init__(stream, pipeline)
        from .coco import Coco

        self._coco = Coco(pipeline)

    def add(self, result: BasePrediction, explanation: Explanation | None) -> None:
        """Add the regions of a face. Patients have none of their own."""
        if isinstance(result, Prediction):
            self._coco.add(result)

    def end(self) -> None:
        """Write the document."""
        self._write_json(self._coco.document())


def writer_for(form: str, stream: TextIO, pipeline: Pipeline, top: int | None = None) -> Writer:
    """The writer of a format.

    Args:
        form: "json", "csv", "tsv", "phenopacket" or "coco".
        stream: Where to write.
        pipeline: What made the results.
        top: Number of conditions in rankings; None for all, and for 5 in Phenopackets.

    Raises:
        DysfwError: If the format cannot hold what this pipeline predicts.
        ValueError: For any other format.
    """
    match form:
        case "json":
            return JsonWriter(stream, pipeline, top)
        case "csv" | "tsv":
            return TableWriter(stream, pipeline, form, top)
        case "phenopacket":
            return PhenopacketWriter(stream, pipeline, top or MAX_INTERPRETATIONS)
        case "coco":
            return CocoWriter(stream, pipeline)
    raise ValueError(f"no format is called {form!r}")
