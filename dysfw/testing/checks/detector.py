"""What detectors owe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts.components import Detector
from ...types import Face, Image
from ..examples import noise_image
from ..outcome import require
from ..subject import Subject
from .harness import PIXELS, pays_no_heed_to_names, run_harness, same

LEAST_OVERLAP = 0.25  # of a found box with the true one, intersection over union: boxes of different detectors differ much


def gives_faces_as_the_contract_says(subject: Subject) -> None:
    detector = _detector(subject)
    found = detector.detect(subject.images)
    require(
        isinstance(found, list) and len(found) == len(subject.images),
        f"a list of {len(subject.images)} lists, one for each image",
        found=f"{type(found).__name__} of {len(found)}",
        why="results are matched to images by their position",
    )
    for face in (face for faces in found for face in faces):
        require(isinstance(face, Face), "dysfw.types.Face", found=type(face).__name__, why="the contract")
        for name, array, shape in (("box", face.box, (4,)), ("landmarks", face.landmarks, (5, 2))):
            require(
                array.shape == shape and array.dtype == np.float32,
                f"{name} float32 {list(shape)}",
                found=f"{array.dtype} {list(array.shape)}",
                why="segmenters and crops compute with them",
            )
        require(0 <= face.score <= 1, "a score from 0 to 1", found=face.score, why="thresholds are shares")
        x0, y0, x1, y1 = face.box
        require(x0 < x1 and y0 < y1, "a box x0 y0 x1 y1 with x0 < x1 and y0 < y1", found=face.box, why="crops are cut from it")


def finds_the_example_faces(subject: Subject) -> None:
    found = _detector(subject).detect(subject.images)
    for image, faces, truth in zip(subject.images, found, subject.faces, strict=True):
        require(
            faces, f"a face in {image.source}", found="none", why="each of the examples shows one, upright and from the front"
        )
        best = max(_overlap(face, truth) for face in faces)
        require(
            best >= LEAST_OVERLAP,
            f"a box that overlaps the face in {image.source} by {LEAST_OVERLAP}",
            found=f"{best:.2f}",
            why="all regions are looked for in and around it",
        )


def names_landmarks_in_anatomical_order(subject: Subject) -> None:
    for image, faces in zip(subject.images, _detector(subject).detect(subject.images), strict=True):
        for face in faces[:1]:
            right, left, nose, mouth_right, mouth_left = face.landmarks
            require(
                abs(face.roll) < np.pi / 4 and right[0] < left[0] and mouth_right[0] < mouth_left[0],
                "the subject's right eye and corner of the mouth (the viewer's left) before the left ones",
                found=f"eyes at {right} and {left} in {image.source}",
                why="the roll of a face follows from the order of its eyes: crops would be upside down",
            )
            require(
                nose[1] > min(right[1], left[1]) and max(mouth_right[1], mouth_left[1]) > nose[1],
                "the tip of the nose below the eyes, the mouth below the nose, in an upright face",
                found=f"nose at {nose}, mouth at {mouth_right} and {mouth_left} in {image.source}",
                why="the order is: right eye, left eye, nose, right and left corner of the mouth",
            )


def takes_no_images(subject: Subject) -> None:
    found = _detector(subject).detect([])
    require(found == [], "an empty list for no images", found=found, why="batches can be empty")


def sees_each_image_by_itself(subject: Subject) -> None:
    detector, task = _detector(subject), run_harness(subject)
    together = detector.detect([noise_image(), *subject.images])[1:]
    for image, faces in zip(subject.images, together, strict=True):
        same(
            [part for face in faces for part in (face.box, face.landmarks)],
            task.run(detector, ([image],)),
            f"the same faces in {image.source} alone and in a batch",
            "a photograph's result must not depend on its neighbours",
            PIXELS,
            pixels=True,
        )


def bears_images_of_any_shape(subject: Subject) -> None:
    """Grey noise, single pixels and strips: there may be faces or none, but a list for each."""
    odd = [noise_image(1, 1), noise_image(8, 300), noise_image(300, 8), _flat(subject.images[0])]
    found = _detector(subject).detect(odd)
    require(len(found) == len(odd), "a list for each image, however small or narrow", found=len(found), why="photographs vary")


def _flat(image: Image) -> Image:
    pixels = np.full_like(image.pixels, 127)
    pixels.setflags(write=False)
    return replace(image, pixels=pixels)


def _overlap(face: Face, other: Face) -> float:
    low, high = np.maximum(face.box[:2], other.box[:2]), np.minimum(face.box[2:], other.box[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    areas = sum(float(np.prod(one.box[2:] - one.box[:2])) for one in (face, other))
    return shared / (areas - shared)


def _detector(subject: Subject) -> Detector:
    assert isinstance(subject.one, Detector)  # noqa: S101
    return subject.one


CHECKS = (
    gives_faces_as_the_contract_says,
    finds_the_example_faces,
    names_landmarks_in_anatomical_order,
    takes_no_images,
    sees_each_image_by_itself,
    bears_images_of_any_shape,
    pays_no_heed_to_names,
)
