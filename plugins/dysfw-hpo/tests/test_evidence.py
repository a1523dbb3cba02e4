"""The evidence on the installed release."""

import numpy as np
import pytest
from dysfw_hpo.evidence import NOT_MENTIONED, Hpo

from dysfw.plugin import ConditionIds, PatientRecord

KABUKI, MARFAN = ConditionIds("kabuki", ("OMIM:147920",)), ConditionIds("marfan", ("ORPHA:558", "OMIM:154700"))
UNKNOWN, OURS = ConditionIds("other"), ConditionIds("ours")
CONDITIONS = (KABUKI, MARFAN, UNKNOWN)
FACE_OF_KABUKI = ("Long palpebral fissure", "HP:0001212", "Eversion of lateral third of lower eyelids", "Microcephaly")


def of(observed=(), excluded=(), conditions=CONDITIONS, evidence=None):
    record = PatientRecord(observed=tuple(observed), excluded=tuple(excluded))
    return (evidence or Hpo()).log_likelihood([record], conditions)[0]


def test_typical_signs_favour_their_disease():
    kabuki, marfan, unknown = of(FACE_OF_KABUKI)
    assert kabuki > 2
    assert marfan < 0
    assert np.isnan(unknown)
    kabuki, marfan, _ = of(("Ectopia lentis", "Arachnodactyly", "Aortic root aneurysm"))
    assert marfan > 2 > kabuki


def test_descendants_and_ancestors():
    """A less precise sign speaks for the same disease, but less."""
    precise, vague = of(("Ectopia lentis",))[1], of(("Abnormal lens morphology",))[1]
    assert precise > vague > of(("Microcephaly",))[1]


def test_every_name_of_a_disease_gives_the_same():
    known = [
        ("OMIM:154700",), ("ORPHA:558",), ("omim:154700 ",), ("ORPHA:558", "OMIM:154700"), ("MONDO:0007947", "OMIM:154700"),
    ]  # fmt: skip
    values = of(FACE_OF_KABUKI, conditions=[*(ConditionIds("x", ids) for ids in known), ConditionIds("OMIM:154700")])
    assert np.ptp(values) == 0


def test_a_condition_with_two_diseases_is_their_mean():
    """Its ratio for a sign is the mean of theirs; signs that are not mentioned count as the mean of the logarithms."""
    both = ConditionIds("both", ("OMIM:147920", "OMIM:154700"))
    record = PatientRecord(observed=("Ectopia lentis",))
    part, silent = Hpo().parts(record, (KABUKI, MARFAN, both))
    assert np.exp(part.log_ratio[2]) == pytest.approx(np.exp(part.log_ratio[:2]).mean(), rel=1e-4)
    assert silent.log_ratio[2] == pytest.approx(silent.log_ratio[:2].mean(), rel=1e-4)


def test_records_without_a_usable_sign_say_nothing():
    assert np.isnan(of()).all()
    assert np.isnan(of(("xqzw", "Autosomal dominant inheritance"))).all()
    assert np.isnan(of(excluded=("Microcephaly",), evidence=Hpo(excluded_weight=0))).all()
    assert Hpo().parts(PatientRecord(observed=("xqzw",)), CONDITIONS) == ()


def test_excluded_signs_count_as_set():
    base = of(FACE_OF_KABUKI)[:2]
    for weight in (0.0, 0.1, 1.0):
        evidence = Hpo(excluded_weight=weight)
        difference = of(FACE_OF_KABUKI, ("Ectopia lentis",), evidence=evidence)[:2] - base
        assert (difference[1] < 0) == (weight > 0)  # most patients with Marfan syndrome have it
        assert difference[1] == pytest.approx(weight * of((), ("Ectopia lentis",), evidence=Hpo(1.0))[1] / 2, abs=1e-5)


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_invalid_weights(weight):
    with pytest.raises(ValueError, match="excluded_weight must be between 0 and 1"):
        Hpo(excluded_weight=weight)


def test_parts():
    record = PatientRecord(observed=FACE_OF_KABUKI, excluded=("Ectopia lentis",))
    parts = Hpo().parts(record, CONDITIONS)
    assert [part.name for part in parts] == [
        "Long palpebral fissure", "Prominent fingertip pads", "Eversion of lateral third of lower eyelids", "Microcephaly",
        "Ectopia lentis (excluded)", NOT_MENTIONED,
    ]  # fmt: skip
    assert [part.sign.status if part.sign else None for part in parts] == ["observed"] * 4 + ["excluded", None]
    assert np.sum([part.log_ratio for part in parts], axis=0) == pytest.approx(
        of(FACE_OF_KABUKI, record.excluded), abs=1e-5, nan_ok=True
    )
    assert parts[0].log_ratio[0] > 1
    assert parts[0].log_ratio[1] < 0


