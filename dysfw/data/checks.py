"""What must be known of a data set before anything is learned from it: which photographs take part, and what is odd about them.

Every file is read and decoded once. A photograph is left out where it cannot be read, is the same as another, or would let a
patient be both learned from and judged; patients who share a photograph count as one. Nothing is left out silently.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..errors import DysfwError, ImageError
from ..imaging.decode import read_image
from ..types import Failure
from ..util.progress import Progress
from ..util.text import count, listed
from .copies import Copies, find_copies
from .dataset import Dataset, Sample
from .duplicates import ImageSignature, image_signature

EXAMPLES = 10
Severity = Literal["exclusion", "warning", "note"]
ORDER: tuple[Severity, ...] = ("exclusion", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that a reader must know. severity "exclusion": these photographs took no part. photographs: how
    many; examples: the first of them, or of their patients or labels, by name."""

    code: str
    severity: Severity
    message: str
    images: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedDataset:
    """dataset: the photographs that take part; patients who share a photograph have one name in it. knows_patients: whether the
    data, as it came, names the patient of each photograph. findings: exclusions first. failures: what could not be read."""

    dataset: Dataset
    knows_patients: bool
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]


def check_dataset(dataset: Dataset, progress: Progress) -> CheckedDataset:
    """Read every photograph and say what takes part. Raises DysfwError where none can be read."""
    samples, traces, failures = _read(dataset, progress)
    if not samples:
        reasons = Counter(failure.message for failure in failures).most_common(3)
        raise DysfwError(
            f"{dataset.origin}: none of {count(len(failures), 'photograph')} can be read: "
            + "; ".join(f"{reason} ({number})" for reason, number in reasons),
            hint="paths in a manifest are relative to the manifest's folder",
        )
    copies = find_copies(samples, traces)
    before = [sample for n, sample in enumerate(samples) if n not in copies.out]
    after = tuple(sample for n, sample in enumerate(copies.samples) if n not in copies.out)
    findings = [*_unreadable(failures, dataset), *_about_copies(copies, _Names(dataset, samples)), *_about_patients(before)]
    findings += _about_classes(dataset, {sample.label for sample in after})
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return CheckedDataset(replace(dataset, samples=after), dataset.knows_patients, tuple(findings), tuple(failures))


def _read(dataset: Dataset, progress: Progress) -> tuple[list[Sample], list[ImageSignature], list[Failure]]:
    samples: list[Sample] = []
    traces: list[ImageSignature] = []
    failures: list[Failure] = []
    for sample in progress.track(dataset.samples, "checking", len(dataset.samples), "photographs"):
        try:
            traces.append(image_signature(read_image(sample.path)))
            samples.append(sample)
        except ImageError as error:
            failures.append(Failure(str(sample.path), error.code, error.message))
    return samples, traces, failures


def _unreadable(failures: Sequence[Failure], dataset: Dataset) -> Iterator[Finding]:
    by_code = defaultdict(list)
    for failure in failures:
        by_code[failure.code].append(failure)
    for code, same in sorted(by_code.items()):
        message = f"{count(len(same), 'photograph')} cannot be read: {same[0].message}"
        examples = tuple(dataset.relative(Path(failure.source)) for failure in same[:EXAMPLES])
        yield Finding(code, "exclusion", message, len(same), examples)


class _Names:
    """Photographs as findings name them."""

    def __init__(self, dataset: Dataset, samples: Sequence[Sample]) -> None:
        self.dataset = dataset
        self.samples = samples

    def one(self, n: int) -> str:
        return self.dataset.name_of(self.samples[n])

    def equal(self, numbers: Sequence[int]) -> str:
        """ "a.jpg = b.jpg", with their labels where these differ."""
        labels = {self.samples[n].label for n in numbers}
        return " = ".join(self.one(n) + (f" ({self.samples[n].label})" if len(labels) > 1 else "") for n in numbers)


def _about_copies(copies: Copies, names: _Names) -> Iterator[Finding]:
    def finding(code: str, severity: Severity, groups: Sequence[Sequence[int]], number: int, what: str) -> Iterator[Finding]:
        if groups:
            examples = tuple(names.equal(group) for group in groups[:EXAMPLES])
            yield Finding(code, severity, f"{count(number, 'photograph')} {what}", number, examples)

    def of_pairs(code: str, severity: Severity, pairs: Sequence[Sequence[int]], what: str) -> Iterator[Finding]:
        yield from finding(code, severity, pairs, len({n for pair in pairs for n in pair}), what)

    yield from of_pairs(
        "same_under_labels", "exclusion", copies.contradicted,
        "equal to one under another label, pixel for pixel: which label is right cannot be said",
    )  # fmt: skip
    yield from finding(
        "same_photograph", "exclusion", copies.repeated, len(copies.repeated),
        "equal to another, pixel for pixel, which is kept",
    )  # fmt: skip
    yield from finding(
        "across_splits", "exclusion", [[n] for n in copies.split_conflicts], len(copies.split_conflicts),
        "for training, of patients who share a photograph with one for testing",
    )  # fmt: skip
    yield from of_pairs(
        "shared_photograph", "warning", [pair for pair in copies.repeated if copies.two_patients(*pair)],
        "equal although of two patients; these patients count as one",
    )  # fmt: skip
    yield from of_pairs(
        "near_under_labels", "warning", [pair for pair in copies.near if copies.two_labels(*pair)],
        "nearly equal to one under another label: one of the labels may be wrong; their patients count as one",
    )  # fmt: skip
    alike = [pair for pair in copies.near if not copies.two_labels(*pair)]
    yield from of_pairs(
        "near_copies", "warning", [pair for pair in alike if not copies.one_patient(*pair)],
        "nearly equal to one that is not known to be of the same patient; their patients count as one",
    )  # fmt: skip
    yield from of_pairs(
        "near_copies_of_patient", "note", [pair for pair in alike if copies.one_patient(*pair)],
        "nearly equal to another of the same patient, who counts the more for it",
    )  # fmt: skip


def _about_patients(samples: Sequence[Sample]) -> Iterator[Finding]:
    labels = defaultdict(set)
    for sample in samples:
        if sample.patient is not None:
            labels[sample.patient].add(sample.label)
    several = {patient: sorted(names) for patient, names in labels.items() if len(names) > 1}
    if several:
        number = sum(sample.patient in several for sample in samples)
        examples = [f"{patient}: {listed(names)}" for patient, names in several.items()]
        message = f"{count(len(several), 'patient')} under several labels: folds cannot hold equal shares of each label"
        yield Finding("patient_under_labels", "warning", message, number, tuple(examples[:EXAMPLES]))
    unnamed = sum(sample.patient is None for sample in samples)
    if unnamed:
        message = (
            f"{count(unnamed, 'photograph')} without a patient: each counts as a patient of its own, and where some show one "
            "person the scores are too good"
        )
        yield Finding("patients_unknown", "note", message, unnamed)


def _about_classes(dataset: Dataset, left: set[str]) -> Iterator[Finding]:
    lost = [label for label in dataset.labels if label not in left]
    if lost:
        number = sum(sample.label in lost for sample in dataset.samples)
        message = f"{count(len(lost), 'class', 'classes')} without a photograph that takes part: {listed(lost)}"
        yield Finding("class_lost", "warning", message, number, tuple(lost[:EXAMPLES]))
    if dataset.ignored:
        message = f"{count(len(dataset.ignored), 'file')} ignored: no images, or in no class's folder"
        yield Finding("ignored_files", "note", message, len(dataset.ignored), dataset.ignored[:EXAMPLES])
