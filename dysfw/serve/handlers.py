"""What the server does with each kind of request."""

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
from .page import locked_page, page
from .problems import RequestError, busy
from .responses import respond
from .settings import Settings
from .worker import Job, JobResult, Worker


class Handlers:
    """What requests have in common."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self.pipeline, self.settings = pipeline, settings
        self.worker, self.metrics = Worker(pipeline), Metrics()
        self._under_way = 0

    async def front(self, request: Request) -> Response:
        known = self.settings.token is None or getattr(request.state, "known", False)
        if not known:
            return HTMLResponse(locked_page(wrong="wrong" in request.query_params), 401)
        return HTMLResponse(page(self.pipeline, self.settings))

    async def card_style(self) -> Response:
        return Response(style(), media_type="text/css")

    async def measured(self) -> Response:
        self.metrics.under_way.set(self._under_way)
        return self.metrics.response()

    async def healthy(self) -> schema.Health:
        return schema.Health(status="ok")

    async def ready(self) -> schema.Health:
        if self._under_way >= self.settings.waiting:
            raise busy(self._wait())
        return schema.Health(status="ok")

    async def bundle(self) -> schema.BundleOf:
        recipe, manifest = self.pipeline.recipe, self.pipeline.manifest
        assert manifest and self.pipeline.classifier  # noqa: PT018, S101  # only trained pipelines are served
        return schema.BundleOf(
            notice=RESEARCH_USE,
            dysfw=__version__,
            recipe=schema.Named(name=recipe.name, fingerprint=recipe.fingerprint),
            bundle=schema.Named(name=manifest.name, fingerprint=manifest.fingerprint),
            about=manifest.about,
            labels=[
                schema.LabelOf(label=one, condition=manifest.conditions.get(one)) for one in self.pipeline.classifier.labels
            ],
            regions=list(self.pipeline.classifier.heads),
            device=self.pipeline.components.device,
            precision=self.pipeline.components.precision,
            warnings=[schema.Problem(code=one.code, message=one.message) for one in self.pipeline.notices],
            limits=schema.Limits(upload_bytes=self.settings.upload, images=self.settings.images),
        )

    async def predict(self, request: Request) -> Response:
        """One photograph or several, in one request: each is judged by itself; with ``patient`` also all of them together."""
        if self._under_way >= self.settings.waiting:
            raise busy(self._wait())
        self._under_way += 1
        started = time.perf_counter()
        try:
            uploads, asked = await read_request(request, self.settings)
            self._check(asked)
            answer = await self._judged(self.worker.submit(uploads, asked), request)
            self.metrics.add(answer)
            response = await self._written(answer, asked)
        finally:
            self._under_way -= 1
        self.metrics.seconds.observe(time.perf_counter() - started)
        return response

    async def _written(self, answer: JobResult, asked: PredictForm) -> Response:
        """Not in the event loop: a PDF takes half a second."""
        try:
            return await asyncio.to_thread(respond, answer, asked, self.pipeline)
        except DysfwError as error:
            hint = f"; {error.hint}" if error.hint else ""
            raise RequestError(400, "cannot_be_written", f"{error.message}{hint}") from None

    def _check(self, asked: PredictForm) -> None:
        """Raise RequestError for what the bundle does not know, before any work is done."""
        assert self.pipeline.classifier  # noqa: S101  # only trained pipelines are served
        try:
            if asked.why is not None:
                condition_called(asked.why, self.pipeline.classifier.labels, "why")
            if asked.maps == "gradient":
                refuse_without_module(self.pipeline.embedder)
            if asked.format == "phenopacket":
                from ..output.phenopacket import refuse_nameless

                refuse_nameless(self.pipeline)
        except DysfwError as error:
            raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    async def _judged(self, job: Job, request: Request) -> JobResult:
        """The answer, unless the client leaves first or it takes too long: then nobody works for it any longer."""
        leaving = asyncio.create_task(_left(request))
        try:
            both: set[asyncio.Future[Any]] = {job.future, leaving}
            await asyncio.wait(both, timeout=self.settings.judging_seconds, return_when="FIRST_COMPLETED")
            if job.future.done():
                return job.future.result()
            if leaving.done():
                raise ClientDisconnect
            raise RequestError(504, "took_too_long", f"no answer within {self.settings.judging_seconds:g} s")
        finally:
            job.left = True  # or answered already
            leaving.cancel()

    def _wait(self) -> int:
        """Seconds until there may be room again."""
        return max(1, round(self._under_way * self.worker.pace.seconds))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
