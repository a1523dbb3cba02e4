"""The web application: a page, and the HTTP API that it uses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

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
from .openapi import ERRORS, FORMATS, errors, form_schema, openapi_document, text_response
from .problems import RequestError
from .settings import Settings

ASSETS = Path(__file__).parent / "assets"


def make_app(pipeline: Pipeline, settings: Settings) -> FastAPI:
    """Make the application and start its worker thread.

    Args:
        pipeline: A trained pipeline, which only this application uses.
        settings: The server's settings.

    Returns:
        An application that is ready to serve.
    """
    app = FastAPI(
        title="dysfw",
        version=__version__,
        docs_url=None,  # these pages would load scripts from other sites
        redoc_url=None,
        description=f"Ranked probabilities of conditions from images of faces. {RESEARCH_USE}",
    )
    handlers = Handlers(pipeline, settings)
    app.state.handlers = handlers
    handlers.worker.start()
    app.add_middleware(AuthMiddleware, settings=settings)
    app.add_middleware(LoggingMiddleware, metrics=handlers.metrics)  # the last one is the outermost
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(HTTPException, _http_error)
    _add_routes(app, handlers)
    app.openapi = cache(lambda: openapi_document(app))  # type: ignore[method-assign]  # FastAPI's way to customise it
    return app


def _add_routes(app: FastAPI, handlers: Handlers) -> None:
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.get("/card.css", include_in_schema=False)(handlers.card_style)
    app.get("/", include_in_schema=False)(handlers.index)
    app.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=text_response("text/plain"))(
        handlers.prometheus_metrics
    )
    app.get("/healthz", summary="Liveness", response_model=schema.Health)(handlers.healthy)
    app.head("/healthz", include_in_schema=False)(handlers.healthy)
    app.get("/readyz", summary="Readiness", response_model=schema.Health, responses=errors(503))(handlers.ready)
    app.get("/v1/bundle", summary="The served model", response_model=schema.Bundle, responses=errors(401, 421))(handlers.bundle)
    responses: dict[int | str, dict[str, Any]] = {
        200: {"model": schema.Predictions, "description": "At least one face was predicted.", "content": FORMATS},
        422: {
            "model": schema.Predictions,
            "description": "None of the images could be predicted; each has an error.",
            "content": {"text/html": {}},
        },
    }
    body = {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}}}
    app.post(
        "/v1/predictions",
        summary="Predict conditions from images",
        responses=ERRORS | responses,
        openapi_extra={"requestBody": body},
    )(handlers.predict)


async def _request_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  # registered for this class only
    return error.response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    messages = {404: "no such path", 405: "method not allowed for this path"}
    codes = {404: "not_found", 405: "wrong_method"}
    code = codes.get(error.status_code, "refused")
    message = messages.get(error.status_code, str(error.detail))
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)
