"""The crops of a face once more, for whoever asks what its embeddings were made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..imaging.crop import region_frame
from ..imaging.geometry import Matrix, inverse, joined
from ..imaging.harmonise import harmonise, in_original
from ..imaging.warp import warp
from ..inference.embedder import Embedder
from ..types import FaceEmbedding, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class RegionCrop:
    """pixels: uint8 [S, S, 3], as the trunk saw them. to_photograph: takes the crop's pixels to the photograph's."""

    pixels: UInt8
    to_image: Matrix


def cut_crops(embedder: Embedder, subject: FaceEmbedding) -> dict[str, RegionCrop]:
    """By region, those that are present. Raises ValueError where the photograph's pixels were not kept."""
    image, face, found, placed = subject.decoded_image, subject.face, subject.segmentation, np.eye(2, 3)
    if embedder.harmony:
        canonical = harmonise(image, face, embedder.harmony)
        image, face, placed = canonical.image, canonical.face, canonical.to_original
        found = in_original(found, inverse(placed))
    size, alignment = embedder.components.crop_size, embedder.components.alignment
    frames = {r.name: region_frame(face, r, embedder.crop, size, alignment=alignment) for r in found.regions}
    return {name: RegionCrop(warp(image.pixels, frame, size), joined(placed, frame)) for name, frame in frames.items()}
