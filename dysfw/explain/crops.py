"""The crops that a face's embeddings were computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..imaging.crop import region_frame
from ..imaging.geometry import Matrix, inverse, joined
from ..imaging.harmonise import harmonise, transform_regions
from ..imaging.warp import warp
from ..inference.embedder import Embedder
from ..types import FaceEmbedding, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class RegionCrop:
    """The crop of one region.

    Attributes:
        pixels: uint8 [S, S, 3], the input of the backbone.
        to_image: Affine matrix [2, 3] from pixels of the crop to pixels of the image.
    """

    pixels: UInt8
    to_image: Matrix


def cut_crops(embedder: Embedder, face_embedding: FaceEmbedding) -> dict[str, RegionCrop]:
    """Cut the crops of a face again.

    Args:
        embedder: The embedder that embedded the face.
        face_embedding: The face, with the pixels of its image.

    Returns:
        The crops of the present regions, by name.

    Raises:
        ValueError: The pixels of the image were not kept.
    """
    image, face, segmentation, to_image = (
        face_embedding.decoded_image,
        face_embedding.face,
        face_embedding.segmentation,
        np.eye(2, 3),
    )
    if embedder.harmonisation:
        canonical = harmonise(image, face, embedder.harmonisation)
        image, face, to_image = canonical.image, canonical.face, canonical.to_original
        segmentation = transform_regions(segmentation, inverse(to_image))
    size, alignment = embedder.components.crop_size, embedder.components.alignment
    frames = {r.name: region_frame(face, r, embedder.crop, size, alignment=alignment) for r in segmentation.regions}
    return {name: RegionCrop(warp(image.pixels, frame, size), joined(to_image, frame)) for name, frame in frames.items()}
