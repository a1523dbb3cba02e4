"""Morphs that MakeHuman lacks, defined as fields of offsets on the neutral head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .ears import ear_cupping, ear_simplicity, helix_overfolding
from .eyes import (
    almond,
    eye_prominence,
    eyeball_size,
    fissure_height,
    fissure_length,
    fissure_size,
    inner_canthus,
    lateral_lid_eversion,
    lower_lid_eversion,
    lower_lid_notch,
)
from .face import (
    cheek_fullness,
    chin_dimple,
    face_height,
    face_width,
    facial_flatness,
    jaw_width,
    malar,
    mandible_size,
    midface,
)
from .head import (
    cephalic_index,
    cranial_vault,
    forehead_prominence,
    forehead_slope,
    forehead_width,
    frontal_bossing,
    glabella,
    head_height,
    metopic_ridge,
    plagiocephaly_left,
    plagiocephaly_right,
    supraorbital_ridges,
    temple_hollow,
    trigonocephaly,
)
from .mouth import lower_lip_eversion, philtrum_depth, philtrum_length, philtrum_width, tented_upper_lip
from .neck import neck_webs
from .nose import columella_height, nasal_base_width, nasal_bridge, nasal_tip_projection


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
    morphs += [inner_canthus, fissure_height, fissure_size, almond, eyeball_size]
    morphs += [lower_lid_eversion, lateral_lid_eversion, lower_lid_notch]
    morphs += [columella_height, nasal_tip_projection, nasal_base_width, philtrum_width, lower_lip_eversion, tented_upper_lip]
    morphs += [ear_simplicity, ear_cupping, helix_overfolding]
    morphs += [metopic_ridge, glabella, temple_hollow, face_height, chin_dimple]
    return {f"local-{morph.__name__.replace('_', '-')}": morph(neutral, triangles, part) for morph in morphs}
