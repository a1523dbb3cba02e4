"""What the OpenAPI document says of requests and answers, beside the code that takes and gives them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from . import schema
from .auth_middleware import OPEN
from .form import IMAGES, PredictForm

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.ErrorResponse, "description": words}
    for status, words in {
        400: "A field or the request itself is wrong.", 401: "The token is missing or wrong.",
        403: "A page of another origin asks.", 408: "The request took too long to arrive.", 413: "The request is too large.",
        415: "The request is no form with files.", 421: "The server is not known by this name.",
        500: "A fault of dysfw.", 503: "Too much is under way; Retry-After says when to come back.",
        504: "Judging took too long.",
    }.items()
}  # fmt: skip

FORMATS: dict[str, dict[str, Any]] = {
    kind: {} for kind in ("text/html", "text/csv", "text/tab-separated-values", "application/pdf")
}


def text_answer(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string"}}}, "description": "OK"}} | refusals(401, 421)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: REFUSALS[status] for status in statuses}


def form_schema() -> dict[str, Any]:
    fields = PredictForm.model_json_schema()
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


def document_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the token that all but a few requests need."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN else [{"token": []}]
    return found
