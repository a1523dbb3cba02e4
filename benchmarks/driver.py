"""What one process can list, collect and write of a batch, without judging anything: where a large cluster would wait for it.

    python benchmarks/driver.py [ROWS=100000]

Rows are those that recipes/dlib.yaml gives for the phantoms of the tests, with random numbers in place of theirs, since rows
that come again and again would take no room. Prints a Markdown table: photographs a second for listing a folder, for taking
rows from a cluster (JSON, as the runner ray has it), for writing parts, and for making one file of them; bytes for each row.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dysfw.batch.item import BatchItem
from dysfw.batch.rows import origin_of, rows_of, schema_of
from dysfw.batch.source import Listing
from dysfw.batch.work_directory import PART_SIZE, WorkDirectory
from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry

RNG = np.random.default_rng(0)
ROOT = Path(__file__).parents[1]


def timed(what: str, number: int, work: Callable[[], object], more: str = "") -> object:
    started = time.perf_counter()
    found = work()
    print(f"| {what} | {number / (time.perf_counter() - started):,.0f} | {more} |", flush=True)
    return found


def varied(row: dict[str, object]) -> dict[str, object]:
    """The row of another photograph."""
    numbers = {key: RNG.random() for key, value in row.items() if isinstance(value, float)}
    box = {"box": (RNG.integers(0, 8000, 4) / 8).tolist()} if row.get("box") else {}
    return row | numbers | box | {"sha256": RNG.bytes(32).hex()}


def main(number: int) -> None:
    phantoms = sorted((ROOT / "tests/fixtures/data/phantoms").glob("*/*.jpg"))
    pipeline = open_pipeline(ROOT / "recipes/dlib.yaml", load_registry())
    results = list(pipeline.predict_each(phantoms))
    entries = [BatchItem(f"s3://bucket/photographs/{n:012}.jpg", f"{n:012}.jpg") for n in range(number)]
    print("| one process | photographs/s | |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photographs").mkdir()
        for n in range(number):
            (folder / "photographs" / f"{n:012}.jpg").touch()
        timed("lists a folder", number, lambda: sum(1 for _ in Listing(str(folder / "photographs")).entries()))
        (folder / "work").mkdir()
        work = WorkDirectory(folder / "work", {}, schema_of(pipeline, region_probabilities=False))
        timed("writes the list", number, lambda: work.list_images(entries))

        def rows() -> Iterator[tuple[int, list[dict[str, object]]]]:
            for (n, entry), result in zip(work.entries(range(-(-number // PART_SIZE))), itertools.cycle(results), strict=False):
                yield n, rows_of(n, entry, result, region_probabilities=False)

        sent = [json.dumps(one) for one in rows()]
        size = sum(map(len, sent)) / number
        timed("takes rows from a cluster", number, lambda: [json.loads(text) for text in sent], f"{size:,.0f} bytes each")
        collected = [varied(json.loads(text)[1][0]) for text in sent]

        def keep() -> None:
            for part in range(-(-number // PART_SIZE)):
                work.write_part(part, collected[part * PART_SIZE : (part + 1) * PART_SIZE])

        timed("writes parts", number, keep)
        output = folder / "out.parquet"
        timed("makes one file of them", number, lambda: work.finish(output, origin_of(pipeline, {})))
        print(f"| a row in the finished file | | {output.stat().st_size / number:,.0f} bytes |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
