"""How the accuracy falls with the number of conditions, and rises with the number of patients per condition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dysfw.data.dataset import Dataset, patient_numbers
from dysfw.data.split_groups import split_groups
from dysfw.evaluation.protocol.protocol import EvaluationProtocol, GallerySplit, ProtocolPlan, Setting
from dysfw.types import Int64

CONDITIONS = (8, 16, 32, 64)
PATIENTS = (2, 3, 4, 6, 8, 12)
FIXED_PATIENTS, FIXED_CONDITIONS = 4, 16
REPEATS = 20
SEED = 0


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """The curve y = a·x^b, fitted by least squares of the logarithms.

    Attributes:
        a: Value at x = 1.
        b: Exponent.
        r2: Share of the variance of log y that the curve explains.
    """

    a: float
    b: float
    r2: float

    @classmethod
    def fit(cls, x: Sequence[float], y: Sequence[float]) -> PowerLaw:
        """Fit the curve to points with x, y > 0."""
        u, v = np.log(x), np.log(y)
        b, intercept = np.polyfit(u, v, 1)
        residual = v - (b * u + intercept)
        return cls(float(np.exp(intercept)), float(b), float(1 - residual.var() / v.var()))


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The images of a group in one condition.

    Attributes:
        patients: The rows of each patient.
        shared: Whether the group has patients of another condition, too. Such a group is not tested, so that no publication is
            on both sides of a split.
    """

    patients: list[Int64]
    shared: bool

    def __len__(self) -> int:
        return len(self.patients)


class Scaling(EvaluationProtocol):
    """Random subsets of the conditions and of their patients: a group of each condition is tested, others are the gallery."""

    top = (1,)

    def plan(self, dataset: Dataset) -> ProtocolPlan:
        """Draw the subsets.

        Args:
            dataset: The data set.
        """
        groups = _groups_by_condition(dataset)
        many, large = (
            {label: own for label, own in groups.items() if _testable(own, patients)}
            for patients in (FIXED_PATIENTS, max(PATIENTS))
        )
        studies = [("conditions", many, conditions, FIXED_PATIENTS) for conditions in CONDITIONS]
        studies += [("patients", large, FIXED_CONDITIONS, patients) for patients in PATIENTS]
        settings: list[Setting] = []
        splits: list[GallerySplit] = []
        for study, pool, conditions, patients in studies:
            if conditions <= len(pool):
                name = f"{study}-{conditions}-{patients}"
                settings.append(Setting(name, f"{conditions} conditions, {patients} patients each"))
                splits += [_split(name, number, pool, conditions, patients) for number in range(1, REPEATS + 1)]
        return ProtocolPlan(dataset, tuple(settings), tuple(splits), np.zeros(0, np.int64), {})


def _groups_by_condition(dataset: Dataset) -> Mapping[str, list[_Group]]:
    patients, groups = patient_numbers(dataset.samples), split_groups(dataset.samples)
    found: defaultdict[str, defaultdict[int, defaultdict[int, list[int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row, sample in enumerate(dataset.samples):
        found[sample.label][int(groups[row])][int(patients[row])].append(row)
    conditions = Counter(group for by_group in found.values() for group in by_group)
    return {
        label: [_Group([np.array(rows) for rows in own.values()], conditions[group] > 1) for group, own in by_group.items()]
        for label, by_group in sorted(found.items())
    }


def _testable(groups: Sequence[_Group], patients: int) -> list[_Group]:
    """The groups of a condition that can be tested such that enough patients remain."""
    total = sum(map(len, groups))
    return [group for group in groups if not group.shared and total - len(group) >= patients]


def _split(name: str, number: int, pool: Mapping[str, list[_Group]], conditions: int, patients: int) -> GallerySplit:
    rng = np.random.default_rng([SEED, conditions, patients, number])
    gallery: list[Int64] = []
    test: list[Int64] = []
    for label in rng.permutation(sorted(pool))[:conditions]:
        allowed = _testable(pool[label], patients)
        tested = allowed[int(rng.integers(len(allowed)))]
        rest = [rows for group in pool[label] if group is not tested for rows in group.patients]
        gallery += [rest[n][:1] for n in rng.permutation(len(rest))[:patients]]
        test += [tested.patients[int(rng.integers(len(tested)))][:1]]
    return GallerySplit(name, number, np.sort(np.concatenate(gallery)), np.sort(np.concatenate(test)))
