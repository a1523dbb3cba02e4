"""Cuts the crops of a face's regions as a recipe's ``crop`` says."""

from __future__ import annotations

from ..types import Crop, Face, Image, Region, UInt8
from .alignment import Alignment
from .geometry import Matrix, square_frame
from .warp import warp

WHOLE = "face"  # the region whose crops have an alignment


def crop_region(
    image: Image, face: Face, region: Region, crop: Crop, size: int, *, alignment: Alignment | None = None
) -> UInt8:
    """uint8 [size, size, 3]: the square around the region's polygon that ``crop`` describes, or, of the whole face, what
    ``alignment`` describes."""
    return warp(image.pixels, region_frame(face, region, crop, size, alignment=alignment), size)


def region_frame(face: Face, region: Region, crop: Crop, size: int, *, alignment: Alignment | None = None) -> Matrix:
    """Where that square lies: the transform from a crop of ``size`` px to the photograph. alignment: of the whole face, as
    ``crop.align`` means it for the recipe's trunk; None: as of any other region."""
    if alignment is not None and region.name == WHOLE:
        return alignment.frame(face, size)
    x0, y0, x1, y1 = (float(v) for v in face.box)
    side = max(x1 - x0, y1 - y0)
    return square_frame(
        region.polygon, face.roll if crop.align else 0.0, 0.0, size, border=crop.margin * side, min_side=crop.min_side * side
    )
