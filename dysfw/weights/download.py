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
from ..util.files import sha256_of
from ..util.progress import Progress
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


class _AnotherFileError(DysfwError):
    """What comes is not the file that is wanted, and nothing of it is kept."""


def _download(wanted: Wanted, partial: _Partial, progress: Progress) -> None:
    try:
        with session_for(wanted.address) as session:
            _receive_all(session, wanted, partial, progress)
        found = sha256_of(partial.path)
        if found != wanted.sha256:
            raise _AnotherFileError(
                f"what came from {wanted.address} is not {wanted.name}: its sha256 is {found} instead of {wanted.sha256}",
                hint="it was deleted. Try again; if that gives the same, the file was replaced, or somebody is in between",
            )
    except _AnotherFileError:
        partial.delete()
        raise
    partial.complete()


def _receive_all(session: requests.Session, wanted: Wanted, partial: _Partial, progress: Progress) -> None:
    """As many attempts as it takes. Raises DysfwError where they are too many."""
    for run_isolated in range(1, ATTEMPTS + 1):
        try:
            _receive(session, wanted, partial, progress)
            return
        except TransientError as error:
            if run_isolated == ATTEMPTS:
                raise DysfwError(
                    f"{wanted.name} could not be fetched from {wanted.address}: {error} ({ATTEMPTS} attempts)",
                    hint="what has come is kept: the same command goes on from there",
                ) from None
            wait = min(LONGEST_WAIT, error.after if error.after is not None else FIRST_WAIT * 2 ** (run_isolated - 1))
            progress.note(f"{wanted.name}: {error}; again in {wait:.0f} s")
            time.sleep(wait)


def _receive(session: requests.Session, wanted: Wanted, partial: _Partial, progress: Progress) -> None:
    """One attempt, from where the last stopped. Raises TransientError, DysfwError, OSError."""
    if wanted.size and partial.size == wanted.size:
        return
    there = partial.size if partial.version else 0
    headers = {"Range": f"bytes={there}-", "If-Range": partial.version} if there else {}
    with answer(session, wanted.address, headers) as response:
        start = _begun(response, partial, there)
        total = _total(response, wanted, start)
        _refuse_full(partial.path.parent, total - start)
        with partial.path.open("ab") as file:
            written = _written(response, file, wanted, start)
            for _ in progress.track(written, f"fetching {wanted.name}", total // MIB, "MiB", start=start // MIB):
                pass
    if wanted.size and partial.size < wanted.size:
        raise TransientError(f"the connection ended after {partial.size:,} of {wanted.size:,} bytes")


def _begun(response: requests.Response, partial: _Partial, there: int) -> int:
    """From which byte on the answer is; what has come is deleted where that is 0. Raises where the answer brings no file."""
    status, version = response.status_code, _version(response)
    if status == requests.codes.ok:
        partial.begin(version)
        return 0
    if not there or status not in (requests.codes.partial_content, requests.codes.requested_range_not_satisfiable):
        refuse(response)
    if response.headers.get("Content-Range", "").startswith(f"bytes {there}-") and version == partial.version:
        return there
    partial.delete()
    raise TransientError("what had come does not fit the file that is there now", 0)


def _version(response: requests.Response) -> str:
    """By what the server tells one version of the file from another; "" where it does not, and nothing can be resumed."""
    etag = response.headers.get("ETag", "")
    return response.headers.get("Last-Modified", "") if not etag or etag.startswith("W/") else etag


def _total(response: requests.Response, wanted: Wanted, start: int) -> int:
    """Bytes of the whole file. Raises _AnotherFileError where the server says another number than the manifest."""
    length = response.headers.get("Content-Length", "")
    told = start + int(length) if length.isdecimal() else 0
    if wanted.size and length and told != wanted.size:
        raise _AnotherFileError(
            f"{wanted.address} sends {told:,} bytes, and {wanted.name} has {wanted.size:,}",
            hint="the file was replaced, or something in between answers, such as a page that asks to log in",
        )
    return wanted.size or told


def _written(response: requests.Response, file: BinaryIO, wanted: Wanted, start: int) -> Iterator[int]:
    """Writes what comes, and yields for each MiB that is complete. Raises _AnotherFileError before that is too much."""
    there, most = start, wanted.size or MOST
    for chunk in response.iter_content(CHUNK):
        if there + len(chunk) > most:
            raise _AnotherFileError(f"{wanted.address} sends more than the {most:,} bytes that {wanted.name} has")
        file.write(chunk)
        before, there = there, there + len(chunk)
        yield from range(before // MIB, there // MIB)


def _refuse_full(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise DysfwError(
            f"{folder} has {free / 1e6:,.0f} MB free; {needed / 1e6:,.0f} MB are needed, and {SPARE / 1e6:,.0f} are to stay",
            hint="make room, or name another folder with the environment variable DYSFW_HOME",
        )
