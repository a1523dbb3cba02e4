"""Names the distributions of what known plugins register, so that errors can say what to install.

Authors of published plugins may add a line.
"""

from __future__ import annotations

from ..contracts.kinds import Kind
from .hookspecs import DecoderSpec

DISTRIBUTIONS: dict[tuple[Kind, str], str] = {
    ("detector", "mtcnn"): "dysfw-facenet",
    ("backbone", "facenet"): "dysfw-facenet",
    ("segmenter", "face_mesh"): "dysfw-mediapipe",
    ("detector", "blazeface"): "dysfw-mediapipe",
    ("segmenter", "facial_thirds"): "dysfw-example",
    ("backbone", "timm"): "dysfw-timm",
    ("backbone", "dlib_resnet"): "dysfw-dlib",
    ("detector", "dlib_hog"): "dysfw-dlib",
    ("detector", "dlib_cnn"): "dysfw-dlib",
    ("backbone", "onnx"): "dysfw-onnx",
    ("evidence", "hpo"): "dysfw-hpo",
}

WEIGHTS: dict[str, str] = {  # name -> distribution
    "phantom": "dysfw-phantom",
    "dlib-face-resnet": "dysfw-dlib",
    "face-landmarker": "dysfw-mediapipe",
    "facenet-vggface2": "dysfw-facenet",
    "facenet-casia-webface": "dysfw-facenet",
    "imagenet-inception-resnet-v2": "dysfw-timm",
    "imagenet-vgg16": "dysfw-timm",
}

RUNNERS: dict[str, str] = {"ray": "dysfw-ray"}  # name -> distribution
RUNTIMES: dict[str, str] = {"onnxruntime": "dysfw-onnx", "openvino": "dysfw-openvino"}  # name -> distribution
COMMANDS: dict[str, str] = {"phantom": "dysfw-phantom", "rank": "dysfw-hpo"}  # name -> distribution
PROTOCOLS: dict[str, str] = {"field": "dysfw-phantom"}  # name -> distribution

# Formats that a plugin decodes, with its distribution. An error can then name the format, and no such file is skipped silently.
DECODERS: tuple[tuple[DecoderSpec, str], ...] = (
    (DecoderSpec("dicom", "", "DICOM", (((128, b"DICM"),),), (".dcm", ".dicom", "")), "dysfw-dicom"),
)
