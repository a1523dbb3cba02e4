"""Images that a document shows beside the patient's."""

from __future__ import annotations

from dataclasses import dataclass

from ...types import UInt8


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonImage:
    """An image to compare the patient with: a typical face of a condition, or the composite of its training patients.

    Attributes:
        pixels: uint8 [height, width, 3], sRGB.
        title: The condition.
        caption: What the image is, such as "synthetic face, drawn from the condition's signs".
    """

    pixels: UInt8
    title: str
    caption: str
