"""Handlers of requests."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.requests import ClientDisconnect

from .. import RESEARCH_USE, __version__
from ..errors import DysfwError
from ..explain.explanation import condition_called
from ..explain.gradient import refuse_without_module
from ..inference.pipeline import Pipeline
from ..output.card.card import style
from . import schema
from .form import PredictForm, read_request
from .metrics import Metrics
from .page import login_page, page
from .problems import RequestError, busy
from .responses import respond
from .settings import Settings
from .worker import Job, JobResult, Worker


class Handlers:
    """Handlers of requests, and what they share.

    Args:
        pipeline: A trained pipeline.
        settings: The server's settings.
    """

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self.pipeline, self.settings = pipeline, settings
        self.worker, self.metrics = Worker(pipeline), Metrics()
        self._active = 0  # prediction requests

    async def index(self, request: Request) -> Response:
        """The web page, or the page that asks for the token."""
        authenticated = self.settings.token is None or getattr(request.state, "authenticated", False)
        if not authenticated:
            return HTMLResponse(login_page(wrong="wrong" in request.query_params), 401)
        return HTMLResponse(page(self.pipeline, self.settings))

    async def card_style(self) -> Response:
        """Style sheet of the cards."""
        return Response(style(), media_type="text/css")

    async def prometheus_metrics(self) -> Response:
        """Metrics in Prometheus's text format."""
        self.metrics.active.set(self._active)
        return self.metrics.response()

    async def healthy(self) -> schema.Health:
        """Report that the server runs."""
        return schema.Health(status="ok")

    async def ready(self) -> schema.Health:
        """Report whether the server accepts prediction requests; 503 while it is busy."""
        if self._active >= self.settings.max_requests:
            raise busy(self._retry_after())
        return schema.Health(status="ok")

    async def bundle(self) -> schema.Bundle:
        """Describe the model that the server uses, and the limits of requests."""
        recipe, manifest, classifier = self.pipeline.recipe, self.pipeline.manifest, self.pipeline.classifier
        assert manifest and classifier  # noqa: PT018, S101  # the pipeline is trained
        return schema.Bundle(
            notice=RESEARCH_USE,
            dysfw=__version__,
            recipe=schema.Reference(name=recipe.name, fingerprint=recipe.fingerprint),
            bundle=schema.Reference(name=manifest.name, fingerprint=manifest.fingerprint),
            about=manifest.about,
            labels=[schema.Label(label=label, condition=manifest.conditions.get(label)) for label in classifier.labels],
            regions=list(classifier.heads),
            device=self.pipeline.components.device,
            precision=self.pipeline.components.precision,
            runtimes=list(self.pipeline.components.runtimes),
            warnings=[schema.Problem(code=one.code, message=one.message) for one in self.pipeline.notices],
            limits=schema.Limits(upload_bytes=self.settings.max_upload, images=self.settings.max_images),
        )

    async def predict(self, request: Request) -> Response:
        """Predict one or more images, each independently; with `patient`, also predict for the patient from all images."""
        if self._active >= self.settings.max_requests:
            raise busy(self._retry_after())
        self._active += 1
        started = time.perf_counter()
        try:
            uploads, form = await read_request(request, self.settings)
            self._check(form)
            result = await self._wait_for(self.worker.submit(uploads, form), request)
            self.metrics.add(result)
            response = await self._write(result, form)
        finally:
            self._active -= 1
        self.metrics.seconds.observe(time.perf_counter() - started)
        return response

    async def _write(self, result: JobResult, form: PredictForm) -> Response:
        """Write a result in a thread: a PDF takes half a second."""
        try:
            return await asyncio.to_thread(respond, result, form, self.pipeline)
        except DysfwError as error:
            hint = f"; {error.hint}" if error.hint else ""
            raise RequestError(400, "cannot_be_written", f"{error.message}{hint}") from None

    def _check(self, form: PredictForm) -> None:
        """Raise RequestError if the model cannot do what is requested."""
        assert self.pipeline.classifier  # noqa: S101  # the pipeline is trained
        try:
            if form.why is not None:
                condition_called(form.why, self.pipeline.classifier.labels, "why")
            if form.maps == "gradient":
                refuse_without_module(self.pipeline.embedder)
            if form.format == "phenopacket":
                from ..output.phenopacket import require_condition_ids

                require_condition_ids(self.pipeline)
        except DysfwError as error:
            raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    async def _wait_for(self, job: Job, request: Request) -> JobResult:
        """The result of a job, unless the client disconnects or it takes too long; then the job is cancelled."""
        disconnected = asyncio.create_task(_disconnected(request))
        try:
            both: set[asyncio.Future[Any]] = {job.future, disconnected}
            await asyncio.wait(both, timeout=self.settings.prediction_timeout, return_when="FIRST_COMPLETED")
            if job.future.done():
                return job.future.result()
            if disconnected.done():
                raise ClientDisconnect
            raise RequestError(504, "took_too_long", f"no prediction within {self.settings.prediction_timeout:g} s")
        finally:
            job.cancelled = True  # no effect if it is done
            disconnected.cancel()

    def _retry_after(self) -> int:
        """Estimated seconds until another request can be accepted."""
        return max(1, round(self._active * self.worker.speed.seconds))


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
