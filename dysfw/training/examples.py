"""Embeds a data set once; everything that is then fitted works on these arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Item, patient_numbers
from ..engine.pipeline import Pipeline
from ..progress import Progress
from ..reliability.quality import Quality, quality_of
from ..types import Bool, Embedded, Failure, Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """N photographs that could be embedded, and those that could not.

    embeddings: float32 [N, R, dim]; present: bool [N, R]; y: int64 [N], indices into the labels; groups: int64 [N], patients.
    items and sha256: of the same N photographs. labels: K conditions; regions: R, in order. quality: of the N faces, None where
    it was not measured.
    """

    embeddings: Float32
    present: Bool
    y: Int64
    groups: Int64
    items: tuple[Item, ...]
    sha256: tuple[str, ...]
    failures: tuple[Failure, ...]
    labels: tuple[str, ...]
    regions: tuple[str, ...]
    quality: Quality | None = None

    def __len__(self) -> int:
        return len(self.items)

    def rows(self, chosen: Int64) -> Examples:
        """Some of the photographs, by their numbers."""
        return replace(
            self,
            embeddings=self.embeddings[chosen],
            present=self.present[chosen],
            y=self.y[chosen],
            groups=self.groups[chosen],
            items=tuple(self.items[n] for n in chosen),
            sha256=tuple(self.sha256[n] for n in chosen),
            quality=self.quality.rows(chosen) if self.quality else None,
        )

    def seen_as(self, embeddings: Float32) -> Examples:
        """The same photographs by another trunk: float32 [N, R, dim]."""
        return replace(self, embeddings=embeddings)

    @property
    def fingerprint(self) -> str:
        """sha256 over the photographs' own hashes, labels and patients, in order."""
        lines = (f"{sha} {item.label} {item.patient or ''}" for sha, item in zip(self.sha256, self.items, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def embed_examples(
    pipeline: Pipeline,
    items: Sequence[Item],
    labels: Sequence[str],
    what: str,
    progress: Progress,
    *,
    look: Callable[[Embedded], None] | None = None,
) -> Examples:
    """Embed the chosen face of each photograph. A photograph of which several faces are chosen counts with its first.

    look: is shown each face while the photograph's pixels are still in memory.
    """
    by_source = {str(item.path): item for item in items}
    kept: dict[str, Embedded] = {}
    failures: list[Failure] = []
    results = pipeline.embed((item.path for item in items), pixels=look is not None)
    for result in progress.track(results, what, len(items), "images"):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            if look:
                look(result)
            kept.setdefault(result.image.source, replace(result, pixels=None))
    used = tuple(by_source[source] for source in kept)
    regions = pipeline.embedder.regions
    return Examples(
        embeddings=np.array([e.embeddings for e in kept.values()], np.float32).reshape(
            len(kept), len(regions), -1 if kept else 0
        ),
        present=np.array([e.present for e in kept.values()], bool).reshape(len(kept), len(regions)),
        y=np.array([labels.index(item.label) for item in used], np.int64),
        groups=patient_numbers(used),
        items=used,
        sha256=tuple(e.image.sha256 for e in kept.values()),
        failures=tuple(failures),
        labels=tuple(labels),
        regions=regions,
        quality=quality_of(list(kept.values())),
    )
