"""Synthetic data of the shape of a clinical collection: many conditions, most of them with few patients.

No image exists. What the pipeline would return for one (embedding, face box, signature, shortcut features) is drawn at random,
so that everything after the pipeline can be measured at any size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dysfw.audit.shortcut_features import Row
from dysfw.data.checks import CheckedDataset, check_dataset
from dysfw.data.dataset import Dataset, Sample, patient_numbers
from dysfw.data.duplicates import SIDE, ImageSignature
from dysfw.evaluation.evaluation_data import CollectedImages, EvaluationObserver
from dysfw.reliability.quality import Quality
from dysfw.training.embedded_dataset import EmbeddedDataset
from dysfw.training.preparation import SignatureObserver

CONDITIONS, IMAGES, PATIENTS = 580, 10_000, 8_000  # of GMDB
MIN_PATIENTS = 2  # of a condition
TAIL = 1.05  # exponent of Zipf's law: half of the conditions then have 2 to 6 patients
SIGNAL = 6.0  # length of the mean of a condition; the noise has length sqrt(dim)
GROUPS = {"file": 21, "colour": 14, "border": 24, "background": 192, "framing": 3}  # shortcut features, as the audit has


def patients_per_condition(images: int, conditions: int) -> list[int]:
    """Number of patients of each condition, largest first; four patients of five images, as in GMDB."""
    patients = max(MIN_PATIENTS * conditions, images * PATIENTS // IMAGES)
    shares = 1 / np.arange(1, conditions + 1) ** TAIL
    sizes = np.floor(shares / shares.sum() * (patients - MIN_PATIENTS * conditions)).astype(int) + MIN_PATIENTS
    sizes[0] += patients - sizes.sum()
    return [int(size) for size in sizes]


class Synthetic:
    """A data set and what the pipeline would return for its images.

    Attributes:
        dataset: Labelled samples of files that do not exist.
        embedded: Their embeddings, float32 [N, R, dim].
        signatures: Their signatures.
    """

    def __init__(self, images: int, dim: int, regions: int, *, conditions: int = CONDITIONS, seed: int = 0) -> None:
        """Draw a data set.

        Args:
            images: Number of images.
            dim: Numbers per embedding.
            regions: Number of regions.
            conditions: Number of conditions; fewer if there are not enough patients.
            seed: Random seed.
        """
        rng = np.random.default_rng(seed)
        sizes = patients_per_condition(images, min(conditions, images * PATIENTS // IMAGES // (MIN_PATIENTS + 1)))
        labels = tuple(f"condition-{k:03}" for k in range(len(sizes)))
        condition = np.repeat(np.arange(len(sizes)), sizes)  # of each patient
        patient = np.sort(np.concatenate([np.arange(len(condition)), rng.integers(0, len(condition), images - len(condition))]))
        y = condition[patient]
        self.folder = Path("/synthetic")
        samples = tuple(
            Sample(self.folder / labels[k] / f"{n:05}.jpg", labels[k], f"P{p:04}")
            for n, (k, p) in enumerate(zip(y.tolist(), patient.tolist(), strict=True))
        )
        self.dataset = Dataset(samples, self.folder)
        self.embedded = EmbeddedDataset(
            embeddings=_embeddings(rng, y, patient, dim, regions),
            present=np.ones((images, regions), bool),
            y=y.astype(np.int64),
            groups=patient_numbers(samples),
            samples=samples,
            sha256=tuple(rng.bytes(32).hex() for _ in samples),
            failures=(),
            labels=labels,
            regions=("face", *(f"region-{r}" for r in range(1, regions))),
            quality=Quality(rng.normal(0, 1, images), np.full(images, 200.0), np.abs(rng.normal(0, 8, images))),
        )
        self.signatures = {sample.path: _signature(rng, n) for n, sample in enumerate(samples)}
        self._rng = rng

    def checked(self) -> CheckedDataset:
        """What the data checks find."""
        return check_dataset(self.dataset, self.signatures, [])

    def collected(self) -> CollectedImages:
        """What one pass over the images collects for an evaluation."""
        observer, columns = EvaluationObserver(SignatureObserver()), _columns()
        values = self._rng.normal(0, 1, (len(self.embedded), sum(GROUPS.values())))
        for sample, row in zip(self.embedded.samples, values.tolist(), strict=True):
            observer.boxes[str(sample.path)] = np.array([10, 10, 110, 110], np.float32)
            observer.rows[str(sample.path)] = _row(columns, row)
        return CollectedImages(self.embedded, observer)


def _embeddings(rng: np.random.Generator, y: np.ndarray, patient: np.ndarray, dim: int, regions: int) -> np.ndarray:
    """A mean for each condition, a smaller one for each patient, and noise."""
    made = np.empty((len(y), regions, dim), np.float32)
    for r in range(regions):
        of_condition = rng.standard_normal((int(y.max()) + 1, dim), np.float32)
        of_patient = rng.standard_normal((int(patient.max()) + 1, dim), np.float32)
        made[:, r] = rng.standard_normal((len(y), dim), np.float32)
        made[:, r] += of_condition[y] * np.float32(SIGNAL / np.sqrt(dim)) + of_patient[patient] * np.float32(0.3)
    return made


def _signature(rng: np.random.Generator, n: int) -> ImageSignature:
    small = rng.standard_normal((SIDE, SIDE), np.float32)
    small /= np.linalg.norm(small)
    bits = rng.random(64) < 0.5
    return ImageSignature(str(n), bits, small, ~bits, small[:, ::-1])


def _columns() -> list[tuple[str, str]]:
    return [(group, f"{group} {n}") for group, number in GROUPS.items() for n in range(number)]


def _row(columns: list[tuple[str, str]], values: list[float]) -> Row:
    row: dict[str, dict[str, float]] = {group: {} for group in GROUPS}
    for (group, name), value in zip(columns, values, strict=True):
        row[group][name] = value
    return row
