"""HTTP requests without credentials, without redirects from https to http, and with understandable errors."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from ..errors import DysfwError

TIMEOUT = (10, 60)  # s for connecting, s without data
BUSY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
TUNNEL_REFUSED = "Tunnel connection failed: 4"  # 403, 407 …, as reported by http.client
PROXY_HINT = "if the proxy requires a name and a password, set HTTPS_PROXY=http://name:password@host:port"
ABSENT_HINT = "the file is no longer available or not public; `dysfw weights show NAME` shows its source"


class TransientError(Exception):
    """A failure that may not occur again.

    Attributes:
        retry_after: Seconds to wait, if the server states them.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _Session(requests.Session):
    """A session that never sends credentials from ~/.netrc, not even after a redirect."""

    def __init__(self) -> None:
        super().__init__()
        self.headers.update({"User-Agent": "dysfw", "Accept-Encoding": "identity"})
        self.auth = lambda request: request

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        pass


class _RejectHttp(BaseAdapter):
    """Replaces plain HTTP: a redirect must not leave TLS."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        raise requests.exceptions.InvalidSchema(f"the server redirects to {request.url}, which is not encrypted")

    def close(self) -> None:
        pass


def session_for(address: str) -> requests.Session:
    """Create a session for one address and its redirects. Proxies and certificates are those of the environment.

    Args:
        address: The address.

    Returns:
        The session.
    """
    session = _Session()
    if urlsplit(address).scheme == "https":
        session.mount("http://", _RejectHttp())
    return session


@contextlib.contextmanager
def open_response(session: requests.Session, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
    """Send a request. The body of the response is read inside.

    Args:
        session: The session.
        address: The address.
        headers: Further headers.

    Yields:
        The response, with any status.

    Raises:
        TransientError: The request failed and may be repeated.
        DysfwError: The request failed, and repeating it is pointless.
    """
    try:
        with _get(session, address, headers) as response:
            yield response
    except requests.exceptions.RequestException as error:
        root = _root(error)
        reason = str(root).strip().partition("\n")[0] or type(root).__name__
        if isinstance(error, requests.exceptions.ProxyError):
            message = f"the proxy in HTTPS_PROXY or HTTP_PROXY refused the connection: {reason}"
            if reason.startswith(TUNNEL_REFUSED):
                raise DysfwError(f"cannot connect to {address}: {message}", hint=PROXY_HINT) from None
            raise TransientError(message) from None
        if isinstance(root, ssl.SSLCertVerificationError | requests.exceptions.InvalidSchema | requests.TooManyRedirects):
            raise DysfwError(
                f"{address} cannot be trusted: {reason}",
                hint="behind a proxy that intercepts TLS, set REQUESTS_CA_BUNDLE to its certificate",
            ) from None
        raise TransientError(f"the connection failed: {reason}") from None


def _get(session: requests.Session, address: str, headers: dict[str, str]) -> requests.Response:
    try:
        return session.get(address, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.exceptions.RequestException:
        raise
    except OSError as error:  # REQUESTS_CA_BUNDLE is not a file
        raise DysfwError(f"cannot connect to {address}: {error}") from None


def raise_for_response(response: requests.Response) -> NoReturn:
    """Raise the error for a response that contains no file.

    Args:
        response: The response.

    Raises:
        TransientError: The server is busy.
        DysfwError: Any other response.
    """
    status = f"{response.status_code} {response.reason}".strip()
    if response.status_code in BUSY_STATUSES:
        raise TransientError(f"the server responded with {status}", _retry_after(response))
    of_proxy = response.status_code == requests.codes.proxy_authentication_required
    raise DysfwError(f"{response.url} responded with {status}", hint=PROXY_HINT if of_proxy else ABSENT_HINT)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _root(error: BaseException) -> BaseException:
    """The innermost cause: requests wraps what urllib3 wraps."""
    inner = [e for e in (getattr(error, "reason", None), *error.args) if isinstance(e, BaseException)]
    return _root(inner[0]) if inner else error
