"""Converts between training images and the gallery cases of a bundle."""

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
    """Collect the gallery cases of fitted heads.

    Args:
        heads: Heads by region, fitted on ``embedded``.
        embedded: The training images.
        name: Gives a case its id, from the path of its image.

    Returns:
        All images as gallery cases, and what a bundle stores of them. An empty list and None if a head keeps no cases.
    """
    if not all(isinstance(head, GalleryBased) for head in heads.values()) or embedded.quality is None:
        return [], None
    cases = [
        GalleryCase(id=name(sample.path), label=sample.label, patient=sample.patient, sha256=sha256)
        for sample, sha256 in zip(embedded.samples, embedded.sha256, strict=True)
    ]
    return cases, GalleryCaseImages(embedded.present, embedded.quality.sharpness.astype(np.float32))


def gallery_embeddings(bundle: Bundle, heads: Mapping[str, Head]) -> EmbeddedDataset:
    """Restore the training images behind the gallery cases of a bundle.

    Only the sharpness of their quality is known; the rest is NaN.

    Args:
        bundle: The bundle.
        heads: Its restored heads, by region.

    Raises:
        DysfwError: If the bundle has no gallery cases.
    """
    manifest, gallery = bundle.manifest, bundle.fitted.gallery
    if gallery is None:
        raise DysfwError(
            f"the bundle {bundle.folder} has no gallery cases",
            hint="train it with a head that keeps cases, for example `head: {use: gallery}`",
        )
    cases_by_region = [head.cases() for head in heads.values() if isinstance(head, GalleryBased)]
    embeddings = np.zeros((*gallery.present.shape, cases_by_region[0].x.shape[1]), np.float32)
    for r, cases in enumerate(cases_by_region):
        embeddings[gallery.present[:, r], r] = cases.x
    samples = tuple(Sample(Path(case.id), case.label, case.patient) for case in manifest.gallery_cases)
    unknown = np.full(len(samples), np.nan)
    return EmbeddedDataset(
        embeddings=embeddings,
        present=gallery.present,
        y=np.array([manifest.labels.index(sample.label) for sample in samples], np.int64),
        groups=patient_numbers(samples),
        samples=samples,
        sha256=tuple(case.sha256 for case in manifest.gallery_cases),
        failures=(),
        labels=tuple(manifest.labels),
        regions=tuple(manifest.regions),
        quality=Quality(gallery.sharpness.astype(np.float64), unknown, unknown),
    )
