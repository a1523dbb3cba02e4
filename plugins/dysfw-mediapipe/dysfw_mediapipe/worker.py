"""The process in which mediapipe runs: RGB images in on stdin, what it finds out on stdout.

``python -m dysfw_mediapipe.worker TASK ARGUMENT [MODEL]``. A request is uint32 height and width and the image's bytes, the
answer uint32 rows and columns and that many float32. ``dysfw_mediapipe.process`` speaks the other end.

mesh -             the landmarks of the one face in a crop: x, y, z of each, px of the image, z growing away from the camera; no
                   rows without a face
faces short|full   a row for each face: score, x0 y0 x1 y1 of its box, then x y of its right eye, left eye, tip of the nose,
                   centre of the mouth, right and left tragion, px of the image

MODEL: a ``face_landmarker.task`` for the tasks API (any mediapipe; the only way from 0.10.30 on); without it the models inside
mediapipe's wheel (up to 0.10.21).
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

SHAPE = struct.Struct("<II")
Task = Literal["mesh", "faces"]
Float32 = npt.NDArray[np.float32]
Find = Callable[[npt.NDArray[np.uint8]], Float32]

LEAST = 0.1  # score of a face that is passed on; the caller draws its own line
DETECTOR = "face_detector.tflite"  # inside a .task file, which is a zip archive


class Point(Protocol):
    """A landmark as both generations return it; fractions of the image's width, height and width."""

    x: float
    y: float
    z: float


def bundled_mesh(_: str) -> Find:
    from mediapipe.python.solutions.face_mesh import FaceMesh

    # static_image_mode: each image is detected anew, so that an answer does not depend on the image before it.
    mesh: Any = FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)

    def find(pixels: npt.NDArray[np.uint8]) -> Float32:
        faces = mesh.process(pixels).multi_face_landmarks
        return _points(faces[0].landmark if faces else (), pixels)

    return find


def task_mesh(_: str, model: Path) -> Find:
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=model.read_bytes()),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
    )
    landmarker: Any = vision.FaceLandmarker.create_from_options(options)

    def find(pixels: npt.NDArray[np.uint8]) -> Float32:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        faces = landmarker.detect(image).face_landmarks
        return _points(faces[0] if faces else (), pixels)

    return find


def _points(points: Sequence[Point], pixels: npt.NDArray[np.uint8]) -> Float32:
    height, width = pixels.shape[:2]
    return np.array([[p.x, p.y, p.z] for p in points], np.float32).reshape(-1, 3) * np.array([width, height, width], np.float32)


def bundled_faces(reach: str) -> Find:
    from mediapipe.python.solutions.face_detection import FaceDetection

    detector: Any = FaceDetection(min_detection_confidence=LEAST, model_selection=int(reach == "full"))

    def find(pixels: npt.NDArray[np.uint8]) -> Float32:
        height, width = pixels.shape[:2]
        rows = []
        for found in detector.process(pixels).detections or ():
            place = found.location_data
            box = place.relative_bounding_box
            corners = [box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height]
            points = [value for point in place.relative_keypoints for value in (point.x, point.y)]
            rows.append([found.score[0], *np.multiply(corners + points, [width, height] * 8)])
        return np.array(rows, np.float32).reshape(-1, 17)

    return find


def task_faces(_: str, model: Path) -> Find:
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    with zipfile.ZipFile(model) as archive:
        content = archive.read(DETECTOR)
    options = vision.FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=content),
        running_mode=vision.RunningMode.IMAGE,
        min_detection_confidence=LEAST,
    )
    detector: Any = vision.FaceDetector.create_from_options(options)

    def find(pixels: npt.NDArray[np.uint8]) -> Float32:
        height, width = pixels.shape[:2]
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        rows = []
        for found in detector.detect(image).detections:
            box = found.bounding_box
            corners = [box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height]
            points = [value for point in found.keypoints for value in (point.x * width, point.y * height)]
            rows.append([found.categories[0].score, *corners, *points])
        return np.array(rows, np.float32).reshape(-1, 17)

    return find


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to handle; with it this process ends
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break into the answers
    task, argument, *model = sys.argv[1:]
    bundled, by_task = {"mesh": (bundled_mesh, task_mesh), "faces": (bundled_faces, task_faces)}[task]
    find = by_task(argument, Path(model[0])) if model else bundled(argument)
    while header := requests.read(SHAPE.size):
        height, width = SHAPE.unpack(header)
        pixels = np.frombuffer(requests.read(height * width * 3), np.uint8).reshape(height, width, 3)
        found = find(pixels)
        answers.write(SHAPE.pack(*found.shape) + found.astype("<f4").tobytes())
        answers.flush()
    os._exit(0)  # mediapipe's threads and its usage report at the end of a session have nothing to wait for


if __name__ == "__main__":
    main()
