"""How much the signs that are recorded as absent leak the condition: ``python benchmarks/field/excluded_signs.py DATA``.

The nearest record of the gallery, by the Jaccard index of ``hpo_excluded`` alone, names the condition. Galleries and tests are
those of the protocol ``field``; only conditions of several publications are tested. Prints top-1 (macro) and chance for each
setting, of its first split.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from dysfw.data.read import read_dataset
from dysfw.evaluation.protocol.load import load_protocol, plan_of
from dysfw.registry.registry import load_registry
from dysfw.types import Float32


def excluded_signs(data: Path) -> Float32:
    """Read which signs each image's patient lacks, float32 [N, T] of 0 and 1, in the order of the manifest."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        excluded = [row["hpo_excluded"].split(";") if row["hpo_excluded"] else [] for row in csv.DictReader(file)]
    number = {term: n for n, term in enumerate(sorted({term for terms in excluded for term in terms}))}
    signs = np.zeros((len(excluded), len(number)), np.float32)
    for row, terms in enumerate(excluded):
        signs[row, [number[term] for term in terms]] = 1
    return signs


def main(data: Path) -> None:
    """Print a table."""
    signs, dataset = excluded_signs(data), read_dataset(data)
    plan = plan_of(load_protocol(load_registry(), "field"), "field", dataset)
    print("| tests → candidates | nearest record | chance |\n| --- | --- | --- |")
    for setting in plan.settings:
        split = plan.of_setting(setting)[0]
        test = np.array([row for row in split.test_rows if dataset.samples[row].publication])
        shared = signs[test] @ signs[split.gallery_rows].T
        union = signs[test].sum(1)[:, None] + signs[split.gallery_rows].sum(1) - shared
        nearest = split.gallery_rows[(shared / np.maximum(union, 1)).argmax(axis=1)]
        hits: defaultdict[int, list[bool]] = defaultdict(list)
        for row, found in zip(test.tolist(), nearest.tolist(), strict=True):
            hits[int(plan.y[row])].append(bool(plan.y[row] == plan.y[found]))
        score = np.mean([np.mean(each) for each in hits.values()])
        print(f"| {setting.title} | {score:.2f} | {1 / len(plan.candidates(split)):.3f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
