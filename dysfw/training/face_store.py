"""Keeps aligned faces on disk until it is known which of them count, so that memory stays flat."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..errors import DysfwError
from ..imaging.composite import SIDE
from ..types import UInt8

FACE_BYTES = SIDE * SIDE * 3


class FaceStore:
    """The aligned faces of images, in a temporary file without a name: it ends with the process, however that ends."""

    def __init__(self) -> None:
        """Create an empty store."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by ``close``
        self._place: dict[Path, int] = {}

    def __contains__(self, path: Path) -> bool:
        """Whether the face of an image is there."""
        return path in self._place

    def add(self, path: Path, face: UInt8) -> None:
        """Keep the face of an image.

        Args:
            path: The image.
            face: uint8 [SIDE, SIDE, 3].

        Raises:
            DysfwError: The temporary folder is full.
        """
        place = len(self._place)
        try:
            self._file.seek(place * FACE_BYTES)
            self._file.write(face.tobytes())
        except OSError as error:
            raise DysfwError(
                f"cannot keep faces for composites in {tempfile.gettempdir()}: {error.strerror or error}",
                hint="set TMPDIR to a folder with more space, or train without --composites",
            ) from None
        self._place[path] = place

    def face(self, path: Path) -> UInt8:
        """Return the face of an image that is there, uint8 [SIDE, SIDE, 3]."""
        self._file.seek(self._place[path] * FACE_BYTES)
        return np.frombuffer(self._file.read(FACE_BYTES), np.uint8).reshape(SIDE, SIDE, 3)

    def close(self) -> None:
        """Delete all faces."""
        self._file.close()
