"""Estimates the constants that map dlib's and MediaPipe's faces to MTCNN's.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/landmark_constants.py out/verification [IMAGES]

Prints medians over the first IMAGES (default 160), which detectors.py does not use, for ``dysfw_dlib.detect`` and
``dysfw_mediapipe.detector``. Landmarks: relative to the midpoint of MTCNN's eyes, x along the eye line, in units of the
distance between the eyes. Boxes: side of the square and downward shift of its centre, in heights of MTCNN's box.
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
from dysfw.decoding.decode import read_image
from dysfw.types import Face, Float32, Image


def upright(points: np.ndarray, face: Face) -> np.ndarray:
    """Points [N, 2] px, relative to the midpoint of the eyes, in units of the distance between them."""
    right, left = face.landmarks[:2].astype(float)
    along = left - right
    across = np.array([-along[1], along[0]])
    return (points - (right + left) / 2) @ np.stack([along, across], axis=1) / (along @ along)


def of_boxes(pairs: list[tuple[Float32, Face]]) -> str:
    """Describe pairs of a square (x0 y0 x1 y1) and MTCNN's face."""
    heights = [face.box[3] - face.box[1] for _, face in pairs]
    sides = [(box[3] - box[1]) / h for (box, _), h in zip(pairs, heights, strict=True)]
    shifts = [(box[1] + box[3] - face.box[1] - face.box[3]) / 2 / h for (box, face), h in zip(pairs, heights, strict=True)]
    side, shift = np.median(sides), np.median(shifts)
    return f"side {side:.3f}, shift {shift:.3f}: BOX_SCALE {1 / side:.2f}, BOX_SHIFT {shift / side:.3f}"


def of_dlib(images: list[Image], reference: list[Face]) -> None:
    detector, landmarks, boxes = DlibHog(), [], []
    for image, face in zip(images, reference, strict=True):
        pixels = detector._scaled(image)
        scale = image.width / pixels.shape[1]
        for rectangle, _ in detector.find(pixels)[:1]:
            landmarks.append(upright(scale * _eyes_and_base(detector._predictor(pixels, rectangle)), face))
            corners = [rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1]
            boxes.append((scale * np.float32(corners), face))
    print(f"dlib, {len(boxes)} faces: {of_boxes(boxes)}")
    print("  DLIB_POINTS", np.median(landmarks, axis=0).round(3).tolist())


def of_mediapipe(images: list[Image], reference: list[Face]) -> None:
    detector = Blazeface()
    rows = [(detector._process.request(image.pixels)[:1], face) for image, face in zip(images, reference, strict=True)]
    boxes = [(faces[0, 1:5], face) for faces, face in rows if len(faces)]
    print(f"blazeface, {len(boxes)} faces: {of_boxes(boxes)}")


def main(data: Path, number: int) -> None:
    images = [read_image(sample.path) for sample in read_dataset(data).samples[:number]]
    reference = [faces[0] for faces in Mtcnn().detect(images)]
    points = np.median([upright(face.landmarks, face) for face in reference], axis=0)
    print(f"mtcnn, {len(images)} faces: ESTIMATED_POINTS", points[2:].round(3).tolist())
    print(f"  HALF_MOUTH {(points[4, 0] - points[3, 0]) / 2:.3f}")
    of_dlib(images, reference)
    of_mediapipe(images, reference)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160)
