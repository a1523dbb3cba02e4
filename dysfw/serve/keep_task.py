"""What a request to keep images asks of the worker."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image as Pillow

from ..decoding.memory_image import MemoryImage
from ..explain.explanation import explain
from ..inference.pipeline import Pipeline
from ..types import Failure, Prediction, UInt8
from .kept_images import KeptFace, KeptImage
from .predict_task import chosen_face
from .worker import Task

PREVIEW = 1280  # px, maximum side
QUALITY = 85  # of the JPEG

KeptResult = KeptImage | Failure


class KeepTask(Task[Sequence[KeptResult]]):
    """Predict all faces of images, and make previews.

    Args:
        uploads: The images.
    """

    all_faces = True
    pixels = True

    def __init__(self, uploads: Sequence[MemoryImage]) -> None:
        self.uploads = uploads
        self._results: list[KeptResult] = []

    def add(self, faces: list[Prediction | Failure]) -> None:
        """Take the predictions of the next image, without its pixels."""
        self._results.append(_kept(self.uploads[len(self._results)], faces))

    def steps(self, pipeline: Pipeline) -> Iterator[Sequence[KeptResult] | None]:
        """Yield the images, whose faces are explained, and the failures."""
        for image in self._results:
            for face in image.faces if isinstance(image, KeptImage) else ():
                face.explanation = explain(pipeline, face.prediction)
        yield self._results


def _kept(upload: MemoryImage, faces: Sequence[Prediction | Failure]) -> KeptResult:
    predictions = [one for one in faces if isinstance(one, Prediction)]
    if not predictions:
        return next(one for one in faces if isinstance(one, Failure))
    pixels = predictions[0].face_embedding.decoded_image.pixels
    without = [replace(one, face_embedding=replace(one.face_embedding, pixels=None)) for one in predictions]
    return KeptImage(
        upload=upload,
        info=predictions[0].face_embedding.image,
        preview=preview(pixels),
        faces=tuple(map(KeptFace, without)),
        chosen=chosen_face(predictions).face_embedding.index,
    )


def preview(pixels: UInt8) -> bytes:
    """Make a JPEG of an image for display.

    Args:
        pixels: uint8 [height, width, 3], sRGB.

    Returns:
        A JPEG file of at most 1,280 px, without metadata.
    """
    image = Pillow.fromarray(pixels)
    image.thumbnail((PREVIEW, PREVIEW))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
