"""Phantoms of published cases: exactly the observed signs, none that was excluded, age and sex as published."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from dysfw_phantom.condition import Condition
from dysfw_phantom.dataset import make_dataset
from dysfw_phantom.drawn_class import published_classes
from dysfw_phantom.phantom import make_phantom
from dysfw_phantom.published.annotated_patients import (
    annotated_by_cases,
    annotated_patient,
    exclusion_frequencies,
    recorded_numbers,
)
from dysfw_phantom.published.annotations import annotated_diseases
from dysfw_phantom.published.cases import parse_cases
from dysfw_phantom.published.condition import find_disease
from dysfw_phantom.published.drawable import drawable_signs, drawable_terms
from dysfw_phantom.published.hpo import ancestors, is_facial
from dysfw_phantom.published.patients import PatientRecord, select_patients
from dysfw_phantom.spec import parse_spec
from dysfw_phantom.spec_config import PublishedCases
from dysfw_phantom.terms import terms

from dysfw.data.read import read_dataset
from dysfw.util.progress import Silent

PTOSIS, HYPERTELORISM, SEIZURE = "HP:0000508", "HP:0000316", "HP:0001250"
BROAD_TIP, BULBOUS = "HP:0000455", "HP:0000414"  # both name the same end of one axis
CONDITION = Condition(label="phantom-omim-100000", name="A disease", imitates="OMIM:100000", terms=())


def patient(shown=(), not_shown=(), age=None, sex=None):
    return PatientRecord("publication-0001", tuple(shown), tuple(not_shown), tuple(shown), tuple(not_shown), age, sex)


def drawn(number=0, **known):
    return make_phantom(CONDITION, 5, number, published=patient(**known)).patient


def test_exactly_the_observed_signs_are_drawn():
    assert set(drawn(shown=[PTOSIS, HYPERTELORISM]).terms) == {PTOSIS, HYPERTELORISM}
    assert min(drawn(shown=[PTOSIS]).terms.values()) > 0


def test_excluded_signs_are_not_visible_and_change_nothing_else():
    axis, sign = terms()[PTOSIS].axis, terms()[PTOSIS].sign
    for number in range(60):
        free, bound = drawn(number), drawn(number, not_shown=[PTOSIS])
        assert sign * bound.axes[axis] <= 0.63  # standard deviations: a quarter of the largest natural variation
        assert {name: value for name, value in free.axes.items() if name != axis} == {
            name: value for name, value in bound.axes.items() if name != axis
        }


def test_observed_signs_can_be_seen_whatever_the_natural_variation():
    axis, sign = terms()[PTOSIS].axis, terms()[PTOSIS].sign
    for number in range(60):
        patient_ = make_phantom(CONDITION, 5, number, published=patient(shown=[PTOSIS]), version=2).patient
        assert sign * patient_.axes[axis] >= patient_.terms[PTOSIS] - 0.63


def test_terms_for_one_end_of_an_axis_share_its_severity():
    both = [sum(drawn(n, shown=[BROAD_TIP, BULBOUS]).terms.values()) for n in range(40)]
    one = [sum(drawn(n, shown=[BROAD_TIP]).terms.values()) for n in range(40)]
    assert np.mean(both) == pytest.approx(np.mean(one), abs=0.3)


@pytest.mark.parametrize(("published", "shown"), [(2 / 365, 1.0), (0.5, 1.0), (60.0, 60.0), (98.0, 98.0)])
def test_the_published_age_is_drawn_as_far_as_the_mesh_can(published, shown):
    assert drawn(age=published).age == shown


def test_sex_is_as_published_and_sampled_if_it_is_unknown():
    assert {drawn(n, sex="female").sex for n in range(8)} == {0.0}
    assert {drawn(n, sex="male").sex for n in range(8)} == {1.0}
    assert {drawn(n).sex for n in range(30)} == {0.0, 1.0}


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    lines = [
        {"case": "A", "publication": "PMID:1234567", "observed": [PTOSIS, HYPERTELORISM, SEIZURE], "excluded": [BULBOUS],
         "disease": "OMIM:100000", "sex": "FEMALE", "age": "P2D"},
        {"case": "B", "publication": "PMID:7654321", "observed": [PTOSIS, BROAD_TIP], "disease": "OMIM:100000"},
    ]  # fmt: skip
    (folder / "cases.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    text = "version: 1\nname: mine\nsize: 64\npublished_cases: {file: cases.jsonl}\nclasses:\n"
    text += "  - {condition: phantom-williams-syndrome, patients: 1}\n"
    make_dataset(parse_spec(text, "mine.yaml", folder), folder / "data", 1, Silent())
    return folder / "data"


def test_the_manifest_records_the_patients(data_set):
    with (data_set / "manifest.csv").open() as file:
        williams, first, second = csv.DictReader(file)
    assert (first["age"], first["sex"], first["publication"]) == ("0.01", "female", "publication-0001")
    assert first["hpo_observed"].split(";") == sorted([PTOSIS, HYPERTELORISM, SEIZURE])
    assert first["hpo_excluded"] == BULBOUS
    assert (second["age"], second["sex"], second["publication"]) == ("", "", "publication-0002")
    assert (williams["publication"], williams["hpo_excluded"]) == ("", "")
    assert float(williams["age"]) > 1
    assert {sample.publication for sample in read_dataset(data_set).samples} == {None, "publication-0001", "publication-0002"}


def test_no_file_tells_which_case_a_phantom_is(data_set):
    texts = [(data_set / name).read_text() for name in ("manifest.csv", "labels.yaml", "spec.json")]
    texts.append(str(pq.read_table(data_set / "truth.parquet").to_pylist()))
    assert not any("1234567" in text or "PMID" in text for text in texts)
    assert "imitates: OMIM:100000" in texts[1]


@pytest.fixture(scope="module")
def kabuki_patients():
    return [annotated_patient(find_disease("OMIM:147920"), np.random.default_rng(n)) for n in range(400)]


def test_annotated_patients_show_signs_with_their_frequencies(kabuki_patients):
    drawable = [sign for sign in find_disease("OMIM:147920").signs if sign.term in terms()]
    for sign in drawable[:: len(drawable) // 5]:
        assert np.mean([sign.term in one.observed for one in kabuki_patients]) == pytest.approx(sign.frequency, abs=0.08)
    assert any(not is_facial(term) for one in kabuki_patients for term in one.observed)


def test_records_of_annotated_patients_are_about_as_long_as_those_of_published_ones(kabuki_patients):
    lacking = [len(one.excluded) for one in kabuki_patients]
    assert np.percentile(lacking, [25, 50]) == pytest.approx(np.percentile(recorded_numbers()[:, 1], [25, 50]), abs=5)
    hidden = sum(sign.frequency for sign in find_disease("OMIM:147920").signs if not drawable_terms(sign.term))
    recorded = [len([term for term in one.observed if not drawable_terms(term)]) for one in kabuki_patients]
    assert np.mean(recorded) < 0.5 * hidden  # all that is drawn is recorded, but not all of the rest


def test_annotated_patients_are_examined_for_what_everybody_is(kabuki_patients):
    assert {term for one in kabuki_patients for term in one.excluded} <= set(exclusion_frequencies())
    for one in kabuki_patients:
        assert set().union(*(ancestors(term) for term in one.observed)).isdisjoint(one.excluded)
        assert (one.publication, one.age, one.sex) == ("", None, None)


def test_annotated_patients_have_no_signs_that_contradict_each_other(kabuki_patients):
    assert not any(drawable_signs(one.observed, one.excluded).contradictory for one in kabuki_patients)


def test_annotated_patients_can_be_required_to_show_signs():
    disease = find_disease("OMIM:147920")
    assert all(len(annotated_patient(disease, np.random.default_rng(n), 12).shown) >= 12 for n in range(20))
    assert annotated_patient(disease, np.random.default_rng(0), 200) is None


def test_a_disease_without_annotations_has_the_frequencies_of_its_cases(tmp_path):
    lines = [
        {"case": str(n), "publication": "PMID:1", "observed": [PTOSIS, HYPERTELORISM, *([BULBOUS] if n else [])],
         "excluded": [] if n else [BULBOUS], "disease": "OMIM:100000", "sex": "FEMALE", "age": f"P{n + 3}Y"}
        for n in range(4)
    ]  # fmt: skip
    cases = parse_cases("\n".join(map(json.dumps, lines)), "mine.jsonl")
    (disease,) = select_patients(cases, min_signs=2, min_cases=2).diseases
    frequencies = {sign.term: sign.frequency for sign in annotated_by_cases(disease.id, disease.patients).signs}
    assert frequencies == {PTOSIS: 5 / 6, HYPERTELORISM: 5 / 6, BULBOUS: 4 / 6}
    assert "OMIM:100000" not in annotated_diseases()
    (tmp_path / "cases.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (drawn_class,) = published_classes(PublishedCases(file="cases.jsonl"), 1, tmp_path).classes
    assert [(one.publication, one.sex, one.age) for one in drawn_class.published] == [("", "female", n + 3) for n in range(4)]
    assert all(len(one.shown) >= 2 for one in drawn_class.published)


def test_unknown_ids_are_named(tmp_path):
    signs = [PTOSIS, HYPERTELORISM, "HP:9999999"]
    lines = [{"case": "1", "publication": f"PMID:{n}", "observed": signs, "disease": "OMIM:100000"} for n in range(2)]
    (tmp_path / "cases.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (message,) = published_classes(PublishedCases(file="cases.jsonl"), 1, tmp_path).left_out
    assert message.startswith("1 HPO id misspelt, or newer than the release of")
    assert "HP:9999999" in message
