"""Runs a command, and measures the memory of its process and of all processes that it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.2  # s between two measurements


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did.

    Attributes:
        code: Its exit status; None if it took too long and was ended.
        output: What it printed on stdout.
        errors: What it printed on stderr.
        seconds: Time on the clock.
        peak: Peak memory of all its processes together, MB; what they share counts once.
    """

    code: int | None
    output: str
    errors: str
    seconds: float
    peak: float


def run(command: Sequence[str], environment: Mapping[str, str], limit: float) -> Ran:
    """Run a command.

    Args:
        command: The command.
        environment: Its environment variables.
        limit: Seconds after which it is ended, with all its processes.
    """
    started, peak = time.monotonic(), 0.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output, tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603
            command, stdout=output, stderr=errors, env=environment, start_new_session=True
        )
        code: int | None = None
        try:
            while time.monotonic() - started < limit:
                peak = max(peak, sum(map(_memory, _tree(process.pid))))
                try:
                    code = process.wait(INTERVAL)
                    break
                except subprocess.TimeoutExpired:
                    pass
        finally:
            if code is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        errors.seek(0)
        return Ran(code, output.read(), errors.read(), time.monotonic() - started, peak)


def _tree(process: int) -> list[int]:
    """The ids of a process and of all that it started."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    except OSError:  # it has ended
        return []
    return [process, *(each for child in children for each in _tree(int(child)))]


def _memory(process: int) -> float:
    """Memory of a process in MB, of which a page counts half if it shares it with another process, and so on."""
    try:
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text("ascii"), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0
