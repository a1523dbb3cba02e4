"""Thumbnails of the worst errors, for reports that may show faces."""

from __future__ import annotations

import io

from PIL import Image as Pillow

from ...decoding.decode import read_image
from ...errors import ImageError
from ...evaluation.evaluation_data import EvaluationData
from ...evaluation.result import Evaluation

SIDE = 160  # px
MARGIN = 0.25  # of the face box, added on each side


def worst_faces(evaluation: Evaluation, evaluation_data: EvaluationData) -> dict[str, bytes]:
    """Crop the faces of the worst errors.

    Args:
        evaluation: The evaluation.
        evaluation_data: Its images and face boxes.

    Returns:
        A JPEG without metadata for each path. An image that can no longer be read is left out.
    """
    rows = zip(evaluation_data.names, evaluation_data.embedded.samples, evaluation_data.boxes, strict=True)
    places = {name: (sample.path, box) for name, sample, box in rows}
    faces = {}
    for error in evaluation.worst:
        path, box = places[error.path]
        try:
            image = read_image(path)
        except ImageError:
            continue
        x0, y0, x1, y1 = (float(v) for v in box)
        dx, dy = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
        crop = Pillow.fromarray(image.pixels).crop((round(x0 - dx), round(y0 - dy), round(x1 + dx), round(y1 + dy)))
        crop.thumbnail((SIDE, SIDE))
        encoded = io.BytesIO()
        crop.save(encoded, "JPEG", quality=85)
        faces[error.path] = encoded.getvalue()
    return faces
