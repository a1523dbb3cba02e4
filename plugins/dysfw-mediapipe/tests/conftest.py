"""Synthetic faces with boxes and landmarks of a detector, a photo, and a segmenter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from dysfw_mediapipe.segmenter import FaceMesh
from PIL import Image as Pillow

from dysfw.types import Face, Image

HERE = Path(__file__).parent
PHANTOMS = HERE.parents[2] / "tests" / "fixtures" / "data" / "phantoms"


def make_image(pixels):
    return Image(np.ascontiguousarray(pixels), "test", "0" * 64)


def mirrored(image, face):
    x0, y0, x1, y1 = face.box
    landmarks = face.landmarks[[1, 0, 2, 4, 3]].copy()
    landmarks[:, 0] = image.width - landmarks[:, 0]
    box = np.array([image.width - x1, y0, image.width - x0, y1], np.float32)
    return make_image(image.pixels[:, ::-1]), Face(box, face.score, landmarks)


def rotated_90(image, face):
    """Rotate counter-clockwise by 90 degrees: the right edge becomes the top edge."""

    def moved(points):
        return np.stack([points[:, 1], image.width - points[:, 0]], axis=1).astype(np.float32)

    corners = moved(face.box.reshape(2, 2))
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return make_image(np.rot90(image.pixels)), Face(box, face.score, moved(face.landmarks))


@pytest.fixture(scope="session")
def phantoms():
    """48 pairs of image and face."""
    reference = json.loads((HERE / "data" / "mtcnn.json").read_text())
    return [
        (
            make_image(np.asarray(Pillow.open(PHANTOMS / name).convert("RGB"))),
            Face(np.float32(entry["box"]), entry["score"], np.float32(entry["landmarks"])),
        )
        for name, entry in reference.items()
    ]


@pytest.fixture(scope="session")
def astronaut():
    from skimage.data import astronaut

    landmarks = np.float32([[205, 100], [247, 104], [224, 129], [201, 141], [244, 143]])
    return make_image(astronaut()), Face(np.float32([179, 61, 269, 176]), 1.0, landmarks)


@pytest.fixture(scope="session")
def segmenter():
    return FaceMesh()
