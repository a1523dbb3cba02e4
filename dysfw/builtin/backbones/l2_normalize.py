"""Embeddings of length 1, so that none outweighs another by its scale alone."""

from __future__ import annotations

import numpy as np

from ...types import Float32


def l2_normalize(x: Float32) -> Float32:
    """x float32 [..., dim], each embedding brought to length 1; zeros stay zeros."""
    length: Float32 = np.sqrt((x * x).sum(axis=-1, keepdims=True))
    scaled: Float32 = x / np.where(length > 0, length, np.float32(1))
    return scaled
