"""Embeds a data set once; everything that is then fitted works on these arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Sample, patient_numbers
from ..inference.pipeline import Pipeline
from ..reliability.quality import Quality, quality_of
from ..types import Bool, FaceEmbedding, Failure, Float32, Int64
from ..util.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedDataset:
    """N photographs that could be embedded, and those that could not.

    embeddings: float32 [N, R, dim]; present: bool [N, R]; y: int64 [N], indices into the labels; groups: int64 [N], patients.
    items and sha256: of the same N photographs. labels: K conditions; regions: R, in order. quality: of the N faces, None where
    it was not measured.
    """

    embeddings: Float32
    present: Bool
    y: Int64
    groups: Int64
    samples: tuple[Sample, ...]
    sha256: tuple[str, ...]
    failures: tuple[Failure, ...]
    labels: tuple[str, ...]
    regions: tuple[str, ...]
    quality: Quality | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def rows(self, chosen: Int64) -> EmbeddedDataset:
        """Some of the photographs, by their numbers."""
        return replace(
            self,
            embeddings=self.embeddings[chosen],
            present=self.present[chosen],
            y=self.y[chosen],
            groups=self.groups[chosen],
            samples=tuple(self.samples[n] for n in chosen),
            sha256=tuple(self.sha256[n] for n in chosen),
            quality=self.quality.rows(chosen) if self.quality else None,
        )

    def with_embeddings(self, embeddings: Float32) -> EmbeddedDataset:
        """The same photographs by another trunk: float32 [N, R, dim]."""
        return replace(self, embeddings=embeddings)

    @property
    def fingerprint(self) -> str:
        """sha256 over the photographs' own hashes, labels and patients, in order."""
        lines = (f"{sha} {sample.label} {sample.patient or ''}" for sha, sample in zip(self.sha256, self.samples, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def embed_dataset(
    pipeline: Pipeline,
    samples: Sequence[Sample],
    labels: Sequence[str],
    what: str,
    progress: Progress,
    *,
    look: Callable[[FaceEmbedding], None] | None = None,
) -> EmbeddedDataset:
    """Embed the chosen face of each photograph. A photograph of which several faces are chosen counts with its first.

    look: is shown each face while the photograph's pixels are still in memory.
    """
    by_source = {str(sample.path): sample for sample in samples}
    kept: dict[str, FaceEmbedding] = {}
    failures: list[Failure] = []
    results = pipeline.embed((sample.path for sample in samples), pixels=look is not None)
    for result in progress.track(results, what, len(samples), "images"):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            if look:
                look(result)
            kept.setdefault(result.image.source, replace(result, pixels=None))
    used = tuple(by_source[source] for source in kept)
    regions = pipeline.embedder.regions
    return EmbeddedDataset(
        embeddings=np.array([e.embeddings for e in kept.values()], np.float32).reshape(
            len(kept), len(regions), -1 if kept else 0
        ),
        present=np.array([e.present for e in kept.values()], bool).reshape(len(kept), len(regions)),
        y=np.array([labels.index(sample.label) for sample in used], np.int64),
        groups=patient_numbers(used),
        samples=used,
        sha256=tuple(e.image.sha256 for e in kept.values()),
        failures=tuple(failures),
        labels=tuple(labels),
        regions=regions,
        quality=quality_of(list(kept.values())),
    )
