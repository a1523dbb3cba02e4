"""Detection and segmentation of phantoms by other plugins."""

import pytest
from dysfw_facenet.detector import Mtcnn
from dysfw_mediapipe.segmenter import FaceMesh
from dysfw_phantom.condition import shipped_conditions
from dysfw_phantom.phantom import capture, make_phantom

from dysfw.types import ANATOMY, Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images():
    """60 images, cycling through the conditions."""
    conditions = list(shipped_conditions().values())
    rendered = [capture(make_phantom(conditions[n % len(conditions)], 11, n), 0, 256) for n in range(60)]
    return [Image(t.pixels, "phantom", "0" * 64) for t in rendered]


def test_mtcnn_and_face_mesh_find_the_faces(images):
    detected = [(image, faces[0]) for image, faces in zip(images, Mtcnn(device="cpu").detect(images), strict=True) if faces]
    assert sum(abs(face.roll) < 0.5 for _, face in detected) >= 59  # radians: detected upright
    segmented = FaceMesh().segment([image for image, _ in detected], [face for _, face in detected])
    whole = [s for s in segmented if tuple(region.name for region in s.regions) == ANATOMY]
    assert len(whole) >= 59
