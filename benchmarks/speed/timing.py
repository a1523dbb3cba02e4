"""Times taken side by side, and the machine that took them."""

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

WORKING = (1, 2, 3, 6, 7, 8)  # user, nice, system, interrupts of both kinds, and what the host took for others
K = TypeVar("K")
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Settings:
    """quick: small sizes. data: a folder of phantoms to take instead of others."""

    quick: bool
    data: Path | None = None

    def of(self, quick: int, full: int) -> int:
        return quick if self.quick else full


def interleaved(works: Mapping[K, Work], rounds: int) -> dict[K, list[float]]:
    """s that each work took in each round; every other round takes them in reverse. Work that returns a float has taken its
    time itself."""
    taken: dict[K, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in reversed(list(works)) if number % 2 else works:
            started = time.perf_counter()
            own = works[name]()
            taken[name].append(own if isinstance(own, float) else time.perf_counter() - started)
    return taken


def machine() -> dict[str, str]:
    own = {"processor": _processor(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    return own | {name: _version(name) for name in ("torch", "numpy")}


def busy() -> float:
    """s that the processors' cores have worked since the machine started, for whomever; 0 where that is not said."""
    try:
        first = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()
    except OSError:
        return 0.0
    return sum(int(first[n]) for n in WORKING) / os.sysconf("SC_CLK_TCK")


def told(machine: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in machine.items())


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Its name and what of it counts here, as Linux says; elsewhere what Python says."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in said.get("flags", "").split()]
    return f"{said.get('model name', platform.machine())} ({' '.join(flags) or 'no avx2'})"
