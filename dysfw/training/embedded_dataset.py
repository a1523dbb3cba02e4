"""A data set whose images are embedded once; everything that is then fitted works on its arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.conditions import Condition, condition_ids
from ..data.dataset import Sample, patient_numbers
from ..data.split_groups import split_groups
from ..inference.embedder import Observer
from ..inference.pipeline import Pipeline
from ..reliability.quality import Quality, quality_of
from ..types import Bool, ConditionIds, FaceEmbedding, Failure, Float32, Int64, Notice
from ..util.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedDataset:
    """N images that could be embedded, and those that could not.

    Attributes:
        embeddings: float32 [N, R, dim].
        present: bool [N, R], the regions that each image shows.
        y: int64 [N], indices into ``labels``.
        groups: int64 [N], patients.
        samples: The same N images, in order.
        sha256: Hashes of their files.
        failures: The images that could not be embedded, and why.
        labels: K conditions.
        regions: R regions, in the segmenter's order.
        quality: Of the N faces; None if it was not measured.
        notices: Warnings about images, by their source.
        conditions: Names and identifiers of labels, if known.
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
    notices: Mapping[str, tuple[Notice, ...]] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.samples)

    @property
    def split_groups(self) -> Int64:
        """The groups of images that no split may divide, int64 [N]; see ``dysfw.data.split_groups``."""
        return split_groups(self.samples)

    @property
    def condition_ids(self) -> tuple[ConditionIds, ...]:
        """The K conditions with their identifiers."""
        return condition_ids(self.labels, self.conditions)

    @property
    def records_fingerprint(self) -> str:
        """sha256 over the identifiers of the conditions and the patients' records, in order."""
        records = [[one.observed, one.excluded, one.age, one.sex, one.ancestry] for one in (s.record for s in self.samples)]
        conditions = [[one.label, one.identifiers] for one in self.condition_ids]
        return hashlib.sha256(json.dumps([conditions, records]).encode()).hexdigest()

    def rows(self, chosen: Int64) -> EmbeddedDataset:
        """Some of the images, by their row numbers."""
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

    def select(self, samples: Sequence[Sample], labels: tuple[str, ...]) -> EmbeddedDataset:
        """The images of these samples, as far as they are embedded, with the samples' own labels and patients.

        Args:
            samples: Samples whose paths are among those of this data set.
            labels: The conditions among them.
        """
        row_of = {sample.path: row for row, sample in enumerate(self.samples)}
        used = tuple(sample for sample in samples if sample.path in row_of)
        sources = {str(sample.path) for sample in samples}
        return replace(
            self.rows(np.array([row_of[sample.path] for sample in used], np.int64)),
            y=np.array([labels.index(sample.label) for sample in used], np.int64),
            groups=patient_numbers(used),
            samples=used,
            failures=tuple(failure for failure in self.failures if failure.source in sources),
            labels=labels,
        )

    def with_embeddings(self, embeddings: Float32) -> EmbeddedDataset:
        """The same images with the embeddings of another backbone, float32 [N, R, dim]."""
        return replace(self, embeddings=embeddings)

    @property
    def fingerprint(self) -> str:
        """sha256 over the images' hashes, labels and patients, in order."""
        rows = zip(self.sha256, self.samples, strict=True)
        lines = (
            f"{sha} {one.label} {one.patient or ''}{f' {one.publication}' if one.publication else ''}" for sha, one in rows
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def embed_dataset(
    pipeline: Pipeline,
    samples: Sequence[Sample],
    labels: Sequence[str],
    what: str,
    progress: Progress,
    *,
    observer: Observer | None = None,
) -> EmbeddedDataset:
    """Embed the chosen face of each image. If several faces of an image are chosen, the first counts.

    Args:
        pipeline: Its recipe embeds.
        samples: The images.
        labels: All conditions among them.
        what: What to call the work while it is shown.
        progress: Where it is shown.
        observer: Sees each image once, while its pixels are in memory.
    """
    by_source = {str(sample.path): sample for sample in samples}
    kept: dict[str, FaceEmbedding] = {}
    failures: list[Failure] = []
    results = pipeline.embed((sample.path for sample in samples), observer=observer)
    for result in progress.track(results, what, len(samples), "images"):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            kept.setdefault(result.image.source, result)
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
        notices={source: e.notices for source, e in kept.items() if e.notices},
    )
