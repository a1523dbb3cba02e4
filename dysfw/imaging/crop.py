"""Crops the regions of a face."""

from __future__ import annotations

from ..types import Crop, Face, Image, Region, UInt8
from .alignment import Alignment
from .geometry import Matrix, square_frame
from .warp import warp

WHOLE = "face"  # the region to which an alignment applies


def crop_region(
    image: Image, face: Face, region: Region, crop: Crop, size: int, *, alignment: Alignment | None = None
) -> UInt8:
    """Crop one region.

    Args:
        image: The image.
        face: The face.
        region: The region.
        crop: How to crop: see ``dysfw.types.Crop``.
        size: Side of the crop, px.
        alignment: Alignment of the region ``face``, as ``crop.align`` means it for the recipe's backbone; None treats it like
            any other region.

    Returns:
        uint8 [size, size, 3].

    Raises:
        ValueError: The region or the face has no extent.
    """
    return warp(image.pixels, region_frame(face, region, crop, size, alignment=alignment), size)


def region_frame(face: Face, region: Region, crop: Crop, size: int, *, alignment: Alignment | None = None) -> Matrix:
    """Compute where the crop of a region lies.

    Args:
        face: The face.
        region: The region.
        crop: How to crop.
        size: Side of the crop, px.
        alignment: As in ``crop_region``.

    Returns:
        The transform from the crop to the image.

    Raises:
        ValueError: The region or the face has no extent.
    """
    if alignment is not None and region.name == WHOLE:
        return alignment.frame(face, size)
    x0, y0, x1, y1 = (float(v) for v in face.box)
    side = max(x1 - x0, y1 - y0)
    return square_frame(
        region.polygon, face.roll if crop.align else 0.0, 0.0, size, border=crop.margin * side, min_side=crop.min_side * side
    )
