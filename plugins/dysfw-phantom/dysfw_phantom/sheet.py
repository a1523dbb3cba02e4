"""Contact sheets: photographs in rows, with a caption below each row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from dysfw.plugin import UInt8

GAP, BELOW = 4, 8  # px
PAPER, INK = (250, 250, 248), (40, 40, 40)
FONT_PART, LEAST_FONT = 12, 11  # the font's size is that part of a photograph's side, and no less than so many px


def contact_sheet(rows: Sequence[tuple[str, Sequence[UInt8]]]) -> UInt8:
    """Rows of a caption and photographs, uint8 [S, S, 3] each -> one picture, uint8 [H, W, 3]."""
    side = rows[0][1][0].shape[0]
    columns = max(len(photographs) for _, photographs in rows)
    font = ImageFont.load_default(max(LEAST_FONT, side // FONT_PART))
    line = font.getbbox("Ag")[3] + BELOW
    height = side + int(line) + 2 * GAP
    sheet = Pillow.new("RGB", (columns * (side + GAP) + GAP, len(rows) * height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, photographs) in enumerate(rows):
        top = GAP + number * height
        for column, pixels in enumerate(photographs):
            sheet.paste(Pillow.fromarray(pixels), (GAP + column * (side + GAP), top))
        draw.text((GAP, top + side + GAP // 2), caption, INK, font)
    return np.asarray(sheet)
