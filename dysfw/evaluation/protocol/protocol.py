"""What an evaluation protocol is: settings, whose splits each rank the conditions of a gallery for some test images."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ...data.dataset import Dataset, patient_numbers
from ...data.findings import Finding
from ...errors import DysfwError
from ...types import Int64
from ...util.paths import shown

TOP = (1, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Setting:
    """A question that a protocol asks: which images are tested, among which conditions.

    Attributes:
        name: Name in files, such as "rare-in-all".
        title: Title in reports, such as "rare → frequent + rare" (tests → candidates).
    """

    name: str
    title: str


@dataclass(frozen=True, slots=True, eq=False)
class GallerySplit:
    """One gallery and the images that are tested with it. The candidates are the conditions of the gallery.

    Attributes:
        setting: Name of the setting.
        number: Number of the split, unique within the setting.
        gallery_rows: int64 [G], rows of the data set, ascending.
        test_rows: int64 [M], rows of the data set, ascending.
    """

    setting: str
    number: int
    gallery_rows: Int64
    test_rows: Int64


@dataclass(frozen=True, eq=False)
class ProtocolPlan:
    """A protocol applied to a data set.

    Attributes:
        dataset: The data set.
        settings: The settings that have tests, in order.
        splits: Their splits, in order.
        training_rows: int64 [T], the rows on which a network may be fine-tuned. None of them is tested.
        kinds: What the protocol calls each condition that takes part, such as "rare". A setting that tests conditions of
            several kinds gets scores for each kind, too.
        findings: Which conditions cannot be tested, and why.
    """

    dataset: Dataset
    settings: tuple[Setting, ...]
    splits: tuple[GallerySplit, ...]
    training_rows: Int64
    kinds: Mapping[str, str]
    findings: tuple[Finding, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The path of each image, as predictions name it: relative to the data set, with "/"."""
        return names_of(self.dataset)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The K conditions that are a candidate in some split, sorted."""
        return tuple(sorted({self.dataset.samples[row].label for split in self.splits for row in split.gallery_rows}))

    @cached_property
    def y(self) -> Int64:
        """int64 [N], index into ``labels`` of each image's condition; -1 if it takes no part."""
        index = {label: k for k, label in enumerate(self.labels)}
        return np.array([index.get(sample.label, -1) for sample in self.dataset.samples], np.int64)

    def candidates(self, split: GallerySplit) -> Int64:
        """Return the indices into ``labels`` of a split's candidates, ascending."""
        return np.unique(self.y[split.gallery_rows])

    def of_setting(self, setting: Setting) -> list[GallerySplit]:
        """Return the splits of a setting."""
        return [split for split in self.splits if split.setting == setting.name]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over all galleries and tests: scores with the same fingerprint can be compared."""
        lines = sorted(
            f"{split.setting}\t{split.number}\t{role}\t{self.names[row]}\t{self.dataset.samples[row].label}"
            for split in self.splits
            for role, rows in (("gallery", split.gallery_rows), ("test", split.test_rows))
            for row in rows
        )
        return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()


class EvaluationProtocol(ABC):
    """Base class of evaluation protocols, which plugins register with a ``ProtocolSpec``.

    Attributes:
        top: The n of the top-n scores, ascending.
    """

    top: ClassVar[tuple[int, ...]] = TOP

    def reference(self) -> Dataset | None:
        """Return the frozen data set that the protocol is defined on, without images.

        Returns:
            The data set, with paths relative to its folder; None if the protocol fits any data set.

        Raises:
            DysfwError: It cannot be read.
        """
        return None

    @abstractmethod
    def plan(self, dataset: Dataset) -> ProtocolPlan:
        """Divide a data set into galleries and tests.

        Args:
            dataset: The data set. Its images need not exist.

        Returns:
            The plan. It depends on the rows of the data set, but not on their order.

        Raises:
            DysfwError: Nothing can be tested.
        """


def checked_plan(protocol: EvaluationProtocol, dataset: Dataset) -> ProtocolPlan:
    """Apply a protocol, and check what every plan has to fulfil.

    Args:
        protocol: The protocol.
        dataset: The data set.

    Returns:
        The plan.

    Raises:
        DysfwError: Nothing can be tested, or the plan breaks a rule: a patient on both sides of a split, a test whose
            condition is no candidate, a split without tests or with a single candidate, or a training image that is tested.
    """
    plan = protocol.plan(dataset)
    patients = patient_numbers(dataset.samples)
    tested = np.concatenate([split.test_rows for split in plan.splits]) if plan.splits else np.zeros(0, np.int64)
    problems = [] if plan.splits else ["it has no splits"]
    for split in plan.splits:
        where, candidates = f"split {split.number} of {split.setting}", plan.candidates(split)
        if not len(split.test_rows) or len(candidates) < 2:
            problems.append(f"{where} has {len(split.test_rows)} test images and {len(candidates)} candidates")
        if not np.isin(plan.y[split.test_rows], candidates).all():
            problems.append(f"{where} tests a condition that is no candidate")
        if np.isin(patients[split.test_rows], patients[split.gallery_rows]).any():
            problems.append(f"{where} has a patient in gallery and test")
    if len({(split.setting, split.number) for split in plan.splits}) < len(plan.splits):
        problems.append("two splits of a setting have the same number")
    if (plan.y[plan.training_rows] < 0).any():
        problems.append("it trains on a condition that is never a candidate")
    if np.isin(patients[plan.training_rows], patients[tested]).any():
        problems.append("a patient to train on is tested")
    if problems:
        raise DysfwError(
            f"the protocol {type(protocol).__name__} breaks the rules: {problems[0]}", hint="report this to its author"
        )
    return plan


def names_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the path of each image relative to the folder of its data set, with "/" on every system; see ``shown``.

    Args:
        dataset: The data set.
    """
    folder = dataset.origin if dataset.origin.is_dir() else dataset.origin.parent
    paths = [sample.path for sample in dataset.samples]
    return tuple(shown((path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()) for path in paths)
