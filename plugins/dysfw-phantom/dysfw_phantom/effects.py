"""Effects of where a photograph comes from: what sets one hospital's pictures apart from another's, and not one patient.

A data set in which a condition always comes from one camera can be told apart without looking at a face. These effects make
such a data set on purpose, so that audits can be tested on it.
"""

from __future__ import annotations

import io
from typing import Annotated, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter
from pydantic import Field

from dysfw.plugin import UInt8

from .yaml_reading import Keys

Format = Literal["jpeg", "png", "webp"]
ENDINGS: dict[Format, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
Size = Annotated[int, Field(ge=64, le=2048)]
Level = Annotated[int, Field(ge=0, le=255)]
Quality = Annotated[int, Field(ge=1, le=100)]
DESCRIPTION, SOFTWARE = 0x010E, 0x0131  # EXIF tags
PHANTOM = "phantom: a synthetic face, not a person"


class FileKeys(Keys):
    """How photographs are stored. quality counts for jpeg and webp."""

    format: Format = "jpeg"
    quality: Quality = 92


class Effects(Keys):
    """What sets a source apart; nothing by default.

    size: side of the photograph, px, before a border. format, quality: of the file. blur: standard deviation, px. brightness:
    factor. background: a plain colour in place of a scene, R G B before the light and the camera change it. border: width, px,
    in black. software: the EXIF tag.
    """

    size: Size | None = None
    format: Format | None = None
    quality: Quality | None = None
    blur: Annotated[float, Field(ge=0, le=20)] = 0.0
    brightness: Annotated[float, Field(ge=0.2, le=3)] = 1.0
    background: tuple[Level, Level, Level] | None = None
    border: Annotated[int, Field(ge=0, le=256)] = 0
    software: Annotated[str, Field(max_length=100)] | None = None

    def file(self, default: FileKeys) -> FileKeys:
        """How this source's photographs are stored."""
        return FileKeys(format=self.format or default.format, quality=self.quality or default.quality)


def apply_effects(pixels: UInt8, effects: Effects) -> UInt8:
    """uint8 [S, S, 3] -> uint8 [S + 2 border, S + 2 border, 3]: blur, brightness and border, in this order.

    The border moves every point by ``effects.border`` px to the right and down.
    """
    if effects.blur:
        pixels = np.asarray(Pillow.fromarray(pixels).filter(ImageFilter.GaussianBlur(effects.blur)))
    if effects.brightness != 1:
        pixels = np.clip(np.rint(pixels * effects.brightness), 0, 255).astype(np.uint8)
    if effects.border:
        pixels = np.pad(pixels, ((effects.border, effects.border), (effects.border, effects.border), (0, 0)))
    return pixels


def encode(pixels: UInt8, file: FileKeys, software: str | None = None) -> bytes:
    """The content of an image file. Its EXIF says that it shows a phantom, and which software wrote it if that is given."""
    exif = Pillow.Exif()
    exif[DESCRIPTION] = PHANTOM
    if software:
        exif[SOFTWARE] = software
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, file.format.upper(), quality=file.quality, exif=exif.tobytes())
    return content.getvalue()
