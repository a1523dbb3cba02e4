"""The faces that were judged worst, small, for a report that may show them."""

from __future__ import annotations

import io

from PIL import Image as Pillow

from ...errors import ImageError
from ...evaluation.evaluation_data import EvaluationData
from ...evaluation.result import Evaluation
from ...imaging.decode import read_image

SIDE = 160  # px
AROUND = 0.25  # of the box is shown on each side


def worst_faces(evaluation: Evaluation, evaluation_data: EvaluationData) -> dict[str, bytes]:
    """By path a JPEG without metadata. A photograph that cannot be read any more is left out."""
    shown = zip(evaluation_data.names, evaluation_data.embedded.samples, evaluation_data.boxes, strict=True)
    places = {name: (item.path, box) for name, item, box in shown}
    faces = {}
    for error in evaluation.worst:
        path, box = places[error.path]
        try:
            image = read_image(path)
        except ImageError:
            continue
        x0, y0, x1, y1 = (float(v) for v in box)
        dx, dy = AROUND * (x1 - x0), AROUND * (y1 - y0)
        cut = Pillow.fromarray(image.pixels).crop((round(x0 - dx), round(y0 - dy), round(x1 + dx), round(y1 + dy)))
        cut.thumbnail((SIDE, SIDE))
        written = io.BytesIO()
        cut.save(written, "JPEG", quality=85)
        faces[error.path] = written.getvalue()
    return faces
