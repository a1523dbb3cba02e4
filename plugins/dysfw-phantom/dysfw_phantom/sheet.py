"""Layout of contact sheets: rows of images with captions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from dysfw.plugin import UInt8

GAP, CAPTION_MARGIN = 4, 8  # px
BACKGROUND, TEXT_COLOUR = (250, 250, 248), (40, 40, 40)
IMAGE_TO_FONT_SIZE, MIN_FONT_SIZE = 12, 11  # the font size is the side of an image divided by 12, at least 11 px


def contact_sheet(rows: Sequence[tuple[str, Sequence[UInt8]]]) -> UInt8:
    """Arrange images in rows with a caption below each row.

    Args:
        rows: Caption and images of each row, each uint8 [S, S, 3].

    Returns:
        uint8 [H, W, 3].
    """
    side = rows[0][1][0].shape[0]
    columns = max(len(images) for _, images in rows)
    font = ImageFont.load_default(max(MIN_FONT_SIZE, side // IMAGE_TO_FONT_SIZE))
    line = font.getbbox("Ag")[3] + CAPTION_MARGIN
    height = side + int(line) + 2 * GAP
    sheet = Pillow.new("RGB", (columns * (side + GAP) + GAP, len(rows) * height + GAP), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, images) in enumerate(rows):
        top = GAP + number * height
        for column, pixels in enumerate(images):
            sheet.paste(Pillow.fromarray(pixels), (GAP + column * (side + GAP), top))
        draw.text((GAP, top + side + GAP // 2), caption, TEXT_COLOUR, font)
    return np.asarray(sheet)
