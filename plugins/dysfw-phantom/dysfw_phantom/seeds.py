"""Random generators: a separate one for each quantity, determined by seed and numbers only."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """The quantity to draw. Values start at 1, because numpy ignores a trailing 0 in a list of seeds."""

    COUNT = 1
    PATIENT = 2
    APPEARANCE = 3
    IMAGE = 4
    SIGNS = 5


def generator(seed: int, patient: int, stream: Stream, image: int = 0) -> np.random.Generator:
    """Create the generator for one quantity of one patient.

    Args:
        seed: Random seed of the data set.
        patient: Number of the patient.
        stream: The quantity.
        image: Number of the image, for quantities that differ between images.

    Returns:
        The generator.
    """
    return np.random.default_rng([seed, patient, image, stream])
