"""Speed of the driver of ``dysfw batch`` without any prediction: the limit of a large cluster.

    python benchmarks/driver.py [ROWS=100000]

The rows are predictions of recipes/dlib.yaml for the phantoms of the tests, with random numbers, because repeated rows would
compress too well. Prints a Markdown table: images per second for listing a folder, receiving rows from a cluster (JSON, as the
runner ray sends them), writing parts, and joining them into one file; and bytes per row.
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


def timed(what: str, number: int, work: Callable[[], object], note: str = "") -> object:
    started = time.perf_counter()
    result = work()
    print(f"| {what} | {number / (time.perf_counter() - started):,.0f} | {note} |", flush=True)
    return result


def varied(row: dict[str, object]) -> dict[str, object]:
    """The row with random numbers, as if it were of another image."""
    numbers = {key: RNG.random() for key, value in row.items() if isinstance(value, float)}
    box = {"box": (RNG.integers(0, 8000, 4) / 8).tolist()} if row.get("box") else {}
    return row | numbers | box | {"sha256": RNG.bytes(32).hex()}


def main(number: int) -> None:
    phantoms = sorted((ROOT / "tests/fixtures/data/phantoms").glob("*/*.jpg"))
    pipeline = open_pipeline(ROOT / "recipes/dlib.yaml", load_registry())
    results = list(pipeline.predict_each(phantoms))
    items = [BatchItem(f"s3://bucket/images/{n:012}.jpg", f"{n:012}.jpg") for n in range(number)]
    print("| one process | images/s | |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "images").mkdir()
        for n in range(number):
            (folder / "images" / f"{n:012}.jpg").touch()
        timed("list a folder", number, lambda: sum(1 for _ in Listing(str(folder / "images")).entries()))
        (folder / "work").mkdir()
        work = WorkDirectory(folder / "work", {}, schema_of(pipeline, region_probabilities=False))
        timed("write the list", number, lambda: work.list_images(items))

        def rows() -> Iterator[tuple[int, list[dict[str, object]]]]:
            for (n, item), result in zip(work.entries(range(-(-number // PART_SIZE))), itertools.cycle(results), strict=False):
                yield n, rows_of(n, item, result, region_probabilities=False)

        sent = [json.dumps(one) for one in rows()]
        size = sum(map(len, sent)) / number
        timed("receive rows from a cluster", number, lambda: [json.loads(text) for text in sent], f"{size:,.0f} bytes per row")
        collected = [varied(json.loads(text)[1][0]) for text in sent]

        def write_parts() -> None:
            for part in range(-(-number // PART_SIZE)):
                work.write_part(part, collected[part * PART_SIZE : (part + 1) * PART_SIZE])

        timed("write parts", number, write_parts)
        output = folder / "out.parquet"
        timed("join the parts", number, lambda: work.finish(output, origin_of(pipeline, {})))
        print(f"| row in the finished file | | {output.stat().st_size / number:,.0f} bytes |")


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:] == ["--help"]:
        sys.exit(__doc__)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
