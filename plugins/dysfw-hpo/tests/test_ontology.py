"""Terms: their ids, relations and branches."""

import numpy as np
import pytest
from tiny_release import BROAD, FACE, LONG, PHILTRUM


def test_related_terms(tiny):
    ontology = tiny.ontology
    assert ontology.name(LONG) == "Long philtrum"
    assert ontology.parents(LONG) == [PHILTRUM]
    assert ontology.children(PHILTRUM) == [BROAD, LONG]
    assert ontology.ancestors(LONG) == ["HP:0000001", "HP:0000118", FACE, PHILTRUM]
    assert ontology.descendants(PHILTRUM) == [BROAD, LONG]
    assert ontology.ancestors("HP:0000001") == []
    assert ontology.descendants(LONG) == []


def test_synonyms(tiny):
    assert tiny.ontology.synonyms(LONG) == ["Elongated philtrum", "Lip sign"]
    assert tiny.ontology.synonyms(LONG, exact=False) == ["Very long philtrum", "Old word"]
    assert tiny.ontology.synonyms(PHILTRUM) == ['Philtrum "anomaly"']


@pytest.mark.parametrize(
    ("id", "current"),
    [
        (LONG, LONG), ("HP:0009999", LONG), ("HP:0000010", LONG),
        ("HP:0000011", None),  # may mean two terms
        ("HP:0000012", None),  # two successors, although both list it as an alternative id
        ("HP:0000013", None), ("HP:1234567", None), ("", None),
    ],
)  # fmt: skip
def test_current_ids(tiny, id, current):
    assert tiny.ontology.current(id) == current


def test_only_phenotypic_abnormalities_are_signs(tiny):
    ontology = tiny.ontology
    assert [id for id in ontology.ids if ontology.is_sign(id)] == [FACE, PHILTRUM, BROAD, "HP:0000316", LONG]
    assert ontology.branch("HP:0000006") == "Mode of inheritance"
    assert ontology.branch(LONG) == "Phenotypic abnormality"
    assert ontology.branch("HP:0000001") == "All"


def test_the_installed_release(hpo):
    ontology = hpo.ontology
    assert hpo.release.version == "2025-01-16"
    assert len(ontology) > 19_000
    assert ontology.branch("HP:0003577") == "Clinical modifier"  # congenital onset
    assert {"HP:0000288", "HP:0000271", "HP:0000118"} <= set(ontology.ancestors("HP:0000343"))
    above = np.diff(ontology.up.indptr)
    assert above.min() == 1  # the root has itself only
    assert hpo.weights.name == "hpo 2025-01-16"
    assert len(hpo.weights.sha256) == 64
