"""The rules ``frequent-rare``: those of the GestaltMatcher Database, except that no split divides a publication.

Conditions with more than six patients are frequent, those with two to six are rare (Hsieh et al., Nat Genet 2022;54:349-357). A
tenth of the patients of each frequent condition are tested. Of each rare condition one group (a patient, or all patients of one
publication) is tested in each of ten splits, and the other groups are its gallery. Nothing is random: hashes of names decide.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.dataset import Dataset, patient_numbers
from ...data.findings import MAX_EXAMPLES, Finding
from ...data.split_groups import split_groups
from ...errors import DysfwError
from ...types import Bool, Int64
from ...util.paths import shown
from ...util.text import count, listed
from .protocol import EvaluationProtocol, GallerySplit, ProtocolPlan, Setting, names_of

MIN_FREQUENT, MIN_RARE = 7, 2  # patients of a condition
SPLITS = 10  # of the rare conditions
TESTED = 10  # one of so many patients of a frequent condition
FREQUENT, RARE = "frequent", "rare"
FREQUENT_IN_FREQUENT = Setting("frequent-in-frequent", "frequent → frequent")
RARE_IN_RARE = Setting("rare-in-rare", "rare → rare")
FREQUENT_IN_ALL = Setting("frequent-in-all", "frequent → frequent + rare")
RARE_IN_ALL = Setting("rare-in-all", "rare → frequent + rare")
ALL = (FREQUENT_IN_FREQUENT, RARE_IN_RARE, FREQUENT_IN_ALL, RARE_IN_ALL)

Tests = Mapping[str, Collection[int]]  # the groups that each condition tests


@dataclass(frozen=True, slots=True)
class ConditionGroups:
    """Which groups each condition has. Groups are numbered in the order of their hashes.

    Attributes:
        patients: Number of patients of each condition in each of its groups. Conditions are sorted, and so are groups.
        conditions: The conditions of each group.
        of_row: int64 [N], the group of each image.
    """

    patients: Mapping[str, Mapping[int, int]]
    conditions: Mapping[int, Collection[str]]
    of_row: Int64

    def kind(self, kind: str) -> list[str]:
        """Return the frequent or the rare conditions, sorted."""
        patients = {label: sum(groups.values()) for label, groups in self.patients.items()}
        return [label for label, number in patients.items() if (number >= MIN_FREQUENT) == (kind == FREQUENT)]

    def may_test(self, group: int, tested: Collection[int]) -> bool:
        """Return whether each of a group's conditions keeps a group that is not tested, if this one is tested, too."""
        return all(self.patients[label].keys() - tested - {group} for label in self.conditions[group])


class FrequentRare(EvaluationProtocol):
    """Four settings: frequent and rare conditions, each among their own kind and among all."""

    def plan(self, dataset: Dataset) -> ProtocolPlan:
        """Divide a data set by the rules.

        Args:
            dataset: The data set. Images without a patient count as patients of their own.

        Raises:
            DysfwError: No condition has two groups.
        """
        groups, single = condition_groups(dataset)
        kinds = {label: kind for kind in (FREQUENT, RARE) for label in groups.kind(kind)}
        frequent = frequent_tests(groups)
        tested = {group for chosen in frequent.values() for group in chosen}
        rare = [rare_tests(groups, tested, number) for number in range(SPLITS)] if groups.kind(RARE) else []
        rows = _Rows(dataset, groups, kinds)
        splits = _splits(rows, frequent, [tests for tests in rare if tests])
        if not splits:
            raise DysfwError(
                f"{dataset.origin}: no condition can be tested; {len(kinds)} have {MIN_RARE} patients or more",
                hint="the rules frequent-rare need two such conditions, one of them with patients of two publications, or two "
                "patients without a publication",
            )
        of_rare = [group for group, labels in groups.conditions.items() if any(kinds[label] == RARE for label in labels)]
        training = rows.of_kind(FREQUENT) & ~rows.in_groups(tested) & ~rows.in_groups(of_rare)
        settings = tuple(setting for setting in ALL if any(split.setting == setting.name for split in splits))
        findings = _findings(dataset, kinds, single, {*frequent, *(label for tests in rare for label in tests)})
        return ProtocolPlan(dataset, settings, tuple(splits), np.flatnonzero(training), kinds, tuple(findings))


