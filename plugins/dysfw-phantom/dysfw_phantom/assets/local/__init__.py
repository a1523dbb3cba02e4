"""Morphs that MakeHuman lacks, defined as fields of offsets on the neutral head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .eyes import eye_prominence, fissure_length
from .face import cheek_fullness, malar, mandible_size
from .head import forehead_width
from .mouth import philtrum_depth, philtrum_length
from .nose import nasal_bridge


def local_morphs(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> dict[str, FLOATS]:
    """Compute all local morphs.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets by name ("local-NAME"), each float64 [V, 3], dm.
    """
    morphs = [fissure_length, eye_prominence, nasal_bridge, philtrum_length, philtrum_depth]
    morphs += [malar, cheek_fullness, mandible_size, forehead_width]
    return {f"local-{morph.__name__.replace('_', '-')}": morph(neutral, triangles, part) for morph in morphs}
