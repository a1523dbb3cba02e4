"""A backbone in each runtime on a quiet machine and beside other programs: one busy loop for each core.

Each alternative has its own process, because libraries read how their threads wait when they are imported. "spinning" is what
torch and its OpenMP do without dysfw's setting.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

from dysfw.registry.registry import load_registry
from dysfw.util.processors import usable_processors

from .processes import ROOT, environment
from .table import Row, ratio, repeats
from .timing import Settings, interleaved

ALTERNATIVES = {
    "torch": ("torch", {}),
    "torch, spinning": ("torch", {"GOMP_SPINCOUNT": "300000"}),  # libgomp's own number; it has priority over the policy
    "onnxruntime": ("onnxruntime", {}),
    "openvino": ("openvino", {}),
}
CROPS = 7
WORKER = """
import json, sys, time
from pathlib import Path
import numpy as np
from dysfw.registry.registry import load_registry
from dysfw.weights.find import find_weights
from dysfw_timm.backbone import Timm
file = find_weights(load_registry().named_weights("phantom").spec)
backbone = Timm("inception_resnet_v2", file, size=112, runtime=sys.argv[1])
crops = np.random.default_rng(0).integers(0, 255, (int(sys.argv[2]), 112, 112, 3), np.uint8)
backbone.embed(crops)
for _ in sys.stdin:
    started = time.perf_counter()
    backbone.embed(crops)
    print(json.dumps(time.perf_counter() - started), flush=True)
"""


def rows(settings: Settings) -> list[Row]:
    rounds = settings.of(5, 25)
    with contextlib.ExitStack() as stack:
        installed = {"torch", *(entry.spec.name for entry in load_registry().runtimes)}
        workers = {name: stack.enter_context(worker(*how)) for name, how in ALTERNATIVES.items() if how[0] in installed}
        works = {name: lambda process=process: embed(process) for name, process in workers.items()}
        quiet = interleaved(works, rounds)
        with neighbours(usable_processors()):
            busy = interleaved(works, rounds)
    return [
        Row(
            what=f"{name}, beside a busy loop for each core",
            value=repeats([1000 * s / CROPS for s in busy[name]]),
            unit="ms a crop",
            ratio=ratio(busy[name], quiet[name]),
            to=f"without ({repeats([1000 * s / CROPS for s in quiet[name]]).text()} ms)",
        )
        for name in workers
    ]


@contextlib.contextmanager
def worker(runtime: str, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that embeds crops each time it reads a line, and prints how long that took, s."""
    command = [sys.executable, "-c", WORKER, runtime, str(CROPS)]
    process = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment(**variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        embed(process)  # loads and warms up
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Processes that do nothing but compute, as long as this one lives."""
    loop = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    processes = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(count)]  # noqa: S603
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def embed(process: subprocess.Popen[str]) -> float:
    """Let a worker embed the crops; return the time that it took, s."""
    assert process.stdin and process.stdout  # noqa: PT018, S101  # both are pipes
    process.stdin.write("\n")
    process.stdin.flush()
    return float(json.loads(process.stdout.readline()))
