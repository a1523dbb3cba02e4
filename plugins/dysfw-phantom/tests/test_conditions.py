"""Shipped and custom conditions."""

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


def error_message(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(DysfwError) as caught:
        read_condition(tmp_path / "mine.yaml")
    return str(caught.value)


def test_shipped_labels_start_with_phantom():
    shipped = shipped_conditions()
    assert len(shipped) >= 12
    assert all(label.startswith("phantom-") for label in shipped)
    assert next(iter(shipped)) == "phantom-unaffected"
    assert not shipped["phantom-unaffected"].terms


def test_every_shipped_condition_cites_its_sources():
    assert all(condition.sources for condition in shipped_conditions().values())


def test_shipped_conditions_are_distinct():
    faces = {frozenset((s.term, s.severity, s.frequency) for s in c.terms) for c in shipped_conditions().values()}
    assert len(faces) == len(shipped_conditions())


def test_every_shipped_term_has_its_label():
    assert all(term.label for condition in shipped_conditions().values() for term in condition.terms)


def test_custom_conditions_are_read_from_a_folder(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    conditions = find_conditions(tmp_path)
    assert [c.label for c in conditions] == ["phantom-mine"]
    assert [s.severity for s in conditions[0].terms] == [(2.0, 0.5), (1.5, 0.0)]


def test_terms_can_be_given_by_label(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE.replace("{term: HP:0000319", "{term: Smooth philtrum"))
    assert read_condition(tmp_path / "mine.yaml").terms[1].term == "HP:0000319"


def test_unknown_terms_are_reported_with_a_suggestion_and_the_line(tmp_path):
    message = error_message(tmp_path, MINE.replace("term: HP:0000319", "term: Smoth philtrum"))
    assert "mine.yaml:5:6: terms.1.term:" in message
    assert "Smooth philtrum" in message


def test_a_label_of_another_term_is_rejected(tmp_path):
    message = error_message(tmp_path, MINE.replace("label: Hypertelorism", "label: Hypotelorism"))
    assert "HP:0000316 is 'Hypertelorism', not 'Hypotelorism'" in message


def test_a_label_without_the_phantom_prefix_is_rejected(tmp_path):
    assert "mine.yaml:1:1: label:" in error_message(tmp_path, MINE.replace("phantom-mine", "mine"))


@pytest.mark.parametrize(
    ("original", "replacement", "message"),
    [
        ("frequency: 0.5", "frequency: 50", "less than or equal to 1"),
        ("severity: [2, 0.5]", "severity: strong", "valid array"),
        ("name: Mine", "nmae: Mine", "did you mean 'name'?"),
        ("name: Mine", "name: Mine\nage: [30, 2]", "the minimum must come first"),
        ("HP:0000319", "HP:0000316", "terms listed twice: HP:0000316"),
    ],
)
def test_invalid_values_are_rejected(tmp_path, original, replacement, message):
    assert message in error_message(tmp_path, MINE.replace(original, replacement))


def test_terms_have_the_frequency_and_severity_of_the_condition(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    mine = read_condition(tmp_path / "mine.yaml")
    drawn = [sample_terms(mine, np.random.default_rng([7, n, 1])) for n in range(2000)]
    severities = [terms["HP:0000316"] for terms in drawn if "HP:0000316" in terms]
    assert len(severities) / 2000 == pytest.approx(0.5, abs=0.04)
    assert np.mean(severities) == pytest.approx(2.0, abs=0.06)
    assert np.std(severities) == pytest.approx(0.5, abs=0.05)
    assert all(terms["HP:0000319"] == 1.5 for terms in drawn)


def test_severity_scales_all_terms(tmp_path):
    (tmp_path / "mine.yaml").write_text(MINE)
    mine = read_condition(tmp_path / "mine.yaml")
    full, half = (sample_terms(mine, np.random.default_rng([7, 1]), factor) for factor in (1.0, 0.5))
    assert half == {term: 0.5 * severity for term, severity in full.items()}
