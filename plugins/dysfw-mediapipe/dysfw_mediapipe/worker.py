"""The child process that runs mediapipe: reads RGB images from stdin and writes results to stdout.

``python -m dysfw_mediapipe.worker TASK ARGUMENT [MODEL]``. A request consists of height and width as uint32, then the image's
bytes. The response consists of the numbers of rows and columns as uint32, then the values as float32.
``dysfw_mediapipe.process`` is the parent.

Tasks:

- ``mesh -``: landmarks of the face in a crop, a row per landmark: x, y, z in px of the image, z growing away from the camera.
  No rows if there is no face.
- ``faces short|full``: a row per face: score, x0 y0 x1 y1 of its box, then x y of right eye, left eye, tip of the nose, centre
  of the mouth, right and left tragion, in px of the image.

MODEL is a ``face_landmarker.task`` file for the tasks API, which mediapipe 0.10.30 and later require. Without it, the models in
mediapipe's wheel are used (up to 0.10.21).
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
Run = Callable[[npt.NDArray[np.uint8]], Float32]

MIN_SCORE = 0.1  # the caller applies its own threshold
DETECTOR = "face_detector.tflite"  # inside a .task file, which is a zip archive


class Point(Protocol):
    """A landmark as returned by both APIs.

    Attributes:
        x: Fraction of the image's width.
        y: Fraction of the image's height.
        z: Fraction of the image's width.
    """

    x: float
    y: float
    z: float


def bundled_mesh(_: str) -> Run:
    """Open the face mesh in mediapipe's wheel."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    # static_image_mode: results do not depend on the previous image.
    mesh: Any = FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)

    def run(pixels: npt.NDArray[np.uint8]) -> Float32:
        faces = mesh.process(pixels).multi_face_landmarks
        return _points(faces[0].landmark if faces else (), pixels)

    return run


def task_mesh(_: str, model: Path) -> Run:
    """Open the face mesh in a .task file."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=model.read_bytes()),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
    )
    landmarker: Any = vision.FaceLandmarker.create_from_options(options)

    def run(pixels: npt.NDArray[np.uint8]) -> Float32:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        faces = landmarker.detect(image).face_landmarks
        return _points(faces[0] if faces else (), pixels)

    return run


def _points(points: Sequence[Point], pixels: npt.NDArray[np.uint8]) -> Float32:
    height, width = pixels.shape[:2]
    return np.array([[p.x, p.y, p.z] for p in points], np.float32).reshape(-1, 3) * np.array([width, height, width], np.float32)


def bundled_faces(reach: str) -> Run:
    """Open the face detector in mediapipe's wheel."""
    from mediapipe.python.solutions.face_detection import FaceDetection

    detector: Any = FaceDetection(min_detection_confidence=MIN_SCORE, model_selection=int(reach == "full"))

    def run(pixels: npt.NDArray[np.uint8]) -> Float32:
        height, width = pixels.shape[:2]
        rows = []
        for detection in detector.process(pixels).detections or ():
            location = detection.location_data
            box = location.relative_bounding_box
            corners = [box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height]
            points = [value for point in location.relative_keypoints for value in (point.x, point.y)]
            rows.append([detection.score[0], *np.multiply(corners + points, [width, height] * 8)])
        return np.array(rows, np.float32).reshape(-1, 17)

    return run


def task_faces(_: str, model: Path) -> Run:
    """Open the face detector in a .task file."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    with zipfile.ZipFile(model) as archive:
        content = archive.read(DETECTOR)
    options = vision.FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=content),
        running_mode=vision.RunningMode.IMAGE,
        min_detection_confidence=MIN_SCORE,
    )
    detector: Any = vision.FaceDetector.create_from_options(options)

    def run(pixels: npt.NDArray[np.uint8]) -> Float32:
        height, width = pixels.shape[:2]
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        rows = []
        for detection in detector.detect(image).detections:
            box = detection.bounding_box
            corners = [box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height]
            points = [value for point in detection.keypoints for value in (point.x * width, point.y * height)]
            rows.append([detection.categories[0].score, *corners, *points])
        return np.array(rows, np.float32).reshape(-1, 17)

    return run


def main() -> None:
    """Handle requests until stdin is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C; this process ends with it
    requests, responses = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not corrupt the responses
    task, argument, *model = sys.argv[1:]
    bundled, by_task = {"mesh": (bundled_mesh, task_mesh), "faces": (bundled_faces, task_faces)}[task]
    run = by_task(argument, Path(model[0])) if model else bundled(argument)
    while header := requests.read(SHAPE.size):
        height, width = SHAPE.unpack(header)
        pixels = np.frombuffer(requests.read(height * width * 3), np.uint8).reshape(height, width, 3)
        result = run(pixels)
        responses.write(SHAPE.pack(*result.shape) + result.astype("<f4").tobytes())
        responses.flush()
    os._exit(0)  # without waiting for mediapipe's threads and its usage report


if __name__ == "__main__":
    main()
