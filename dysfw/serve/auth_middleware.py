"""Authentication: checks a request's headers before its body is read, and sets security headers of responses."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import RequestError
from .settings import MIB, Settings

PUBLIC_PATHS = frozenset({"/healthz", "/readyz"})  # they reveal only that the server runs
ASSETS_PATH = "/assets/"  # the login page needs it too
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CLOSING_STATUSES = frozenset({401, 403, 408, 413, 421, 503})  # the rest of the request is not read


class AuthMiddleware:
    """Rejects requests without an allowed Host, a same-origin Origin and the token.

    The Host is checked against DNS rebinding. The token is sent as ``Authorization: Bearer``, or as the cookie that is set when
    the address printed at the start is opened.

    Args:
        app: The application.
        settings: The server's settings.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._cookie = f"dysfw-{settings.port}"  # browsers share cookies between the ports of a host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] in CLOSING_STATUSES:
                    headers["Connection"] = "close"
            await send(message)

        try:
            response = self._check(scope)
        except RequestError as error:
            response = error.response()
        await (response or self._app)(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> Response | None:
        """Check a request. Returns a response if the application does not need to handle it."""
        headers = Headers(scope=scope)
        self._check_host(headers.get("host", ""))
        self._check_origin(headers)
        self._check_length(headers.get("content-length", ""))
        path = scope["path"]
        if self._settings.token is None or path in PUBLIC_PATHS or path.startswith(ASSETS_PATH):
            return None
        if path == "/":
            tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
            if tokens:
                return self._log_in(tokens[0])
            scope.setdefault("state", {})["authenticated"] = self._is_authenticated(headers)
            return None
        if not self._is_authenticated(headers):
            message = "the token is missing or wrong; the server printed it when it started"
            raise RequestError(401, "no_token", message, {"WWW-Authenticate": "Bearer"})
        return None

    def _log_in(self, token: str) -> Response:
        """Move the token from the address to a cookie, so that it does not stay in the browser's history."""
        if not self._is_token(token):
            return RedirectResponse("/?wrong=1", 303)
        response = RedirectResponse("/", 303)
        response.set_cookie(self._cookie, token, httponly=True, samesite="strict", path="/")
        return response

    def _is_authenticated(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(token.strip()):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), (self._settings.token or "").encode())

    def _check_host(self, host: str) -> None:
        name = _host_name(host)
        if name in self._settings.names or _is_address(name):
            return
        message = f"host name {name!r} is not allowed; start the server with --allow-host NAME to allow it"
        raise RequestError(421, "unknown_host", message)

    def _check_origin(self, headers: Headers) -> None:
        """Check the Origin, which browsers set to the page that sends a request. Other clients send none."""
        origin = headers.get("origin")
        if origin is not None and _netloc(origin) != headers.get("host", "").lower():
            raise RequestError(403, "foreign_origin", "requests from pages of other origins are not allowed")

    def _check_length(self, length: str) -> None:
        if length.isdecimal() and int(length) > self._settings.max_upload:
            raise too_large(self._settings.max_upload)


def too_large(max_bytes: int) -> RequestError:
    """The error of a request that is too large.

    Args:
        max_bytes: The limit.
    """
    if max_bytes <= MIB:
        return RequestError(413, "too_large", f"a request of this kind may have at most {max_bytes // 1024:,} KiB")
    return RequestError(413, "too_large", f"a request may have at most {max_bytes // MIB} MiB; send fewer or smaller images")


def _host_name(host: str) -> str:
    """The name in "name:port" or "[address]:port"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _netloc(origin: str) -> str | None:
    """Name and port of an origin; None if it is no URL."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
