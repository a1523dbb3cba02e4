"""Writes results in the requested format."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, Response

from ..inference.pipeline import Pipeline
from ..output.pdf.save import Paper, save_pdf
from ..types import BasePrediction, Failure, Prediction
from .problems import RequestError
from .results import ExplainedPrediction, Results

Format = Literal["json", "html", "csv", "tsv", "phenopacket", "coco", "pdf"]


@dataclass(frozen=True, slots=True)
class Output:
    """How results are written.

    Attributes:
        format: The format.
        top: Number of conditions in html, pdf and phenopacket.
        paper: Size of a PDF.
        show_image: Whether html contains the part of the image that it shows; its pixels must have been kept.
    """

    format: Format = "json"
    top: int = 5
    paper: Paper = "a4"
    show_image: bool = False


_card_numbers = count(1)
_drawing_lock = threading.Lock()  # fonts are registered once for the process


def respond(result: Results, output: Output, pipeline: Pipeline) -> Response:
    """Write a result.

    Args:
        result: The predictions.
        output: How it is written.
        pipeline: The pipeline that made them.

    Returns:
        The response; JSON if there is no prediction to write in the requested format.

    Raises:
        RequestError: If the format cannot hold this result.
        DysfwError: If it cannot be written.
    """
    if output.format == "html":
        return _html(result, output, pipeline)
    if output.format == "json" or not _has_prediction(result):
        return _json(result, pipeline)
    return _pdf(result, output, pipeline) if output.format == "pdf" else _file(result, output, pipeline)


def _has_prediction(result: Results) -> bool:
    return any(isinstance(one.result, Prediction) for one in result.results)


def _status(result: Results) -> int:
    return 200 if _has_prediction(result) else 422


def _json(result: Results, pipeline: Pipeline) -> Response:
    from ..output.to_json import patient_to_json, prediction_to_json

    patient = patient_to_json(result.patient[0], pipeline, result.patient[1]) if result.patient else None
    predictions = [prediction_to_json(one.result, pipeline, one.explanation) for one in result.results]
    return JSONResponse({"predictions": predictions, "patient": patient}, _status(result))


def _html(result: Results, output: Output, pipeline: Pipeline) -> Response:
    from ..output.card.card import card, failure_card

    def card_of(one: ExplainedPrediction) -> str:
        name = f"card-{next(_card_numbers)}"
        if isinstance(one.result, Failure):
            return failure_card(one.result, name)
        return card(one.result, pipeline, one.explanation, top=output.top, name=name, show_image=output.show_image)

    cards = [card_of(one) for one in result.results]
    if result.patient:
        patient, explanation = result.patient
        cards.insert(0, card(patient, pipeline, explanation, top=output.top, name=f"card-{next(_card_numbers)}"))
    return HTMLResponse("\n".join(cards), _status(result))


def _predictions(result: Results) -> list[BasePrediction]:
    """The prediction for the patient if one was named, otherwise those for the faces."""
    if result.patient:
        return [result.patient[0]]
    return [one.result for one in result.results if isinstance(one.result, Prediction)]


def _file(result: Results, output: Output, pipeline: Pipeline) -> Response:
    """A file in one of the formats that ``dysfw run --format`` writes."""
    from ..output.writers import writer_for

    stream = io.StringIO(newline="")
    writer = writer_for(output.format, stream, pipeline, output.top if output.format == "phenopacket" else None)
    predictions = _predictions(result)
    if result.patient and writer.writes_images_of_patient:
        predictions = [one.result for one in result.results if isinstance(one.result, Prediction)]
    for prediction in predictions:
        writer.add(prediction, None)
    writer.end()
    media_type, name = _FILES[output.format]
    if output.format == "phenopacket" and len(predictions) > 1:
        media_type, name = "application/jsonl", "phenopackets.jsonl"
    return Response(stream.getvalue(), media_type=media_type, headers=_attachment(name))


def _pdf(result: Results, output: Output, pipeline: Pipeline) -> Response:
    predictions = _predictions(result)
    if len(predictions) > 1:
        message = f"a PDF shows one face or one patient, found {len(predictions)} faces; set patient, or send one image"
        raise RequestError(400, "several_faces", message)
    (prediction,) = predictions
    explanation = (
        result.patient[1] if result.patient else next(one.explanation for one in result.results if one.result is prediction)
    )
    file = io.BytesIO()
    with _drawing_lock:
        save_pdf(file, prediction, pipeline, top=output.top, explanation=explanation, paper=output.paper)
    return Response(file.getvalue(), media_type="application/pdf", headers=_attachment("result.pdf"))


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


_FILES: Mapping[Format, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8", "ranking.csv"),
    "tsv": ("text/tab-separated-values; charset=utf-8", "ranking.tsv"),
    "phenopacket": ("application/json", "phenopacket.json"),
    "coco": ("application/json", "regions.json"),
}