def test_the_sum_is_divided_by_the_root_of_the_number_of_signs():
    one, several = (Hpo().parts(PatientRecord(observed=signs), CONDITIONS) for signs in (FACE_OF_KABUKI[:1], FACE_OF_KABUKI))
    assert several[0].log_ratio[:2] == pytest.approx(one[0].log_ratio[:2] / 2)


def training(patients):
    """Records of our condition, two images a patient, and of a known one."""
    records, y, groups = [], [], []
    for number, (signs, images) in enumerate(patients):
        records += [PatientRecord(observed=signs, excluded=("Ectopia lentis",))] * images
        y += [1] * images
        groups += [number] * images
    records += [PatientRecord(observed=FACE_OF_KABUKI)] * 2
    return records, np.array([*y, 0, 0]), np.array([*groups, 90, 91])


PATIENTS = [
    (("Microcephaly", "Cryptotia"), 2),
    (("Microcephaly", "Highly arched eyebrow"), 1),
    (("Microcephaly",), 5),
    (("Synophrys",), 1),
]


def fitted(patients):
    evidence = Hpo()
    records, y, groups = training(patients)
    evidence.fit(records, y, (KABUKI, OURS), groups)
    return evidence


def test_conditions_without_an_identifier_are_learned():
    evidence = fitted(PATIENTS)
    conditions = (KABUKI, OURS, UNKNOWN)
    common = of(("Microcephaly",), conditions=conditions, evidence=evidence)
    assert common[1] > 0.5
    assert np.isnan(common[2])
    other = of(("Ectopia lentis",), conditions=conditions, evidence=evidence)
    assert other[1] < 0
    assert of(FACE_OF_KABUKI, conditions=conditions, evidence=evidence)[0] == of(FACE_OF_KABUKI)[0]


def test_learned_frequencies_count_patients(hpo):
    """3 of 4 patients, with two patients more who have the mean of all diseases."""
    state = fitted(PATIENTS).state()
    counts = dict(zip(state.arrays["term"].tolist(), state.arrays["affected"].tolist(), strict=True))
    assert state.values["labels"] == ["ours"]
    assert state.arrays["patients"].tolist() == [4]
    assert counts[252] == 3  # microcephaly
    assert counts[534] == 2  # abnormal eyebrow morphology: highly arched eyebrows and synophrys are below it
    assert not {664, 2553, 11252, 1083} & set(counts)  # what one patient has, and what was excluded


def test_without_annotations_every_condition_is_learned():
    evidence, only = Hpo(annotations=False), (KABUKI,)
    records = [PatientRecord(("Microcephaly",))] * 3 + [PatientRecord(("Ectopia lentis",))] * 3
    evidence.fit(records, np.repeat([0, 1], 3), (OURS, KABUKI), np.arange(6))
    assert evidence.state().values["labels"] == [OURS.label, KABUKI.label]
    assert of(FACE_OF_KABUKI, conditions=only, evidence=evidence)[0] < of(FACE_OF_KABUKI, conditions=only)[0]
    assert of(("Ectopia lentis",), conditions=only, evidence=evidence)[0] > 1  # no annotated sign of Kabuki syndrome
    assert np.isnan(of(FACE_OF_KABUKI, conditions=only, evidence=Hpo(annotations=False))).all()


def test_one_patient_is_not_enough():
    evidence = fitted(PATIENTS[:1])
    assert np.isnan(of(("Microcephaly",), conditions=(OURS,), evidence=evidence)).all()
    assert len(evidence.state().arrays["term"]) == 0


def test_a_restored_state_gives_the_same():
    evidence, restored = fitted(PATIENTS), Hpo()
    restored.restore(evidence.state())
    for signs in (("Microcephaly",), ("Synophrys", "Ectopia lentis")):
        assert of(signs, conditions=(OURS,), evidence=evidence) == of(signs, conditions=(OURS,), evidence=restored)


def test_states_that_do_not_fit():
    state = fitted(PATIENTS).state()
    for name in state.arrays:
        arrays = {**state.arrays, name: np.append(state.arrays[name], 9)}
        with pytest.raises(ValueError, match="invalid state"):
            Hpo().restore(type(state)(arrays, state.values))


def test_all_diseases_are_ranked(hpo):
    """Blocks of records give what single ones give, and the right diseases lead."""
    every = tuple(ConditionIds(id, (id,)) for id in hpo.diseases.ids)
    records = [PatientRecord(observed=FACE_OF_KABUKI), PatientRecord(observed=("Ectopia lentis", "Arachnodactyly"))] * 150
    evidence = Hpo()
    values = evidence.log_likelihood(records, every)
    assert values.shape == (300, len(every))
    single = evidence.log_likelihood(records[:1], every)[0]
    for row in (0, 254, 256, 298):
        np.testing.assert_allclose(values[row], single, atol=1e-5)
    leading = [every[k].label for k in np.argsort(-np.nan_to_num(values[0], nan=-np.inf))[:5]]
    assert {"OMIM:147920", "ORPHA:2322"} <= set(leading)
