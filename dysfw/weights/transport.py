"""HTTP that tells nobody who asks, does not leave TLS, and says what went wrong."""

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

TIMEOUT = (10, 60)  # s without a connection, s without a byte
BUSY = (408, 425, 429, 500, 502, 503, 504)
FORBIDDEN = "Tunnel connection failed: 4"  # 403, 407 …, as http.client says it
PASSWORD = "a proxy that wants a name and a password is given them so: HTTPS_PROXY=http://name:password@host:port"  # noqa: S105
ABSENT = "the file is no longer there, or not for everybody; `dysfw weights show NAME` says where it came from"


class TransientError(Exception):
    """What may go better in a moment. after: s, where the server says how long."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Session(requests.Session):
    """Sends no password from ~/.netrc: neither at once nor, as requests would all the same, after a redirect."""

    def __init__(self) -> None:
        super().__init__()
        self.headers.update({"User-Agent": "dysfw", "Accept-Encoding": "identity"})
        self.auth = lambda request: request

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        pass


class _Refuse(BaseAdapter):
    """In place of plain HTTP: a redirect must not lead out of TLS."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        raise requests.exceptions.InvalidSchema(f"a redirect leads to {request.url}, which is not encrypted")

    def close(self) -> None:
        pass


def session_for(address: str) -> requests.Session:
    """For one address and wherever that redirects to; proxies and certificates as the environment says."""
    session = _Session()
    if urlsplit(address).scheme == "https":
        session.mount("http://", _Refuse())
    return session


@contextlib.contextmanager
def answer(session: requests.Session, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
    """The answer, whatever its status; its body is read inside.

    Raises TransientError, or DysfwError where asking again is no use.
    """
    try:
        with _ask(session, address, headers) as response:
            yield response
    except requests.exceptions.RequestException as error:
        root = _root(error)
        reason = str(root).strip().partition("\n")[0] or type(root).__name__
        if isinstance(error, requests.exceptions.ProxyError):
            message = f"the proxy named by HTTPS_PROXY or HTTP_PROXY does not let through: {reason}"
            if reason.startswith(FORBIDDEN):
                raise DysfwError(f"{address} cannot be asked: {message}", hint=PASSWORD) from None
            raise TransientError(message) from None
        if isinstance(root, ssl.SSLCertVerificationError | requests.exceptions.InvalidSchema | requests.TooManyRedirects):
            raise DysfwError(
                f"{address} cannot be trusted: {reason}",
                hint="behind a proxy that opens TLS, REQUESTS_CA_BUNDLE names its certificate",
            ) from None
        raise TransientError(f"the connection failed: {reason}") from None


def _ask(session: requests.Session, address: str, headers: dict[str, str]) -> requests.Response:
    try:
        return session.get(address, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.exceptions.RequestException:
        raise
    except OSError as error:  # where REQUESTS_CA_BUNDLE names no file
        raise DysfwError(f"{address} cannot be asked: {error}") from None


def refuse(response: requests.Response) -> NoReturn:
    """Raise TransientError where the server is busy, DysfwError for every other answer that brings no file."""
    said = f"{response.status_code} {response.reason}".strip()
    if response.status_code in BUSY:
        raise TransientError(f"the server answers {said}", _retry_after(response))
    of_proxy = response.status_code == requests.codes.proxy_authentication_required
    raise DysfwError(f"{response.url} answers {said}", hint=PASSWORD if of_proxy else ABSENT)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _root(error: BaseException) -> BaseException:
    """The cause at the bottom: requests wraps what urllib3 wraps."""
    inner = [e for e in (getattr(error, "reason", None), *error.args) if isinstance(e, BaseException)]
    return _root(inner[0]) if inner else error
