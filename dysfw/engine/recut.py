"""The crops of a face once more, for whoever asks what its embeddings were made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry import Matrix, inverse, joined
from ..imaging.crop import region_frame
from ..imaging.harmonise import harmonise, in_original
from ..imaging.warp import warp
from ..types import Embedded, UInt8
from .embedder import Embedder


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """pixels: uint8 [S, S, 3], as the trunk saw them. to_photograph: takes the crop's pixels to the photograph's."""

    pixels: UInt8
    to_photograph: Matrix


def recut(embedder: Embedder, subject: Embedded) -> dict[str, Cut]:
    """By region, those that are present. Raises ValueError where the photograph's pixels were not kept."""
    image, face, found, placed = subject.opened, subject.face, subject.segmentation, np.eye(2, 3)
    if embedder.harmony:
        canonical = harmonise(image, face, embedder.harmony)
        image, face, placed = canonical.image, canonical.face, canonical.to_original
        found = in_original(found, inverse(placed))
    size, alignment = embedder.components.crop_size, embedder.components.alignment
    frames = {r.name: region_frame(face, r, embedder.crop, size, alignment=alignment) for r in found.regions}
    return {name: Cut(warp(image.pixels, frame, size), joined(placed, frame)) for name, frame in frames.items()}
