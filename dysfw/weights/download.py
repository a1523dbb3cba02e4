"""One file over HTTP into one place: resumed where it stopped, tried again with growing patience, and in its place only once
its hash is right."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout
from requests.adapters import BaseAdapter

from ..errors import DysfwError
from ..files import sha256_of
from ..progress import Progress

ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # s; each wait is twice the one before
TIMEOUT = (10, 60)  # s without a connection, s without a byte
CHUNK, MIB = 2**16, 2**20  # bytes that are written at once, and of which progress is told
MOST = 8 * 2**30  # bytes of a file whose size nobody states
SPARE = 64 * 2**20  # bytes that stay free on the disk
BUSY = (408, 425, 429, 500, 502, 503, 504)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Wanted:
    """size: bytes, 0 where nobody states it. sha256: hex digest."""

    name: str
    address: str
    size: int
    sha256: str


class _TransientError(Exception):
    """What may go better in a moment. after: s, where the server says how long."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Refuse(BaseAdapter):
    """In place of plain HTTP: a redirect must not lead out of TLS."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        raise requests.exceptions.InvalidSchema(f"a redirect leads to {request.url}, which is not encrypted")

    def close(self) -> None:
        pass


def download(wanted: Wanted, target: Path, progress: Progress) -> None:
    """Bring the file to ``target``. Of several processes that want it one fetches, the others wait.

    Raises DysfwError where it cannot be had; what has come is kept and the next attempt goes on from there, unless its hash was
    wrong. Raises OSError where the disk refuses.
    """
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0.1)
    except Timeout:
        progress.note(f"another process is fetching {wanted.name}; waiting for it")
        lock.acquire()
    try:
        if not (target.is_file() and sha256_of(target) == wanted.sha256):
            _download(wanted, target, progress)
    finally:
        lock.release()


def _download(wanted: Wanted, target: Path, progress: Progress) -> None:
    partial = target.with_name(target.name + ".partial")
    with _session(wanted.address) as session:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _receive(session, wanted, partial, progress)
                break
            except _TransientError as error:
                if attempt == ATTEMPTS:
                    raise DysfwError(
                        f"{wanted.name} could not be fetched from {wanted.address}: {error} ({ATTEMPTS} attempts)",
                        hint="what has come is kept: the same command goes on from there",
                    ) from None
                wait = min(LONGEST_WAIT, error.after if error.after is not None else FIRST_WAIT * 2 ** (attempt - 1))
                progress.note(f"{wanted.name}: {error}; again in {wait:.0f} s")
                time.sleep(wait)
    found = sha256_of(partial)
    if found != wanted.sha256:
        partial.unlink()
        _marker(partial).unlink(missing_ok=True)
        raise DysfwError(
            f"what came from {wanted.address} is not {wanted.name}: its sha256 is {found}, and {wanted.sha256} was expected",
            hint="it was deleted. Try again; if that gives the same, the file was replaced, or somebody is in between",
        )
    partial.replace(target)
    _marker(partial).unlink(missing_ok=True)


class _Session(requests.Session):
    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """After a redirect requests would look for a password in ~/.netrc: nobody is told who asks."""
        prepared_request.headers.pop("Authorization", None)


def _session(address: str) -> requests.Session:
    session = _Session()
    session.headers.update({"User-Agent": "dysfw", "Accept-Encoding": "identity"})
    session.auth = lambda request: request  # or a password in ~/.netrc would be sent
    if urlsplit(address).scheme == "https":
        session.mount("http://", _Refuse())
    return session


def _receive(session: requests.Session, wanted: Wanted, partial: Path, progress: Progress) -> None:
    """One attempt, from where the last stopped. Raises _TransientError, DysfwError, OSError."""
    start = partial.stat().st_size if partial.is_file() else 0
    if wanted.size and start == wanted.size:
        return
    headers = {}
    if start:
        headers["Range"] = f"bytes={start}-"
        if mark := _read_mark(partial):
            headers["If-Range"] = mark
    try:
        with session.get(wanted.address, headers=headers, stream=True, timeout=TIMEOUT) as response:
            start = _accepted(response, start, partial)
            total = wanted.size or start + int(response.headers.get("Content-Length") or 0)
            _refuse_full(partial.parent, total - start)
            _marker(partial).write_text(response.headers.get("ETag") or "", "utf-8")
            with partial.open("ab" if start else "wb") as file:
                written = _written(response, file, wanted, start)
                for _ in progress.track(written, f"fetching {wanted.name}", total // MIB, "MiB", start=start // MIB):
                    pass
    except (requests.exceptions.SSLError, requests.exceptions.InvalidSchema, requests.exceptions.TooManyRedirects) as error:
        raise DysfwError(
            f"{wanted.address} cannot be trusted: {_innermost(error)}",
            hint="behind a proxy that opens TLS, REQUESTS_CA_BUNDLE names its certificate",
        ) from None
    except requests.exceptions.ProxyError as error:
        raise _TransientError(
            f"the proxy named by HTTPS_PROXY or HTTP_PROXY does not let through: {_innermost(error)}"
        ) from None
    except requests.exceptions.RequestException as error:
        raise _TransientError(f"the connection failed: {_innermost(error)}") from None
    if wanted.size and partial.stat().st_size < wanted.size:
        raise _TransientError(f"the connection ended after {partial.stat().st_size:,} of {wanted.size:,} bytes")


def _accepted(response: requests.Response, start: int, partial: Path) -> int:
    """From which byte on the answer is. Raises where it is none."""
    match response.status_code:
        case 206 if response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return start
        case 200:
            return 0
        case 206 | 416:  # another part than was asked for, or more has come than there is
            partial.unlink(missing_ok=True)
            raise _TransientError(f"what had come does not fit the file that is there now (HTTP {response.status_code})", 0)
        case status if status in BUSY:
            raise _TransientError(f"the server answers {status} {response.reason}", _retry_after(response))
        case status:
            raise DysfwError(
                f"{response.url} answers {status} {response.reason}",
                hint="the file is no longer there, or not for everybody; `dysfw weights show NAME` says where it came from",
            )


def _written(response: requests.Response, file: BinaryIO, wanted: Wanted, start: int) -> Iterator[int]:
    """Writes what comes, and yields for each MiB that is complete. Raises DysfwError where more comes than the file is long."""
    there = start
    for chunk in response.iter_content(CHUNK):
        if there + len(chunk) > (wanted.size or MOST):
            raise DysfwError(f"{wanted.address} sends more than the {wanted.size or MOST:,} bytes that {wanted.name} has")
        file.write(chunk)
        before, there = there, there + len(chunk)
        yield from range(before // MIB, there // MIB)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _refuse_full(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise DysfwError(
            f"{folder} has {free / 1e6:,.0f} MB free, and {needed / 1e6:,.0f} MB are needed",
            hint="make room, or name another folder with the environment variable DYSFW_HOME",
        )


def _marker(partial: Path) -> Path:
    """Beside what has come, which version of the file it is of."""
    return partial.with_name(partial.name + ".etag")


def _read_mark(partial: Path) -> str:
    return _marker(partial).read_text("utf-8") if _marker(partial).is_file() else ""


def _innermost(error: BaseException) -> str:
    """The cause at the bottom, in a line."""
    inner: BaseException = error
    while isinstance(deeper := getattr(inner, "reason", None) or (inner.args[0] if inner.args else None), BaseException):
        inner = deeper
    return str(inner).strip().partition("\n")[0] or type(inner).__name__
