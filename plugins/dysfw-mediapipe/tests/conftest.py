"""The synthetic faces, with the boxes and landmarks that a detector gave, and one segmenter for each model there is."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from dysfw_mediapipe.segmenter import FaceMesh
from PIL import Image as Pillow

from dysfw.types import Face, Image

HERE = Path(__file__).parent
PHANTOMS = HERE.parents[2] / "tests" / "fixtures" / "data" / "phantoms"
TASK = HERE / "data" / "face_landmarker.task"
# Read from the package itself and not from the code under test: which generation of mediapipe is installed.
PACKAGE = Path(importlib.util.find_spec("mediapipe").submodule_search_locations[0])
BUNDLED = (PACKAGE / "python" / "solutions" / "face_mesh.py").is_file()


def image_of(pixels):
    return Image(np.ascontiguousarray(pixels), "test", "0" * 64)


def mirrored(image, face):
    x0, y0, x1, y1 = face.box
    landmarks = face.landmarks[[1, 0, 2, 4, 3]].copy()
    landmarks[:, 0] = image.width - landmarks[:, 0]
    box = np.array([image.width - x1, y0, image.width - x0, y1], np.float32)
    return image_of(image.pixels[:, ::-1]), Face(box, face.score, landmarks)


def quarter_turned(image, face):
    """Turned by 90 degrees against the clock: the right edge becomes the upper one."""

    def moved(points):
        return np.stack([points[:, 1], image.width - points[:, 0]], axis=1).astype(np.float32)

    corners = moved(face.box.reshape(2, 2))
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return image_of(np.rot90(image.pixels)), Face(box, face.score, moved(face.landmarks))


@pytest.fixture(scope="session")
def phantoms():
    """48 pairs of image and face."""
    found = json.loads((HERE / "data" / "mtcnn.json").read_text())
    return [
        (
            image_of(np.asarray(Pillow.open(PHANTOMS / name).convert("RGB"))),
            Face(np.float32(entry["box"]), entry["score"], np.float32(entry["landmarks"])),
        )
        for name, entry in found.items()
    ]


@pytest.fixture(scope="session")
def astronaut():
    from skimage.data import astronaut

    landmarks = np.float32([[205, 100], [247, 104], [224, 129], [201, 141], [244, 143]])
    return image_of(astronaut()), Face(np.float32([179, 61, 269, 176]), 1.0, landmarks)


@pytest.fixture(scope="session", params=["bundled", "task"] if BUNDLED else ["task"])
def segmenter(request):
    """With the model in mediapipe's wheel where there is one, and with the .task file under either generation."""
    return FaceMesh(model=TASK if request.param == "task" else None)
