"""Time and peak memory of programs in separate processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DYSFW = str(Path(sys.executable).with_name("dysfw"))
SOME_FAILED = 1  # exit code of dysfw
# A small process in between, because on Linux the peak of a child starts at the memory of its parent.
PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, bytes


def environment(**extra: str) -> dict[str, str]:
    """Environment without downloads, and without a cache unless ``extra`` sets one."""
    return os.environ | {"DYSFW_OFFLINE": "1", "DYSFW_CACHE": "off"} | extra


def seconds(command: Sequence[str], **extra: str) -> float:
    """Run a program, and return its time, s.

    Args:
        command: The program and its arguments.
        extra: Environment variables.

    Raises:
        RuntimeError: If it fails. Images that dysfw could not predict are no failure.
    """
    started = time.perf_counter()
    completed = subprocess.run(command, cwd=ROOT, env=environment(**extra), capture_output=True, text=True, check=False)  # noqa: S603
    elapsed = time.perf_counter() - started
    _check(command, completed.returncode, completed.stderr)
    return elapsed


def peak(command: Sequence[str], **extra: str) -> float:
    """Run a program, and return the peak resident memory of its largest process, MB.

    Args:
        command: The program and its arguments.
        extra: Environment variables.

    Raises:
        RuntimeError: If it fails. Images that dysfw could not predict are no failure.
    """
    measured = [sys.executable, "-c", PEAK, *command]
    completed = subprocess.run(measured, cwd=ROOT, env=environment(**extra), capture_output=True, text=True, check=True)  # noqa: S603
    code, memory = map(int, completed.stdout.split())
    _check(command, code, completed.stderr)
    return memory * UNIT / 1e6


def _check(command: Sequence[str], code: int, stderr: str) -> None:
    if code and not (code == SOME_FAILED and command[0] == DYSFW):
        raise RuntimeError(f"{' '.join(command[:4])} … ended with code {code}: {stderr.strip()[-500:]}")
