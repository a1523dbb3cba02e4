"""Locates and verifies the model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dysfw.plugin import DysfwError, Weights, packaged_file, sha256_of

from .weights import FACE_LANDMARKER

SOURCE = "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
HINT = "pip install --force-reinstall dysfw-mediapipe"


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model file.

    Attributes:
        path: The ``face_landmarker.task`` file.
        weights: Its description for bundles.
    """

    path: Path
    weights: Weights


def find_model() -> Model:
    """Locate the model file of this package, and compare it with its published hash.

    Raises:
        DysfwError: If the file is missing or was changed.
    """
    path = packaged_file(FACE_LANDMARKER.file)
    if path is None:
        raise DysfwError(f"the model file {FACE_LANDMARKER.file.partition(':')[2]} of dysfw-mediapipe is missing", hint=HINT)
    found = sha256_of(path)
    if found != FACE_LANDMARKER.sha256:
        raise DysfwError(
            f"{path} ({path.stat().st_size:,} bytes, sha256 {found}) is not the published file "
            f"({FACE_LANDMARKER.size:,} bytes, sha256 {FACE_LANDMARKER.sha256})",
            hint=HINT,
        )
    return Model(path, Weights(path.name, found, FACE_LANDMARKER.licence, SOURCE))
