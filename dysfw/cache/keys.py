"""Keys of cache entries: hashes of everything that shapes a result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def key_of(parts: Iterable[bytes]) -> bytes:
    """Hash the parts of a key.

    Args:
        parts: The parts; each must have a fixed length, or end unmistakably.

    Returns:
        32 bytes.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def array_key(array: npt.NDArray[np.generic]) -> bytes:
    """Hash an array with its type and shape.

    Args:
        array: The array.

    Returns:
        The hash, after a readable header.
    """
    header = f"{array.dtype} {array.shape} "
    return header.encode() + hashlib.sha256(np.ascontiguousarray(array).data).digest()
