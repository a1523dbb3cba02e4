"""Cuts the crops of a face's regions as a recipe's ``crop`` says."""

from __future__ import annotations

from ..geometry import Matrix, square_frame
from ..types import Crop, Face, Image, Region, UInt8
from .warp import warp


def crop_region(image: Image, face: Face, region: Region, crop: Crop, size: int) -> UInt8:
    """uint8 [size, size, 3]: the square around the region's polygon that ``crop`` describes."""
    return warp(image.pixels, region_frame(face, region, crop, size), size)


def region_frame(face: Face, region: Region, crop: Crop, size: int) -> Matrix:
    """Where that square lies: the transform from a crop of ``size`` px to the photograph."""
    x0, y0, x1, y1 = (float(v) for v in face.box)
    side = max(x1 - x0, y1 - y0)
    return square_frame(
        region.polygon, face.roll if crop.align else 0.0, 0.0, size, border=crop.margin * side, least=crop.least * side
    )
