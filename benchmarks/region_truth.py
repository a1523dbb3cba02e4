"""Tests whether the head of a region recognises the signs in it, on phantoms with signs in one region each.

    dysfw phantom dataset benchmarks/one_region/spec.yaml -o out/one-region
    dysfw train recipes/dlib.yaml out/one-region -o out/one-region-dlib
    python benchmarks/region_truth.py out/one-region-dlib

Prints for each condition the share of its test images that each region alone classifies correctly, and the best region. The
region of the whole face is left out, because it includes all others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from dysfw.bundle.contents import MANIFEST, Manifest

LABEL = "phantom-{}-alone"


def main(bundle: Path) -> None:
    manifest = Manifest.model_validate_json((bundle / MANIFEST).read_bytes())
    if manifest.held_out is None:
        sys.exit(f"{bundle} has no held-out scores: train it on data with a test split")
    regions = [region for region in manifest.regions if LABEL.format(region) in manifest.labels]
    print("| signs in | " + " | ".join(regions) + " | best |\n" + "| --- " * (len(regions) + 2) + "|")
    correct = 0
    for truth in regions:
        label = manifest.labels.index(LABEL.format(truth))
        shares = []
        for region in regions:
            confusion = np.array(manifest.held_out.regions[region].confusion, float)
            shares.append(confusion[label, label] / confusion[label].sum())
        best = regions[int(np.argmax(shares))]
        correct += best == truth
        print(f"| {truth} | " + " | ".join(f"{share:.2f}" for share in shares) + f" | {best} |")
    print(f"\nthe region with the signs is best for {correct} of {len(regions)} conditions")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
