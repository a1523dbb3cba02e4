"""The child process that runs mediapipe: reads RGB images from stdin and writes results to stdout.

``python -m dysfw_mediapipe.worker TASK MODEL``, with the path of a ``face_landmarker.task`` file. A request consists of height
and width as uint32, then the image's bytes. The response consists of the numbers of rows and columns as uint32, then the values
as float32. ``dysfw_mediapipe.process`` is the parent.

Tasks:

- ``mesh``: landmarks of the face in a crop, a row per landmark: x, y, z in px of the image, z growing away from the camera.
  No rows if there is no face.
- ``faces``: a row per face: score, x0 y0 x1 y1 of its box, then x y of right eye, left eye, tip of the nose, centre of the
  mouth, right and left tragion, in px of the image.
"""

from __future__ import annotations

import importlib
import os
import signal
import struct
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SHAPE = struct.Struct("<II")
Task = Literal["mesh", "faces"]
UInt8 = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]
Run = Callable[[UInt8], Float32]

MIN_SCORE = 0.1  # the caller applies its own threshold
UNUSED = ("cv2", "matplotlib", "matplotlib.pyplot", "sounddevice")
DETECTOR = "face_detector.tflite"  # inside a .task file, which is a zip archive


def open_mesh(model: Path) -> Run:
    """Open the face mesh.

    Args:
        model: The ``face_landmarker.task`` file.

    Returns:
        The task "mesh" as a function of an image.
    """
    tasks = _import_tasks()
    vision = tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_buffer=model.read_bytes()),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
    )
    landmarker: Any = vision.FaceLandmarker.create_from_options(options)

    def run(pixels: UInt8) -> Float32:
        height, width = pixels.shape[:2]
        faces = landmarker.detect(_image(pixels)).face_landmarks
        points = [[p.x, p.y, p.z] for p in faces[0]] if faces else []
        return np.array(points, np.float32).reshape(-1, 3) * np.array([width, height, width], np.float32)

    return run


def open_faces(model: Path) -> Run:
    """Open the face detector.

    Args:
        model: The ``face_landmarker.task`` file.

    Returns:
        The task "faces" as a function of an image.
    """
    tasks = _import_tasks()
    vision = tasks.vision
    with zipfile.ZipFile(model) as archive:
        content = archive.read(DETECTOR)
    options = vision.FaceDetectorOptions(
        base_options=tasks.BaseOptions(model_asset_buffer=content),
        running_mode=vision.RunningMode.IMAGE,
        min_detection_confidence=MIN_SCORE,
    )
    detector: Any = vision.FaceDetector.create_from_options(options)

    def run(pixels: UInt8) -> Float32:
        height, width = pixels.shape[:2]
        rows = []
        for detection in detector.detect(_image(pixels)).detections:
            box = detection.bounding_box
            corners = [box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height]
            points = [value for point in detection.keypoints for value in (point.x * width, point.y * height)]
            rows.append([detection.categories[0].score, *corners, *points])
        return np.array(rows, np.float32).reshape(-1, 17)

    return run


def _import_tasks() -> Any:  # noqa: ANN401 - mediapipe has no types
    """Import mediapipe's tasks without the libraries with which it draws and records: they would take most of the time."""
    unused = {name: types.ModuleType(name) for name in UNUSED if name not in sys.modules}
    sys.modules.update(unused)
    try:
        return importlib.import_module("mediapipe.tasks.python")
    except (ImportError, AttributeError):  # another version needs one of them
        for name in [*unused, *(name for name in sys.modules if name.partition(".")[0] == "mediapipe")]:
            del sys.modules[name]
        return importlib.import_module("mediapipe.tasks.python")


OPENERS: dict[str, Callable[[Path], Run]] = {"mesh": open_mesh, "faces": open_faces}


def _image(pixels: UInt8) -> object:
    import mediapipe

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)


def main() -> None:
    """Handle requests until stdin is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C; this process ends with it
    requests, responses = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not corrupt the responses
    task, model = sys.argv[1:]
    run = OPENERS[task](Path(model))
    while header := requests.read(SHAPE.size):
        height, width = SHAPE.unpack(header)
        pixels = np.frombuffer(requests.read(height * width * 3), np.uint8).reshape(height, width, 3)
        result = run(pixels)
        responses.write(SHAPE.pack(*result.shape) + result.astype("<f4").tobytes())
        responses.flush()
    os._exit(0)  # without waiting for mediapipe's threads and its usage report


if __name__ == "__main__":
    main()
