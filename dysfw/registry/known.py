"""Which distribution brings a component, or weights, that are not installed, so that the error can say what to install.

Anybody whose plugin is published may add a line.
"""

from __future__ import annotations

from ..kinds import Kind

DISTRIBUTIONS: dict[tuple[Kind, str], str] = {
    ("detector", "mtcnn"): "dysfw-facenet",
    ("segmenter", "face_mesh"): "dysfw-mediapipe",
    ("segmenter", "facial_thirds"): "dysfw-example",
    ("backbone", "timm"): "dysfw-timm",
    ("backbone", "dlib_resnet"): "dysfw-dlib",
}

WEIGHTS: dict[str, str] = {"phantom": "dysfw-phantom"}  # name -> distribution
