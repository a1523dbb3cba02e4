"""What the rest of dysfw makes of phantoms: the detector finds them, and the face mesh finds its regions on them."""

import pytest
from dysfw_facenet.detector import Mtcnn
from dysfw_mediapipe.segmenter import FaceMesh
from dysfw_phantom.condition import shipped_conditions
from dysfw_phantom.phantom import capture, make_phantom

from dysfw.types import ANATOMY, Image


@pytest.fixture(scope="module")
def photographs():
    """60 of all conditions in turn."""
    conditions = list(shipped_conditions().values())
    taken = [capture(make_phantom(conditions[n % len(conditions)], 11, n), 0, 256) for n in range(60)]
    return [Image(t.pixels, "phantom", "0" * 64) for t in taken]


def test_the_detector_and_the_face_mesh_find_them(photographs):
    found = [
        (image, faces[0]) for image, faces in zip(photographs, Mtcnn(device="cpu").detect(photographs), strict=True) if faces
    ]
    assert sum(abs(face.roll) < 0.5 for _, face in found) >= 59  # radians: found, and found upright
    segmented = FaceMesh().segment([image for image, _ in found], [face for _, face in found])
    whole = [s for s in segmented if tuple(region.name for region in s.regions) == ANATOMY]
    assert len(whole) >= 59
