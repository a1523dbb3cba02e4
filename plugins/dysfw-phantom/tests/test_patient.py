import numpy as np
import pytest
from dysfw_phantom.axes import SIDE, axes, traits
from dysfw_phantom.patient import LIMIT, average_patient, sample_patient


def sampled(count, **options):
    return [sample_patient(np.random.default_rng([7, i]), str(i), **options) for i in range(count)]


def test_the_same_seed_gives_the_same_patient():
    assert sampled(3) == sampled(3)
    assert sampled(1)[0] != sample_patient(np.random.default_rng([8, 0]), "0")


def test_natural_variation_has_unit_variance_and_is_truncated():
    people = sampled(400, version=2)
    for name, axis in axes().items():
        values = np.array([person.axes[name] for person in people])
        if axis.natural == "both":
            assert abs(values.mean()) < 0.2
            assert 0.8 < values.std() < 1.1
        elif axis.natural == "positive":
            assert values.min() >= 0
            assert 0.65 < values.mean() < 0.9
        else:
            assert not values.any()
        assert np.abs(values).max() <= LIMIT


def test_later_axes_vary_from_version_2_on_and_change_nothing_else():
    first, second = sampled(1)[0], sampled(1, version=2)[0]
    assert not any(first.axes[name] for name, axis in axes().items() if axis.version == 2)
    assert first.traits == second.traits
    assert all(first.axes[name] == second.axes[name] for name, axis in axes().items() if axis.version == 1)


def test_patients_differ_in_age_sex_shape_and_side():
    people = sampled(400, ages=(3.0, 60.0))
    ages = np.array([person.age for person in people])
    assert (ages.min() >= 3, ages.max() <= 60) == (True, True)
    assert 0.35 < (ages < 13.4).mean() < 0.65  # as many below the middle of the logarithm as above
    assert {person.sex for person in people} == {0.0, 1.0}
    assert {person.traits[SIDE] for person in people} == {-1.0, 1.0}
    mixture = np.array([person.ancestry for person in people])
    np.testing.assert_allclose(mixture.sum(axis=1), 1)
    np.testing.assert_allclose(mixture.mean(axis=0), 1 / 3, atol=0.06)


def test_a_term_adds_its_severity_to_its_axis():
    plain = sampled(1)[0]
    affected = sampled(1, terms={"HP:0000316": 2.5, "HP:0000494": 2.0})[0]
    moved = {name: affected.axes[name] - plain.axes[name] for name in axes() if affected.axes[name] != plain.axes[name]}
    assert moved == pytest.approx({"inner canthal distance": 2.5, "palpebral fissure slant": -2.0})
    assert affected.terms == {"HP:0000316": 2.5, "HP:0000494": 2.0}
    assert affected.traits == plain.traits


def test_without_variation_all_patients_are_average():
    person = sampled(1, variation=0.0)[0]
    assert person.axes == average_patient().axes
    assert {name: person.traits[name] for name in traits()} == dict.fromkeys(traits(), 0.0)


def test_an_axis_of_the_average_patient_can_be_set():
    person = average_patient({"nose width": 2.0}, age=6)
    assert (person.axes["nose width"], person.age) == (2.0, 6)
    assert sum(map(abs, person.axes.values())) == 2
