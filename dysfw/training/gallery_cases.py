"""Between the photographs of a training and the cases that a bundle keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..bundle.contents import Bundle, GalleryCase, GalleryCaseImages
from ..contracts.components import GalleryBased, Head
from ..data.dataset import Sample, patient_numbers
from ..errors import DysfwError
from ..reliability.quality import Quality
from .embedded_dataset import EmbeddedDataset


def collect_gallery_cases(
    heads: Mapping[str, Head], embedded: EmbeddedDataset, name: Callable[[Path], str]
) -> tuple[list[GalleryCase], GalleryCaseImages | None]:
    """The cases that heads fitted on ``examples`` keep: all of these, or none where a head keeps none. name: what to call a
    photograph."""
    if not all(isinstance(head, GalleryBased) for head in heads.values()) or embedded.quality is None:
        return [], None
    cases = [
        GalleryCase(id=name(sample.path), label=sample.label, patient=sample.patient, sha256=sha256)
        for sample, sha256 in zip(embedded.samples, embedded.sha256, strict=True)
    ]
    return cases, GalleryCaseImages(embedded.present, embedded.quality.sharpness.astype(np.float32))


def gallery_embeddings(bundle: Bundle, heads: Mapping[str, Head]) -> EmbeddedDataset:
    """The photographs behind a bundle's cases as its training saw them. Raises DysfwError where it keeps none.

    Of their quality only the sharpness is known: the rest is NaN.
    """
    manifest, seen = bundle.manifest, bundle.fitted.gallery
    if seen is None:
        raise DysfwError(
            f"the bundle {bundle.folder} keeps no cases",
            hint="train it with a head that does, for example `head: {use: gallery}`",
        )
    kept = [head.cases() for head in heads.values() if isinstance(head, GalleryBased)]
    embeddings = np.zeros((*seen.present.shape, kept[0].x.shape[1]), np.float32)
    for r, cases in enumerate(kept):
        embeddings[seen.present[:, r], r] = cases.x
    samples = tuple(Sample(Path(case.id), case.label, case.patient) for case in manifest.gallery_cases)
    unknown = np.full(len(samples), np.nan)
    return EmbeddedDataset(
        embeddings=embeddings,
        present=seen.present,
        y=np.array([manifest.labels.index(sample.label) for sample in samples], np.int64),
        groups=patient_numbers(samples),
        samples=samples,
        sha256=tuple(case.sha256 for case in manifest.gallery_cases),
        failures=(),
        labels=tuple(manifest.labels),
        regions=tuple(manifest.regions),
        quality=Quality(seen.sharpness.astype(np.float64), unknown, unknown),
    )
