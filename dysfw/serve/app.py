"""The web application: a page, and the HTTP API that it uses."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from .. import RESEARCH_USE, __version__
from ..inference.pipeline import Pipeline
from ..knowledge.load import Knowledge
from .auth_middleware import AuthMiddleware
from .handlers import Handlers
from .image_handlers import ImageHandlers
from .knowledge_handlers import KnowledgeHandlers
from .logging_middleware import LoggingMiddleware
from .openapi import openapi_document
from .problems import RequestError
from .routes import add_image_routes, add_knowledge_routes, add_prediction_routes, add_server_routes
from .service import Service
from .settings import Settings


def make_app(pipeline: Pipeline, settings: Settings, knowledge: Knowledge) -> FastAPI:
    """Make the application, start its worker thread, and load the ontology in another one.

    Args:
        pipeline: A trained pipeline, which only this application uses.
        settings: The server's settings.
        knowledge: The ontology and the face generator, as far as plugins provide them.

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
    service = Service(pipeline, settings)
    app.state.service = service
    service.worker.start()
    app.add_middleware(AuthMiddleware, settings=settings)
    app.add_middleware(LoggingMiddleware, metrics=service.metrics)  # the last one is the outermost
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_exception_handler(HTTPException, _http_error)
    handlers, known = Handlers(service), KnowledgeHandlers(service, knowledge)
    add_server_routes(app, handlers)
    add_prediction_routes(app, handlers)
    add_image_routes(app, ImageHandlers(service))
    add_knowledge_routes(app, known)
    app.openapi = cache(lambda: openapi_document(app))  # type: ignore[method-assign]  # FastAPI's way to customise it
    known.load()
    return app


async def _request_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  # registered for this class only
    return error.response()


async def _wrong_parameter(_: Request, error: Exception) -> Response:
    """A parameter of a path or query that is not allowed. The message does not repeat it."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class only
    messages = [f"{detail['loc'][-1]}: {detail['msg']}" for detail in error.errors()]
    return RequestError(400, "wrong_field", "; ".join(messages)).response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    messages = {404: "no such path", 405: "method not allowed for this path"}
    codes = {404: "not_found", 405: "wrong_method"}
    code = codes.get(error.status_code, "refused")
    message = messages.get(error.status_code, str(error.detail))
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)
