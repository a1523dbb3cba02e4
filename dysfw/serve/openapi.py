"""The OpenAPI document: what FastAPI cannot derive from the code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from . import schema
from .auth_middleware import PUBLIC_PATHS
from .form import IMAGES, PredictForm
from .json_form import AnswerRequest, ComparisonRequest, ForgetRequest, JsonRequest, RankingRequest

_REFERENCE = "#/components/schemas/{model}"
_REQUESTS: tuple[type[JsonRequest], ...] = (AnswerRequest, ComparisonRequest, ForgetRequest, RankingRequest)
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.ErrorResponse, "description": description}
    for status, description in {
        400: "A field or the request is invalid.",
        401: "The token is missing or wrong.",
        403: "The request comes from a page of another origin.",
        404: "There is nothing of this name, or an image is not kept any more.",
        408: "The request took too long to arrive.",
        413: "The request is too large.",
        415: "The request is neither multipart/form-data nor JSON, where that is allowed.",
        421: "The host name is not allowed.",
        500: "Internal error of dysfw.",
        503: "The server is busy; retry after the seconds in Retry-After.",
        504: "The prediction took too long.",
    }.items()
}

FORMATS: dict[str, dict[str, Any]] = {
    kind: {} for kind in ("text/html", "text/csv", "text/tab-separated-values", "application/pdf")
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the error responses of an operation.

    Args:
        *statuses: Their statuses.

    Returns:
        Responses by status.
    """
    return {status: _ERRORS[status] for status in statuses}


BODY_ERRORS = errors(400, 401, 403, 408, 413, 421, 500)  # of operations that read a body
COMPUTING_ERRORS = errors(503, 504)  # of those that compute something


def text_response(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe the responses of an operation that returns text.

    Args:
        media_type: Media type of the text.

    Returns:
        Responses by status.
    """
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}, "description": "OK"}} | errors(401, 421)


def binary_response(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe the responses of an operation that returns an image.

    Args:
        media_type: Media type of the image.

    Returns:
        Responses by status.
    """
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"content": content, "description": "OK"}} | errors(401, 421)


def json_body(model: type[JsonRequest], *media_types: str) -> dict[str, Any]:
    """Describe a body in JSON.

    Args:
        model: What it holds.
        *media_types: Other media types that are accepted.

    Returns:
        Keys of the operation.
    """
    content = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}
    return {"requestBody": {"required": True, "content": dict.fromkeys(("application/json", *media_types), content)}}


def predictions_body(model: type[JsonRequest]) -> dict[str, Any]:
    """Describe the body of predictions: a form with files, or JSON about kept images.

    Args:
        model: The latter.

    Returns:
        Keys of the operation.
    """
    body: dict[str, Any] = json_body(model)
    body["requestBody"]["content"] = {"multipart/form-data": {"schema": form_schema()}, **body["requestBody"]["content"]}
    return body


def images_body() -> dict[str, Any]:
    """Describe a form that has images only."""
    whole = form_schema()
    images = {**whole, "properties": {IMAGES: whole["properties"][IMAGES]}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": images}}}}


def record_body() -> dict[str, Any]:
    """Describe the body of a record."""
    text = {"type": "object", "description": "The keys of a record, or a Phenopacket of version 2; as a file also in YAML."}
    content = {"application/json": {"schema": text}, "application/octet-stream": {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "content": content}}


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
    _, requests = models_json_schema([(one, "validation") for one in _REQUESTS], ref_template=_REFERENCE)
    document["components"]["schemas"] |= requests["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own errors, which are never sent
        document["components"]["schemas"].pop(name, None)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
            operation["security"] = [] if path in PUBLIC_PATHS else [{"token": []}]
    return document
