"""One file over HTTP into one place: resumed where it stopped, tried again with growing patience, and in its place only once
its hash is right."""

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
from ..files import sha256_of
from ..progress import Progress
from .transport import TransientError, answer, refuse, session_for

ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # s; each wait is twice the one before
CHUNK, MIB = 2**16, 2**20  # bytes that are written at once, and of which progress is told
MOST = 8 * 2**30  # bytes of a file whose size nobody states
SPARE = 64 * 2**20  # bytes that stay free on the disk


@dataclass(frozen=True, slots=True)
class Wanted:
    """size: bytes, 0 where nobody states it. sha256: hex digest."""

    name: str
    address: str
    size: int
    sha256: str


def download(wanted: Wanted, target: Path, progress: Progress) -> None:
    """Bring the file to ``target``. Of several processes that want it one fetches, the others wait.

    Raises DysfwError where it cannot be had; what has come is kept and the next attempt goes on from there, unless it was
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
            _download(wanted, _Partial(target), progress)
    finally:
        lock.release()


class _Partial:
    """What has come of a file so far, and beside it which version of the file the server said that is."""

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
        """Start afresh, with another version of the file."""
        self.delete()
        self._version.write_text(version, "utf-8")

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def complete(self) -> None:
        self.path.replace(self.target)
        self.delete()


def _download(wanted: Wanted, partial: _Partial, progress: Progress) -> None:
    with session_for(wanted.address) as session:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _receive(session, wanted, partial, progress)
                break
            except TransientError as error:
                if attempt == ATTEMPTS:
                    raise DysfwError(
                        f"{wanted.name} could not be fetched from {wanted.address}: {error} ({ATTEMPTS} attempts)",
                        hint="what has come is kept: the same command goes on from there",
                    ) from None
                wait = min(LONGEST_WAIT, error.after if error.after is not None else FIRST_WAIT * 2 ** (attempt - 1))
                progress.note(f"{wanted.name}: {error}; again in {wait:.0f} s")
                time.sleep(wait)
    found = sha256_of(partial.path)
    if found != wanted.sha256:
        partial.delete()
        raise DysfwError(
            f"what came from {wanted.address} is not {wanted.name}: its sha256 is {found}, and {wanted.sha256} was expected",
            hint="it was deleted. Try again; if that gives the same, the file was replaced, or somebody is in between",
        )
    partial.complete()


def _receive(session: requests.Session, wanted: Wanted, partial: _Partial, progress: Progress) -> None:
    """One attempt, from where the last stopped. Raises TransientError, DysfwError, OSError."""
    start, version = partial.size, partial.version
    if wanted.size and start == wanted.size:
        return
    resumed = {"Range": f"bytes={start}-", "If-Range": version} if start and version else {}
    with answer(session, wanted.address, resumed) as response:
        start = _begun(response, partial, start if resumed else 0)
        length = int(response.headers.get("Content-Length") or 0)
        _refuse_other_size(wanted, start + length if length else 0)
        total = wanted.size or start + length
        _refuse_full(partial.path.parent, total - start)
        with partial.path.open("ab") as file:
            written = _written(response, file, wanted, start)
            for _ in progress.track(written, f"fetching {wanted.name}", total // MIB, "MiB", start=start // MIB):
                pass
    if wanted.size and partial.size < wanted.size:
        raise TransientError(f"the connection ended after {partial.size:,} of {wanted.size:,} bytes")
    if wanted.size and partial.size > wanted.size:
        partial.delete()
        raise _other_size(wanted, f"more than {wanted.size:,}")


def _begun(response: requests.Response, partial: _Partial, start: int) -> int:
    """From which byte on the answer is; what has come is deleted where that is 0. Raises where it brings no file."""
    version = _version(response)
    if response.status_code == requests.codes.ok:
        partial.begin(version)
        return 0
    if start and response.status_code in (requests.codes.partial_content, requests.codes.requested_range_not_satisfiable):
        told = response.headers.get("Content-Range", "")
        if response.status_code == requests.codes.partial_content and told.startswith(f"bytes {start}-") and version == partial.version:
            return start
        partial.delete()
        raise TransientError("what had come does not fit the file that is there now", 0)
    refuse(response)
    raise AssertionError  # it has refused


def _version(response: requests.Response) -> str:
    """By what the server tells one version of the file from another; "" where it cannot, and nothing can be resumed."""
    etag = response.headers.get("ETag", "")
    return response.headers.get("Last-Modified", "") if not etag or etag.startswith("W/") else etag
