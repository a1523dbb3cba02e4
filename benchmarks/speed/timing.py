"""Measures times, and describes the machine."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

BUSY_FIELDS = (1, 2, 3, 6, 7, 8)  # of /proc/stat: user, nice, system, hard and soft interrupts, and time stolen by the host
K = TypeVar("K")
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run.

    Attributes:
        quick: Whether sizes are small.
        data: Folder of phantoms to use instead of the default.
    """

    quick: bool
    data: Path | None = None

    def of(self, quick: int, full: int) -> int:
        """The first size if quick, else the second."""
        return quick if self.quick else full


def interleaved(works: Mapping[K, Work], rounds: int) -> dict[K, list[float]]:
    """Run alternatives in turn, every other round in reverse order.

    Args:
        works: The alternatives. One that returns a float has measured its time itself.
        rounds: Number of rounds.

    Returns:
        The time of each alternative in each round, s.
    """
    times: dict[K, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in reversed(list(works)) if number % 2 else works:
            started = time.perf_counter()
            result = works[name]()
            times[name].append(result if isinstance(result, float) else time.perf_counter() - started)
    return times


def machine() -> dict[str, str]:
    """Processor, cores and versions."""
    hardware = {"processor": _processor(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    return hardware | {name: _version(name) for name in ("torch", "numpy")}


def busy() -> float:
    """Processor time used by all programs since the machine started, s; 0 if it is unknown."""
    try:
        first = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()
    except OSError:
        return 0.0
    return sum(int(first[n]) for n in BUSY_FIELDS) / os.sysconf("SC_CLK_TCK")


def describe_machine(machine: Mapping[str, str]) -> str:
    """The machine in words."""
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def progress(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr, flush=True)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Name of the processor with its relevant features on Linux; elsewhere as Python names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in fields.get("flags", "").split()]
    return f"{fields.get('model name', platform.machine())} ({' '.join(flags) or 'no avx2'})"
