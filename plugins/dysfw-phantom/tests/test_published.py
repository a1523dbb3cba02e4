"""Published cases and annotations: reading, and what of them can be drawn."""

import gzip
import json
import re

import numpy as np
import pytest
from dysfw_phantom.condition import read_condition
from dysfw_phantom.published.annotations import FREQUENCY_TERMS, annotated_diseases
from dysfw_phantom.published.cases import age_in_years, parse_cases, publication_numbers, read_cases, shipped_cases
from dysfw_phantom.published.condition import annotated_condition, draft_yaml, find_disease
from dysfw_phantom.published.drawable import drawable_fraction, drawable_signs, drawable_terms
from dysfw_phantom.published.hpo import ancestors, current_id, hpo_terms, is_facial, most_specific
from dysfw_phantom.published.patients import select_patients
from dysfw_phantom.terms import terms

from dysfw.errors import DysfwError

PTOSIS, BILATERAL_PTOSIS = "HP:0000508", "HP:0001488"
HYPERTELORISM, HYPOTELORISM = "HP:0000316", "HP:0000601"
EYE = "HP:0012373"  # abnormal eye physiology, of which ptosis is one
SEIZURE = "HP:0001250"
THICK_LOWER_LIP = "HP:0000179"  # replaces HP:0000170


def case(**values):
    return json.dumps({"case": "1", "publication": "PMID:1", "observed": [PTOSIS], "disease": "OMIM:100000"} | values)


def problems(*lines):
    with pytest.raises(DysfwError) as caught:
        parse_cases("\n".join(lines), "mine.jsonl")
    return str(caught.value)


def test_labels_of_terms_are_those_of_the_ontology():
    assert {term.id: term.label for term in terms().values()} == {id: hpo_terms()[id].label for id in terms()}


def test_a_term_implies_the_more_general_ones():
    assert {PTOSIS, EYE, "HP:0000478"} <= ancestors(BILATERAL_PTOSIS)
    assert most_specific([EYE, PTOSIS, BILATERAL_PTOSIS, HYPERTELORISM]) == sorted([BILATERAL_PTOSIS, HYPERTELORISM])
    assert "HP:0000707" in ancestors(SEIZURE)  # abnormality of the nervous system
    assert is_facial(BILATERAL_PTOSIS)
    assert not is_facial(SEIZURE)
    assert not is_facial("HP:9999999")


def test_ids_that_were_replaced_stand_for_their_replacement():
    assert current_id("HP:0000170") == THICK_LOWER_LIP
    assert current_id(THICK_LOWER_LIP) == THICK_LOWER_LIP
    assert drawable_terms("HP:0000170") == (THICK_LOWER_LIP,)


def test_the_shipped_cases_are_those_that_the_licence_file_names():
    cases = shipped_cases()
    assert (len(cases), len({one.publication for one in cases}), len({one.disease for one in cases})) == (5854, 981, 561)
    assert {one.sex for one in cases} == {"male", "female", None}
    assert max(one.age for one in cases if one.age is not None) == 98


def test_a_publication_is_known_by_a_number_only():
    numbers = list(publication_numbers(shipped_cases()))
    assert len(set(numbers)) == 981
    assert all(re.fullmatch(r"publication-\d{4}", number) for number in numbers)
    order = np.array([int(number[-4:]) for number in dict.fromkeys(numbers)])
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.1  # they do not follow the order of the diseases


@pytest.mark.parametrize(
    ("age", "years"), [("P60Y", 60), ("P5Y6M", 5.5), ("P2D", 2 / 365.25), ("P1Y2M3W", 1 + 2 / 12 + 21 / 365.25)]
)
def test_ages_are_converted_to_years(age, years):
    assert age_in_years(age) == pytest.approx(years)


@pytest.mark.parametrize("age", ["P", "5", "P-1Y", "P5H", "P200Y", ""])
def test_what_is_no_age_is_refused(age):
    assert repr(age) in problems(case(age=age))


@pytest.mark.parametrize("age", ["NaN", "-5", "500", "Infinity"])
def test_numbers_that_are_no_age_are_refused(age):
    assert "mine.jsonl:1: age: found" in problems(case().replace("}", f', "age": {age}}}'))


def test_separators_within_a_text_do_not_end_a_line():
    (found,) = parse_cases(json.dumps({**json.loads(case()), "case": "a\u2028b"}, ensure_ascii=False), "mine.jsonl")
    assert found.case == "a\u2028b"


def test_all_problems_of_a_file_are_reported_by_line():
    message = problems(
        case(), "{", case(case="2", observed=["HP:316"]), case(case="3", disease="Kabuki"), case(case="4", colour="red"),
        case(), '{"case": "5"}',
    )  # fmt: skip
    assert "mine.jsonl:2: not a JSON object" in message
    assert 'mine.jsonl:3: observed.0: found "HP:316"; expected text like HP:0000316' in message
    assert 'mine.jsonl:4: disease: found "Kabuki"; expected text like OMIM:147791' in message
    assert "mine.jsonl:5: colour: unknown key" in message
    assert "mine.jsonl:6: the case '1' of PMID:1 is already in line 1" in message
    assert "mine.jsonl:7: publication: is missing" in message


