"""Accuracy of bundles on phantom conditions, compared with a ceiling: a linear discriminant of the true morphology.

    dysfw phantom dataset benchmark -o out/benchmark
    dysfw train recipes/paper.yaml out/benchmark -o out/paper
    dysfw train recipes/dlib.yaml out/benchmark -o out/dlib
    python benchmarks/phantom_ceiling.py out/benchmark out/paper out/dlib [BUNDLE…]

Prints balanced accuracies on the test split as a Markdown table. The ceiling sees each patient's morphology without error. It
is trained on the same patients, so it is limited by their small number, too. The bundles must be trained on the same data,
whose test split gives their held-out scores.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pyarrow import parquet
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score

from dysfw.bundle.contents import MANIFEST, Manifest

NOT_MORPHOLOGY = ("attribute:trait.", "attribute:age", "attribute:sex")


def ceiling(data: Path) -> tuple[float, int]:
    """Balanced accuracy of the discriminant on the true axes, and the number of classes."""
    table = parquet.read_table(data / "truth.parquet")
    names = [n for n in table.column_names if n.startswith("attribute:") and not n.startswith(NOT_MORPHOLOGY)]
    x = np.column_stack([table.column(name).to_numpy() for name in names])
    y, split = (np.array(table.column(name).to_pylist()) for name in ("label", "split"))
    classes = np.unique(y)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=np.full(len(classes), 1 / len(classes)))
    model.fit(x[split == "train"], y[split == "train"])
    return float(balanced_accuracy_score(y[split == "test"], model.predict(x[split == "test"]))), len(classes)


def main(data: Path, bundles: list[Path]) -> None:
    top, classes = ceiling(data)
    print(
        "| model | balanced accuracy | fraction of the ceiling |\n| --- | --- | --- |\n"
        f"| true morphology (ceiling) | {top:.3f} | 1.00 |"
    )
    for folder in bundles:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        if manifest.held_out is None:
            sys.exit(f"{folder} has no held-out scores: train it on data with a test split")
        rows = [("all regions, fused", manifest.held_out.fused), *manifest.held_out.regions.items()]
        for name, scores in rows:
            value = scores.balanced_accuracy
            print(f"| {manifest.name}: {name} | {value:.3f} | {value / top:.2f} |")
    print(f"| chance, and the most frequent condition | {1 / classes:.3f} | {1 / classes / top:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
