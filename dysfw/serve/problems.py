"""Errors of requests: an HTTP status, a code for programs and a message for people."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


class RequestError(Exception):
    """A request that cannot be answered.

    Args:
        status: HTTP status.
        code: A stable snake_case code.
        message: What is wrong, for people.
        headers: HTTP headers of the response, such as Retry-After.
        details: More values for programs, beside code and message.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers, self.details = dict(headers or {}), dict(details or {})

    def response(self) -> JSONResponse:
        """The error as JSON."""
        return JSONResponse({"error": {"code": self.code, "message": self.message, **self.details}}, self.status, self.headers)


def stopping() -> RequestError:
    """The error of a server that is shutting down. It has no Retry-After: the server may not start again."""
    return RequestError(503, "stopping", "the server is shutting down")


def busy(seconds: int) -> RequestError:
    """The error of a server at its limit of concurrent requests.

    Args:
        seconds: When to retry, in s.
    """
    return RequestError(503, "busy", f"the server is busy; retry in about {seconds} s", {"Retry-After": str(seconds)})