def test_files_that_are_no_table_of_cases_are_refused(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(case().encode())[:30])
    messages = {"missing": "No such file", "empty": "no cases", "binary": "not text", "cut": "cannot read"}
    for name, message in messages.items():
        with pytest.raises(DysfwError, match=message):
            read_cases(tmp_path / (f"{name}.jsonl.gz" if name == "cut" else f"{name}.jsonl"))
    (tmp_path / "good.jsonl.gz").write_bytes(gzip.compress(case().encode()))
    assert read_cases(tmp_path / "good.jsonl.gz")[0].observed == (PTOSIS,)


def test_a_specific_sign_is_shown_by_the_term_that_it_implies():
    assert drawable_terms(PTOSIS) == (PTOSIS,)
    assert PTOSIS in {PTOSIS, *drawable_terms(BILATERAL_PTOSIS)}
    assert drawable_terms(SEIZURE) == ()


def test_an_excluded_term_excludes_the_more_specific_ones():
    signs = drawable_signs([HYPERTELORISM], [EYE])
    assert signs.observed == (HYPERTELORISM,)
    assert PTOSIS in signs.excluded


def test_contradictory_signs_are_not_drawn():
    assert drawable_signs([HYPERTELORISM, HYPOTELORISM, PTOSIS]).observed == (PTOSIS,)
    signs = drawable_signs([PTOSIS, HYPERTELORISM], [PTOSIS])
    assert (signs.observed, signs.contradictory) == ((HYPERTELORISM,), (PTOSIS,))
    assert PTOSIS not in signs.excluded
    assert BILATERAL_PTOSIS in signs.excluded


def test_the_share_of_signs_that_can_be_drawn_is_the_documented_one():
    cases = shipped_cases()
    assert drawable_fraction(one.observed for one in cases) == (9227, 14171)  # 65 %
    assert sum(len(drawable_signs(one.observed, one.excluded).observed) > 1 for one in cases) == 1549


def test_patients_are_selected_by_disease():
    lines = [case(case=str(n), publication=f"PMID:{n % 2}", observed=[PTOSIS, HYPERTELORISM]) for n in range(4)]
    lines += [case(case="one sign"), case(case="rare", disease="OMIM:100001", observed=[PTOSIS, HYPERTELORISM])]
    selection = select_patients(parse_cases("\n".join(lines), "x"), min_signs=2, min_cases=2)
    (disease,) = selection.diseases
    assert (disease.id, len(disease.patients), disease.publications) == ("OMIM:100000", 4, 2)
    assert disease.patients[0].shown == tuple(sorted([PTOSIS, HYPERTELORISM]))
    assert dict(selection.left_out) == {
        "with fewer than 2 signs that can be drawn": 1, "of diseases with fewer than 2 such cases": 1,
    }  # fmt: skip


def test_frequencies_are_those_of_the_annotations():
    kabuki = annotated_diseases()["OMIM:147920"]
    signs = {sign.term: sign for sign in kabuki.signs}
    fissure = signs["HP:0000637"]  # long palpebral fissure
    assert (fissure.present, fissure.patients) == (27, 31)
    assert fissure.frequency == pytest.approx(28 / 33)
    assert [sign.frequency for sign in kabuki.signs] == sorted((sign.frequency for sign in kabuki.signs), reverse=True)
    assert set(kabuki.facial_signs) == {sign for sign in kabuki.signs if is_facial(sign.term)} < set(kabuki.signs)


def test_every_frequency_is_a_fraction():
    every = [sign.frequency for disease in annotated_diseases().values() for sign in disease.signs]
    assert 0 <= min(every) <= max(every) <= 1
    assert set(FREQUENCY_TERMS.values()) & set(every)


def test_a_draft_is_a_valid_condition_with_what_is_known_beside_it(tmp_path):
    disease = find_disease("OMIM:147920")
    text = draft_yaml(disease)
    (tmp_path / "kabuki.yaml").write_text(text)
    assert read_condition(tmp_path / "kabuki.yaml") == annotated_condition(disease)
    assert "# 27 of 31 patients" in text
    assert "HP:0002705" in text.partition("Phantoms cannot show")[2]  # high, narrow palate


def test_diseases_that_cannot_be_drafted_are_refused():
    with pytest.raises(DysfwError, match="no disease 'OMIM:999999' is annotated"):
        find_disease("OMIM:999999")
    with pytest.raises(DysfwError, match=r"did you mean 'OMIM:147920'\?"):
        find_disease("147920")
    with pytest.raises(DysfwError) as caught:
        find_disease("OMIM:147921")
    assert "did you mean" not in str(caught.value)
    blank = next(one for one in annotated_diseases().values() if not one.facial_signs)
    with pytest.raises(DysfwError, match="phantoms can show none of them"):
        annotated_condition(blank)
