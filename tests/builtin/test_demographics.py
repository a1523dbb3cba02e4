"""The evidence ``demographics``: it helps where age and sex differ, and stays silent where they do not."""

import numpy as np
import pytest

from dysfw.builtin.evidence.demographics import Demographics
from dysfw.types import ConditionIds, PatientRecord, State


def named(count):
    return [ConditionIds(f"condition-{k}", (f"OMIM:{100000 + k}",)) for k in range(count)]


def people(y, ages, females):
    """Records of patients whose conditions are ``y``, by the mean of log(age + 1) and the share of females of each."""
    rng = np.random.default_rng(len(y) + int(100 * ages[0]))
    years = np.expm1(np.clip(rng.normal(np.array(ages)[y], 0.7), 0, 4.79))
    female = rng.random(len(y)) < np.array(females)[y]
    return [PatientRecord(age=float(a), sex="female" if f else "male") for a, f in zip(years, female, strict=True)]


def gain(ages, females, per_condition, **options):
    """Mean gain in log probability of the true condition, in nats a patient, over not knowing the record."""
    count = len(ages)
    y, unseen = np.repeat(np.arange(count), per_condition), np.repeat(np.arange(count), 50)
    evidence = Demographics(**options)
    evidence.fit(people(y, ages, females), y, named(count), np.arange(len(y)))
    found = evidence.log_likelihood(people(unseen, ages, females), named(count)).astype(float)
    assert np.isfinite(found).all()
    return (found[np.arange(len(unseen)), unseen] - np.log(np.exp(found).mean(axis=1))).mean()


def fitted(records, y, count=3, groups=None, **options):
    evidence = Demographics(**options)
    evidence.fit(records, np.array(y), named(count), np.arange(len(y)) if groups is None else np.array(groups))
    return evidence


@pytest.fixture(scope="module")
def three():
    """Infants of both sexes, girls at school, and adults; 30 patients each."""
    y = np.repeat(np.arange(3), 30)
    return fitted(people(y, (0.8, 2.0, 3.5), (0.5, 1.0, 0.5)), y)


@pytest.mark.parametrize("per_condition", [3, 6, 30])
@pytest.mark.parametrize("count", [2, 5, 20])
def test_nothing_is_lost_where_conditions_do_not_differ(count, per_condition):
    gains = [gain([mean] * count, [share] * count, per_condition) for mean in (1.0, 1.5, 2.0) for share in (0.35, 0.5, 0.6)]
    assert np.mean(gains) > -0.01
    assert min(gains) > -0.1


@pytest.mark.parametrize(("per_condition", "least"), [(5, 0.1), (30, 0.25)])
def test_it_helps_where_ages_differ(per_condition, least):
    assert gain((0.8, 1.6, 2.4, 3.2), (0.5,) * 4, per_condition, sex=False) > least


@pytest.mark.parametrize(("per_condition", "least"), [(6, 0.05), (40, 0.12)])
def test_it_helps_where_sexes_differ(per_condition, least):
    assert gain((1.5,) * 4, (0.95, 0.5, 0.5, 0.05), per_condition, age=False) > least


def test_one_condition_of_one_sex_is_found_among_many_that_do_not_differ():
    share = [0.5] * 19 + [1.0]
    y = np.repeat(np.arange(20), 15)
    evidence = fitted(people(y, [1.5] * 20, share), y, 20, age=False)
    girl, boy = evidence.log_likelihood([PatientRecord(sex="female"), PatientRecord(sex="male")], named(20))
    assert girl.argmax() == boy.argmin() == 19
    assert girl[19] > 0.45
    assert boy[19] < -1


def test_ages_and_sexes_that_are_not_known_contribute_nothing(three):
    both = three.log_likelihood([PatientRecord(age=2, sex="male")], named(3))
    age = three.log_likelihood([PatientRecord(age=2)], named(3))
    sex = three.log_likelihood([PatientRecord(sex="male")], named(3))
    np.testing.assert_allclose(age + sex, both, atol=1e-6)


