"""Handlers of predictions, and of requests about the server itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from ..errors import DysfwError
from ..explain.explanation import condition_called
from ..explain.gradient import refuse_without_module
from ..output.card.card import style
from ..training.card import model_card
from ..types import PatientRecord
from . import schema
from .answer_task import AnswerTask, ChosenFace
from .card_page import card_page
from .form import PredictForm, read_form
from .json_form import AnswerRequest, ImageChoice, read_json
from .page import login_page, page
from .patient_records import read_text, read_values
from .pixels import with_pixels
from .predict_task import PredictTask
from .problems import RequestError
from .responses import Format, Output, respond
from .results import Question, Results, reads_records
from .service import Service


class Handlers:
    """Handlers of predictions, and of requests about the server itself.

    Args:
        service: What handlers share.
    """

    def __init__(self, service: Service) -> None:
        self.service, self.pipeline, self.settings = service, service.pipeline, service.settings

    async def index(self, request: Request) -> Response:
        """The web page, or the page that asks for the token."""
        authenticated = self.settings.token is None or getattr(request.state, "authenticated", False)
        if not authenticated:
            return HTMLResponse(login_page(wrong="wrong" in request.query_params), 401)
        return HTMLResponse(page(self.pipeline, self.settings))

    async def card_style(self) -> Response:
        """Style sheet of the cards."""
        return Response(style(), media_type="text/css")

    async def card(self) -> Response:
        """The model card of the bundle, as a page."""
        manifest, classifier = self.pipeline.manifest, self.pipeline.classifier
        assert manifest and classifier  # noqa: PT018, S101  # the pipeline is trained
        text = self.pipeline.card or model_card(manifest, self.pipeline.recipe, classifier.reliability)
        return HTMLResponse(await asyncio.to_thread(card_page, manifest.name, text))

    async def prometheus_metrics(self) -> Response:
        """Metrics in Prometheus's text format."""
        metrics, kept = self.service.metrics, self.service.kept
        metrics.active.set(self.service.active)
        metrics.kept_images.set(len(kept))
        metrics.kept_bytes.set(kept.nbytes)
        return metrics.response()

    async def healthy(self) -> schema.Health:
        """Report that the server runs."""
        return schema.Health(status="ok")

    async def ready(self) -> schema.Health:
        """Report whether the server accepts prediction requests; 503 while it is busy."""
        self.service.check_load()
        return schema.Health(status="ok")

    async def predict(self, request: Request) -> Response:
        """Predict one or more images, each independently; with `patient`, also predict for the patient from all images.

        The images are files of a form, or images that the server keeps.
        """
        started = time.perf_counter()
        with self.service.one_request():
            if request.headers.get("content-type", "").lower().startswith("application/json"):
                response = await self._answer(request)
            else:
                response = await self._predict(request)
        self.service.metrics.seconds.observe(time.perf_counter() - started)
        return response

    async def _predict(self, request: Request) -> Response:
        uploads, form = await read_form(request, self.settings)
        record = await asyncio.to_thread(read_text, form.record.encode()) if form.record is not None else None
        if record and not reads_records(self.pipeline):
            raise self._reads_no_records()
        explained = form.explain or form.why is not None or form.maps is not None
        question = Question(form.patient, record.record if record else PatientRecord(), explained, form.why)
        question.check_images(len(uploads))
        self._check(form.why, form.format)
        self._check_maps(form)
        result = await self.service.result_of(PredictTask(uploads, form, question), request)
        self.service.metrics.add(result)
        return await self._write(result, form.output)

    async def _answer(self, request: Request) -> Response:
        """Predict from kept images."""
        asked = await read_json(request, AnswerRequest, self.settings)
        if not asked.images:
            message = "there is no image; POST /v1/rankings ranks diseases by a record alone"
            raise RequestError(400, "no_image", message)
        record = (await asyncio.to_thread(read_values, asked.record)).record
        question = Question(asked.patient, record, explain=True, why=asked.why)
        question.check_images(len(asked.images))
        self._check(asked.why, asked.format)
        faces = self.chosen(asked.images)
        task = AnswerTask(faces, question, self.service.metrics, maps=asked.maps)
        result = await self.service.result_of(task, request)
        if asked.maps:
            self.service.kept.measure([image for image, _ in faces])
        if asked.format == "pdf":
            result = await asyncio.to_thread(with_pixels, result, faces)
        return await self._write(result, asked.output)

    def chosen(self, choices: Sequence[ImageChoice]) -> list[ChosenFace]:
        """Find kept images.

        Args:
            choices: Their ids, and a face of each.

        Raises:
            RequestError: Some are not kept.
        """
        images = self.service.kept.get([one.id for one in choices])
        return [(image, choice.face) for image, choice in zip(images, choices, strict=True)]

    async def _write(self, result: Results, output: Output) -> Response:
        """Write a result in a thread: a PDF takes half a second."""
        try:
            return await asyncio.to_thread(respond, result, output, self.pipeline)
        except DysfwError as error:
            hint = f"; {error.hint}" if error.hint else ""
            raise RequestError(400, "cannot_be_written", f"{error.message}{hint}") from None

    def _check(self, why: str | None, form: Format) -> None:
        """Raise RequestError if the model cannot do what is requested."""
        assert self.pipeline.classifier  # noqa: S101  # the pipeline is trained
        try:
            if why is not None:
                condition_called(why, self.pipeline.classifier.labels, "why")
            if form == "phenopacket":
                from ..output.phenopacket import require_condition_ids

                require_condition_ids(self.pipeline)
        except DysfwError as error:
            raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    def _check_maps(self, form: PredictForm) -> None:
        if form.maps == "gradient":
            try:
                refuse_without_module(self.pipeline.embedder)
            except DysfwError as error:
                raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    def _reads_no_records(self) -> RequestError:
        try:
            self.pipeline.evidence  # noqa: B018  # raises
        except DysfwError as error:
            return RequestError(400, "reads_no_records", f"{error.message}; {error.hint}")
        raise AssertionError("the recipe reads records")
