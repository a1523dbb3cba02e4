"""Cuts the crops of a face's regions as a recipe's ``crop`` says."""

from __future__ import annotations

from ..geometry import square_frame
from ..types import Face, Image, Region, UInt8
from .warp import warp


def crop_region(image: Image, face: Face, region: Region, *, align: bool, margin: float, size: int) -> UInt8:
    """uint8 [size, size, 3]: the square around the region's polygon, turned so that the eye line is level where ``align``."""
    frame = square_frame(region.polygon, face.roll if align else 0.0, margin, size)
    return warp(image.pixels, frame, size)
