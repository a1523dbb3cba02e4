"""Downloads a file over HTTP: resumes after an interruption, retries with exponential backoff, and checks the hash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import requests
from filelock import FileLock, Timeout

from ..errors import DysfwError
from ..util.atomic import replace_file
from ..util.files import sha256_of
from ..util.progress import Progress
from .transport import TransientError, open_response, raise_for_response, session_for

ATTEMPTS = 5
FIRST_WAIT, MAX_WAIT = 1.0, 60.0  # s; each wait is twice as long as the previous one
CHUNK, MIB = 2**16, 2**20  # bytes written at once, and unit of the progress
MAX_UNKNOWN_SIZE = 8 * 2**30  # maximum bytes of a file whose size is unknown
RESERVED_SPACE = 64 * 2**20  # bytes that stay free on the disk


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """A file to download.

    Attributes:
        name: Name for messages.
        address: https address.
        size: Bytes; 0 if unknown.
        sha256: Hex digest.
    """

    name: str
    address: str
    size: int
    sha256: str


def download(request: DownloadRequest, target: Path, progress: Progress) -> None:
    """Download a file. If several processes request it, one downloads and the others wait.

    Args:
        request: The file.
        target: Where to store it.
        progress: Shows the progress.

    Raises:
        DysfwError: It cannot be downloaded. A partial file is kept and resumed by the next attempt, unless it was wrong.
        OSError: The disk refuses.
    """
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0.1)
    except Timeout:
        progress.note(f"another process is downloading {request.name}; waiting for it")
        lock.acquire()
    try:
        if not (target.is_file() and sha256_of(target) == request.sha256):
            _download(request, _PartialFile(target), progress)
    finally:
        lock.release()


class _PartialFile:
    """The received part of a file, and the version of the file according to the server."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".partial")
        self._version = target.with_name(target.name + ".partial.version")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def version(self) -> str:
        return self._version.read_text("utf-8") if self._version.is_file() else ""

    def begin(self, version: str) -> None:
        """Start from the beginning with a version of the file."""
        self.delete()
        self._version.write_text(version, "utf-8")

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def complete(self) -> None:
        replace_file(self.path, self.target)
        self.delete()


class _WrongFileError(DysfwError):
    """The server sends another file. Nothing of it is kept."""


def _download(request: DownloadRequest, partial: _PartialFile, progress: Progress) -> None:
    try:
        with session_for(request.address) as session:
            _receive_all(session, request, partial, progress)
        actual = sha256_of(partial.path)
        if actual != request.sha256:
            raise _WrongFileError(
                f"the file from {request.address} is not {request.name}: its sha256 is {actual} instead of {request.sha256}",
                hint="it was deleted. Try again; if the error persists, the file was replaced or the connection is intercepted",
            )
    except _WrongFileError:
        partial.delete()
        raise
    partial.complete()


def _receive_all(session: requests.Session, request: DownloadRequest, partial: _PartialFile, progress: Progress) -> None:
    """Retry until the file is complete. Raises DysfwError after too many attempts."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _receive(session, request, partial, progress)
            return
        except TransientError as error:
            if attempt == ATTEMPTS:
                raise DysfwError(
                    f"{request.name} could not be downloaded from {request.address}: {error} ({ATTEMPTS} attempts)",
                    hint="the partial file is kept: run the same command again to resume",
                ) from None
            wait = min(MAX_WAIT, error.retry_after if error.retry_after is not None else FIRST_WAIT * 2 ** (attempt - 1))
            progress.note(f"{request.name}: {error}; retrying in {wait:.0f} s")
            time.sleep(wait)


def _receive(session: requests.Session, request: DownloadRequest, partial: _PartialFile, progress: Progress) -> None:
    """Make one attempt, which resumes the previous one. Raises TransientError, DysfwError or OSError."""
    if request.size and partial.size == request.size:
        return
    received = partial.size if partial.version else 0
    headers = {"Range": f"bytes={received}-", "If-Range": partial.version} if received else {}
    with open_response(session, request.address, headers) as response:
        start = _start_of(response, partial, received)
        total = _total(response, request, start)
        _check_disk_space(partial.path.parent, total - start)
        with partial.path.open("ab") as file:
            written = _write(response, file, request, start)
            for _ in progress.track(written, f"downloading {request.name}", total // MIB, "MiB", start=start // MIB):
                pass
    if request.size and partial.size < request.size:
        raise TransientError(f"the connection ended after {partial.size:,} of {request.size:,} bytes")


def _start_of(response: requests.Response, partial: _PartialFile, received: int) -> int:
    """First byte in the response. If it is 0, the partial file is deleted. Raises if the response contains no file."""
    status, version = response.status_code, _version(response)
    if status == requests.codes.ok:
        partial.begin(version)
        return 0
    if not received or status not in (requests.codes.partial_content, requests.codes.requested_range_not_satisfiable):
        raise_for_response(response)
    if response.headers.get("Content-Range", "").startswith(f"bytes {received}-") and version == partial.version:
        return received
    partial.delete()
    raise TransientError("the file on the server has changed", 0)


def _version(response: requests.Response) -> str:
    """What identifies the version of the file; "" if the server does not say, so that nothing can be resumed."""
    etag = response.headers.get("ETag", "")
    return response.headers.get("Last-Modified", "") if not etag or etag.startswith("W/") else etag


def _total(response: requests.Response, request: DownloadRequest, start: int) -> int:
    """Bytes of the whole file. Raises _WrongFileError if the server states another number than the manifest."""
    length = response.headers.get("Content-Length", "")
    stated = start + int(length) if length.isdecimal() else 0
    if request.size and length and stated != request.size:
        raise _WrongFileError(
            f"{request.address} sends {stated:,} bytes, but {request.name} has {request.size:,}",
            hint="the file was replaced, or a login page or proxy answered instead",
        )
    return request.size or stated


def _write(response: requests.Response, file: BinaryIO, request: DownloadRequest, start: int) -> Iterator[int]:
    """Write the response, and yield once for each complete MiB. Raises _WrongFileError if it is too long."""
    received, max_bytes = start, request.size or MAX_UNKNOWN_SIZE
    for chunk in response.iter_content(CHUNK):
        if received + len(chunk) > max_bytes:
            raise _WrongFileError(f"{request.address} sends more than the {max_bytes:,} bytes of {request.name}")
        file.write(chunk)
        before, received = received, received + len(chunk)
        yield from range(before // MIB, received // MIB)


def _check_disk_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + RESERVED_SPACE > free:
        raise DysfwError(
            f"{folder} has {free / 1e6:,.0f} MB free; the download needs {needed / 1e6:,.0f} MB and a reserve of "
            f"{RESERVED_SPACE / 1e6:,.0f} MB",
            hint="free space, or set the environment variable DYSFW_HOME to another folder",
        )
