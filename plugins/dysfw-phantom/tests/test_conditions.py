"""Phantom conditions: those that ship, and those of one's own."""

import numpy as np
import pytest
from dysfw_phantom.condition import find_conditions, read_condition, sample_terms, shipped_conditions

from dysfw.errors import DysfwError

MINE = """\
label: phantom-mine
name: Mine
terms:
  - {term: HP:0000316, label: Hypertelorism, frequency: 0.5, severity: [2, 0.5]}
  - {term: HP:0000319, frequency: 1, severity: 1.5}
"""


def refused(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(DysfwError) as caught:
        read_condition(tmp_path / "mine.yaml")
    return str(caught.value)


def test_at_least_twelve_conditions_ship_and_each_says_that_it_is_a_phantom():
    shipped = shipped_conditions()
    assert len(shipped) >= 12
    assert all(label.startswith("phantom-") for label in shipped)
    assert next(iter(shipped)) == "phantom-unaffected"
    assert not shipped["phantom-unaffected"].terms


def test_every_shipped_condition_cites_what_it_follows():
    assert all(condition.sources for condition in shipped_conditions().values())


def test_no_two_shipped_conditions_are_the_same():
    faces = {frozenset((s.term, s.severity, s.frequency) for s in c.terms) for c in shipped_conditions().values()}
    assert len(faces) == len(shipped_conditions())


def test_every_shipped_term_names_its_label():
    assert all(sign.label for condition in shipped_conditions().values() for sign in condition.terms)


def test_a_condition_of_ones_own_is_one_file(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    found = find_conditions(tmp_path)
    assert [c.label for c in found] == ["phantom-mine"]
    assert [s.severity for s in found[0].terms] == [(2.0, 0.5), (1.5, 0.0)]


def test_terms_may_be_named_by_their_label(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE.replace("{term: HP:0000319", "{term: Smooth philtrum"))
    assert read_condition(tmp_path / "mine.yaml").terms[1].term == "HP:0000319"


def test_an_unknown_term_is_answered_with_the_closest_one_and_its_line(tmp_path):
    said = refused(tmp_path, MINE.replace("term: HP:0000319", "term: Smoth philtrum"))
    assert "mine.yaml:5:6: terms.1.term:" in said
    assert "Smooth philtrum" in said


def test_a_label_that_is_another_terms_is_refused(tmp_path):
    said = refused(tmp_path, MINE.replace("label: Hypertelorism", "label: Hypotelorism"))
    assert "HP:0000316 is 'Hypertelorism', not 'Hypotelorism'" in said


def test_a_label_must_say_that_it_is_a_phantom(tmp_path):
    assert "mine.yaml:1:1: label:" in refused(tmp_path, MINE.replace("phantom-mine", "mine"))


@pytest.mark.parametrize(
    ("found", "written", "said"),
    [
        ("frequency: 0.5", "frequency: 50", "less than or equal to 1"),
        ("severity: [2, 0.5]", "severity: strong", "valid array"),
        ("name: Mine", "nmae: Mine", "did you mean 'name'?"),
        ("name: Mine", "name: Mine\nage: [30, 2]", "the youngest first"),
        ("HP:0000319", "HP:0000316", "terms listed twice: HP:0000316"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, found, written, said):
    assert said in refused(tmp_path, MINE.replace(found, written))


def test_terms_come_as_often_and_as_strongly_as_the_condition_says(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    mine = read_condition(tmp_path / "mine.yaml")
    drawn = [sample_terms(mine, np.random.default_rng([7, n, 1])) for n in range(2000)]
    found = [terms["HP:0000316"] for terms in drawn if "HP:0000316" in terms]
    assert len(found) / 2000 == pytest.approx(0.5, abs=0.04)
    assert np.mean(found) == pytest.approx(2.0, abs=0.06)
    assert np.std(found) == pytest.approx(0.5, abs=0.05)
    assert all(terms["HP:0000319"] == 1.5 for terms in drawn)


def test_severity_is_a_factor_on_all_terms(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    mine = read_condition(tmp_path / "mine.yaml")
    full, half = (sample_terms(mine, np.random.default_rng([7, 1]), factor) for factor in (1.0, 0.5))
    assert half == {term: 0.5 * severity for term, severity in full.items()}
