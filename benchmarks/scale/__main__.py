"""Measure how training and evaluation grow with the number of images.

    python benchmarks/scale [train] [evaluate] [--quick] [--images N…] [--dims D…] [--heads HEAD…] [--regions R]
                            [--conditions K] [--folds F] [--threads T] [--limit SECONDS] [--results DIR]

The data are synthetic embeddings of the shape of GMDB (10,000 images, 8,000 patients, 580 conditions, most of them with few
patients); no image is read. What follows is what ``dysfw train`` and ``dysfw evaluate`` do: checks of the data, audit, folds,
heads, calibration, measures, and all files. Each case runs in a process of its own. Two folds, because a condition needs a
patient for each.

"processor s" is the processor time of all processes of a case, and hardly depends on other programs; "clock s" does. Memory is
the peak of all processes together, with libraries and embeddings. By default linear algebra has one thread in each process.
The exponent is that of the growth from the smaller size before it, of processor time, and of memory above that of 0 images:
1 is linear, 2 quadratic.

Prints a Markdown table. The results of each case are kept in DIR, by commit: if you interrupt the command, the same command
resumes it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # so that this folder can be imported as the package ``scale``

from scale.case import Case, report
from scale.known import Known
from scale.memory import run
from scale.synthetic import CONDITIONS

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
COLUMNS = (
    "command", "head", "numbers", "images", "conditions", "processor s", "exponent", "clock s", "MB", "exponent",
    "slowest stages (s)", "files (MB)",
)  # fmt: skip
QUICK = {"images": [1000, 3000], "dims": [512]}
FULL = {"images": [1000, 3000, 10_000], "dims": [512, 6144]}


def main(arguments: list[str]) -> int:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", choices=["train", "evaluate", []], metavar="train|evaluate")
    parser.add_argument("--quick", action="store_true", help="1,000 and 3,000 images, 512 numbers")
    parser.add_argument("--images", type=int, nargs="+")
    parser.add_argument("--dims", type=int, nargs="+", help="numbers per embedding")
    parser.add_argument("--heads", nargs="+", default=["gallery", "lda", "softmax"])
    parser.add_argument("--regions", type=int, default=1)
    parser.add_argument("--conditions", type=int, default=CONDITIONS, help="at most")
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="for linear algebra, in each process")
    parser.add_argument("--limit", type=float, default=7200, help="seconds after which a case is given up")
    parser.add_argument("--results", type=Path, default=Path("out/scale"), help="folder for the results of each case")
    parser.add_argument("--case", nargs=7, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        command, head, *sizes = options.case
        print(report(Case(command, head, *map(int, sizes))))
        return 0
    sizes_of = QUICK if options.quick else FULL
    known = Known(options.results, options.threads)
    print(f"commit {known.state}, {options.threads} thread(s) for linear algebra in each process\n")
    _print(*COLUMNS)
    _print(*["---"] * len(COLUMNS))
    for command in options.commands or ["train", "evaluate"]:
        for dim in options.dims or sizes_of["dims"]:
            for head in options.heads:
                sizes = sorted(options.images or sizes_of["images"])
                cases = [Case(command, head, n, dim, options.regions, options.conditions, options.folds) for n in sizes]
                _series(cases, known, options.threads, options.limit)
    return 0


def _series(cases: list[Case], known: Known, threads: int, limit: float) -> None:
    """Measure cases that differ in the number of images, and print a row for each."""
    previous: tuple[int, float, float] | None = None
    for case in cases:
        cells = [case.command, case.head, f"{case.dim:,}", f"{case.images:,}"]
        found = known.get(case)
        if found is None:
            found = _measure(case, threads, limit)
            if "failed" in found:  # a larger case would fail too
                _print(*cells, found["failed"])
                return
            known.put(case, found)
        seconds, above = found["processor"], found["peak"] - found["base"]
        stages = sorted(found["seconds"].items(), key=lambda item: -item[1])[:4]
        files = sorted(found["files"].items(), key=lambda item: -item[1])[:3]
        _print(
            *cells, f"{found['conditions']}", f"{seconds:.1f}", _exponent(previous, case.images, 1, seconds),
            f"{found['clock']:.1f}", f"{found['peak']:,.0f}", _exponent(previous, case.images, 2, above),
            ", ".join(f"{name} {s:.1f}" for name, s in stages), ", ".join(f"{name} {size:.2f}" for name, size in files),
        )  # fmt: skip
        previous = (case.images, seconds, above)


def _measure(case: Case, threads: int, limit: float) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).parent), "--case", *map(str, astuple(case))]
    ran = run(command, os.environ | dict.fromkeys(THREADS, str(threads)), limit)
    if ran.code is None:
        return {"failed": f"> {limit:.0f} s"}
    if ran.code:
        print(ran.errors, file=sys.stderr)
        return {"failed": (ran.errors.strip().splitlines() or [f"killed ({ran.code})"])[-1]}
    return {**json.loads(ran.output.splitlines()[-1]), "clock": ran.seconds, "peak": ran.peak}


def _exponent(previous: tuple[int, float, float] | None, images: int, what: int, value: float) -> str:
    if previous is None or previous[what] <= 0 or value <= 0:
        return ""
    return f"{math.log(value / previous[what]) / math.log(images / previous[0]):.2f}"


def _print(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
