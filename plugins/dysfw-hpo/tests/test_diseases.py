"""Diseases and their annotations."""

import pytest
from dysfw_hpo.diseases import Gene
from tiny_release import BROAD, LONG, WIDE


def test_a_disease(tiny):
    disease = tiny.diseases["OMIM:1"]
    assert (disease.name, disease.genes) == ("Alpha syndrome 1", (Gene("ALF", 10),))
    assert disease.inheritance == ("Autosomal dominant inheritance",)
    assert tiny.diseases.references("OMIM:1") == {"PMID:1", "PMID:2", "PMID:3", "OMIM:1"}
    assert "OMIM:3" not in tiny.diseases
    with pytest.raises(KeyError):
        tiny.diseases.annotations("OMIM:3")


def test_annotations_are_as_they_stand_in_the_release(tiny):
    found = [(a.term, a.negated, a.affected, a.counted, a.sex) for a in tiny.diseases.annotations("OMIM:1")]
    assert found == [
        (BROAD, True, None, None, None),
        (WIDE, False, None, None, None),
        (LONG, False, 1, 2, None),
        (LONG, False, 2, 2, "female"),
    ]
    assert [a.frequency for a in tiny.diseases.annotations("OMIM:1")] == [None, pytest.approx(0.895), 0.5, 1]
    assert [a.frequency for a in tiny.diseases.annotations("OMIM:2")] == [None, pytest.approx(0.45), 0]
    assert tiny.diseases.annotations("OMIM:1")[2].references == ("PMID:1", "PMID:2")


def test_unknown_terms_are_left_out(tiny):
    assert [a.term for a in tiny.diseases.annotations("ORPHA:9")] == [BROAD, LONG]


def test_genes(tiny):
    assert tiny.diseases.genes("OMIM:1") == (Gene("ALF", 10),)
    assert tiny.diseases.genes("OMIM:2") == ()


def test_the_installed_release(hpo):
    kabuki = hpo.diseases["OMIM:147920"]
    assert Gene("KMT2D", 8085) in kabuki.genes
    assert "PMID:24739679" in hpo.diseases.references("OMIM:147920")
    counted = [a for a in hpo.diseases.annotations("OMIM:147920") if a.counted]
    assert all(0 <= a.affected <= a.counted for a in counted)
    assert sum(id.startswith("OMIM:") for id in hpo.diseases.ids) > 8_000
    assert sum(id.startswith("ORPHA:") for id in hpo.diseases.ids) > 4_000
