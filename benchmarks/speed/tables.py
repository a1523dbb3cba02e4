"""Processor time and peak memory of reading a manifest of 200 MB, as batch lists it and as train and evaluate read it.

Run: ``python benchmarks/speed/tables.py``. Each case runs in a process of its own, whose peak memory is that of the system.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZE = 200_000_000  # bytes
IMAGES = 1000  # files that rows name, in turn
CASES: dict[str, tuple[str, Callable[[int], str]]] = {
    "narrow": ("path,label,patient", lambda n: f"{n % IMAGES:04}.jpg,label {n % 20},P{n // 2}"),
    "wide": ("path,label,patient,remark", lambda n: f"{n % IMAGES:04}.jpg,label {n % 20},P{n // 2},{'lorem ipsum ' * 160}"),
    "10,000 columns": (
        ",".join(["path", "label", *(f"gene {k}" for k in range(9_998))]),
        lambda n: f"{n % IMAGES:04}.jpg,label {n % 20}" + ",0.5" * 9_998,
    ),
    "cp1252": ("path;label;patient", lambda n: f"{n % IMAGES:04}.jpg;Sjögren {n % 20};P{n // 2}"),
    "unclosed quote": (
        "path,label,patient",
        lambda n: f"{n % IMAGES:04}.jpg,label {n % 20},{chr(34) if n == 5 else ''}P{n // 2}",
    ),
}


def write(folder: Path, case: str, size: int) -> tuple[Path, int]:
    """Write a manifest of about ``size`` bytes, and the images that it names; return it and its number of rows."""
    header, row = CASES[case]
    path, rows = folder / f"{case.replace(' ', '-')}.csv", 0
    with path.open("w", encoding="cp1252" if case == "cp1252" else "utf-8") as file:
        file.write(header + "\n")
        while file.tell() < size:
            for _ in range(1000 if case != "10,000 columns" else 10):
                file.write(row(rows) + "\n")
                rows += 1
    return path, rows


def measure(path: Path, reader: str) -> None:
    """Read a manifest, and print rows, seconds and the peak of memory in MB."""
    from dysfw.data.manifest import open_manifest
    from dysfw.errors import DysfwError
    from dysfw.tables.columns import Column
    from dysfw.tables.read import open_table

    base, start, rows = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), 0
    try:
        if reader == "table":
            rows = sum(not row.problem for row in open_table(path, [Column("path"), Column("label")], 2**30).rows())
        else:
            rows = sum(not row.problem for row in open_manifest(path, 2**30, labelled=True).rows())
    except DysfwError as error:
        print(error.message[:100])
    seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{rows:,} rows, {seconds:.1f} s of processor time, peak {peak / 1024:.0f} MB ({(peak - base) / 1024:+.0f} MB)")


def main() -> None:
    """Measure all cases, or one of them as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=SIZE, help="bytes of each manifest")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--measure", nargs=2, metavar=("MANIFEST", "READER"))
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), options.measure[1])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for n in range(IMAGES):
            (folder / f"{n:04}.jpg").touch()
        for case in options.cases:
            path, rows = write(folder, case, options.size)
            for reader in ("table", "manifest"):
                command = [sys.executable, __file__, "--measure", str(path), reader]
                found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
                print(f"{case} ({path.stat().st_size / 1e6:.0f} MB, {rows:,} rows), {reader}: {found}", flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
