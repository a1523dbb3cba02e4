"""Runs mediapipe in a child process.

mediapipe sends usage data without an option to disable it, writes log lines that Python cannot redirect, and
leaves threads behind. In a child process it can be cut off from the network and its log can be captured, without changes to the
environment of the main process.
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
from pathlib import Path
from typing import IO

import numpy as np

from dysfw.plugin import DysfwError, Float32, UInt8

from .worker import SHAPE, Task

LOG_TAIL_BYTES = 2000  # part of the log that an error shows

# mediapipe uses libcurl, which fails for a proxy with an unknown scheme before any DNS lookup or connection.
INVALID_PROXY = "none://"
PROXIES = ("https_proxy", "http_proxy", "all_proxy")


class Process:
    """A child process that handles one image at a time.

    It starts on first use, or earlier with ``start``. Threads can share it; their requests are handled one after another. After
    a fork, the forked process starts its own child.

    Args:
        task: The task, see ``dysfw_mediapipe.worker``.
        model: The ``face_landmarker.task`` file.
    """

    def __init__(self, task: Task, model: Path) -> None:
        self._command = [sys.executable, "-P", "-m", "dysfw_mediapipe.worker", task, str(model)]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._owner = 0
        self._has_answered = False

    def start(self) -> None:
        """Start it, without waiting until mediapipe is loaded."""
        with self._lock:
            self._started()

    def request(self, pixels: UInt8) -> Float32:
        """Run the task on an image.

        Args:
            pixels: uint8 [h, w, 3], RGB.

        Returns:
            The task's output, float32 [N, C].

        Raises:
            DysfwError: If the process ends before its first result; the hint shows the end of its log.
            RuntimeError: If the process ends later, because of this image.
        """
        with self._lock:
            process = self._started()
            try:
                result = _exchange(process, pixels)
                self._has_answered = True
                return result
            except (BrokenPipeError, EOFError) as error:
                ended = f"mediapipe's process ended with code {process.wait()}"
                if self._has_answered:
                    raise RuntimeError(f"{ended}. {self._log_tail()}") from error
                raise DysfwError(ended, hint=self._log_tail()) from error
            except BaseException:
                process.kill()  # the pipes contain part of a message, which the next call must not read
                process.wait()
                raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - read after the process has ended, closed with this object
            self._process = subprocess.Popen(  # noqa: S603 - trusted interpreter and module
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=_offline(os.environ)
            )
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process, self._log)
        return self._process

    def _log_tail(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
        return "End of its log:\n" + self._log.read().decode(errors="replace").strip()


def _exchange(process: subprocess.Popen[bytes], pixels: UInt8) -> Float32:
    requests, responses = process.stdin, process.stdout
    assert requests is not None  # noqa: S101 - both are pipes, see Popen
    assert responses is not None  # noqa: S101
    requests.write(SHAPE.pack(*pixels.shape[:2]) + pixels.tobytes())
    requests.flush()
    rows, columns = SHAPE.unpack(_read(responses, SHAPE.size))
    return np.frombuffer(_read(responses, rows * columns * 4), "<f4").reshape(rows, columns)


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _offline(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without network access."""
    names = {*PROXIES, "no_proxy"}
    kept = {name: value for name, value in environment.items() if name.lower() not in names}
    return kept | {spelling: INVALID_PROXY for name in PROXIES for spelling in (name, name.upper())}


def _end(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """End the process by closing its input."""
    for stream in (process.stdin, process.stdout, log):
        if stream is not None:
            with contextlib.suppress(OSError):  # it may have ended before reading everything; Windows calls that EINVAL
                stream.close()
    process.wait()
