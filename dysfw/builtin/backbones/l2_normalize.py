"""L2 normalisation of embeddings."""

from __future__ import annotations

import numpy as np

from ...types import Float32


def l2_normalize(x: Float32) -> Float32:
    """Divide each embedding by its Euclidean norm; zeros stay zeros.

    Args:
        x: float32 [..., dim].

    Returns:
        float32 [..., dim].
    """
    norm: Float32 = np.sqrt((x * x).sum(axis=-1, keepdims=True))
    norm[~(norm > 0)] = 1
    normalized: Float32 = x / norm
    return normalized
