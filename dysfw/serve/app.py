"""The web application: one page, and an API that the page uses like any other client."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles

from .. import RESEARCH_USE, __version__
from ..engine.pipeline import Pipeline
from ..errors import DysfwError
from ..explain.explanation import condition_called
from ..explain.gradient import refuse_without_module
from ..views.card.card import style
from . import schema
from .answers import respond
from .guard import Guard
from .metrics import Metrics
from .observed import Observed
from .page import locked_page, page
from .problems import RequestError, busy
from .settings import Settings
from .upload import IMAGES, Asked, read_request
from .worker import Answer, Job, Worker

ASSETS = Path(__file__).parent / "assets"
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.Refused, "description": words}
    for status, words in {
        400: "A field or the request itself is wrong.", 401: "The token is missing or wrong.",
        403: "A page of another origin asks.", 408: "The request took too long to arrive.", 413: "The request is too large.",
        415: "The request is no form with files.", 421: "The server is not known by this name.",
        500: "A fault of dysfw.", 503: "Too much is under way; Retry-After says when to come back.",
        504: "Judging took too long.",
    }.items()
}  # fmt: skip


def make_app(pipeline: Pipeline, settings: Settings) -> FastAPI:
    """pipeline: trained. The application takes requests as soon as it is served; its worker is its own thread."""
    app = FastAPI(
        title="dysfw", version=__version__, docs_url=None, redoc_url=None,  # both would load programs from elsewhere
        description=f"Ranked probabilities over conditions for photographs of faces. {RESEARCH_USE}",
    )  # fmt: skip
    served = _Served(pipeline, settings)
    app.state.served = served
    served.worker.start()
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observed, metrics=served.metrics)  # the last one is the outermost
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _plain_error)
    _add_routes(app, served)
    return app


def _add_routes(app: FastAPI, served: _Served) -> None:
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.get("/card.css", include_in_schema=False)(served.card_style)
    app.get("/", include_in_schema=False)(served.front)
    app.get(
        "/metrics", summary="Prometheus metrics", response_class=Response, tags=["operation"], responses=_text("text/plain")
    )(served.measured)
    app.get("/healthz", summary="Is the server there?", response_model=schema.Health, tags=["operation"])(_healthy)
    app.get(
        "/readyz", summary="Does it take requests?", response_model=schema.Health, tags=["operation"], responses=_only(503)
    )(served.ready)
    app.get("/v1/bundle", summary="What it judges by", response_model=schema.BundleOf, responses=_only(401, 421))(served.bundle)
    app.post(
        "/v1/predictions",
        summary="Judge photographs",
        responses=REFUSALS | {
            200: {"model": schema.Predictions, "description": "At least one face was judged.", "content": _FORMATS},
            422: {"model": schema.Predictions, "description": "None of the photographs could be judged; each says why.",
                  "content": {"text/html": {}}},
        },
        openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}}},
    )(served.predict)  # fmt: skip


_FORMATS: dict[str, dict[str, Any]] = {
    kind: {} for kind in ("text/html", "text/csv", "text/tab-separated-values", "application/pdf")
}


def _text(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string"}}}, "description": "OK"}} | _only(401, 421)


def _only(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: REFUSALS[status] for status in statuses}


def _form_schema() -> dict[str, Any]:
    fields = Asked.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    properties = {name: _plain_field(one) for name, one in fields["properties"].items()}
    return {
        "type": "object", "additionalProperties": False, "required": [IMAGES],
        "properties": {IMAGES: files | {"description": "Photographs: JPEG, PNG, WebP, TIFF, BMP, GIF or PPM."}}
        | properties,
    }  # fmt: skip


def _plain_field(field: dict[str, Any]) -> dict[str, Any]:
    """A form has no null: what is not asked is left out."""
    plain = {key: value for key, value in field.items() if key not in {"title", "anyOf"} and value is not None}
    return plain | next((kind for kind in field.get("anyOf", []) if kind.get("type") != "null"), {})


async def _healthy() -> schema.Health:
    return schema.Health(status="ok")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  # the only kind this is called for
    return error.response()


async def _plain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # the only kind this is called for
    words = {404: "there is nothing here", 405: "this address does not take such requests"}
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
    message = words.get(error.status_code, str(error.detail))
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)


class _Served:
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

    async def ready(self) -> schema.Health:
        if self._under_way >= self.settings.waiting:
            raise busy(self._wait())
        return schema.Health(status="ok")

    async def bundle(self) -> schema.BundleOf:
        recipe, manifest = self.pipeline.recipe, self.pipeline.manifest
        assert manifest and self.pipeline.judge  # noqa: PT018, S101  # only trained pipelines are served
        return schema.BundleOf(
            notice=RESEARCH_USE,
            dysfw=__version__,
            recipe=schema.Named(name=recipe.name, fingerprint=recipe.fingerprint),
            bundle=schema.Named(name=manifest.name, fingerprint=manifest.fingerprint),
            about=manifest.about,
            labels=[schema.LabelOf(label=one, condition=manifest.conditions.get(one)) for one in self.pipeline.judge.labels],
            regions=list(self.pipeline.judge.heads),
            device=self.pipeline.components.device,
            precision=self.pipeline.components.precision,
            warnings=[schema.Problem(code=one.code, message=one.message) for one in self.pipeline.notices],
            limits=schema.Limits(upload_bytes=self.settings.upload, photographs=self.settings.photographs),
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
            response = await asyncio.to_thread(respond, answer, asked, self.pipeline)
        except DysfwError as error:
            hint = f"; {error.hint}" if error.hint else ""
            raise RequestError(400, "cannot_be_written", f"{error.message}{hint}") from None
        finally:
            self._under_way -= 1
        self.metrics.seconds.observe(time.perf_counter() - started)
        return response

    def _check(self, asked: Asked) -> None:
        """Raise RequestError for what the bundle does not know, before any work is done."""
        assert self.pipeline.judge  # noqa: S101  # only trained pipelines are served
        try:
            if asked.why is not None:
                condition_called(asked.why, self.pipeline.judge.labels, "why")
            if asked.maps == "gradient":
                refuse_without_module(self.pipeline.embedder)
            if asked.format == "phenopacket":
                from ..views.phenopacket import refuse_nameless

                refuse_nameless(self.pipeline)
        except DysfwError as error:
            raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    async def _judged(self, job: Job, request: Request) -> Answer:
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
