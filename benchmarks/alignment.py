"""Accuracy lost if crops are aligned differently from the training of a backbone for whole faces.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/alignment.py out/verification [IMAGES]

Prints for each alignment how well dlib's backbone distinguishes pairs of images of one identity from pairs of two: the AUROC of
the distance of their embeddings. Uses the first IMAGES (default 600) of the data set.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from dysfw.builtin.segmenters.landmark_boxes import LandmarkBoxes
from dysfw.data.dataset import patient_numbers
from dysfw.data.read import read_dataset
from dysfw.decoding.decode import read_image
from dysfw.imaging.alignment import ALIGNMENTS
from dysfw.imaging.crop import crop_region
from dysfw.registry.registry import load_registry
from dysfw.types import Crop


def main(data: Path, number: int) -> None:
    registry = load_registry()
    detector, backbone = registry.load("detector", "mtcnn")(), registry.load("backbone", "dlib_resnet")()
    samples = read_dataset(data).samples[:number]
    names = (*ALIGNMENTS, "level eyes (align: true)", "no alignment (align: false)")
    crops: dict[str, list[np.ndarray]] = {name: [] for name in names}
    patients = []
    numbered = list(zip(samples, patient_numbers(samples), strict=True))
    for start in range(0, len(numbered), 16):
        batch = numbered[start : start + 16]
        images = [read_image(sample.path) for sample, _ in batch]
        for image, faces, (_, patient) in zip(images, detector.detect(images), batch, strict=True):
            if not faces:
                continue
            patients.append(patient)
            (region, *_) = LandmarkBoxes().segment([image], [faces[0]])[0].regions
            for name, aligned in crops.items():
                crop = Crop(align="false" not in name)
                alignment = ALIGNMENTS.get(name)
                aligned.append(crop_region(image, faces[0], region, crop, backbone.input_size, alignment=alignment))
    first, second = np.triu_indices(len(patients), 1)
    same = np.array(patients)[first] == np.array(patients)[second]
    print(f"{len(patients)} images, {same.sum()} pairs of one identity\n\n| crops | AUROC |\n| --- | --- |")
    for name, aligned in crops.items():
        rows = backbone.embed(np.stack(aligned))
        print(f"| {name} | {roc_auc_score(same, -np.linalg.norm(rows[first] - rows[second], axis=1)):.3f} |")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 600)