def test_a_record_without_age_and_sex_is_not_known(three):
    found = three.log_likelihood([PatientRecord(("HP:0000343",), ancestry="unknown"), PatientRecord()], named(3))
    assert np.isnan(found).all()
    assert three.parts(PatientRecord(), named(3)) == ()


def test_the_parts_are_age_and_sex_and_add_up(three):
    record = PatientRecord(age=0.5, sex="female")
    parts = three.parts(record, named(3))
    assert [part.name for part in parts] == ["age", "sex"]
    np.testing.assert_allclose(sum(p.log_ratio for p in parts), three.log_likelihood([record], named(3))[0], atol=1e-6)
    assert [part.name for part in three.parts(PatientRecord(sex="male"), named(3))] == ["sex"]


def test_no_part_counts_for_more_than_the_share_of_wrong_records_allows():
    y = np.repeat(np.arange(2), 2000)
    ages = np.where(y == 0, 0.1, 30.0)
    records = [PatientRecord(age=float(a), sex="male" if k else "female") for a, k in zip(ages, y, strict=True)]
    evidence = fitted(records, y, 2, error=0.02)
    for part in evidence.parts(PatientRecord(age=30, sex="female"), named(2)):
        assert np.abs(part.log_ratio).max() <= np.log(0.98 / 0.02)
        assert np.abs(part.log_ratio).max() > 3


@pytest.mark.parametrize("age", [90.0, 110.0, 120.0])
def test_an_age_far_from_the_training_data_counts_as_the_most_extreme_one_there(age):
    y = np.repeat(np.arange(2), 20)
    years = np.tile([3.0, 4.0, 5.0, 6.0], 10) + y
    evidence = fitted([PatientRecord(age=float(a)) for a in years], y, 2)
    extreme, *others = (evidence.log_likelihood([PatientRecord(age=a)], named(2)) for a in (age, 20.0, 40.0))
    for other in others:
        np.testing.assert_allclose(extreme, other, atol=1e-6)
    assert np.abs(np.diff(extreme)) < 2.5  # not a certainty, which a normal distribution of so narrow ages would give


def test_a_condition_without_patients_of_known_age_is_known_by_sex_alone():
    records = [PatientRecord(age=1 + i % 5, sex="male") if i < 20 else PatientRecord(sex="female") for i in range(40)]
    evidence = fitted(records, [0] * 20 + [1] * 20)
    age, both = evidence.log_likelihood([PatientRecord(age=3), PatientRecord(age=3, sex="male")], named(3))
    np.testing.assert_array_equal(np.isnan(age), [False, True, True])
    np.testing.assert_array_equal(np.isnan(both), [False, False, True])
    assert both[0] > both[1]


def test_the_age_of_two_patients_is_not_kept():
    records = [PatientRecord(age=a, sex="male") for a in (3.0, 4.0, 5.0, 71.3, 80.2)]
    evidence = fitted(records, [0, 0, 0, 1, 1], 2)
    np.testing.assert_array_equal(np.isnan(evidence.state().arrays["age"]).all(axis=1), [False, True])
    np.testing.assert_array_equal(np.isnan(evidence.state().arrays["sex"]), [False, True])


def test_each_patient_counts_once():
    y = np.repeat(np.arange(3), 8)
    records = people(y, (0.8, 2.0, 3.5), (0.2, 0.5, 0.9))
    times = np.where(np.arange(len(y)) % 3, 1, 7)
    once = fitted(records, y)
    often = fitted(
        [r for r, n in zip(records, times, strict=True) for _ in range(n)], y.repeat(times), groups=np.arange(24).repeat(times)
    )
    for name, array in once.state().arrays.items():
        np.testing.assert_allclose(array, often.state().arrays[name], rtol=5e-3, err_msg=name)


