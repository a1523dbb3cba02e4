"""Adds the pixels of kept images to results, for a PDF that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..types import Failure, Prediction, UInt8
from .answer_task import ChosenFace, decoded
from .predict_task import check_pixels
from .results import Results


def with_pixels(result: Results, faces: Sequence[ChosenFace]) -> Results:
    """Decode the images of results again.

    Args:
        result: Results from kept images.
        faces: The faces, in the order of the results.

    Returns:
        The same results; the predictions that a PDF draws hold the pixels of their image.

    Raises:
        RequestError: All images together have too many pixels, or there is not enough memory.
    """
    drawn = _drawn(result)
    images = {image.id: image for one, (image, _) in zip(result.results, faces, strict=True) if one.result in drawn}
    check_pixels(sum(3 * image.info.width * image.info.height for image in images.values()))
    pixels = {id: decoded(image) for id, image in images.items()}
    shown = [_shown(one.result, pixels.get(image.id)) for one, (image, _) in zip(result.results, faces, strict=True)]
    results = tuple(replace(one, result=new) for one, new in zip(result.results, shown, strict=True))
    if result.patient is None:
        return Results(results)
    patient, explanation = result.patient
    of_patient = tuple(one for one in shown if isinstance(one, Prediction))  # the order in which predict_patient keeps them
    return Results(results, (replace(patient, images=of_patient), explanation))


def _drawn(result: Results) -> Sequence[Prediction | Failure]:
    """The predictions whose image a PDF shows: the only one, or the first of those that count for the patient."""
    if result.patient is None:
        return [one.result for one in result.results]
    from ..output.pdf.photos import MAX_PHOTOS  # imports what draws pages

    return result.patient[0].counted[:MAX_PHOTOS]


def _shown(one: Prediction | Failure, pixels: UInt8 | None) -> Prediction | Failure:
    if isinstance(one, Failure) or pixels is None:
        return one
    return replace(one, face_embedding=replace(one.face_embedding, pixels=pixels))
