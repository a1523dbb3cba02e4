"""Checks of detectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts.components import Detector
from ...types import Face, Image
from ..examples import noise_image
from ..outcome import require
from ..subject import Subject
from .harness import PIXEL_TOLERANCE, harness_of, ignores_image_names, require_equal

MIN_OVERLAP = 0.25  # intersection over union with the true box; low, because detectors draw their boxes differently


def returns_valid_faces(subject: Subject) -> None:
    """Each image gives a list of faces with boxes, scores and landmarks as the contract describes."""
    detector = _detector(subject)
    detected = detector.detect(subject.images)
    require(
        isinstance(detected, list) and len(detected) == len(subject.images),
        f"a list of {len(subject.images)} lists, one for each image",
        found=f"{type(detected).__name__} of {len(detected)}",
        why="results belong to images by their position",
    )
    for face in (face for faces in detected for face in faces):
        require(isinstance(face, Face), "dysfw.types.Face", found=type(face).__name__, why="the contract requires it")
        for name, array, shape in (("box", face.box, (4,)), ("landmarks", face.landmarks, (5, 2))):
            require(
                array.shape == shape and array.dtype == np.float32,
                f"{name} float32 {list(shape)}",
                found=f"{array.dtype} {list(array.shape)}",
                why="segmenters and crops compute with it",
            )
        require(0 <= face.score <= 1, "a score from 0 to 1", found=face.score, why="thresholds are between 0 and 1")
        x0, y0, x1, y1 = face.box
        require(
            x0 < x1 and y0 < y1,
            "a box x0 y0 x1 y1 with x0 < x1 and y0 < y1",
            found=face.box,
            why="crops are computed from it",
        )


def detects_the_example_faces(subject: Subject) -> None:
    """The face in each example image is detected."""
    detected = _detector(subject).detect(subject.images)
    for image, faces, truth in zip(subject.images, detected, subject.faces, strict=True):
        require(faces, f"a face in {image.source}", found="none", why="each example image shows one upright frontal face")
        best = max(_overlap(face, truth) for face in faces)
        require(
            best >= MIN_OVERLAP,
            f"a box whose intersection over union with the face in {image.source} is at least {MIN_OVERLAP}",
            found=f"{best:.2f}",
            why="all regions are located in and around the box",
        )


def orders_landmarks_anatomically(subject: Subject) -> None:
    """Landmarks are ordered: right eye, left eye, nose, right and left corner of the mouth, as the subject has them."""
    for image, faces in zip(subject.images, _detector(subject).detect(subject.images), strict=True):
        for face in faces[:1]:
            right, left, nose, mouth_right, mouth_left = face.landmarks
            require(
                abs(face.roll) < np.pi / 4 and right[0] < left[0] and mouth_right[0] < mouth_left[0],
                "the subject's right eye and right corner of the mouth (left in the image) before the left ones",
                found=f"eyes at {right} and {left} in {image.source}",
                why="the roll is computed from the order of the eyes: crops would be upside down",
            )
            require(
                nose[1] > min(right[1], left[1]) and max(mouth_right[1], mouth_left[1]) > nose[1],
                "the tip of the nose below the eyes, and the mouth below the nose, in an upright face",
                found=f"nose at {nose}, mouth at {mouth_right} and {mouth_left} in {image.source}",
                why="the order is: right eye, left eye, nose, right and left corner of the mouth",
            )


def accepts_no_images(subject: Subject) -> None:
    """An empty batch gives an empty list."""
    detected = _detector(subject).detect([])
    require(detected == [], "an empty list for no images", found=detected, why="batches can be empty")


def processes_each_image_independently(subject: Subject) -> None:
    """The faces in an image do not depend on the other images of the batch."""
    detector, harness = _detector(subject), harness_of(subject)
    in_batch = detector.detect([noise_image(), *subject.images])[1:]
    for image, faces in zip(subject.images, in_batch, strict=True):
        require_equal(
            [part for face in faces for part in (face.box, face.landmarks)],
            harness.run(detector, ([image],)),
            f"the same faces in {image.source} alone and in a batch",
            "an image's result must not depend on the rest of its batch",
            PIXEL_TOLERANCE,
            pixels=True,
        )


def accepts_images_of_any_shape(subject: Subject) -> None:
    """Noise, single pixels, strips and flat images give a list each, with or without faces."""
    images = [noise_image(1, 1), noise_image(8, 300), noise_image(300, 8), _flat(subject.images[0])]
    detected = _detector(subject).detect(images)
    require(
        len(detected) == len(images),
        "a list for each image, however small or narrow",
        found=len(detected),
        why="images come in any size",
    )


def _flat(image: Image) -> Image:
    pixels = np.full_like(image.pixels, 127)
    pixels.setflags(write=False)
    return replace(image, pixels=pixels)


def _overlap(face: Face, other: Face) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(face.box[:2], other.box[:2]), np.minimum(face.box[2:], other.box[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    areas = sum(float(np.prod(one.box[2:] - one.box[:2])) for one in (face, other))
    return shared / (areas - shared)


def _detector(subject: Subject) -> Detector:
    assert isinstance(subject.instance, Detector)  # noqa: S101
    return subject.instance


CHECKS = (
    returns_valid_faces,
    detects_the_example_faces,
    orders_landmarks_anatomically,
    accepts_no_images,
    processes_each_image_independently,
    accepts_images_of_any_shape,
    ignores_image_names,
)
