"""The constants that bring dlib's and MediaPipe's faces to MTCNN's, from photographs that detectors.py does not measure.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/landmark_constants.py out/verification [PHOTOGRAPHS]

Prints medians over the first PHOTOGRAPHS, 160 by default, as ``dysfw_dlib.detect`` and ``dysfw_mediapipe.detector`` keep them.
Landmarks: from the middle of MTCNN's eyes, x along the line through them, in distances between them. Boxes: the side of the
square as a part of the height of MTCNN's box, and how much lower its middle is, in the same unit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from dysfw_dlib.detect import _eyes_and_base
from dysfw_dlib.hog import DlibHog
from dysfw_facenet.detector import Mtcnn
from dysfw_mediapipe.detector import Blazeface

from dysfw.data.read import read_dataset
from dysfw.imaging.decode import read_image
from dysfw.types import Face, Float32, Image


def upright(points, face: Face):
    """Points [N, 2] px in distances between the eyes of a face, from their middle."""
    right, left = face.landmarks[:2].astype(float)
    along = left - right
    across = np.array([-along[1], along[0]])
    return (points - (right + left) / 2) @ np.stack([along, across], axis=1) / (along @ along)


def of_boxes(pairs: list[tuple[Float32, Face]]) -> str:
    """pairs: corners x0 y0 x1 y1 of a square, and MTCNN's face."""
    heights = [face.box[3] - face.box[1] for _, face in pairs]
    sides = [(own[3] - own[1]) / h for (own, _), h in zip(pairs, heights, strict=True)]
    lower = [(own[1] + own[3] - face.box[1] - face.box[3]) / 2 / h for (own, face), h in zip(pairs, heights, strict=True)]
    side, down = np.median(sides), np.median(lower)
    return f"side {side:.3f}, lower {down:.3f}: BOX_SCALE {1 / side:.2f}, BOX_SHIFT {down / side:.3f}"


def of_dlib(images: list[Image], reference: list[Face]) -> None:
    detector, found, boxes = DlibHog(), [], []
    for image, face in zip(images, reference, strict=True):
        pixels = detector._scaled(image)
        back = image.width / pixels.shape[1]
        for rectangle, _ in detector.find(pixels)[:1]:
            found.append(upright(back * _eyes_and_base(detector._predictor(pixels, rectangle)), face))
            corners = [rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1]
            boxes.append((back * np.float32(corners), face))
    print(f"dlib, {len(boxes)} faces: {of_boxes(boxes)}")
    print("  DLIB_POINTS", np.median(found, axis=0).round(3).tolist())


def of_mediapipe(images: list[Image], reference: list[Face]) -> None:
    for reach in ("short", "full"):
        detector = Blazeface(reach=reach)
        rows = [(detector._process.ask(image.pixels)[:1], face) for image, face in zip(images, reference, strict=True)]
        boxes = [(found[0, 1:5], face) for found, face in rows if len(found)]
        print(f"blazeface {reach}, {len(boxes)} faces: {of_boxes(boxes)}")


def main(data: Path, number: int) -> None:
    images = [read_image(item.path) for item in read_dataset(data).samples[:number]]
    reference = [faces[0] for faces in Mtcnn().detect(images)]
    usual = np.median([upright(face.landmarks, face) for face in reference], axis=0)
    print(f"mtcnn, {len(images)} faces: ESTIMATED_POINTS", usual[2:].round(3).tolist())
    print(f"  HALF_MOUTH {(usual[4, 0] - usual[3, 0]) / 2:.3f}")
    of_dlib(images, reference)
    of_mediapipe(images, reference)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160)
