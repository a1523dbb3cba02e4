"""BlazeFace, compared with MTCNN on synthetic faces."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_mediapipe.detector import Blazeface

from .conftest import make_image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def detector():
    return Blazeface()


def test_landmarks_and_boxes_agree_with_mtcnns(detector, phantoms):
    images, reference = zip(*phantoms, strict=True)
    found = detector.detect(images)
    pairs = [(faces[0], other) for faces, other in zip(found, reference, strict=True) if faces]
    assert len(pairs) >= 46
    apart = np.array([np.linalg.norm(other.landmarks[1] - other.landmarks[0]) for _, other in pairs])
    gaps = np.array([np.linalg.norm(face.landmarks - other.landmarks, axis=1) for face, other in pairs]) / apart[:, None]
    assert np.median(gaps[:, :2]) < 0.1
    assert np.median(gaps[:, 2]) < 0.15
    assert np.median(gaps[:, 3:]) < 0.15
    heights = [(f.box[3] - f.box[1]) / (o.box[3] - o.box[1]) for f, o in pairs]
    assert 0.85 < np.median(heights) < 1.15
    assert all(face.chosen and 0.5 <= face.score <= 1 and face.box.dtype == np.float32 for face, _ in pairs)


def test_a_photo_and_noise(detector, astronaut):
    noise = make_image(np.random.default_rng(0).integers(90, 160, (200, 300, 3), np.uint8))
    image, reference = astronaut
    (face, *_), nothing = detector.detect([image, noise])
    assert nothing == []
    assert np.abs(face.landmarks - reference.landmarks).max() < 15  # px


def test_results_do_not_depend_on_the_batch(detector, phantoms):
    images = [image for image, _ in phantoms[:4]]
    together, alone = detector.detect(images), [detector.detect([image])[0] for image in images[::-1]][::-1]
    for one, other in zip(together, alone, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.box, b.box)
            np.testing.assert_array_equal(a.landmarks, b.landmarks)
    assert detector.detect([]) == []


def test_faces_above_the_documented_size_are_found(detector, phantoms):
    image, face = phantoms[0]
    height = face.box[3] - face.box[1]
    for fraction, found in ((1 / 6, 1), (1 / 16, 0)):
        side = int(height / fraction)
        canvas = np.full((side, side, 3), 127, np.uint8)
        canvas[: image.height, : image.width] = image.pixels
        assert len(detector.detect([make_image(canvas)])[0]) == found


def test_weights_list_the_file(detector):
    (weights,) = detector.weights()
    assert weights.licence == "Apache-2.0"
    assert len(weights.sha256) == 64


@pytest.mark.parametrize("parameters", [{"threshold": 1}, {"select": "first"}])
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match="must be"):
        Blazeface(**parameters)
