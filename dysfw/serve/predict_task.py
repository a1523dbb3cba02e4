"""What a request with image files asks of the worker: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..decoding.memory_image import MemoryImage
from ..explain.explanation import explain, maps_of
from ..explain.saliency_map import SaliencyMap
from ..inference.pipeline import Pipeline
from ..types import Failure, Prediction
from .form import PredictForm
from .problems import RequestError
from .results import Predicted, Question, Results
from .worker import Task

MAX_PIXEL_BYTES = 384_000_000  # per request, of images whose pixels are kept: 128 megapixels


class PredictTask(Task[Results]):
    """Predict the images of a request.

    Args:
        uploads: The images.
        form: The fields of the request.
        question: What is asked of them.
    """

    def __init__(self, uploads: Sequence[MemoryImage], form: PredictForm, question: Question) -> None:
        self.uploads, self.form, self.question = uploads, form, question
        self.all_faces = form.faces == "all" or form.face is not None
        self.pixels = form.maps is not None or form.show_image or form.format == "pdf"
        self.is_slow = form.maps is not None
        self._predictions: list[list[Prediction | Failure]] = []
        self._pixel_bytes = 0

    def add(self, faces: list[Prediction | Failure]) -> None:
        """Take the predictions of the next image; refuse it if all images together have too many pixels."""
        self._pixel_bytes += max(map(_pixel_bytes, faces), default=0)
        check_pixels(self._pixel_bytes)
        self._predictions.append(faces)

    def steps(self, pipeline: Pipeline) -> Iterator[Results | None]:
        """Yield None after each map, and then the results."""
        predicted: list[Predicted] = []
        for number, faces in enumerate(self._predictions):
            for one in requested_faces(faces, self.form, number):
                maps: list[SaliencyMap] = []
                if isinstance(one, Prediction) and self.form.maps:
                    condition = explain(pipeline, one, label=self.form.why).condition
                    for saliency_map in maps_of(pipeline, one, condition, self.form.maps):
                        maps.append(saliency_map)
                        yield None
                predicted.append(Predicted(one, maps))
        yield self.question.answer(pipeline, predicted)


def check_pixels(pixel_bytes: int) -> None:
    """Raise RequestError if the pixels of a request's images would need too much memory.

    Args:
        pixel_bytes: Their size, 3 bytes a pixel.
    """
    if pixel_bytes > MAX_PIXEL_BYTES:
        limit = f"{MAX_PIXEL_BYTES / 3e6:.0f} megapixels"
        message = f"images for show_image, maps or pdf may have at most {limit} in total; send fewer at a time"
        raise RequestError(413, "too_many_pixels", message)


def _pixel_bytes(one: Prediction | Failure) -> int:
    """Bytes of the image's pixels; all faces of an image share them."""
    return one.face_embedding.pixels.nbytes if isinstance(one, Prediction) and one.face_embedding.pixels is not None else 0


def requested_faces(faces: Sequence[Prediction | Failure], form: PredictForm, number: int) -> Sequence[Prediction | Failure]:
    """Choose the requested faces of an image: all, the one with an index, or the one that the recipe selects.

    Args:
        faces: What was predicted for the image.
        form: The fields of the request.
        number: Position of the image in the request, from 0.
    """
    predictions = [one for one in faces if isinstance(one, Prediction)]
    if form.face is None or not predictions:
        return faces
    index = form.face_of(number)
    return [chosen_face(predictions) if index is None else face_with_index(predictions, index)]


def chosen_face(predictions: Sequence[Prediction]) -> Prediction:
    """The face that the recipe selects.

    Args:
        predictions: The predictions for one image, at least one.
    """
    return next((one for one in predictions if one.face_embedding.face.chosen), predictions[0])


def face_with_index(predictions: Sequence[Prediction], index: int) -> Prediction | Failure:
    """The face with an index, or a failure if there is none.

    Args:
        predictions: The predictions for one image, at least one.
        index: The index, from 0.
    """
    for one in predictions:
        if one.face_embedding.index == index:
            return one
    image = predictions[0].face_embedding.image
    message = f"there is no face {index}: {len(predictions)} found, counted from 0"
    return Failure(image.source, "no_such_face", message, image.sha256, image.width, image.height)
