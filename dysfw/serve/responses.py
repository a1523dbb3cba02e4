"""What was found, in the format that a request asks for."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from itertools import count
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, Response

from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Failure, Prediction
from .form import Format, PredictForm
from .problems import RequestError
from .worker import ExplainedPrediction, JobResult

_names = count(1)
_drawing = threading.Lock()  # matplotlib is not made for several threads at once


def respond(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    """Raises RequestError where the format cannot hold this answer, and DysfwError from the views."""
    if asked.format == "json":
        return _json(answer, pipeline)
    if asked.format == "html":
        return _html(answer, asked, pipeline)
    if not any(isinstance(one.result, Prediction) for one in answer.results):
        return _json(answer, pipeline)  # nothing was judged, and why stands there
    return _WRITTEN[asked.format](answer, asked, pipeline)


def _status(answer: JobResult) -> int:
    return 200 if any(isinstance(one.result, Prediction) for one in answer.results) else 422


def _json(answer: JobResult, pipeline: Pipeline) -> Response:
    from ..output.to_json import patient_to_json, prediction_to_json

    patient = patient_to_json(answer.patient[0], pipeline, answer.patient[1]) if answer.patient else None
    results = [prediction_to_json(one.result, pipeline, one.explanation) for one in answer.results]
    return JSONResponse({"predictions": results, "patient": patient}, _status(answer))


def _html(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    from ..output.card.card import card, failure_card

    def shown(one: ExplainedPrediction) -> str:
        name = f"card-{next(_names)}"
        if isinstance(one.result, Failure):
            return failure_card(one.result, name)
        return card(one.result, pipeline, one.explanation, top=asked.top, name=name, show_image=asked.show_image)

    cards = [shown(one) for one in answer.results]
    if answer.patient:
        result, explanation = answer.patient
        cards.insert(0, card(result, pipeline, explanation, top=asked.top, name=f"card-{next(_names)}"))
    return HTMLResponse("\n".join(cards), _status(answer))


def _judgements(answer: JobResult) -> list[BasePrediction]:
    """The patient alone where one was asked for, else every face."""
    if answer.patient:
        return [answer.patient[0]]
    return [one.result for one in answer.results if isinstance(one.result, Prediction)]


def _table(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    from ..output.ranking_table import RankingTable

    kind: Literal["csv", "tsv"] = "csv" if asked.format == "csv" else "tsv"
    file = io.StringIO(newline="")
    table = RankingTable(file, kind)
    for one in _judgements(answer):
        table.write(one, pipeline)
    media = "text/csv" if kind == "csv" else "text/tab-separated-values"
    return Response(file.getvalue(), media_type=f"{media}; charset=utf-8", headers=_attached(f"ranking.{kind}"))


def _phenopackets(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    from ..output.phenopacket import phenopacket

    packets = [phenopacket(one, pipeline, asked.top) for one in _judgements(answer)]
    written = packets[0] if len(packets) == 1 else packets
    text = json.dumps(written, indent=2, ensure_ascii=False)
    return Response(text, media_type="application/json", headers=_attached("phenopacket.json"))


def _coco(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    from ..output.coco import Coco

    evaluation_data = Coco(pipeline)
    for one in answer.results:
        if isinstance(one.result, Prediction):
            evaluation_data.add(one.result)
    return JSONResponse(evaluation_data.document(), headers=_attached("regions.json"))


def _pdf(answer: JobResult, asked: PredictForm, pipeline: Pipeline) -> Response:
    judged = _judgements(answer)
    if len(judged) > 1:
        message = f"a PDF is of one face or one patient, and these are {len(judged)} faces"
        raise RequestError(400, "several_faces", message)
    from ..output.figure import save_figure

    explanation = (
        answer.patient[1] if answer.patient else next(one.explanation for one in answer.results if one.result is judged[0])
    )
    file = io.BytesIO()
    with _drawing:
        save_figure(file, judged[0], pipeline, asked.top, explanation=explanation, form="pdf")
    return Response(file.getvalue(), media_type="application/pdf", headers=_attached("result.pdf"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


_WRITTEN: Mapping[Format, Callable[[JobResult, PredictForm, Pipeline], Response]] = {
    "csv": _table, "tsv": _table, "phenopacket": _phenopackets, "coco": _coco, "pdf": _pdf,
}  # fmt: skip
