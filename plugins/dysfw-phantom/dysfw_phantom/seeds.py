"""Where randomness comes from: a generator of its own for everything that is drawn, by seed and number and nothing else."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What is drawn. From 1: numpy takes a list of seeds that ends in 0 for the same list without it."""

    COUNT = 1
    PATIENT = 2
    APPEARANCE = 3
    IMAGE = 4


def generator(seed: int, patient: int, stream: Stream, photograph: int = 0) -> np.random.Generator:
    """The generator for one thing of one patient, and of one photograph where it is a photograph's."""
    return np.random.default_rng([seed, patient, photograph, stream])
