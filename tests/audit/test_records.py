"""The audit of records: it must find how records were made, and must not call a real sign a leak."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dysfw.audit.audit import audit
from dysfw.audit.record_audit import audit_records
from dysfw.audit.result import AuditResult
from dysfw.data.dataset import Sample
from dysfw.types import PatientRecord

TERMS = [f"HP:{number:07}" for number in range(1, 61)]
CONDITIONS = ("a", "b", "c")
SIGNS = {label: TERMS[20 * k : 20 * k + 12] for k, label in enumerate(CONDITIONS)}  # that each condition has


def made(record_of, *, publications=40, each=2, seed=0, named=True):
    """Samples of patients from publications of one condition. record_of(rng, the signs of a patient, label): their record."""
    rng = np.random.default_rng(seed)
    samples = []
    for n in range(publications):
        label = CONDITIONS[n % 3]
        for patient in range(each):
            signs = [term for term in TERMS if rng.random() < (0.7 if term in SIGNS[label] else 0.02)]
            name = f"{n}-{patient}"
            publication = f"PMID:{n}" if named else None
            samples.append(
                Sample(Path(f"{name}.png"), label, name, publication=publication, record=record_of(rng, signs, label))
            )
    return samples


def examined_for_everything(rng, signs, label):
    return PatientRecord(tuple(signs), tuple(term for term in TERMS if term not in signs))


def with_some_absent_signs(rng, signs, label):
    absent = [term for term in TERMS if term not in signs]
    return PatientRecord(tuple(signs), tuple(rng.choice(absent, 10, replace=False)))


def with_the_signs_that_were_looked_for(rng, signs, label):
    """Absent signs are recorded if the condition is known for them."""
    absent = [term for term in SIGNS[label] if term not in signs]
    return PatientRecord(tuple(signs), tuple(absent))


def observed_only(rng, signs, label):
    return PatientRecord(tuple(signs))


def of_any_signs(rng, signs, label):
    terms = rng.permutation(TERMS)
    return PatientRecord(tuple(terms[:8]), tuple(terms[8:12]))


def without_signs(rng, signs, label):
    return PatientRecord(age=float(rng.integers(1, 20)), sex=rng.choice(["female", "male"]))


def run(samples, permutations=199, seed=0):
    return audit_records(samples, CONDITIONS, permutations=permutations, seed=seed)


def group(found, name):
    return next(one for one in found.groups if one.name == name)


def test_patients_examined_for_the_same_signs_pass_although_the_signs_name_the_condition():
    found = run(made(examined_for_everything, publications=90))
    assert found.verdict == "pass", found.reason
    assert "could have detected a balanced accuracy of" in found.reason
    assert group(found, "signs").balanced_accuracy.value > 0.95
    assert group(found, "excluded").p > 0.05
    assert group(found, "assessed").p > 0.05
    assert (found.classes, found.features, found.terms) == ([], [], [])
    assert found.advice == []


def test_excluded_signs_that_were_chosen_for_the_condition_fail():
    found = run(made(with_the_signs_that_were_looked_for))
    assert found.verdict == "fail"
    assert found.p == 0.005
    assert group(found, "excluded").balanced_accuracy.low > 0.8
    assert {one.label for one in found.classes} == set(CONDITIONS)
    assert "the excluded signs lead to a record of the same condition, balanced accuracy 1.00 (" in found.reason
    assert "flattered by how the records were made" in found.reason
    assert any("Assess the same signs in all patients" in sentence for sentence in found.advice)


def test_excluded_signs_that_are_only_absent_are_no_leak_and_observed_ones_a_caution():
    """Assessed signs differ because the signs do, or because others were looked for: the audit cannot know which."""
    found = run(made(with_some_absent_signs))
    assert group(found, "excluded").p > 0.05
    assert group(found, "assessed").p == 0.005
    assert found.verdict == "caution"
    assert "which may be an effect of the signs themselves" in found.reason
    only = run(made(observed_only))
    assert only.verdict == "caution"
    assert [one.name for one in only.groups] == ["assessed", "signs"]


@pytest.mark.parametrize(("field", "value"), [("age", 3.0), ("sex", "female"), ("ancestry", "x"), ("excluded", (TERMS[40],))])
def test_a_part_of_the_record_that_one_condition_lacks_fails(field, value):
    samples = made(without_signs)
    samples = [
        replace(one, record=PatientRecord(observed=(TERMS[59],), **({} if one.label == "b" else {field: value})))
        for one in samples
    ]
    found = run(samples)
    assert found.verdict == "fail"
    name = {"excluded": "has excluded signs"}.get(field, f"has a known {field}")
    assert f"b by a single property of its records, {name}: 0 of 26, 54 of 54 others" in found.reason
    assert found.features[0].auroc.high < 0.3


def test_a_condition_without_records_fails_by_that():
    samples = [replace(one, record=PatientRecord()) if one.label == "c" else one for one in made(without_signs)]
    found = run(samples)
    assert (found.verdict, found.records, found.patients, found.units) == ("fail", 54, 80, 40)
    assert "has a record: 0 of 26, 54 of 54 others" in found.reason


def test_records_with_age_and_sex_only_pass():
    found = run(made(without_signs))
    assert (found.verdict, found.groups) == ("pass", [])
    assert found.reason == "No leakage through the records detected (p = 1.000). They have no signs, and are equally complete."


def test_longer_records_are_a_caution():
    samples = made(without_signs)
    rng = np.random.default_rng(0)
    samples = [
        replace(one, record=PatientRecord(tuple(rng.choice(TERMS, 16 if one.label == "a" else 8, replace=False))))
        for one in samples
    ]
    found = run(samples)
    assert found.verdict == "caution"
    assert "assessed signs: 16 in 28 of 28, 8 in 52 of 52 others" in found.reason


def test_terms_that_name_the_condition_fail_and_specific_ones_are_listed_with_their_numbers():
    samples = made(examined_for_everything, publications=90)
    samples = [
        replace(
            one,
            label="noonan-syndrome" if one.label == "a" else one.label,
            record=replace(
                one.record,
                observed=one.record.observed
                + (("Noonan  Syndrome (typical)",) if one.label == "a" and n % 3 else ())
                + (("HP:9999999" if n % 2 else "hp:9999999 ",) if one.label == "b" else ()),
            ),
        )
        for n, one in enumerate(samples)
    ]
    found = audit_records(samples, ["b", "c", "noonan-syndrome"], permutations=199, seed=0)
    assert [(one.term.casefold(), one.label, one.patients, one.of, one.names_condition) for one in found.terms] == [
        ("noonan  syndrome (typical)", "noonan-syndrome", 30, 60, True),
        ("hp:9999999", "b", 60, 60, False),
    ]
    assert found.verdict == "fail"
    assert "names noonan-syndrome, in 30 of 60 of its records" in found.reason
    assert any("Leave out the terms that name a condition" in sentence for sentence in found.advice)
    assert any("do not stand for the diagnosis" in s and "hp:9999999 (b, 60 of 60)" in s.casefold() for s in found.advice)


def test_rare_terms_and_those_of_one_publication_are_not_listed():
    samples = made(examined_for_everything, publications=90)
    samples = [
        replace(
            one, record=replace(one.record, observed=(*one.record.observed, *(("own",) if one.publication == "PMID:0" else ())))
        )
        for one in samples
    ]
    assert run(samples).terms == []
    few = [replace(one, record=PatientRecord((f"only {one.label}",) if n < 9 else ("x",))) for n, one in enumerate(samples)]
    assert run(few).terms == []


@pytest.mark.parametrize(("patients", "shown"), [(1, False), (2, True)])
def test_what_the_record_of_a_single_patient_says_is_never_shown(patients, shown):
    note = PatientRecord(("Noonan syndrome, as her sister",))
    samples = [replace(one, label={"b": "noonan"}.get(one.label, one.label)) for one in made(without_signs)]
    noted = [replace(one, record=note) if n in (2, 3)[:patients] else one for n, one in enumerate(samples)]
    found = audit_records(noted, ["a", "c", "noonan"], permutations=99, seed=0)
    assert ("her sister" in found.model_dump_json()) == shown


def test_records_of_one_publication_are_not_compared_with_each_other():
    """Each publication assessed signs of its own: only a record of the same publication shares any."""

    def make(named):
        samples = made(without_signs, publications=60, named=named)
        return [
            replace(one, record=PatientRecord(excluded=(f"sign {n // 2}", f"other sign {n // 2}")))
            for n, one in enumerate(samples)
        ]

    found = run(make(named=True))
    assert group(found, "excluded").balanced_accuracy.value == 0
    assert found.p > 0.05
    unknown = run(make(named=False))
    assert unknown.verdict == "fail"
    assert any("column `publication`" in sentence for sentence in unknown.advice)


def test_conditions_of_one_publication_each_are_inconclusive():
    samples = [replace(one, publication=one.label) for one in made(with_the_signs_that_were_looked_for)]
    found = run(samples)
    assert (found.verdict, found.units) == ("caution", 3)
    assert "no condition has patients of two publications" in found.reason


def test_few_records_are_inconclusive_and_the_reason_says_what_could_have_been_detected():
    found = run(made(of_any_signs, publications=9))
    assert found.verdict == "caution"
    assert "too few to exclude it" in found.reason
    assert found.advice[0].startswith("Add patients with a record. The smallest balanced accuracy")


def test_signs_of_the_only_condition_with_signs_are_not_specific_and_records_without_any_are_compared_with_each_other():
    def affected_only(rng, signs, label):
        return PatientRecord((*SIGNS["a"][:6], str(rng.choice(TERMS[20:]))) if label == "a" else (), age=3.0)

    found = run(made(affected_only))
    assert found.terms == []
    assert group(found, "assessed").balanced_accuracy.value > 0.6  # a, and one half of b and c


def test_records_of_very_many_patients_are_drawn_and_this_is_reported(monkeypatch):
    monkeypatch.setattr("dysfw.audit.record_audit.MAX_PATIENTS", 50)
    found = run(made(with_the_signs_that_were_looked_for))
    assert (found.verdict, found.patients) == ("fail", 50)
    assert found.advice[-1] == "The audit used the records of 50 of 80 randomly drawn patients, which is enough."


def test_several_images_of_a_patient_count_once():
    samples = made(with_the_signs_that_were_looked_for)
    twice = [image for one in samples for image in (one, replace(one, path=Path(f"2-{one.path}")))]
    assert run(twice).patients == len(samples)


def test_unknown_patients_are_a_caution():
    samples = [replace(one, patient=None, publication=None) for one in made(examined_for_everything, publications=90)]
    found = run(samples)
    assert found.verdict == "caution"
    assert "column `patient`" in found.advice[0]


def test_a_patient_with_two_labels_is_audited():
    samples = made(with_some_absent_signs)
    assert run([*samples, replace(samples[0], label="b")]).patients == len(samples) + 1


@pytest.mark.slow
@pytest.mark.parametrize("shuffled", ["records between patients", "conditions between publications"])
def test_the_audit_of_shuffled_records_is_calibrated(shuffled):
    """5 % false alarms; 16 of 100 or more are less probable than 1 in 10,000. Publications keep signs of their own."""
    base = made(with_the_signs_that_were_looked_for, publications=36, each=3)
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        if shuffled == "records between patients":
            records = [base[n].record for n in rng.permutation(len(base))]
            samples = [replace(one, record=record) for one, record in zip(base, records, strict=True)]
        else:
            labels = rng.permutation([one.label for one in base[::3]])
            samples = [replace(one, label=str(labels[n // 3])) for n, one in enumerate(base)]
        found.append(run(samples, permutations=99, seed=seed).p)
    assert sum(p < 0.05 for p in found) < 16
    assert 0.35 < np.mean(found) < 0.65


def test_the_same_seed_gives_the_same_result_and_terms_are_compared_whatever_their_case():
    samples = made(with_some_absent_signs)
    first = run(samples)
    lower = [
        replace(
            one,
            record=replace(
                one.record,
                observed=tuple(f" {term.lower()}" for term in one.record.observed) if n % 2 else one.record.observed,
            ),
        )
        for n, one in enumerate(samples)
    ]
    assert run(samples) == first
    assert run(lower).groups == first.groups


@pytest.fixture
def small(synthetic):
    return synthetic(5, classes={"a": 60, "b": 40, "c": 40})


def test_data_without_records_have_no_audit_of_them_and_the_json_is_unchanged(small):
    rows, samples = small
    found = audit(rows, samples, permutations=99)
    assert found.record is None
    assert "record" not in json.loads(found.model_dump_json(by_alias=True))
    assert list(json.loads(found.model_dump_json(by_alias=True)))[-1] == "findings"


def test_images_and_records_have_verdicts_of_their_own_and_harmonised_images_no_second_one(small):
    rows, samples = small
    plain = audit(rows, samples, permutations=99)
    rng = np.random.default_rng(0)
    samples = [
        replace(one, record=with_the_signs_that_were_looked_for(rng, SIGNS[one.label][:6], one.label)) for one in samples
    ]
    found = audit(rows, samples, permutations=99)
    assert (found.verdict, found.p) == (plain.verdict, plain.p) == ("pass", plain.p)
    assert found.model_copy(update={"record": None}) == plain
    assert found.record.verdict == "fail"
    assert AuditResult.model_validate_json(found.model_dump_json(by_alias=True)) == found
    assert audit(rows, samples, permutations=99, harmonised=True).record is None
