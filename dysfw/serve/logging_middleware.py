"""Logs and counts requests, without their contents."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..util.text import error_place
from .metrics import Metrics
from .problems import RequestError, stopping

log = logging.getLogger("dysfw.serve")
CLIENT_DISCONNECTED = 499  # never sent, but counted


class LoggingMiddleware:
    """Logs one line for each request and turns unexpected errors into responses. The outermost middleware.

    Args:
        app: The application.
        metrics: Where requests are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        except ClientDisconnect:
            status = CLIENT_DISCONNECTED
        except asyncio.CancelledError:  # the server stops, and its grace period is over
            if not status:
                await stopping().response()(scope, receive, send_and_note_status)
        except Exception as error:  # the server must continue
            log.error("internal error: %s", error_place(error))  # its message may quote what a user entered
            log.debug("%s", "".join(traceback.format_tb(error.__traceback__)))
            if not status:
                message = "internal error of dysfw; see the server's log, and please report it"
                await RequestError(500, "fault", message).response()(scope, receive, send_and_note_status)
        path = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(path, str(status)).inc()
        log.info("%s %s %d %.2f s", scope["method"], path, status, time.perf_counter() - started)
