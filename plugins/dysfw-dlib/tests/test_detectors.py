"""dlib's two detectors on synthetic faces and on a public-domain photo."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dlib
import numpy as np
import pytest
from dysfw_dlib.cnn import DlibCnn
from dysfw_dlib.detect import DLIB_POINTS, ESTIMATED_POINTS, _five_landmarks
from dysfw_dlib.hog import DlibHog
from dysfw_facenet.detector import Mtcnn
from PIL import Image as Pillow
from skimage import data

from dysfw.types import Face, Image

pytestmark = pytest.mark.slow

PHANTOMS = sorted((Path(__file__).parents[3] / "tests" / "fixtures" / "data" / "phantoms").glob("*/*.jpg"))
both = pytest.mark.parametrize("detector", ["hog", "cnn"], indirect=True)


def make_image(pixels) -> Image:
    pixels = np.ascontiguousarray(pixels)
    pixels.setflags(write=False)
    return Image(pixels, "test", "0" * 64)


@pytest.fixture(scope="module")
def detectors():
    return {"hog": DlibHog(), "cnn": DlibCnn(min_face=0.2)}


@pytest.fixture
def detector(request, detectors):
    return detectors[request.param]


@pytest.fixture(scope="module")
def phantoms():
    return [make_image(np.asarray(Pillow.open(path).convert("RGB"))) for path in PHANTOMS]


@pytest.fixture(scope="module")
def mtcnn(phantoms) -> list[Face]:
    return [faces[0] for faces in Mtcnn().detect(phantoms)]


def test_hog_landmarks_and_boxes_agree_with_mtcnns(detectors, phantoms, mtcnn):
    found = detectors["hog"].detect(phantoms)
    pairs = [(faces[0], other) for faces, other in zip(found, mtcnn, strict=True) if faces]
    assert len(pairs) >= 46
    apart = np.array([np.linalg.norm(other.landmarks[1] - other.landmarks[0]) for _, other in pairs])
    gaps = np.array([np.linalg.norm(face.landmarks - other.landmarks, axis=1) for face, other in pairs]) / apart[:, None]
    assert np.median(gaps[:, :2]) < 0.1
    assert np.median(gaps[:, 2]) < 0.12
    assert np.median(gaps[:, 3:]) < 0.2
    heights = [(f.box[3] - f.box[1]) / (o.box[3] - o.box[1]) for f, o in pairs]
    assert 0.85 < np.median(heights) < 1.15
    centres = [(f.box[:2] + f.box[2:] - o.box[:2] - o.box[2:]) / 2 / (o.box[3] - o.box[1]) for f, o in pairs]
    assert np.abs(np.median(centres, axis=0)).max() < 0.05


@both
def test_the_astronaut_has_one_face_with_landmarks_in_anatomical_order(detector):
    face = detector.detect([make_image(data.astronaut())])[0][0]  # the HOG detector also finds a pattern in the background
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert face.chosen
    assert right_eye[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert 0.5 <= face.score <= 1
    x0, y0, x1, y1 = face.box
    assert ((face.landmarks > [x0, y0]) & (face.landmarks < [x1, y1])).all()


@both
def test_results_do_not_depend_on_the_batch_and_images_without_a_face_give_none(detector, phantoms):
    noise = make_image(np.random.default_rng(0).integers(90, 160, (200, 200, 3), np.uint8))
    batch = [*phantoms[:2], noise]
    together, alone = detector.detect(batch), [detector.detect([one])[0] for one in batch]
    assert together[2] == []
    for one, other in zip(together, alone, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.box, b.box)
            np.testing.assert_array_equal(a.landmarks, b.landmarks)
    assert detector.detect([]) == []


def test_large_images_are_scaled_and_results_mapped_back(detectors, phantoms):
    small = phantoms[0]
    large = make_image(np.asarray(Pillow.fromarray(small.pixels).resize((4096, 4096), Pillow.Resampling.BICUBIC)))
    [[face]], [[reference]] = detectors["hog"].detect([large]), detectors["hog"].detect([small])
    factor = 4096 / small.width
    gap = np.linalg.norm(face.landmarks / factor - reference.landmarks, axis=1).max()
    assert gap < 0.1 * np.linalg.norm(reference.landmarks[1] - reference.landmarks[0])


def test_estimated_landmarks_rotate_with_the_face():
    class Shape:
        def __init__(self, points):
            self._points = points

        def parts(self):
            return [type("P", (), {"x": x, "y": y})() for x, y in self._points]

    angle = np.radians(30)
    rotation = 50 * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    right, left, base = DLIB_POINTS @ rotation + 200
    aside = np.array([3, 0])
    corners = [left + aside, left - aside, right - aside, right + aside, base]
    found = _five_landmarks(Shape([point - 0.5 for point in corners]))
    np.testing.assert_allclose(found, np.concatenate([[right, left], ESTIMATED_POINTS @ rotation + 200]), atol=1e-9)


@both
def test_weights_list_every_file(detector):
    names = [weights.name for weights in detector.weights()]
    assert "shape_predictor_5_face_landmarks.dat" in names
    assert len(names) == 2
    assert all(len(weights.sha256) == 64 and weights.licence for weights in detector.weights())


def test_the_hash_of_the_compiled_detector_is_that_of_the_saved_file(detectors, tmp_path):
    dlib.get_frontal_face_detector().save(str(tmp_path / "detector"))
    (compiled, *_) = detectors["hog"].weights()
    assert compiled.sha256 == hashlib.sha256((tmp_path / "detector").read_bytes()).hexdigest()
    assert compiled.source == f"dlib {dlib.__version__}"


def test_a_low_threshold_returns_faces_that_dlib_would_drop():
    image = make_image(data.astronaut())
    scores = [[face.score for face in DlibHog(threshold=t, select="all").detect([image])[0]] for t in (0.25, 0.5)]
    assert len(scores[0]) > len(scores[1]) >= 1
    assert 0.25 <= min(scores[0]) < 0.5 <= min(scores[1])


@pytest.mark.parametrize("size", [(30_000, 300), (120, 16_000)])
@pytest.mark.parametrize("make", [DlibHog, DlibCnn])
def test_long_images_are_scaled_to_the_maximum_number_of_pixels(make, size, monkeypatch):
    shapes = []  # without the limit, enlarging the short side would enlarge the long one too
    monkeypatch.setattr(make, "find", lambda _, pixels: shapes.append(pixels.shape) or [])
    image = make_image(np.zeros((*size, 3), np.uint8))
    assert make(min_face=0.1).detect([image]) == [[]]
    ((height, width, _),) = shapes
    assert height * width <= 1.01 * make.max_pixels
    assert height / width == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize(("make", "parameters"), [
    (DlibHog, {"min_face": 0}), (DlibHog, {"threshold": 1}), (DlibHog, {"threshold": 0.1}), (DlibHog, {"select": "first"}),
    (DlibCnn, {"threshold": 0.4}),
    *[(DlibCnn, {"device": device}) for device in ("cuda:99", "cuda:x", "cuda:-1", "cuda0", "mps")],
])  # fmt: skip
def test_invalid_parameters_are_refused(make, parameters):
    with pytest.raises(ValueError, match=r"found|not available: this dlib can use cpu"):
        make(**parameters)
