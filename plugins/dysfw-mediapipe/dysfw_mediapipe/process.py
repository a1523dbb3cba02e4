"""mediapipe in a process of its own.

A separate process, because mediapipe from 1.0 on reports its use to its maker without a switch to turn that off, writes log
lines below Python's reach, and leaves threads behind. There it can be cut off from the network and its log lines kept for
the day that something goes wrong, without touching the environment of the program around it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping
from typing import IO

import numpy as np

from dysfw.plugin import DysfwError, Float32, UInt8

from .worker import SHAPE, Task

LOG_TAIL = 2000  # bytes of the process's log that an error shows

# mediapipe >= 1 reports with libcurl, which gives up on a proxy of an unknown scheme before it looks up or opens anything.
NOWHERE = "none://"
PROXIES = ("https_proxy", "http_proxy", "all_proxy")


class Process:
    """Answers for images, one after another. Starts its process on first use; safe to share between threads, which then take
    turns. After a fork, the child starts a process of its own."""

    def __init__(self, task: Task, *arguments: str) -> None:
        """task, arguments: what the process is to do, see ``dysfw_mediapipe.worker``."""
        self._command = [sys.executable, "-P", "-m", "dysfw_mediapipe.worker", task, *arguments]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._owner = 0
        self._works = False

    def ask(self, pixels: UInt8) -> Float32:
        """pixels uint8 [h, w, 3] RGB -> float32 [N, C], what the task finds.

        Where mediapipe's process ends, raises with the end of its log: ``DysfwError`` if it never worked, ``RuntimeError`` if
        it was this image that it could not bear.
        """
        with self._lock:
            process = self._started()
            try:
                found = _exchange(process, pixels)
                self._works = True
                return found
            except (BrokenPipeError, EOFError) as error:
                ended = f"mediapipe's process ended with code {process.wait()}"
                if self._works:
                    raise RuntimeError(f"{ended}. {self._log_tail()}") from error
                raise DysfwError(ended, hint=self._log_tail()) from error
            except BaseException:
                process.kill()  # half an exchange is in the pipes: the next call must not read it as its own
                process.wait()
                raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - read after the process has ended, closed with this object
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=_offline(os.environ)
            )
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process, self._log)
        return self._process

    def _log_tail(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LOG_TAIL))
        return "The end of its log:\n" + self._log.read().decode(errors="replace").strip()


def _exchange(process: subprocess.Popen[bytes], pixels: UInt8) -> Float32:
    requests, answers = process.stdin, process.stdout
    assert requests is not None  # noqa: S101 - both are pipes, see Popen
    assert answers is not None  # noqa: S101
    requests.write(SHAPE.pack(*pixels.shape[:2]) + pixels.tobytes())
    requests.flush()
    rows, columns = SHAPE.unpack(_read(answers, SHAPE.size))
    return np.frombuffer(_read(answers, rows * columns * 4), "<f4").reshape(rows, columns)


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _offline(environment: Mapping[str, str]) -> dict[str, str]:
    names = {*PROXIES, "no_proxy"}
    kept = {name: value for name, value in environment.items() if name.lower() not in names}
    return kept | {spelling: NOWHERE for name in PROXIES for spelling in (name, name.upper())}


def _end(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Closing its requests ends the process."""
    for stream in (process.stdin, process.stdout, log):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):  # what it died before reading
                stream.close()
    process.wait()
