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
        ("OMIM:612313", "ORPHA:576283"),  # SATB2, likewise; not the loss of neighbouring genes, nor a rearrangement
        ("OMIM:607872", "ORPHA:1606"),  # deletion of 1p36: without a gene in OMIM
        ("OMIM:611867", "ORPHA:261330"),  # distal 22q11.2 deletion, which Orphanet calls a microdeletion
        ("OMIM:138800", "ORPHA:276399"),  # multinodular goiter 1: first of its series, "familial" at Orphanet
        ("OMIM:109400", "ORPHA:377"),  # Gorlin syndrome: other names, three genes at Orphanet
        ("OMIM:110100", "ORPHA:126"),  # BPES without other signs: Orphanet states no gene
        ("OMIM:131750", "ORPHA:231568"),  # dystrophica, dystrophic
        ("OMIM:255310", "ORPHA:2020"),  # eight genes at Orphanet, but the names agree
        ("OMIM:225750", "ORPHA:51"),  # Aicardi-Goutières syndrome: an accent
    ],
)
def test_known_pairs(hpo, omim, orpha):
    counterpart, position = load_profiles().counterpart, hpo.diseases.position
    assert counterpart[position[omim]] == position[orpha]


@pytest.mark.parametrize(
    ("omim", "orpha"),
    [
        ("OMIM:619312", "ORPHA:1606"),  # Radio-Tartaglia syndrome is not the deletion that has its gene
        ("OMIM:619087", "ORPHA:261330"),  # Noonan syndrome 13, likewise
        ("OMIM:615032", "ORPHA:261229"),  # CHD8, likewise
        ("OMIM:617330", "ORPHA:96148"),  # EBF3, likewise
        ("OMIM:613443", "ORPHA:228384"),  # MEF2C, likewise
        ("OMIM:180295", "ORPHA:276399"),  # rhabdomyosarcoma of the same gene is not goiter
        ("OMIM:620343", "ORPHA:377"),  # the second of a series is not the series
        ("OMIM:110100", "ORPHA:572333"),  # "plus"
        ("OMIM:131705", "ORPHA:231568"),  # another bullous disease of COL7A1
        ("OMIM:265120", "ORPHA:217563"),  # a dysfunction of surfactant is not every neonatal distress
        ("OMIM:184250", "ORPHA:93316"),  # Strudwick type, Schmidt type
        ("OMIM:617272", "ORPHA:98976"),  # one of a series is not a group with four genes
    ],
)
def test_known_differences(hpo, omim, orpha):
    counterpart, position = load_profiles().counterpart, hpo.diseases.position
    assert counterpart[position[omim]] != position[orpha]


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
