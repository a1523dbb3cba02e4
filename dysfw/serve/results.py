"""The results of a request, and what they are combined from: predictions, a patient, a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..explain.explanation import Explanation, explain
from ..explain.saliency_map import SaliencyMap
from ..inference.patient import predict_patient
from ..inference.pipeline import P, Pipeline
from ..types import BasePrediction, Failure, Notice, PatientPrediction, PatientRecord, Prediction
from .problems import RequestError

NO_EVIDENCE = Notice(
    "record_not_used", "this model reads no records of patients: the result is from the face alone, whatever the signs are"
)


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedPrediction:
    """A prediction or failure, with an explanation if one was requested.

    Attributes:
        result: The prediction for a face, or why there is none.
        explanation: The explanation, if requested.
    """

    result: Prediction | Failure
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Results of a request.

    Attributes:
        results: Results of all images, in order.
        patient: The prediction for the patient and its explanation, if a patient was named and any image could be predicted.
    """

    results: tuple[ExplainedPrediction, ...]
    patient: tuple[PatientPrediction, Explanation | None] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What was predicted for a face from the face alone.

    Attributes:
        result: The prediction, or why there is none.
        maps: Its saliency maps.
        explanation: Its explanation, if it is known already; for any condition.
    """

    result: Prediction | Failure
    maps: Sequence[SaliencyMap] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of predictions from images.

    Attributes:
        patient: Name of the patient whom all images show; None to predict for each image alone.
        record: The patient's record; an empty one changes nothing.
        explain: Whether predictions are explained.
        why: Label of the condition to explain; None for the first.
    """

    patient: str | None = None
    record: PatientRecord = PatientRecord()  # noqa: RUF009  # it is immutable
    explain: bool = False
    why: str | None = None

    def check_images(self, images: int) -> None:
        """Raise RequestError if a record would belong to several images without a patient.

        Args:
            images: Number of images, or of faces.
        """
        if self.record and self.patient is None and images > 1:
            message = f"a record is one patient's, found {images} faces; name the patient whom all of them show in `patient`"
            raise RequestError(400, "several_faces", message)

    def answer(self, pipeline: Pipeline, faces: Sequence[Predicted]) -> Results:
        """Combine predictions with the record, for each face or for the patient, and explain them.

        Args:
            pipeline: The pipeline that made the predictions.
            faces: What was predicted for each face.

        Raises:
            RequestError: The record would belong to several faces.
        """
        assert pipeline.classifier  # noqa: S101  # or there would be no predictions
        self.check_images(sum(isinstance(one.result, Prediction) for one in faces))
        results = tuple(self._answer_one(pipeline, one) for one in faces)
        if self.patient is None:
            return Results(results)
        patient = predict_patient(pipeline.classifier, self.patient, [one.result for one in results])
        if patient is None:
            return Results(results)
        patient = with_record(pipeline, patient, self.record)
        return Results(results, (patient, self._explanation(pipeline, patient)))

    def _answer_one(self, pipeline: Pipeline, one: Predicted) -> ExplainedPrediction:
        if isinstance(one.result, Failure):
            return ExplainedPrediction(one.result)
        if self.patient is not None or not self.record:
            return ExplainedPrediction(one.result, self._explanation(pipeline, one.result, one.maps, one.explanation))
        combined = with_record(pipeline, one.result, self.record)
        return ExplainedPrediction(combined, self._explanation(pipeline, combined, one.maps))

    def _explanation(
        self,
        pipeline: Pipeline,
        result: BasePrediction,
        maps: Sequence[SaliencyMap] = (),
        known: Explanation | None = None,
    ) -> Explanation | None:
        if not self.explain:
            return None
        if known is None:
            return replace(explain(pipeline, result, label=self.why), maps=tuple(maps))
        condition = result.ranking[0] if self.why is None else result.labels.index(self.why)
        return replace(known, condition=condition, maps=tuple(maps))


def reads_records(pipeline: Pipeline) -> bool:
    """Whether a pipeline combines the face with what a patient's record says."""
    return pipeline.classifier is not None and pipeline.classifier.evidence is not None


def with_record(pipeline: Pipeline, result: P, record: PatientRecord) -> P:
    """Combine a prediction with a record; if the recipe reads none, add a notice that says so.

    Args:
        pipeline: The pipeline that made the prediction.
        result: The prediction from the face alone.
        record: The record; an empty one changes nothing.
    """
    if record and not reads_records(pipeline):
        return replace(result, notices=(*result.notices, NO_EVIDENCE))
    return pipeline.with_record(result, record)