def condition_groups(dataset: Dataset) -> tuple[ConditionGroups, list[str]]:
    """Count the patients of each condition in each group of images that no split may divide.

    Args:
        dataset: The data set.

    Returns:
        The groups of the conditions with two patients or more; and the conditions with a single patient.
    """
    samples, numbers = dataset.samples, patient_numbers(dataset.samples)
    names = [sample.patient or f"image {name}" for sample, name in zip(samples, names_of(dataset), strict=True)]
    arbitrary = split_groups(samples)
    first: dict[int, str] = {}  # the first patient of each group, by name
    for group, name in zip(arbitrary.tolist(), names, strict=True):
        first[group] = min(name, first.get(group, name))
    by_hash = sorted(first, key=lambda group: (hashlib.sha256(shown(first[group]).encode()).digest(), first[group]))
    number_of = {group: number for number, group in enumerate(by_hash)}
    of_row = np.array([number_of[group] for group in arbitrary.tolist()], np.int64)
    found: defaultdict[str, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for sample, group, patient in zip(samples, of_row.tolist(), numbers.tolist(), strict=True):
        found[sample.label][group].add(patient)
    patients = {label: {g: len(found[label][g]) for g in sorted(found[label])} for label in sorted(found)}
    single = [label for label, groups in patients.items() if sum(groups.values()) < MIN_RARE]
    patients = {label: groups for label, groups in patients.items() if label not in single}
    conditions: defaultdict[int, list[str]] = defaultdict(list)
    for label, groups in patients.items():
        for group in groups:
            conditions[group].append(label)
    return ConditionGroups(patients, conditions, of_row), single


def frequent_tests(groups: ConditionGroups) -> dict[str, list[int]]:
    """Choose the groups that each frequent condition tests: as many as fit into a tenth of its patients, at least one.

    The smallest groups come first. No condition loses its last group.

    Args:
        groups: The groups of all conditions.

    Returns:
        The groups by condition, of the conditions that can be tested.
    """
    tested: set[int] = set()
    tests: dict[str, list[int]] = {}
    for label in groups.kind(FREQUENT):
        patients = groups.patients[label]
        room, chosen = max(1, round(sum(patients.values()) / TESTED)), list[int]()
        for group in sorted(patients, key=lambda group: (patients[group], group)):
            if (not chosen or patients[group] <= room) and groups.may_test(group, tested):
                chosen.append(group)
                tested.add(group)
                room -= patients[group]
        if chosen:
            tests[label] = chosen
    return tests


def rare_tests(groups: ConditionGroups, tested: Collection[int], number: int) -> dict[str, list[int]]:
    """Choose the group that each rare condition tests in one split. The splits go through its groups one after the other.

    A group that would take the last group of any condition is passed over.

    Args:
        groups: The groups of all conditions.
        tested: The groups that frequent conditions test.
        number: Number of the split, from 0.

    Returns:
        One group for each condition that can be tested.
    """
    tested, tests = set(tested), {}
    for label in groups.kind(RARE):
        own = list(groups.patients[label])
        start = number % len(own)
        allowed = (group for group in own[start:] + own[:start] if groups.may_test(group, tested))
        if (group := next(allowed, None)) is not None:
            tests[label] = [group]
            tested.add(group)
    return tests


@dataclass(frozen=True, slots=True)
class _Rows:
    """Masks of the N images of a data set."""

    dataset: Dataset
    groups: ConditionGroups
    kinds: Mapping[str, str]

    def of_kind(self, *kinds: str) -> Bool:
        """Images of frequent or rare conditions."""
        return np.array([self.kinds.get(sample.label) in kinds for sample in self.dataset.samples], bool)

    def in_groups(self, groups: Iterable[int]) -> Bool:
        """Images of some groups, of whatever condition."""
        return np.isin(self.groups.of_row, list(groups))

    def tested(self, tests: Tests) -> Int64:
        """Images that are tested."""
        pairs = zip(self.dataset.samples, self.groups.of_row.tolist(), strict=True)
        return np.flatnonzero([group in tests.get(sample.label, ()) for sample, group in pairs])


def _splits(rows: _Rows, frequent: Tests, rare: Sequence[Tests]) -> list[GallerySplit]:
    """The splits of the settings that have tests and at least two candidates."""

    def split(setting: Setting, number: int, kinds: tuple[str, ...], tests: Tests, away: Iterable[Tests]) -> GallerySplit:
        removed = rows.in_groups(group for each in away for chosen in each.values() for group in chosen)
        return GallerySplit(setting.name, number, np.flatnonzero(rows.of_kind(*kinds) & ~removed), rows.tested(tests))

    both, splits = (FREQUENT, RARE), []
    if frequent:
        splits.append(split(FREQUENT_IN_FREQUENT, 1, (FREQUENT,), frequent, [frequent]))
    splits += [split(RARE_IN_RARE, n, (RARE,), tests, [tests]) for n, tests in enumerate(rare, 1)]
    if frequent and rare:  # one gallery for both settings
        splits += [split(FREQUENT_IN_ALL, n, both, frequent, [frequent, tests]) for n, tests in enumerate(rare, 1)]
        splits += [split(RARE_IN_ALL, n, both, tests, [frequent, tests]) for n, tests in enumerate(rare, 1)]
    label_of = [sample.label for sample in rows.dataset.samples]
    return [one for one in splits if len({label_of[row] for row in one.gallery_rows}) > 1]


def _findings(dataset: Dataset, kinds: Mapping[str, str], single: Sequence[str], tested: Collection[str]) -> Iterable[Finding]:
    """What takes no part, what is a candidate only, and which settings are missing."""
    images = {label: sum(sample.label == label for sample in dataset.samples) for label in {*kinds, *single}}
    untested = [label for label in kinds if label not in tested]
    for code, labels, words in (
        ("single_patient", single, "with one patient left out"),
        ("never_tested", untested, "never tested, only candidates: a test would leave no gallery, since no split divides a "
         "publication"),
    ):  # fmt: skip
        if labels:
            message = f"{count(len(labels), 'condition')} {words}: {listed(labels, 5)}"
            yield Finding(code, "note", message, sum(images[label] for label in labels), tuple(labels[:MAX_EXAMPLES]))
    for kind in (FREQUENT, RARE):
        if not any(kinds[label] == kind for label in tested):
            yield Finding("settings_without_tests", "note", f"no {kind} condition can be tested; its settings are left out", 0)
