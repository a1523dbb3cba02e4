"""The photos of a document, with the regions outlined."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, Table

from ...explain.explanation import Explanation
from ...explain.saliency_map import heat
from ...types import BasePrediction, PatientPrediction, Prediction
from ...util.text import count, listed
from .comparison import ComparisonImage
from .text import BODY, CELL_BOLD, CELL_SMALL, HEADING, SMALL, Text

MAX_PHOTOS = 6  # of a patient
MAX_COMPARISONS = 6
COLUMNS = 3
CONTEXT = 0.6  # margin shown around the face, as a fraction of its longer side
MAX_SIDE = 900  # px of a photo: 300 to the inch at the size that it has on paper
HEIGHT = 62 * mm  # of a single photo
GRID_HEIGHT = 48 * mm
HEAT_POINTS = 160  # on each side
HEAT_OPACITY = 0.55
SUPPORTS, OPPOSES = (194, 87, 12), (31, 111, 181)
COLOURS = [tuple(round(255 * v) for v in colour) for colour in mpl.colormaps["tab10"].colors]  # type: ignore[attr-defined]
LEGEND_MARK = "■"
Size = tuple[float, float]


def photos(result: BasePrediction, explanation: Explanation, width: float, text: Text) -> list[Flowable]:
    """Show the photos with a legend of the regions.

    Args:
        result: The prediction, with the pixels of its images.
        explanation: Its explanation; saliency maps are drawn on the photo of a single face.
        width: Width of the page between its margins, pt.
        text: Writes texts.

    Returns:
        The parts of the page.
    """
    parts: list[Flowable] = []
    if isinstance(result, Prediction):
        face = result.face_embedding
        caption = f"face {face.index + 1} of {face.faces}" if face.faces > 1 else ""
        cell = _cell(_drawn(result, explanation), (0.55 * width, HEIGHT), _name(result), caption, text)
        parts = [Table([[cell, _legend(result, text)]], colWidths=[0.55 * width, 0.45 * width], hAlign="LEFT", style=_GRID)]
        parts = [KeepTogether([text.paragraph("Photo", HEADING), *parts])]
        if explanation.maps:
            label = result.labels[explanation.condition]
            parts.append(text.paragraph(f"Orange parts of the face support {label}, blue parts oppose it.", SMALL))
    elif isinstance(result, PatientPrediction):
        used, number = result.counted, len(result.images) + len(result.failures)
        size = (width / COLUMNS, GRID_HEIGHT)
        cells = [_cell(_drawn(one, None), size, _name(one), "", text) for one in used[:MAX_PHOTOS]]
        parts = [*text.heading(f"Photos: {len(used)} of {number} used"), _grid(cells, width), _legend(result, text)]
        if len(used) > MAX_PHOTOS:
            others = listed(map(_name, used[MAX_PHOTOS:]), 30)
            more = count(len(used) - MAX_PHOTOS, "photo")
            parts.append(text.paragraph(f"Also used, not shown ({more}): {others}", BODY))
    return parts


def comparison_photos(comparisons: Sequence[ComparisonImage], width: float, text: Text) -> list[Flowable]:
    """Show the images that the patient is compared with.

    Args:
        comparisons: The images.
        width: Width of the page between its margins, pt.
        text: Writes texts.

    Returns:
        The parts of the page; empty if there are no images.
    """
    if not comparisons:
        return []
    shown, size = comparisons[:MAX_COMPARISONS], (width / COLUMNS, GRID_HEIGHT)
    cells = [_cell(Pillow.fromarray(np.ascontiguousarray(one.pixels)), size, one.title, one.caption, text) for one in shown]
    return [*text.heading("For comparison: none of these is the patient"), _grid(cells, width)]


_GRID = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
]  # fmt: skip


def _grid(cells: list[list[Flowable]], width: float) -> Table:
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    rows[-1] = [*rows[-1], *[[]] * (COLUMNS - len(rows[-1]))]
    return Table(rows, colWidths=[width / COLUMNS] * COLUMNS, hAlign="LEFT", style=_GRID)


def _cell(picture: Pillow.Image, room: Size, title: str, caption: str, text: Text) -> list[Flowable]:
    """A picture as large as the room allows, with its name below it."""
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    file.seek(0)
    scale = min((room[0] - 6) / picture.width, room[1] / picture.height)
    image = Image(file, picture.width * scale, picture.height * scale, hAlign="LEFT")
    words = [text.paragraph(title, CELL_BOLD, limit=120)] + (
        [text.paragraph(caption, CELL_SMALL, limit=300)] if caption else []
    )
    return [image, *words]


def _name(result: Prediction) -> str:
    """The name of the file, without its folder, which may name a person."""
    return Path(result.face_embedding.image.source).name


def _drawn(result: Prediction, explanation: Explanation | None) -> Pillow.Image:
    """The part of the image around the face, with the outlines of the regions and the saliency maps, if any."""
    face_embedding = result.face_embedding
    x0, y0, x1, y1 = (float(v) for v in face_embedding.face.box)
    around, image = CONTEXT * max(x1 - x0, y1 - y0), face_embedding.image
    left, upper = int(max(0, min(x0 - around, image.width - 1))), int(max(0, min(y0 - around, image.height - 1)))
    right, lower = max(left + 1, int(min(image.width, x1 + around))), max(upper + 1, int(min(image.height, y1 + around)))
    part = Pillow.fromarray(np.ascontiguousarray(face_embedding.decoded_image.pixels[upper:lower, left:right]))
    scale = 2 * MAX_SIDE / max(part.size)  # lines are drawn twice as large, and become smooth when the image shrinks
    part = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))), Pillow.Resampling.BICUBIC)
    if explanation and explanation.maps:
        part = _heated(part, explanation, (left, upper, right, lower))
    drawing = ImageDraw.Draw(part)
    polygons = {region.name: region.polygon for region in face_embedding.segmentation.regions}
    for number, name in enumerate(result.regions):
        if name in polygons:
            points = [((float(x) - left) * scale, (float(y) - upper) * scale) for x, y in polygons[name]]
            drawing.line([*points, points[0], points[1]], fill=COLOURS[number % len(COLOURS)], width=8, joint="curve")
    return part


def _heated(part: Pillow.Image, explanation: Explanation, view: tuple[int, int, int, int]) -> Pillow.Image:
    """Orange where hiding the image makes the condition less probable, blue where it makes it more probable."""
    x, y = np.linspace(view[0], view[2], HEAT_POINTS), np.linspace(view[1], view[3], HEAT_POINTS)
    values = heat(explanation.maps, explanation.condition, np.stack(np.meshgrid(x, y), axis=-1))
    strength = np.abs(values) / (float(np.abs(values).max()) or 1.0)
    colours = np.where(values[:, :, None] > 0, SUPPORTS, OPPOSES).astype(np.uint8)
    opacity = Pillow.fromarray((255 * HEAT_OPACITY * strength).astype(np.uint8)).resize(part.size)
    return Pillow.composite(Pillow.fromarray(colours).resize(part.size), part, opacity)


def _legend(result: BasePrediction, text: Text) -> Flowable:
    names = [
        f'<font color="#{bytes(COLOURS[number % len(COLOURS)]).hex()}">{LEGEND_MARK}</font>\u00a0{text.marked(name, 60)}'
        for number, name in enumerate(result.regions)
    ]
    return Paragraph("Regions: " + "   ".join(names), SMALL)
