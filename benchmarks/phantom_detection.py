"""Detection of phantoms by age and skin tone: faces found upright by MTCNN, and all regions found by the face mesh.

    dysfw phantom dataset field-small -o out/field-small
    python benchmarks/phantom_detection.py out/field-small [FAILURES]

Prints a Markdown table with 95 % Wilson intervals. With FAILURES, a folder, copies the images there that fail. Reads images in
batches, so memory does not grow with the data set.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from scipy.stats import binomtest

from dysfw.decoding.decode import read_image
from dysfw.plugin import Detector, Segmenter
from dysfw.registry.registry import load_registry
from dysfw.types import ANATOMY

BATCH = 32
UPRIGHT = 0.5  # radians: maximum difference between the detected and the true roll
AGES = (1, 2, 6, 12, 18, 40, 60)  # years: minimum of each band
TONES = ("light", "medium", "dark")  # thirds of the range of melanin
COLUMNS = ("path", "attribute:age", "appearance:melanin", "image:roll")


def groups(age: float, melanin: float) -> tuple[str, str, str]:
    """The groups that an image belongs to."""
    last = max(number for number, low in enumerate(AGES) if age >= low)
    band = f"{AGES[last]} to {AGES[last + 1]} years" if last + 1 < len(AGES) else f"{AGES[last]} years and older"
    return "all", band, f"{TONES[min(int(melanin * len(TONES)), len(TONES) - 1)]} skin"


def outcomes(data: Path, detector: Detector, segmenter: Segmenter) -> Iterator[tuple[str, tuple[str, str, str], bool, bool]]:
    """Path and groups of each image, whether its face was found upright, and with all regions."""
    for rows in pq.ParquetFile(data / "truth.parquet").iter_batches(BATCH, columns=list(COLUMNS)):
        batch = rows.to_pylist()
        images = [read_image(data / row["path"]) for row in batch]
        for row, image, faces in zip(batch, images, detector.detect(images), strict=True):
            upright = bool(faces) and abs(faces[0].roll - math.radians(row["image:roll"])) < UPRIGHT
            whole = upright and {region.name for region in segmenter.segment([image], faces[:1])[0].regions} >= set(ANATOMY)
            yield row["path"], groups(row["attribute:age"], row["appearance:melanin"]), upright, whole


def share(number: int, total: int) -> str:
    low, high = binomtest(number, total).proportion_ci(method="wilson")
    return f"{number / total:.1%} ({low:.1%} to {high:.1%})"


def main(data: Path, failures: Path | None) -> None:
    registry = load_registry()
    detector, segmenter = registry.load("detector", "mtcnn")(), registry.load("segmenter", "face_mesh")()
    totals, found, segmented = Counter[str](), Counter[str](), Counter[str]()
    for path, of_image, upright, whole in outcomes(data, detector, segmenter):
        totals.update(of_image)
        found.update(of_image if upright else ())
        segmented.update(of_image if whole else ())
        if failures and not whole:
            failures.mkdir(parents=True, exist_ok=True)
            shutil.copy(data / path, failures / f"{'mesh' if upright else 'mtcnn'}-{Path(path).name}")
    bands = [groups(age, 0)[1] for age in AGES]
    order = ["all", *bands, *(f"{tone} skin" for tone in TONES)]
    print("| images | number | found upright by mtcnn | all regions by face_mesh |\n| --- | --- | --- | --- |")
    for group in filter(totals.__contains__, order):
        number = totals[group]
        print(f"| {group} | {number:,} | {share(found[group], number)} | {share(segmented[group], number)} |")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
