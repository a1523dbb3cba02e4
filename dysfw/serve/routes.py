"""Which handler answers which request, and how the OpenAPI document describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.staticfiles import StaticFiles

from . import schema
from .handlers import Handlers
from .image_handlers import ImageHandlers
from .json_form import AnswerRequest, ComparisonRequest, ForgetRequest, RankingRequest
from .knowledge_handlers import KnowledgeHandlers
from .openapi import (
    BODY_ERRORS,
    COMPUTING_ERRORS,
    FORMATS,
    binary_response,
    errors,
    images_body,
    json_body,
    predictions_body,
    record_body,
    text_response,
)

ASSETS = Path(__file__).parent / "assets"


def add_server_routes(app: FastAPI, handlers: Handlers) -> None:
    """Add the page, and what is asked of the server itself.

    Args:
        app: The application.
        handlers: Their handlers.
    """
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.get("/card.css", include_in_schema=False)(handlers.card_style)
    app.get("/", include_in_schema=False)(handlers.index)
    app.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=text_response("text/plain"))(
        handlers.prometheus_metrics
    )
    app.get("/healthz", summary="Liveness", response_model=schema.Health)(handlers.healthy)
    app.head("/healthz", include_in_schema=False)(handlers.healthy)
    app.get("/readyz", summary="Readiness", response_model=schema.Health, responses=errors(503))(handlers.ready)
    app.get("/v1/card", summary="The model card", response_class=Response, responses=text_response("text/html"))(handlers.card)


def add_prediction_routes(app: FastAPI, handlers: Handlers) -> None:
    """Add predictions.

    Args:
        app: The application.
        handlers: Their handlers.
    """
    responses: dict[int | str, dict[str, Any]] = {
        200: {"model": schema.Predictions, "description": "At least one face was predicted.", "content": FORMATS},
        422: {
            "model": schema.Predictions,
            "description": "None of the images could be predicted; each has an error.",
            "content": {"text/html": {}},
        },
    }
    app.post(
        "/v1/predictions",
        summary="Predict conditions from images",
        responses=BODY_ERRORS | COMPUTING_ERRORS | errors(404, 415) | responses,
        openapi_extra=predictions_body(AnswerRequest),
    )(handlers.predict)


def add_image_routes(app: FastAPI, handlers: ImageHandlers) -> None:
    """Add images that the server keeps.

    Args:
        app: The application.
        handlers: Their handlers.
    """
    app.post(
        "/v1/images",
        summary="Keep images",
        responses=BODY_ERRORS | COMPUTING_ERRORS | errors(415) | {200: {"model": schema.KeptImages}},
        openapi_extra=images_body(),
    )(handlers.keep)
    app.post(
        "/v1/images/forget",
        summary="Forget several images",
        status_code=204,
        response_class=Response,
        responses=BODY_ERRORS,
        openapi_extra=json_body(ForgetRequest, "text/plain"),
    )(handlers.forget)
    app.get(
        "/v1/images/{id}/preview",
        summary="Preview of a kept image",
        response_class=Response,
        responses=binary_response("image/jpeg") | errors(404),
    )(handlers.preview)
    app.get(
        "/v1/images/{id}/maps/{face}/{region}",
        summary="Heat map of a region",
        responses=COMPUTING_ERRORS | errors(400, 401, 403, 404, 421, 500) | {200: {"model": schema.HeatMap}},
    )(handlers.heat_map)
    app.delete(
        "/v1/images/{id}",
        summary="Forget an image",
        status_code=204,
        response_class=Response,
        responses=errors(401, 403, 421),
    )(handlers.delete)


def add_knowledge_routes(app: FastAPI, handlers: KnowledgeHandlers) -> None:
    """Add what is known beside the training data.

    Args:
        app: The application.
        handlers: Their handlers.
    """
    app.get("/v1/bundle", summary="The served model", responses=errors(401, 421))(handlers.bundle)
    known = errors(400, 401, 403, 404, 421, 500)
    app.get("/v1/terms", summary="Find signs", responses=known)(handlers.terms)
    app.post("/v1/records", summary="Read a record", responses=BODY_ERRORS, openapi_extra=record_body())(handlers.read_record)
    app.post(
        "/v1/comparisons",
        summary="Describe a condition, compared with a record",
        responses=BODY_ERRORS | errors(404),
        openapi_extra=json_body(ComparisonRequest),
    )(handlers.compare)
    app.post(
        "/v1/rankings",
        summary="Rank all annotated diseases",
        responses=BODY_ERRORS | COMPUTING_ERRORS | errors(404) | {200: {"model": schema.Ranking}},
        openapi_extra=json_body(RankingRequest),
    )(handlers.rank)
    # "path", because a label may hold a slash
    app.get("/v1/conditions/{condition:path}/faces", summary="Typical faces of a condition", responses=known | errors(503))(
        handlers.faces
    )
    app.get(
        "/v1/conditions/{condition:path}/faces/{number}",
        summary="A typical face of a condition",
        response_class=Response,
        responses=binary_response("image/jpeg") | known | errors(503),
    )(handlers.face)
    app.get(
        "/v1/conditions/{condition:path}/composite",
        summary="Mean face of training patients",
        response_class=Response,
        responses=binary_response("image/png") | known,
    )(handlers.composite)
