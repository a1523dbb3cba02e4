"""The balance of cases and controls, against values computed by hand."""

from pathlib import Path

import pytest

from dysfw.data.balance import balance, unbalanced
from dysfw.data.dataset import Sample
from dysfw.data.match_outcome import match_patients
from dysfw.data.match_patients import ImageQuality, MatchPatient, patients_of
from dysfw.errors import DysfwError
from dysfw.types import PatientRecord


def people(prefix, ages, sexes=None, ancestries=None):
    sexes, ancestries = sexes or [None] * len(ages), ancestries or [None] * len(ages)
    rows = zip(ages, sexes, ancestries, strict=True)
    return [MatchPatient(f"{prefix}{n:03}", (), age, sex, group) for n, (age, sex, group) in enumerate(rows)]


def row(rows, name):
    return next(one for one in rows if one.name == name)


def test_means_and_shares_by_hand():
    """Ages 1–5: mean 3, variance 2.5; ages 2–10: mean 6, variance 10; (3 − 6) / sqrt(6.25) = −1.2. Girls: 0.8 and 0.4."""
    cases = people("c", [1, 2, 3, 4, 5], ["female"] * 4 + ["male"])
    controls = people("k", [2, 4, 6, 8, 10], ["female"] * 2 + ["male"] * 3)
    rows = balance((cases, controls), None)
    age, female = row(rows, "age"), row(rows, "female")
    assert (age.before.cases.mean, age.before.controls.mean) == (3, 6)
    assert age.before.smd == pytest.approx(-1.2)
    assert female.before.smd == pytest.approx(0.4 / ((0.16 + 0.24) / 2) ** 0.5)
    assert (age.before.balanced, age.after) == (False, None)


def test_differences_after_matching_are_measured_among_the_matched():
    cases, others = people("c", [1, 2, 3, 4, 5]), people("k", [2, 3, 4, 5, 6])
    rows = balance((cases, [*others, *people("old", [60, 70, 80])]), (cases, others))
    assert row(rows, "age").after.smd == pytest.approx(-1 / 2.5**0.5)
    assert unbalanced(rows) == ("age",)


def test_different_groups_without_spread_are_unbalanced():
    rows = balance((people("c", [1] * 5, ["male"] * 5), people("k", [1] * 5, ["female"] * 5)), None)
    assert (row(rows, "female").before.smd, row(rows, "female").before.balanced) == (None, False)
    assert (row(rows, "age").before.smd, row(rows, "age").before.balanced) == (0, True)


def test_means_of_fewer_than_five_patients_are_not_told():
    age = row(balance((people("c", [3, 4, 5, 6]), people("k", [3, 4, 5, 6, 7])), None), "age")
    assert (age.before.cases.known, age.before.cases.mean, age.before.cases.sd) == (4, None, None)
    assert age.before.controls.mean == 5
    assert age.before.smd is not None


def test_rare_ancestries_share_a_row_and_spellings_count_alike():
    groups = ["European"] * 3 + ["european"] * 3 + ["Inuit", "Maori"]
    rows = balance((people("c", [1] * 8, None, groups), people("k", [1] * 8, None, groups)), None)
    names = [one.name for one in rows]
    assert names == ["age", "ancestry European", "ancestries with fewer than 5 patients"]
    assert rows[1].before.cases.mean == 0.75


def test_unknown_values_have_a_row():
    rows = balance((people("c", [None, None, None, 1, 2]), people("k", [1, 2, 3, 4, 5])), None)
    unknown = row(rows, "age unknown")
    assert (unknown.before.cases.mean, unknown.before.controls.mean) == (0.6, 0)


def test_matching_balances_planted_confounding():
    """Cases are 2 to 12 years old and mostly male; controls of all ages are mostly female."""
    cases = people("c", [2 + n % 10 for n in range(40)], ["male" if n % 4 else "female" for n in range(40)])
    controls = people("k", [2 + n * 0.05 for n in range(999)], ["female" if n % 3 else "male" for n in range(999)])
    outcome = match_patients(cases, controls, ["age", "sex"], ratio=1, caliper=0.2)
    for name in ("age", "female"):
        assert abs(row(outcome.rows, name).before.smd) > 0.6
        assert abs(row(outcome.rows, name).after.smd) < 0.1
    assert unbalanced(outcome.rows) == ()
    assert all(one.sex == case.sex for case, found in zip(outcome.cases, outcome.chosen, strict=True) for one in found)
    # With up to four controls each, the boys run out of controls sooner than the girls; the table says so.
    assert "female" in unbalanced(match_patients(cases, controls, ["age", "sex"], ratio=4, caliper=0.2).rows)


def test_every_unmatched_case_has_its_reason():
    cases = [
        *people("old", [80], ["male"], ["A"]), *people("girl", [5], ["female"], ["A"]), *people("?", [None], ["male"], ["A"]),
        *people("boy", [5, 5], ["male"] * 2, ["A"] * 2),
    ]  # fmt: skip
    outcome = match_patients(cases, people("k", [5.0, 20.0], ["male"] * 2, ["A"] * 2), ["age", "sex"], ratio=1, caliper=0.1)
    assert [(one.patient, one.code) for one in outcome.unmatched] == [
        ("old000", "outside_caliper"), ("girl000", "no_control_alike"), ("?000", "unknown"), ("boy001", "too_few_controls"),
    ]  # fmt: skip
    assert outcome.unmatched[1].reason == "no control of the same sex"


def test_what_is_unknown_of_everybody_is_refused():
    with pytest.raises(DysfwError, match="sex is unknown of all 1 case, ancestry is unknown of all 2 controls"):
        match_patients(
            people("c", [3], [None], ["A"]), people("k", [3, 4], ["male"] * 2), ["sex", "ancestry"], ratio=1, caliper=0.2
        )  # fmt: skip


def test_a_patient_is_all_of_the_images():
    def sample(name, age, sex, patient="P"):
        return Sample(Path(name), "x", patient, record=PatientRecord(age=age, sex=sex))

    samples = [sample("a", 2, "male"), sample("b", 4, None), sample("c", None, "male"), sample("d/e", 5, "female", None)]
    quality = {Path("a"): ImageQuality(-20, -1.0), Path("b"): ImageQuality(10, -2.0), Path("d/e"): ImageQuality(None, -3.0)}
    first, second = patients_of(samples, quality)
    assert (first.name, first.age, first.sex, first.yaw, first.sharpness) == ("P", 3, "male", 15, -1.5)
    assert (second.name, second.sex, second.yaw) == ("d/e", "female", None)
    assert patients_of(samples[::-1], quality) == (first, second)
    assert patients_of([*samples, sample("f", 1, "female")], quality)[0].sex is None
    assert "age" not in repr(first)
