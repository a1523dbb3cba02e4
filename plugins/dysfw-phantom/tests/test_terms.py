import re

import pytest
from dysfw_phantom.axes import axes, traits
from dysfw_phantom.terms import find_term, terms

from dysfw.errors import DysfwError


def test_terms_have_hpo_ids_and_unique_labels():
    assert len(terms()) >= 50
    assert all(re.fullmatch(r"HP:\d{7}", id) for id in terms())
    assert len({term.label for term in terms().values()}) == len(terms())


def test_every_term_belongs_to_one_axis():
    known = [*axes().values(), *traits().values()]
    assert sum(len(axis.terms) + len(axis.later_terms) for axis in known) == len(terms())


def test_specs_of_version_1_draw_at_random_what_they_always_drew():
    assert sum(term.version == 1 for term in terms().values()) == 53
    # a later term of an old axis, a term of an old trait, and a term of a later axis
    for label in ("Thin lower lip vermilion", "Large earlobe", "Microtia"):
        assert find_term(label).version == 2


def test_terms_of_one_axis_name_opposite_ends():
    assert (find_term("Hypertelorism").axis, find_term("Hypertelorism").sign) == ("inner canthal distance", 1)
    assert (find_term("Hypotelorism").axis, find_term("Hypotelorism").sign) == ("inner canthal distance", -1)


@pytest.mark.parametrize("name", ["HP:0000316", "hp:0000316", "Hypertelorism", " hypertelorism "])
def test_a_term_is_found_by_id_or_label(name):
    assert find_term(name).id == "HP:0000316"


@pytest.mark.parametrize(("wrong", "close"), [("hypertelorysm", "Hypertelorism"), ("HP:00003160", "HP:0000316")])
def test_an_unknown_term_is_reported_with_a_suggestion(wrong, close):
    with pytest.raises(DysfwError, match=f"phantoms cannot show the term '{wrong}'.*{close}"):
        find_term(wrong)
