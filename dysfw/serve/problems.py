"""Why a request is not answered: an HTTP status, a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


class RequestError(Exception):
    """code: a stable snake_case word. headers: such as Retry-After."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        return JSONResponse({"error": {"code": self.code, "message": self.message}}, self.status, self.headers)


def stopping() -> RequestError:
    """Nobody knows when it will be back, so nobody is told to come back."""
    return RequestError(503, "stopping", "this server is being stopped")


def busy(seconds: int) -> RequestError:
    message = f"as many requests are under way as this server takes; come back in about {seconds} s"
    return RequestError(503, "busy", message, {"Retry-After": str(seconds)})
