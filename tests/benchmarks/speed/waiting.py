"""What it is worth that OpenMP's threads sleep while they wait, alone and beside a program that keeps all cores busy."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .photographs import repeated
from .processes import environment
from .table import Row, ratio, spread
from .timing import Settings, interleaved

OTHER = "import torch; a = torch.rand(1024, 1024)\nwhile True: a @ a"
JUDGE = """
import sys, time
from pathlib import Path
from dysfw.engine.assemble import open_pipeline
from dysfw.registry.registry import load_registry
paths = Path(sys.argv[2]).read_text().splitlines()
pipeline = open_pipeline(Path(sys.argv[1]), load_registry(), ["device=cpu"])
list(pipeline.embed(map(Path, paths[:16])))
started = time.perf_counter()
list(pipeline.embed(map(Path, paths)))
print(time.perf_counter() - started)
"""


def rows(settings: Settings) -> list[Row]:
    number = settings.of(32, 96)
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "list"
        listed.write_text("\n".join(map(str, repeated(settings, number))))
        return [
            row
            for beside, other in (("alone", contextlib.nullcontext()), ("beside another program", busy()))
            for row in compared(beside, other, listed, number, settings.of(2, 3))
        ]


def compared(beside: str, other: contextlib.AbstractContextManager[None], listed: Path, number: int, rounds: int) -> list[Row]:
    works = {policy: lambda policy=policy: judged(policy, listed) for policy in ("ACTIVE", "PASSIVE")}
    with other:
        taken = interleaved(works, rounds)
    rates = {policy: [number / s for s in values] for policy, values in taken.items()}
    what = f"recipes/paper.yaml, {beside}, threads that"
    return [
        Row(what=f"{what} spin", value=spread(rates["ACTIVE"]), unit="photographs/s", timed=False),
        Row(
            what=f"{what} sleep",
            value=spread(rates["PASSIVE"]),
            unit="photographs/s",
            ratio=ratio(rates["PASSIVE"], rates["ACTIVE"]),
            to="spinning",
            timed=False,
        ),
    ]


def judged(policy: str, listed: Path) -> float:
    """s, without start-up."""
    recipe = Path(__file__).parents[3] / "recipes" / "paper.yaml"
    command = [sys.executable, "-c", JUDGE, str(recipe), str(listed)]
    surroundings = environment() | {"OMP_WAIT_POLICY": policy}
    return float(subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stdout)


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Another program, with a thread for each core, as people have them."""
    process = subprocess.Popen([sys.executable, "-c", OTHER], env=os.environ | {"OMP_WAIT_POLICY": "ACTIVE"})
    time.sleep(3)
    try:
        yield
    finally:
        process.kill()
        process.wait()
