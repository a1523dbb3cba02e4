"""Counts every request and leaves a line for each, without anything of what it holds; a fault becomes an answer."""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..util.text import error_text
from .metrics import Metrics
from .problems import RequestError

log = logging.getLogger("dysfw.serve")
GONE = 499  # the client left: nobody reads this status, but it is counted


class LoggingMiddleware:
    """Around everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            status = GONE
        except Exception as error:  # the next request must still be served
            log.error("fault: %s", error_text(error), exc_info=log.isEnabledFor(logging.DEBUG))
            if not status:
                message = "a fault of dysfw, which its log names; please report it"
                await RequestError(500, "fault", message).response()(scope, receive, watched)
        path = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(path, str(status)).inc()
        log.info("%s %s %d %.2f s", scope["method"], path, status, time.perf_counter() - started)
