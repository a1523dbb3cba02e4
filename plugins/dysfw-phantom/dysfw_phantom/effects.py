"""Effects of the source of an image, such as the camera of a hospital, that are unrelated to the face.

If all images of one condition come from one camera, a classifier can separate the classes without looking at the faces. These
effects create such data sets deliberately, to test audits.
"""

from __future__ import annotations

import io
from typing import Annotated, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter
from pydantic import Field

from dysfw.plugin import UInt8

from .yaml_reading import StrictModel

Format = Literal["jpeg", "png", "webp"]
ENDINGS: dict[Format, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
Size = Annotated[int, Field(ge=64, le=2048)]
Level = Annotated[int, Field(ge=0, le=255)]
Quality = Annotated[int, Field(ge=1, le=100)]
DESCRIPTION, SOFTWARE = 0x010E, 0x0131  # EXIF tags
PHANTOM = "phantom: a synthetic face, not a person"


class FileConfig(StrictModel):
    """File format of the images.

    Attributes:
        format: "jpeg", "png" or "webp".
        quality: Quality of JPEG and WebP, 1 to 100.
    """

    format: Format = "jpeg"
    quality: Quality = 92


class Effects(StrictModel):
    """Effects of one source; none by default.

    Attributes:
        size: Side of the image before adding a border, px.
        format: File format; see ``FileConfig``.
        quality: Quality of JPEG and WebP, 1 to 100.
        blur: Standard deviation of a Gaussian blur, px.
        brightness: Factor on the pixel values.
        background: Plain sRGB background in place of a scene, before lighting and camera.
        border: Width of a black border, px.
        software: EXIF tag "Software".
    """

    size: Size | None = None
    format: Format | None = None
    quality: Quality | None = None
    blur: Annotated[float, Field(ge=0, le=20)] = 0.0
    brightness: Annotated[float, Field(ge=0.2, le=3)] = 1.0
    background: tuple[Level, Level, Level] | None = None
    border: Annotated[int, Field(ge=0, le=256)] = 0
    software: Annotated[str, Field(max_length=100)] | None = None

    def file(self, default: FileConfig) -> FileConfig:
        """Return the file format of this source.

        Args:
            default: Format of the data set.

        Returns:
            The format, with the values that this source overrides.
        """
        return FileConfig(format=self.format or default.format, quality=self.quality or default.quality)


def apply_effects(pixels: UInt8, effects: Effects) -> UInt8:
    """Apply blur, brightness and border, in this order.

    The border moves all points by ``effects.border`` px to the right and down.

    Args:
        pixels: uint8 [S, S, 3].
        effects: The effects.

    Returns:
        uint8 [S + 2 border, S + 2 border, 3].
    """
    if effects.blur:
        pixels = np.asarray(Pillow.fromarray(pixels).filter(ImageFilter.GaussianBlur(effects.blur)))
    if effects.brightness != 1:
        pixels = np.clip(np.rint(pixels * effects.brightness), 0, 255).astype(np.uint8)
    if effects.border:
        pixels = np.pad(pixels, ((effects.border, effects.border), (effects.border, effects.border), (0, 0)))
    return pixels


def encode(pixels: UInt8, file: FileConfig, software: str | None = None) -> bytes:
    """Encode an image. Its EXIF description states that it shows a phantom.

    Args:
        pixels: uint8 [H, W, 3].
        file: File format.
        software: EXIF tag "Software".

    Returns:
        Content of the file.
    """
    exif = Pillow.Exif()
    exif[DESCRIPTION] = PHANTOM
    if software:
        exif[SOFTWARE] = software
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, file.format.upper(), quality=file.quality, exif=exif.tobytes())
    return content.getvalue()
