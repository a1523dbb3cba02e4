"""Diseases that OMIM and Orphanet both describe, in the installed release."""

import numpy as np
import pytest
from dysfw_hpo.profiles import load_profiles


@pytest.mark.parametrize(
    ("omim", "orpha"),
    [
        ("OMIM:154700", "ORPHA:558"),  # Marfan syndrome: the same name
        ("OMIM:163950", "ORPHA:648"),  # Noonan syndrome 1: the first of its series
        ("OMIM:612164", "ORPHA:599373"),  # STXBP1: other names, the same gene and similar signs
        ("OMIM:612313", "ORPHA:251028"),  # SATB2, likewise
    ],
)
def test_known_pairs(hpo, omim, orpha):
    counterpart, position = load_profiles().counterpart, hpo.diseases.position
    assert counterpart[position[omim]] == position[orpha]


def test_each_pair_is_of_both_databases(hpo):
    counterpart, ids = load_profiles().counterpart, hpo.diseases.ids
    paired = np.flatnonzero(counterpart >= 0)
    assert len(paired) > 3_000
    for n in paired:
        assert counterpart[counterpart[n]] == n
        assert {ids[n].split(":")[0], ids[counterpart[n]].split(":")[0]} == {"OMIM", "ORPHA"}


def test_pairs_have_the_same_signs():
    profiles = load_profiles()
    paired = np.flatnonzero(profiles.counterpart >= 0)
    difference = profiles.frequency[paired] - profiles.frequency[profiles.counterpart[paired]]
    assert abs(difference).max() == 0
    assert np.array_equal(profiles.expected[paired], profiles.expected[profiles.counterpart[paired]])
