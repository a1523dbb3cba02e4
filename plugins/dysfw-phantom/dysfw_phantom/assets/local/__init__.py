"""Morphs that MakeHuman lacks, defined as fields of offsets on the neutral head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .eyes import eye_prominence, fissure_length
from .face import cheek_fullness, face_width, facial_flatness, jaw_width, malar, mandible_size, midface
from .head import (
    cephalic_index,
    cranial_vault,
    forehead_prominence,
    forehead_slope,
    forehead_width,
    frontal_bossing,
    head_height,
    plagiocephaly_left,
    plagiocephaly_right,
    supraorbital_ridges,
    trigonocephaly,
)
from .mouth import philtrum_depth, philtrum_length
from .neck import neck_webs
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
    # Later morphs come after the others, so that the arrays of those keep their places in head.npz.
    morphs += [cranial_vault, forehead_prominence, forehead_slope, frontal_bossing, cephalic_index, trigonocephaly]
    morphs += [head_height, plagiocephaly_left, plagiocephaly_right, supraorbital_ridges]
    morphs += [midface, facial_flatness, face_width, jaw_width, neck_webs]
    return {f"local-{morph.__name__.replace('_', '-')}": morph(neutral, triangles, part) for morph in morphs}
