from pathlib import Path

import numpy as np
import pytest

from dysfw.data.dataset import Sample

CLASSES = {"a": 30, "b": 20, "c": 20}  # patients


@pytest.fixture
def synthetic():
    """synthetic(seed=1, images={"a": 1}, shift={"b": 2.0}): rows of three groups of features, and their samples. shift: by how
    many standard deviations a condition's images are lighter than the others."""

    def make(seed=0, classes=None, images=None, shift=None, patients=True):
        rng = np.random.default_rng(seed)
        rows, samples = [], []
        for label, number in (classes or CLASSES).items():
            for patient in range(number):
                camera = rng.normal(size=8)  # shared by the images of one patient
                for n in range((images or {}).get(label, 1)):
                    values = camera + 0.5 * rng.normal(size=8)
                    values[0] += (shift or {}).get(label, 0.0)
                    rows.append(
                        {
                            "file": {"width (px)": 256.0, "is PNG": float(rng.random() < 0.3), "bytes per pixel": values[1]},
                            "colour": {"mean lightness outside the head": values[0], "noise": values[2]},
                            "framing": {"face centre, horizontal": values[3]},
                        }
                    )
                    name = f"{label}-{patient}"
                    samples.append(Sample(Path(f"{name}-{n}.jpg"), label, name if patients else None))
        return rows, samples

    return make
