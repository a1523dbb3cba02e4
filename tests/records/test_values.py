"""Ages, sexes and signs as people write them."""

import pytest

from dysfw.records.age import age_of, iso_age, parse_age
from dysfw.records.ancestry import parse_ancestry
from dysfw.records.merge import merge_records
from dysfw.records.sex import parse_sex
from dysfw.records.terms import split_terms
from dysfw.types import PatientRecord


@pytest.mark.parametrize(
    ("text", "years"),
    [
        *[("3", 3), ("3.5", 3.5), ("3,5", 3.5), ("0", 0), ("120", 120), (" 3 Years ", 3), ("3y", 3)],
        *[("3-year-old", 3), ("3 Jahre", 3), ("P3Y6M", 3.5), ("p1y", 1), ("P0D", 0), ("P0.5Y", 0.5), ("PT30M", 0)],
        *[("3y6m", 3.5), ("3 years and 6 months", 3.5), ("6m", 0.5), ("18M", 1.5), ("10 weeks", 70 / 365.25), ("newborn", 0)],
        *[("P2W", 14 / 365.25), ("P1DT12H", 1.5 / 365.25)],
    ],
)  # fmt: skip
def test_ages_are_years(text, years):
    assert parse_age(text) == pytest.approx(years)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        *[("300 years", "more than 120 years"), ("121", "more than 120 years"), ("P2000M", "more than 120 years")],
        *[
            ("-20w", "before birth"),
            ("20 weeks gestation", "before birth"),
            ("fetus", "before birth"),
            ("20+3", "before birth"),
        ],
        *[
            ("2019-05-03", "a date"),
            ("03.05.2019", "a date"),
            ("3-5", "a range"),
            ("> 18", "a range"),
            ("3 to 5 years", "a range"),
        ],
        *[("adult", "not an age"), ("nan", "not an age"), ("inf", "not an age"), ("1e2", "not an age"), ("", "not an age")],
        *[
            ("P", "not an age"),
            ("PT", "not an age"),
            ("3m 2y", "not an age"),
            ("3y 4y", "not an age"),
            ("3 parsecs", "not an age"),
        ],
        *[("9" * 100_000, "not an age"), ("9 " * 100_000, "not an age")],
    ],
)
def test_what_is_no_age_is_refused_without_quoting_it(text, what):
    with pytest.raises(ValueError, match="allowed: 0 to 120 years") as error:
        parse_age(text)
    assert what in str(error.value)
    assert "2019" not in str(error.value)


@pytest.mark.parametrize(
    ("years", "months", "age"),
    [("3", "6", 3.5), ("", "6", 0.5), ("3", "", 3), ("3", "42", 3.5), ("3", "0", 3), ("", "30", 2.5), ("", "", None)],
)  # fmt: skip
def test_years_and_months_of_two_columns(years, months, age):
    assert age_of(years, months) == (None if age is None else pytest.approx(age))


@pytest.mark.parametrize(("years", "months"), [("3", "30"), ("3.5", "6"), ("3", "x"), ("unknown", "6")])
def test_years_and_months_that_do_not_fit_are_refused(years, months):
    with pytest.raises(ValueError, match=r"allowed|leave one"):
        age_of(years, months)


@pytest.mark.parametrize(
    ("years", "text"),
    [(0, "P0D"), (0.2, "P73D"), (1, "P1Y"), (5.67, "P5Y8M"), (3.5, "P3Y6M"), (119.9, "P119Y10M"), (119.999, "P120Y")],
)
def test_ages_are_written_as_durations(years, text):
    assert iso_age(years) == text
    assert parse_age(text) == pytest.approx(years, abs=1 / 12)


@pytest.mark.parametrize("text", ["F", "female", "Female ", "w", "weiblich", "girl"])
def test_spellings_of_female(text):
    assert parse_sex(text) == "female"


@pytest.mark.parametrize("text", ["M", "male", "männlich", "BOY", "m."])
def test_spellings_of_male(text):
    assert parse_sex(text) == "male"