def test_conditions_are_found_by_label_or_by_an_identifier_of_one_label():
    shared = [ConditionIds("type-1", ("OMIM:1", "ORPHA:9")), ConditionIds("type-2", ("OMIM:2", "ORPHA:9"))]
    evidence = Demographics()
    y = np.repeat([0, 1], 10)
    evidence.fit(people(y, (0.5, 3.0), (0.5, 0.5)), y, shared, np.arange(20))
    asked = [
        ConditionIds("OMIM:2", ("OMIM:2",)),
        ConditionIds("type-1"),
        ConditionIds("both", ("ORPHA:9",)),
        ConditionIds("other"),
    ]
    (found,) = evidence.log_likelihood([PatientRecord(age=40)], asked)
    (expected,) = evidence.log_likelihood([PatientRecord(age=40)], shared)
    np.testing.assert_array_equal(found[:2], expected[::-1])
    assert np.isnan(found[2:]).all()


def test_before_it_is_fitted_no_condition_is_known():
    assert np.isnan(Demographics().log_likelihood([PatientRecord(age=3, sex="male")], named(2))).all()


@pytest.mark.parametrize("records", [[PatientRecord()] * 9, [PatientRecord(age=3)] * 9, [PatientRecord(sex="male")] * 9, []])
def test_training_data_may_hold_no_ages_no_sexes_or_nothing(records):
    evidence = fitted(records, np.arange(len(records)) % 3)
    restored = Demographics()
    restored.restore(evidence.state())
    asked = [PatientRecord(age=3, sex="male"), PatientRecord(sex="female"), PatientRecord()]
    found = restored.log_likelihood(asked, named(3))
    np.testing.assert_array_equal(found, evidence.log_likelihood(asked, named(3)))
    assert not np.isnan(found[0]).any() or not any(records)
    np.testing.assert_allclose(np.nan_to_num(found), 0, atol=0.3)  # all the same, so hardly any evidence


@pytest.mark.parametrize(("part", "known"), [("age", PatientRecord(sex="male")), ("sex", PatientRecord(age=5))])
def test_a_part_can_be_switched_off(part, known):
    y = np.repeat(np.arange(3), 10)
    evidence = fitted(people(y, (0.8, 2.0, 3.5), (0.2, 0.5, 0.9)), y, **{part: False})
    assert [one.name for one in evidence.parts(PatientRecord(age=5, sex="male"), named(3))] == [
        {"age": "sex", "sex": "age"}[part]
    ]
    assert not np.isnan(evidence.log_likelihood([known], named(3))).any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"age": False, "sex": False}, "age or sex must be true; leave out demographics to use neither"),
        ({"error": 0}, "error must be above 0 and below 0.5, found 0"),
        ({"error": 0.5}, "error must be above 0 and below 0.5, found 0.5"),
        ({"error": float("nan")}, "error must be above 0 and below 0.5, found nan"),
    ],
)
def test_invalid_parameters_are_rejected(wrong, message):
    with pytest.raises(ValueError, match=message):
        Demographics(**wrong)


@pytest.mark.parametrize("missing", ["age_prior", "age", "sex_prior", "sex"])
def test_a_damaged_state_is_rejected(three, missing):
    state = three.state()
    arrays = {name: array for name, array in state.arrays.items() if name != missing}
    with pytest.raises(ValueError, match=f"invalid state: {missing} must have the shape"):
        Demographics().restore(State(arrays, state.values))
    with pytest.raises(ValueError, match="expected labels and identifiers of the conditions"):
        Demographics().restore(State(state.arrays))


def test_many_records_and_diseases_are_compared_fast(three):
    import time

    asked = [*named(3), *(ConditionIds(f"OMIM:{i}", (f"OMIM:{i}",)) for i in range(9000))]
    started = time.process_time()
    found = three.log_likelihood([PatientRecord(age=3, sex="male")] * 20, asked)
    assert time.process_time() - started < 1
    assert np.isfinite(found).sum() == 60
