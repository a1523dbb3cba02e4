"""The web application: one page, and an API that the page uses like any other client."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from .. import RESEARCH_USE, __version__
from ..inference.pipeline import Pipeline
from . import schema
from .auth_middleware import AuthMiddleware
from .handlers import Handlers
from .logging_middleware import LoggingMiddleware
from .openapi import FORMATS, REFUSALS, document_of, form_schema, refusals, text_answer
from .problems import RequestError
from .settings import Settings

ASSETS = Path(__file__).parent / "assets"


def make_app(pipeline: Pipeline, settings: Settings) -> FastAPI:
    """pipeline: trained. The application takes requests as soon as it is served; its worker is its own thread."""
    app = FastAPI(
        title="dysfw", version=__version__, docs_url=None, redoc_url=None,  # both would load programs from elsewhere
        description=f"Ranked probabilities over conditions for photographs of faces. {RESEARCH_USE}",
    )  # fmt: skip
    served = Handlers(pipeline, settings)
    app.state.served = served
    served.worker.start()
    app.add_middleware(AuthMiddleware, settings=settings)
    app.add_middleware(LoggingMiddleware, metrics=served.metrics)  # the last one is the outermost
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _plain_error)
    _add_routes(app, served)
    app.openapi = cache(lambda: document_of(app))  # type: ignore[method-assign]  # fastapi's own way to change the document
    return app


def _add_routes(app: FastAPI, served: Handlers) -> None:
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.get("/card.css", include_in_schema=False)(served.card_style)
    app.get("/", include_in_schema=False)(served.front)
    told = app.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=text_answer("text/plain"))
    told(served.measured)
    app.get("/healthz", summary="Is the server there?", response_model=schema.Health)(served.healthy)
    app.head("/healthz", include_in_schema=False)(served.healthy)
    app.get("/readyz", summary="Does it take requests?", response_model=schema.Health, responses=refusals(503))(served.ready)
    about = app.get("/v1/bundle", summary="What it judges by", response_model=schema.BundleOf, responses=refusals(401, 421))
    about(served.bundle)
    judged = app.post(
        "/v1/predictions", summary="Judge photographs",
        responses=REFUSALS | {
            200: {"model": schema.Predictions, "description": "At least one face was judged.", "content": FORMATS},
            422: {"model": schema.Predictions, "description": "None of the photographs could be judged; each says why.",
                  "content": {"text/html": {}}},
        },
        openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}}}},
    )  # fmt: skip
    judged(served.predict)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  # the only kind this is called for
    return error.response()


async def _plain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # the only kind this is called for
    words = {404: "there is nothing here", 405: "this address does not take such requests"}
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
    message = words.get(error.status_code, str(error.detail))
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)