@pytest.mark.parametrize("text", ["1", "2", "2.0", "x", "female?", "mf", "unbekannt", "", "intersex"])
def test_no_sex_is_guessed(text):
    with pytest.raises(ValueError, match="allowed: female or male"):
        parse_sex(text)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("HP:0000343;HP:0000286", ("HP:0000343", "HP:0000286")),
        ("HP:0000343; HP:0000343 ;", ("HP:0000343",)),
        ("hp:0000343 | HP_0000286", ("HP:0000343", "HP:0000286")),
        ("HP:0000343, HP:0000286", ("HP:0000343", "HP:0000286")),
        ("HP:0000343 HP:0000286", ("HP:0000343", "HP:0000286")),
        ("http://purl.obolibrary.org/obo/HP_0000343", ("HP:0000343",)),
        ("Long philtrum;Intellectual disability, mild", ("Long philtrum", "Intellectual disability, mild")),
        ("HP:0000343 Long philtrum\nEpicanthus (HP:0000286)", ("HP:0000343", "HP:0000286")),
        ("Intellectual disability, mild (HP:0001256)", ("HP:0001256",)),
        ("Long philtrum (HP:0000343), Epicanthus (HP:0000286)", ("HP:0000343", "HP:0000286")),
        ('["HP:0000343", null, "Long  philtrum"]', ("HP:0000343", "Long philtrum")),
        ("['HP:0000343', 'HP:0000286']", ("HP:0000343", "HP:0000286")),  # as pandas writes it
        *[("[]", ()), ("", ()), (" ; | ", ())],
    ],
)
def test_signs_of_a_cell(text, terms):
    assert split_terms(text) == terms


@pytest.mark.parametrize(
    "text",
    [
        *["no long philtrum (HP:0000343)", "not HP:0000343", "HP:0000343 not present", "HP:0000343 (absent)", "HP:0000343 ?"],
        *["HP:0000343 - no", "HP:343", "HP:00003434", "Long philtrum HP:0000343 Epicanthus HP:0000286"],
    ],
)
def test_a_negated_or_unclear_sign_never_becomes_its_identifier(text):
    assert split_terms(text) == (text,)


def test_the_name_of_a_sign_may_begin_with_absent():
    assert split_terms("HP:0002223 Absent eyebrow;Absent eyebrow (HP:0002223)") == ("HP:0002223",)


@pytest.mark.parametrize("text", ["[1]", "['HP:0000343'", "[__import__('os')]", "x" * 201, "[" * 100_000, '[["HP:0000343"]]'])
def test_no_list_of_signs(text):
    with pytest.raises(ValueError, match=r"not a list of signs|at most 200"):
        split_terms(text)


def test_a_long_cell_is_read_in_linear_time():
    assert len(split_terms("HP:0000343 x," * 20_000 + "HP:0000286 y")) == 2
    with pytest.raises(ValueError, match="at most 200"):
        split_terms("http://" * 100_000)


def test_ancestry_is_one_line():
    assert parse_ancestry("  North  African ") == "North African"
    assert parse_ancestry(" ") is None
    for bad in ("a\x1b[2J", "x" * 101):
        with pytest.raises(ValueError, match="at most 100 printable"):
            parse_ancestry(bad)


def test_records_of_one_patient_become_one():
    first = PatientRecord(("HP:0000343",), ("HP:0000286", "HP:0000316"), 3.0, "female", "Finnish")
    second = PatientRecord(("HP:0000286",), ("HP:0000316",), 4.0, "female")
    merged, problems = merge_records([first, PatientRecord(), second, first])
    assert merged == PatientRecord(("HP:0000343", "HP:0000286"), ("HP:0000316",), None, "female", "Finnish")
    assert [(one.code, one.used) for one in problems] == [("contradictory_records", True), ("different_records", False)]
    assert "age" in problems[1].message
    assert merge_records([first, first]) == (first, ())
    assert merge_records([]) == (PatientRecord(), ())
    forgotten, problems = merge_records([first, PatientRecord(sex="male", age=3.0)])
    assert (forgotten.age, forgotten.sex) == (3.0, None)
    assert "sex" in problems[0].message
