"""Example records: 50 invented patients with signs, age and sex, as they are typical of four conditions, or unaffected."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ..types import ConditionIds, PatientRecord, Sex

IMAGES = 2  # of each patient
PATIENTS = 50
# Typical signs of each condition, the usual age at the examination in years, and the share of females.
TYPICAL = {
    # Upslanted palpebral fissure, epicanthus, flat face, single transverse palmar crease, Brushfield spots, hypotonia
    "down-syndrome": ("HP:0000582 HP:0000286 HP:0012368 HP:0000954 HP:0001088 HP:0001252", 0.5, 0.5),
    # Synophrys, long philtrum, thin upper lip vermilion, long eyelashes, hirsutism, anteverted nares
    "cornelia-de-lange": ("HP:0000664 HP:0000343 HP:0000219 HP:0000527 HP:0001007 HP:0000463", 3.0, 0.9),
    # Hypertelorism, ptosis, low-set ears, webbed neck, pulmonic stenosis, short stature
    "noonan-syndrome": ("HP:0000316 HP:0000508 HP:0000369 HP:0000465 HP:0001642 HP:0004322", 8.0, 0.2),
    # Periorbital fullness, wide mouth, thick lower lip vermilion, supravalvular aortic stenosis, full cheeks, long philtrum
    "williams-syndrome": ("HP:0000629 HP:0000154 HP:0000179 HP:0004381 HP:0000293 HP:0000343", 15.0, 0.5),
    "unaffected": ("", 35.0, 0.5),
}
IDENTIFIERS = {
    "down-syndrome": ("OMIM:190685", "ORPHA:870"),
    "cornelia-de-lange": ("OMIM:122470", "ORPHA:199"),
    "noonan-syndrome": ("OMIM:163950", "ORPHA:648"),
    "williams-syndrome": ("OMIM:194050", "ORPHA:904"),
}
CONDITIONS = tuple(ConditionIds(label, IDENTIFIERS.get(label, ())) for label in TYPICAL)


@dataclass(frozen=True, slots=True)
class ExampleRecords:
    """Records of training images, and their conditions.

    Attributes:
        records: N records. Some have no signs, no age or no sex; those of one patient are empty.
        y: The condition of each, a number of ``CONDITIONS``.
        groups: The patient of each.
    """

    records: tuple[PatientRecord, ...]
    y: tuple[int, ...]
    groups: tuple[int, ...]


@functools.cache
def example_records() -> ExampleRecords:
    """Make the records. They are invented, the same ones each time."""
    rng = np.random.default_rng(0)
    records, y, groups = [], [], []
    for patient in range(PATIENTS):
        condition = patient % len(CONDITIONS)
        for _ in range(IMAGES):
            records.append(_record(rng, condition) if patient != PATIENTS - 1 else PatientRecord())
            y.append(condition)
            groups.append(patient)
    return ExampleRecords(tuple(records), tuple(y), tuple(groups))


def _record(rng: np.random.Generator, condition: int) -> PatientRecord:
    signs, age, females = list(TYPICAL.values())[condition]
    everything = sorted({sign for listed, _, _ in TYPICAL.values() for sign in listed.split()})
    own = [sign for sign in signs.split() if rng.random() < 0.7]
    others = [sign for sign in everything if sign not in signs and rng.random() < 0.05]
    excluded = [sign for sign in everything if sign not in (*own, *others) and rng.random() < 0.1]
    sex: Sex = "female" if rng.random() < females else "male"
    return PatientRecord(
        observed=(*own, *others) if rng.random() < 0.9 else (),
        excluded=tuple(excluded),
        age=round(float(age * np.exp(rng.normal(0, 0.4))), 3) if rng.random() < 0.9 else None,
        sex=sex if rng.random() < 0.9 else None,
        ancestry="South Asian" if rng.random() < 0.5 else None,
    )
