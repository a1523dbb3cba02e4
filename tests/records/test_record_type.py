"""The record of a patient."""

import pytest

from dysfw.types import PatientRecord


def test_lists_of_signs_become_tuples_so_that_records_can_be_compared():
    assert PatientRecord(["Long philtrum"]) == PatientRecord(("Long philtrum",))
    assert len({PatientRecord(["Long philtrum"]), PatientRecord(("Long philtrum",))}) == 1


@pytest.mark.parametrize("values", [{"age": 300.0}, {"age": -0.5}, {"age": float("nan")}, {"sex": "F"}])
def test_impossible_values_are_refused(values):
    with pytest.raises(ValueError, match="must be"):
        PatientRecord(**values)


def test_a_single_text_is_no_list_of_signs():
    with pytest.raises(TypeError, match="sequence of signs"):
        PatientRecord("Long philtrum")


def test_its_text_does_not_appear_by_accident():
    record = PatientRecord(("Long philtrum",), age=3.0, ancestry="Yoruba")
    assert repr(record) == "<patient record: 1 observed, 0 excluded, age, ancestry>"
    assert bool(record)
    assert not PatientRecord()
