"""Measure how training and evaluation grow with the number of images.

    python benchmarks/scale [train] [evaluate] [--images N…] [--dims D…] [--heads HEAD…] [--regions R] [--conditions K]
                            [--folds F] [--limit SECONDS]

The data are synthetic embeddings of the shape of GMDB (10,000 images, 8,000 patients, 580 conditions, most of them with few
patients); no image is read. What follows is what ``dysfw train`` and ``dysfw evaluate`` do: checks of the data, audit, folds,
heads, calibration, measures, and all files. Each case runs in a process of its own. Peak memory is that of the process above
what it had used before the work (libraries and embeddings). Two folds, because a condition needs a patient for each.

Seconds are of processor time, with one thread for linear algebra, so that other programs on the machine hardly matter.

Prints a Markdown table. The exponent is that of the growth from the smaller size before it: 1 is linear, 2 quadratic.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # so that this folder can be imported as the package ``scale``

from scale.case import Case, report
from scale.synthetic import CONDITIONS

ONE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
COLUMNS = (
    "what",
    "head",
    "numbers",
    "images",
    "conditions",
    "processor s",
    "exponent",
    "MB",
    "exponent",
    "slowest stages (s)",
    "files (MB)",
)


def main(arguments: list[str]) -> int:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", choices=["train", "evaluate", []], metavar="train|evaluate")
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 3000, 10_000])
    parser.add_argument("--dims", type=int, nargs="+", default=[512, 6144], help="numbers per embedding")
    parser.add_argument("--heads", nargs="+", default=["gallery", "lda", "softmax"])
    parser.add_argument("--regions", type=int, default=1)
    parser.add_argument("--conditions", type=int, default=CONDITIONS, help="at most")
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which a case is given up")
    parser.add_argument("--case", nargs=7, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        command, head, *sizes = options.case
        print(report(Case(command, head, *map(int, sizes))))
        return 0
    _print(*COLUMNS)
    _print(*["---"] * len(COLUMNS))
    for command in options.commands or ["train", "evaluate"]:
        for dim in options.dims:
            for head in options.heads:
                _series(
                    [Case(command, head, n, dim, options.regions, options.conditions, options.folds) for n in options.images],
                    options.limit,
                )
    return 0


def _series(cases: list[Case], limit: float) -> None:
    """Measure cases that differ in the number of images, and print a row for each."""
    previous: tuple[int, float, float] | None = None
    for case in cases:
        command = [sys.executable, str(Path(__file__).parent), "--case", *map(str, astuple(case))]
        cells = [case.command, case.head, f"{case.dim:,}", f"{case.images:,}"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False, env=os.environ | ONE)  # noqa: S603
        except subprocess.TimeoutExpired:
            _print(*cells, "", f"> {limit:.0f}")
            return
        if ran.returncode:
            _print(*cells, "", (ran.stderr.strip().splitlines() or [f"killed ({ran.returncode})"])[-1])
            print(ran.stderr, file=sys.stderr)
            return
        found = json.loads(ran.stdout.splitlines()[-1])
        seconds, peak = found["processor"], found["peak"]
        stages = sorted(found["seconds"].items(), key=lambda item: -item[1])[:4]
        files = sorted(found["files"].items(), key=lambda item: -item[1])[:3]
        _print(
            *cells, f"{found['conditions']}", f"{seconds:.1f}", _exponent(previous, case.images, 1, seconds), f"{peak:,.0f}",
            _exponent(previous, case.images, 2, peak), ", ".join(f"{name} {s:.1f}" for name, s in stages),
            ", ".join(f"{name} {size:.2f}" for name, size in files),
        )  # fmt: skip
        previous = (case.images, seconds, peak)


def _exponent(previous: tuple[int, float, float] | None, images: int, what: int, value: float) -> str:
    if previous is None or previous[what] <= 0 or value <= 0:
        return ""
    return f"{math.log(value / previous[what]) / math.log(images / previous[0]):.2f}"


def _print(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
