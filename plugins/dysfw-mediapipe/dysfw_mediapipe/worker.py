"""The process in which mediapipe runs: square RGB crops in on stdin, mesh landmarks out on stdout.

A request is a uint32 side S and S·S·3 bytes; the answer a uint32 count N (0: no face) and N·3 float32: x, y, z of each
landmark in px of the crop, z growing away from the camera. ``dysfw_mediapipe.mesh`` speaks the other end.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

COUNT = struct.Struct("<I")
Find = Callable[[npt.NDArray[np.uint8]], "Sequence[Point]"]


class Point(Protocol):
    """A landmark as both generations return it; fractions of the image's width, height and width."""

    x: float
    y: float
    z: float


def bundled_mesh() -> Find:
    """The face mesh with the model inside mediapipe's wheel (mediapipe up to 0.10.21)."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    # static_image_mode: each image is detected anew, so that an answer does not depend on the image before it.
    mesh: Any = FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)

    def find(pixels: npt.NDArray[np.uint8]) -> Sequence[Point]:
        faces = mesh.process(pixels).multi_face_landmarks
        return faces[0].landmark if faces else ()

    return find


def task_mesh(model: Path) -> Find:
    """The face mesh of the tasks API with the model in a file (any mediapipe; the only way from 0.10.30 on)."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=model.read_bytes()),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
    )
    landmarker: Any = vision.FaceLandmarker.create_from_options(options)

    def find(pixels: npt.NDArray[np.uint8]) -> Sequence[Point]:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        faces = landmarker.detect(image).face_landmarks
        return faces[0] if faces else ()

    return find


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to handle; with it this process ends
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break into the answers
    find = task_mesh(Path(sys.argv[1])) if len(sys.argv) > 1 else bundled_mesh()
    while header := requests.read(COUNT.size):
        (side,) = COUNT.unpack(header)
        pixels = np.frombuffer(requests.read(side * side * 3), np.uint8).reshape(side, side, 3)
        points = np.array([[p.x, p.y, p.z] for p in find(pixels)], np.float32) * np.float32(side)
        answers.write(COUNT.pack(len(points)) + points.astype("<f4").tobytes())
        answers.flush()
    os._exit(0)  # mediapipe's threads and its usage report at the end of a session have nothing to wait for


if __name__ == "__main__":
    main()
