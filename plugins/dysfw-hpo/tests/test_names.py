"""Finding a term by id, name or synonym."""

import pytest
from tiny_release import BROAD, LONG


@pytest.mark.parametrize(
    ("text", "how", "id"),
    [
        (LONG, "id", LONG), (" hp_0000343 ", "id", LONG), ("HP:0009999", "former id", LONG), ("HP:0000010", "former id", LONG),
        ("long  PHILTRUM", "name", LONG), ("Elongated philtrum", "exact synonym", LONG),
        ("widely spaced eyes", "exact synonym", "HP:0000316"), ("Very long philtrum", "inexact synonym", LONG),
        ("Old word", "inexact synonym", LONG), ("Lip sign", "ambiguous", None), ("HP:0000011", "obsolete", None),
        ("HP:0000013", "obsolete", None), ("HP:1234567", "unknown", None), ("Short nose", "unknown", None),
        ("", "unknown", None),
    ],
)  # fmt: skip
def test_find(tiny, text, how, id):
    match = tiny.names.find(text)
    assert (match.how, match.id) == (how, id)


def test_candidates_of_terms_that_are_not_clear(tiny):
    assert set(tiny.names.find("Lip sign").candidates) == {LONG, BROAD}
    assert tiny.names.find("HP:0000011").candidates == (LONG, BROAD)
    assert tiny.names.find("HP:0000012").candidates == (LONG, BROAD)
    assert tiny.names.find("HP:0000013").candidates == ()


@pytest.mark.parametrize("text", ["Log philtrum", "Long filtrum", "long philtrm", "philtrum long"])
def test_misspelt_names_get_the_right_suggestion(hpo, text):
    assert hpo.names.find(text).candidates[0] == "HP:0000343"
    assert hpo.names.find(text, 0).candidates == ()
    assert len(hpo.names.closest(text, 2)) == 2


@pytest.mark.parametrize("text", ["x" * 100_000, "\ud800", "😀" * 40, "no such sign, xqzw"])
def test_texts_that_are_no_names_have_no_suggestion(hpo, text):
    assert hpo.names.find(text).candidates == ()


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Long philtrum.", "HP:0000343"), ("Café-au-lait spots", "HP:0000957"), ("CAFE\u0301 AU LAIT SPOT", "HP:0000957"),
        ("Arched eyebrow", "HP:0002553"), ("highly arched eyebrows", "HP:0002553"), ("Facial angiofibroma", "HP:0009720"),
        ("Low-set ear", "HP:0000369"), ("Long eyelash", "HP:0000527"), ("Fingertip pad, prominent", None), ("Eye", None),
    ],
)  # fmt: skip
def test_accents_full_stops_and_plurals(hpo, text, id):
    assert hpo.names.find(text, 0).id == id


def test_a_loose_name_of_two_terms_is_ambiguous(tiny):
    match = tiny.names.find("Lip signs.")
    assert (match.how, match.id, set(match.candidates)) == ("ambiguous", None, {LONG, BROAD})


def test_names_come_before_synonyms(hpo):
    """Every name is found as the term that bears it, even if it is a synonym of another term."""
    ontology = hpo.ontology
    assert all(hpo.names.find(ontology.name(id)).id == id for id in ontology.ids)
