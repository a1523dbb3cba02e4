"""The OpenAPI document: what FastAPI cannot derive from the code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from . import schema
from .auth_middleware import PUBLIC_PATHS
from .form import IMAGES, PredictForm

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.ErrorResponse, "description": description}
    for status, description in {
        400: "A field or the request is invalid.",
        401: "The token is missing or wrong.",
        403: "The request comes from a page of another origin.",
        408: "The request took too long to arrive.",
        413: "The request is too large.",
        415: "The request is not multipart/form-data.",
        421: "The host name is not allowed.",
        500: "Internal error of dysfw.",
        503: "The server is busy; retry after the seconds in Retry-After.",
        504: "The prediction took too long.",
    }.items()
}

FORMATS: dict[str, dict[str, Any]] = {
    kind: {} for kind in ("text/html", "text/csv", "text/tab-separated-values", "application/pdf")
}


def text_response(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe the responses of an operation that returns text.

    Args:
        media_type: Media type of the text.

    Returns:
        Responses by status.
    """
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}, "description": "OK"}} | errors(401, 421)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the error responses of an operation.

    Args:
        *statuses: Their statuses.

    Returns:
        Responses by status.
    """
    return {status: ERRORS[status] for status in statuses}


def form_schema() -> dict[str, Any]:
    """JSON schema of a prediction request's form."""
    fields = PredictForm.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    properties = {name: _plain_field(one) for name, one in fields["properties"].items()}
    images = files | {"description": "Images of faces: JPEG, PNG, WebP, TIFF, BMP, GIF or PPM."}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [IMAGES],
        "properties": {IMAGES: images} | properties,
    }


def _plain_field(field: dict[str, Any]) -> dict[str, Any]:
    """A field without null, which forms do not have: optional fields are omitted."""
    plain = {key: value for key, value in field.items() if key not in {"title", "anyOf"} and value is not None}
    return plain | next((kind for kind in field.get("anyOf", []) if kind.get("type") != "null"), {})


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Make the OpenAPI document, with the token that most operations require.

    Args:
        app: The application, with its routes.

    Returns:
        The document.
    """
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in PUBLIC_PATHS else [{"token": []}]
    return document
