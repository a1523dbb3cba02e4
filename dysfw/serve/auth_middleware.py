"""Who may ask: checks on every request before anything is read of it, and the headers that browsers keep to."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import RequestError
from .settings import Settings

OPEN = frozenset({"/healthz", "/readyz"})  # say nothing but that the server is there
LOOKS = "/assets/"  # what the page for a missing token needs too
POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class AuthMiddleware:
    """Around the application. A request needs a Host that is this server's (or DNS could be made to point a stranger's page
    here), no foreign Origin, and the token: as ``Authorization: Bearer``, or as the cookie that the address printed at the
    start leaves behind."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._cookie = f"dysfw-{settings.port}"  # browsers share cookies among the ports of a host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] in {401, 403, 408, 413, 421, 503}:
                    headers["Connection"] = "close"  # what is still being sent is not read
            await send(message)

        try:
            answer = self._checked(scope)
        except RequestError as refusal:
            answer = refusal.response()
        await (answer or self._app)(scope, receive, guarded)

    def _checked(self, scope: Scope) -> Response | None:
        """An answer, where the application need not be asked."""
        headers = Headers(scope=scope)
        self._check_host(headers.get("host", ""))
        self._check_origin(headers)
        self._check_length(headers.get("content-length", ""))
        path = scope["path"]
        if self._settings.token is None or path in OPEN or path.startswith(LOOKS):
            return None
        if path == "/":
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
            if given:
                return self._entered(given[0])
            scope.setdefault("state", {})["known"] = self._known(headers)
            return None
        if not self._known(headers):
            raise RequestError(
                401, "no_token", "the token is missing, or is not the one that this server printed when it was started",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return None

    def _entered(self, given: str) -> Response:
        """From the printed address to a cookie, so that the token does not stay where histories keep addresses."""
        answer = RedirectResponse("/", 303)
        if self._right(given):
            answer.set_cookie(self._cookie, given, httponly=True, samesite="strict", path="/")
        else:
            answer = RedirectResponse("/?wrong=1", 303)
        return answer

    def _known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._right(given.strip()):
            return True
        try:
            kept = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return kept is not None and self._right(kept.value)

    def _right(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._settings.token or "").encode())

    def _check_host(self, host: str) -> None:
        name = _name_of(host)
        if name in self._settings.names or _is_address(name):
            return
        message = f"this server is not known as {name or 'nothing'}; start it with --allow-host to reach it by that name"
        raise RequestError(421, "unknown_host", message)

    def _check_origin(self, headers: Headers) -> None:
        """Browsers name the page that asks. Programs send no Origin."""
        origin = headers.get("origin")
        if origin is not None and _netloc(origin) != headers.get("host", "").lower():
            raise RequestError(403, "foreign_origin", "only this server's own page may ask it from a browser")

    def _check_length(self, length: str) -> None:
        if length.isdecimal() and int(length) > self._settings.upload:
            raise too_large(self._settings.upload)


def too_large(most: int) -> RequestError:
    return RequestError(413, "too_large", f"a request may hold {most // 2**20} MiB in all; send fewer or smaller photographs")


def _name_of(host: str) -> str:
    """Of "name:port" or "[address]:port"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _netloc(origin: str) -> str | None:
    """Name and port; None of what is no address."""
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
