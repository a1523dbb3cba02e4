"""What requests about kept images ask of the worker: heat maps, and predictions with a record, without embedding again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..decoding.decode import decode_image
from ..errors import ImageError
from ..explain.crops import cut_crops
from ..explain.occlusion import occlusion_map
from ..explain.saliency_map import SaliencyMap
from ..inference.pipeline import Pipeline
from ..types import Failure, Prediction, UInt8
from .kept_images import KeptFace, KeptImage
from .metrics import Metrics
from .predict_task import face_with_index
from .problems import RequestError
from .results import Predicted, Question, Results
from .worker import Task

ChosenFace = tuple[KeptImage, int | None]  # an image, and the index of a face; None for the face that the recipe selects


class MapTask(Task[SaliencyMap]):
    """Compute the map of one region of a kept face, unless it was computed before.

    Args:
        image: The image.
        face: Its face.
        region: A region that is present.
        metrics: Where maps are counted.
    """

    def __init__(self, image: KeptImage, face: KeptFace, region: str, metrics: Metrics) -> None:
        self.image, self.face, self.region, self._metrics = image, face, region, metrics
        self.is_slow = region not in face.maps

    def steps(self, pipeline: Pipeline) -> Iterator[SaliencyMap | None]:
        """Yield the map."""
        yield map_of(pipeline, self.image, self.face, self.region, self._metrics)


class AnswerTask(Task[Results]):
    """Answer a question from kept images.

    Args:
        faces: The chosen faces.
        question: What is asked of them.
        maps: Whether saliency maps are added.
        metrics: Where maps are counted.
    """

    def __init__(self, faces: Sequence[ChosenFace], question: Question, metrics: Metrics, *, maps: bool) -> None:
        self.faces, self.question, self.maps, self._metrics = faces, question, maps, metrics
        self.is_slow = maps and any(
            region not in face.maps
            for image, index in faces
            if (face := image.face(index))
            for region in present_regions(face.prediction)
        )

    def steps(self, pipeline: Pipeline) -> Iterator[Results | None]:
        """Yield None after each map that has to be computed, and then the results."""
        predicted: list[Predicted] = []
        for image, index in self.faces:
            face, maps = image.face(index), []
            if face and self.maps:
                for region in present_regions(face.prediction):
                    known = region in face.maps
                    maps.append(map_of(pipeline, image, face, region, self._metrics))
                    if not known:
                        yield None
            predicted.append(Predicted(prediction_of(image, index), maps, face.explanation if face else None))
        yield self.question.answer(pipeline, predicted)


def prediction_of(image: KeptImage, index: int | None) -> Prediction | Failure:
    """The prediction for a chosen face, from the face alone; a failure if the image has no such face.

    Args:
        image: The image.
        index: Index of the face; None for the face that the recipe selects.
    """
    predictions = [face.prediction for face in image.faces]
    return face_with_index(predictions, image.chosen if index is None else index)


def present_regions(prediction: Prediction) -> list[str]:
    """The regions that a face shows.

    Args:
        prediction: The prediction for the face.
    """
    return [name for name, present in zip(prediction.regions, prediction.present, strict=True) if present]


def map_of(pipeline: Pipeline, image: KeptImage, face: KeptFace, region: str, metrics: Metrics) -> SaliencyMap:
    """The saliency map of a region for all conditions: the one that is kept, or else a new one, which is kept.

    Args:
        pipeline: The worker's pipeline.
        image: The image.
        face: Its face.
        region: A region that is present.
        metrics: Where maps are counted.

    Raises:
        RequestError: The image cannot be decoded again, for lack of memory.
    """
    if region not in face.maps:
        assert pipeline.classifier  # noqa: S101  # or there would be no prediction
        if not face.crops:
            embedding = face.prediction.face_embedding
            face.crops = cut_crops(pipeline.embedder, replace(embedding, pixels=decoded(image)))
        crop = face.crops[region]
        face.maps[region] = occlusion_map(pipeline.embedder, pipeline.classifier, face.prediction, region, crop)
        metrics.maps.inc()
        if len(face.maps) == len(present_regions(face.prediction)):
            face.crops = {}
    return face.maps[region]


def decoded(image: KeptImage) -> UInt8:
    """Decode a kept image again.

    Args:
        image: The image.

    Returns:
        uint8 [height, width, 3].

    Raises:
        RequestError: There is not enough memory now.
    """
    try:
        return decode_image(image.upload.content, str(image.upload)).pixels
    except ImageError as error:
        raise RequestError(500, error.code, f"{image.upload}: {error.message}") from None
