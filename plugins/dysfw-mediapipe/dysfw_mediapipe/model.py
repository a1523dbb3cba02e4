"""Locates the model file: the one in mediapipe's wheel, or a ``face_landmarker.task`` file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from dysfw.plugin import DysfwError, Weights

from .weights import LICENCE, TASK_ADDRESS, TASK_BYTES, TASK_NAME, TASK_SHA256

# Files of the face mesh in the mediapipe package; with attention, like the .task file.
BUNDLED = (
    "modules/face_landmark/face_landmark_with_attention.tflite",
    "modules/face_detection/face_detection_short_range.tflite",
)
SOLUTION = "python/solutions/face_mesh.py"
DETECTORS = {
    "short": "modules/face_detection/face_detection_short_range.tflite",
    "full": "modules/face_detection/face_detection_full_range_sparse.tflite",
}


@dataclass(frozen=True, slots=True)
class Model:
    """A located model.

    Attributes:
        task: The file for the tasks API, None for the model in the wheel.
        weights: The weight files.
    """

    task: Path | None
    weights: tuple[Weights, ...]


def find_model(path: Path | None) -> Model:
    """Locate the model of the face mesh.

    Args:
        path: A .task file; None uses the model included in mediapipe.

    Raises:
        DysfwError: If there is no model, or the file is not the published one.
    """
    return _find(path, "face mesh", BUNDLED)


def find_detector(path: Path | None, reach: str) -> Model:
    """Locate the model of the face detector.

    Args:
        path: A .task file; None uses the model included in mediapipe.
        reach: "short" or "full".

    Raises:
        DysfwError: If there is no model, or the file is not the published one.
    """
    return _find(path, "face detector", (DETECTORS[reach],))


def _find(path: Path | None, what: str, bundled: tuple[str, ...]) -> Model:
    if path is not None:
        return Model(path.resolve(), (_task_weights(path),))
    package = _package()
    files = [package / name for name in bundled]
    if not all(file.is_file() for file in (*files, package / SOLUTION)):
        raise DysfwError(
            f"mediapipe {version('mediapipe')} includes no {what} model, and `model` is not set", hint=_download_hint()
        )
    source = f"mediapipe {version('mediapipe')}, inside its wheel"
    return Model(None, tuple(Weights(file.name, _sha256(file), LICENCE, source) for file in files))


def _package() -> Path:
    spec = find_spec("mediapipe")
    if spec is None or not spec.submodule_search_locations:
        raise DysfwError("mediapipe is not installed", hint="pip install mediapipe")
    return Path(spec.submodule_search_locations[0])


def _task_weights(path: Path) -> Weights:
    if not path.is_file():
        raise DysfwError(f"model: {path} does not exist", hint=_download_hint())
    found = _sha256(path)
    if found != TASK_SHA256:
        raise DysfwError(
            f"model: {path} ({path.stat().st_size:,} bytes, sha256 {found}) is not the published {TASK_NAME}",
            hint=_download_hint(),
        )
    return Weights(TASK_NAME, found, LICENCE, TASK_ADDRESS)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_hint() -> str:
    return (
        f"run `dysfw weights fetch face-landmarker` and set the component's parameter `model: face-landmarker`; or download "
        f"{TASK_NAME} ({TASK_BYTES:,} bytes, sha256 {TASK_SHA256}) from {TASK_ADDRESS} next to the recipe and set "
        f"`model: {TASK_NAME}`; or install mediapipe 0.10.21, which includes its models"
    )
