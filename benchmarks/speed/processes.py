"""Programs in processes of their own: how long they take, and how much memory they need at most."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DYSFW = str(Path(sys.executable).with_name("dysfw"))
SOME_FAILED = 1  # dysfw's exit code
# A small process in between: on Linux a child's peak begins with the memory of whoever started it.
PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, of ru_maxrss


def environment(**extra: str) -> dict[str, str]:
    """Nothing is fetched, and nothing cached but where ``extra`` names a place."""
    return os.environ | {"DYSFW_OFFLINE": "1", "DYSFW_CACHE": "off"} | extra


def seconds(command: Sequence[str], **extra: str) -> float:
    """How long a program takes from start to end. extra: of its environment. Raises RuntimeError where it fails; photographs
    that dysfw could not judge are no failure."""
    started = time.perf_counter()
    ran = subprocess.run(command, cwd=ROOT, env=environment(**extra), capture_output=True, text=True, check=False)
    taken = time.perf_counter() - started
    _refuse(command, ran.returncode, ran.stderr)
    return taken


def peak(command: Sequence[str], **extra: str) -> float:
    """The most memory that a program's largest process had resident, MB. Raises as ``seconds`` does."""
    watched = [sys.executable, "-c", PEAK, *command]
    ran = subprocess.run(watched, cwd=ROOT, env=environment(**extra), capture_output=True, text=True, check=True)
    code, most = map(int, ran.stdout.split())
    _refuse(command, code, ran.stderr)
    return most * UNIT / 1e6


def _refuse(command: Sequence[str], code: int, said: str) -> None:
    if code and not (code == SOME_FAILED and command[0] == DYSFW):
        raise RuntimeError(f"{' '.join(command[:4])} … ended with code {code}: {said.strip()[-500:]}")
