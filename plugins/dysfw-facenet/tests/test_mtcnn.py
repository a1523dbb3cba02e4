"""The detector ``mtcnn``: faces, orientation, and independence of the batch."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_facenet.detector import Mtcnn
from dysfw_facenet.view import View
from PIL import Image as Pillow
from skimage import data

from dysfw.types import Face, Image

from .cases import PHANTOMS, cases, make_image

pytestmark = pytest.mark.slow


def rotated(original: Image, quarters: int) -> Image:
    """Rotate an image clockwise by multiples of 90 degrees."""
    return make_image(np.rot90(original.pixels, -quarters))


def degrees_between(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def assert_same(a: list[list[Face]], b: list[list[Face]]) -> None:
    for one, other in zip(a, b, strict=True):
        for f, g in zip(one, other, strict=True):
            np.testing.assert_allclose(f.box, g.box, atol=0.01)
            np.testing.assert_allclose(f.landmarks, g.landmarks, atol=0.01)
            assert f.score == pytest.approx(g.score, abs=1e-4)
            assert f.chosen == g.chosen


@pytest.fixture(scope="module")
def mtcnn() -> Mtcnn:
    return Mtcnn()


@pytest.fixture(scope="module")
def phantoms() -> list[Image]:
    assert len(PHANTOMS) == 48
    return [make_image(np.asarray(Pillow.open(path).convert("RGB"))) for path in PHANTOMS]


@pytest.fixture(scope="module")
def astronaut() -> Image:
    return make_image(data.astronaut())


def test_the_astronaut_has_one_face_with_landmarks_in_anatomical_order(mtcnn: Mtcnn, astronaut: Image) -> None:
    [[face]] = mtcnn.detect([astronaut])
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert face.chosen
    assert face.score > 0.99
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    # Read from the image manually.
    np.testing.assert_allclose([right_eye, left_eye, nose], [[204, 102], [247, 105], [224, 130]], atol=5)
    assert (face.box.dtype, face.landmarks.dtype) == (np.float32, np.float32)


def test_nearly_every_synthetic_face_is_found_upright(mtcnn: Mtcnn, phantoms: list[Image]) -> None:
    found = mtcnn.detect(phantoms)
    assert sum(bool(faces) for faces in found) >= 47
    assert all(abs(np.degrees(faces[0].roll)) < 20 for faces in found if faces)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_faces_in_rotated_images_are_found_with_the_right_roll(mtcnn: Mtcnn, phantoms: list[Image], quarters: int) -> None:
    found = mtcnn.detect([rotated(p, quarters) for p in phantoms[::3]])
    right = [bool(f) and degrees_between(np.degrees(f[0].roll), 90 * quarters) < 20 for f in found]
    assert sum(right) >= len(right) - 1


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_box_and_landmarks_rotate_with_a_rectangular_image(mtcnn: Mtcnn, astronaut: Image, quarters: int) -> None:
    upright = make_image(astronaut.pixels[:300, :420])
    [[expected]], [[face]] = mtcnn.detect([upright]), mtcnn.detect([rotated(upright, quarters)])
    points, height, width = expected.landmarks, 300, 420
    corners = expected.box.reshape(2, 2)
    for _ in range(quarters):  # clockwise: the bottom moves to the left
        points, corners = (np.stack([height - p[:, 1], p[:, 0]], axis=1) for p in (points, corners))
        height, width = width, height
    np.testing.assert_allclose(face.landmarks, points, atol=0.5)
    np.testing.assert_allclose(face.box, [*corners.min(axis=0), *corners.max(axis=0)], atol=0.5)


def test_without_rotate_sideways_faces_are_not_detected(astronaut: Image) -> None:
    assert Mtcnn(rotate=False).detect([rotated(astronaut, 1)]) == [[]]


def test_results_do_not_depend_on_the_batch(mtcnn: Mtcnn, phantoms: list[Image], astronaut: Image) -> None:
    mixed = [phantoms[0], astronaut, rotated(phantoms[1], 1), make_image(np.zeros((288, 288, 3), np.uint8)), *phantoms[2:8]]
    together, alone = mtcnn.detect(mixed), [mtcnn.detect([one])[0] for one in mixed]
    assert sum(map(bool, together)) >= 8
    assert together[3] == []
    assert_same(together, alone)


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", "openvino"])
def test_every_runtime_finds_the_recorded_faces(runtime: str) -> None:
    """Also those of the cascade in torch, before it was ported to numpy."""
    detectors: dict[str, Mtcnn] = {}
    for case in cases():
        key = str(case.params)
        detectors[key] = detectors.get(key) or Mtcnn(**case.params, runtime=runtime)
        case.compare(detectors[key].detect([case.image()])[0])
    assert len(detectors) == 7
    assert all(one.runtimes()[0].startswith(f"{runtime} ") for one in detectors.values())


@pytest.mark.parametrize(("size", "min_face"), [((1500, 1001), 0.1), ((333, 4001), 0.3), ((700, 650), 0.05), ((999, 640), 0.9)])
def test_large_images_are_downscaled_as_by_pillow(size: tuple[int, int], min_face: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    view = View.of(make_image(pixels), min_face)
    height, width = view.pixels.shape[:2]
    expected = Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BOX, reducing_gap=2.0)
    np.testing.assert_array_equal(view.pixels, np.asarray(expected))


def test_results_are_deterministic(mtcnn: Mtcnn, phantoms: list[Image]) -> None:
    first, second = mtcnn.detect(phantoms[:6]), mtcnn.detect(phantoms[:6])
    for [f, *_], [g, *_] in zip(first, second, strict=True):
        assert np.array_equal(f.landmarks, g.landmarks)
        assert f.score == g.score


def test_results_in_large_images_are_mapped_back(mtcnn: Mtcnn, astronaut: Image) -> None:
    large = make_image(np.asarray(Pillow.fromarray(astronaut.pixels).resize((2048, 1536), Pillow.Resampling.BICUBIC)))
    [[small]], [[found]] = mtcnn.detect([astronaut]), mtcnn.detect([large])
    np.testing.assert_allclose(found.landmarks / [4, 3], small.landmarks, atol=4)


def test_landmarks_of_faces_that_are_cut_off_are_accurate(mtcnn: Mtcnn, phantoms: list[Image]) -> None:
    errors = []
    for phantom in phantoms[::4]:
        [face, *_] = mtcnn.detect([phantom])[0]
        low, high = face.box.reshape(2, 2)
        size = high - low
        x0, y0, x1, y1 = (int(v) for v in [*(low + size * 0.07), *(high - size * 0.07)])
        for cut in mtcnn.detect([make_image(phantom.pixels[y0:y1, x0:x1])])[0][:1]:
            errors.append(np.abs(cut.landmarks + np.float32([x0, y0]) - face.landmarks).mean() / size.max())
    assert len(errors) >= 10  # of 12: some cut faces score higher after rotation
    assert np.median(errors) < 0.015


def test_a_mirrored_face_has_mirrored_landmarks(mtcnn: Mtcnn, phantoms: list[Image]) -> None:
    pairs = zip(mtcnn.detect(phantoms), mtcnn.detect([make_image(p.pixels[:, ::-1]) for p in phantoms]), strict=True)
    differences = [[288, 0] + g[0].landmarks[[1, 0, 2, 4, 3]] * [-1, 1] - f[0].landmarks for f, g in pairs if f and g]
    assert np.abs(np.median(differences, axis=0)).mean() < 1.0


def test_grey_images_work(mtcnn: Mtcnn, astronaut: Image) -> None:
    grey = np.asarray(Pillow.fromarray(astronaut.pixels).convert("L").convert("RGB"))
    [[face]], [[coloured]] = mtcnn.detect([make_image(grey)]), mtcnn.detect([astronaut])
    np.testing.assert_allclose(face.landmarks, coloured.landmarks, atol=4)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (19, 400), (20, 20), (400, 21), (1, 5000), (300, 200)])
def test_images_without_a_face_give_none(mtcnn: Mtcnn, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert mtcnn.detect([make_image(noise), make_image(np.full((*shape, 3), 255, np.uint8))]) == [[], []]


def test_no_images_give_no_results(mtcnn: Mtcnn) -> None:
    assert mtcnn.detect([]) == []


def test_faces_smaller_than_min_face_are_not_detected(astronaut: Image) -> None:
    assert Mtcnn(min_face=0.6, rotate=False).detect([astronaut]) == [[]]


def test_the_central_face_is_selected_and_all_faces_are_returned(mtcnn: Mtcnn, astronaut: Image) -> None:
    face = astronaut.pixels[20:260, 100:360]
    small = np.asarray(Pillow.fromarray(face).resize((130, 120)))
    scene = np.full((480, 700, 3), 200, np.uint8)
    scene[100:340, 200:460] = face
    scene[10:130, 560:690] = small
    [first, second] = mtcnn.detect([make_image(scene)])[0]
    assert (first.chosen, second.chosen) == (True, False)
    assert first.box[0] < 460 < second.box[0]
    assert all(f.chosen for f in Mtcnn(select="all").detect([make_image(scene)])[0])


def test_inputs_are_not_changed(mtcnn: Mtcnn, astronaut: Image) -> None:
    before = astronaut.pixels.copy()
    mtcnn.detect([astronaut])
    assert np.array_equal(before, astronaut.pixels)


def test_weights_list_the_three_files_with_hash_and_licence(mtcnn: Mtcnn) -> None:
    assert {w.name: w.sha256[:8] for w in mtcnn.weights()} == {
        "mtcnn-pnet": "a2a71925",
        "mtcnn-rnet": "bbb937de",
        "mtcnn-onet": "165bfbe4",
    }
    assert all(w.licence == "MIT" and w.trained and len(w.sha256) == 64 for w in mtcnn.weights())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"select": "biggest"}, "central, largest, confident, all, found 'biggest'"),
        ({"min_face": 0.0}, "above 0 to 1, found 0.0"),
        ({"min_face": 20}, "above 0 to 1, found 20"),
        ({"min_face": float("nan")}, "found nan"),
        ({"threshold": 1.0}, "0 to below 1, found 1.0"),
        ({"device": "abacus"}, "abacus"),
    ],
)
def test_invalid_parameters_are_refused(parameters: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mtcnn(**parameters)
