"""What a trunk for whole faces loses by crops that are aligned otherwise than those it was trained on.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/alignment.py out/verification [PHOTOGRAPHS]

Prints, as a Markdown table, how well dlib's trunk tells pairs of photographs of one person from pairs of two (AUROC of the
distance of their embeddings) under each alignment. PHOTOGRAPHS: how many of the data set, 600 by default.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from dysfw.builtin.segmenters.landmark_boxes import LandmarkBoxes
from dysfw.data.dataset import patient_numbers
from dysfw.data.read import read_dataset
from dysfw.imaging.alignment import ALIGNMENTS
from dysfw.imaging.crop import crop_region
from dysfw.imaging.decode import read_image
from dysfw.registry.registry import load_registry
from dysfw.types import Crop


def main(data: Path, number: int) -> None:
    registry = load_registry()
    detector, backbone = registry.load("detector", "mtcnn")(), registry.load("backbone", "dlib_resnet")()
    items = read_dataset(data).samples[:number]
    names = (*ALIGNMENTS, "level eyes (align: true)", "as photographed (align: false)")
    crops: dict[str, list[np.ndarray]] = {name: [] for name in names}
    patients = []
    numbered = list(zip(items, patient_numbers(items), strict=True))
    for start in range(0, len(numbered), 16):
        part = numbered[start : start + 16]
        images = [read_image(item.path) for item, _ in part]
        for image, faces, (_, patient) in zip(images, detector.detect(images), part, strict=True):
            if not faces:
                continue
            patients.append(patient)
            (region, *_) = LandmarkBoxes().segment([image], [faces[0]])[0].regions
            for name, kept in crops.items():
                crop = Crop(align="false" not in name)
                kept.append(crop_region(image, faces[0], region, crop, backbone.input_size, alignment=ALIGNMENTS.get(name)))
    one, other = np.triu_indices(len(patients), 1)
    same = np.array(patients)[one] == np.array(patients)[other]
    print(f"{len(patients)} photographs, {same.sum()} pairs of one person\n\n| crops | AUROC |\n| --- | --- |")
    for name, kept in crops.items():
        rows = backbone.embed(np.stack(kept))
        print(f"| {name} | {roc_auc_score(same, -np.linalg.norm(rows[one] - rows[other], axis=1)):.3f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 600)
