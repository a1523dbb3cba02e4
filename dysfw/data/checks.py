"""Checks of a data set: which images are used, and what is wrong with the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..decoding.decode import read_image
from ..errors import DysfwError, ImageError
from ..types import Failure
from ..util.concurrency import prefetched
from ..util.progress import Progress
from ..util.text import count, listed
from .dataset import Dataset, Sample
from .deduplication import CONFLICTING_LABELS, IN_BOTH_SPLITS, REPEATED, Duplicates, find_duplicates
from .duplicates import ImageSignature, image_signature
from .findings import MAX_EXAMPLES, ORDER, Finding, Severity


@dataclass(frozen=True, slots=True)
class CheckedDataset:
    """A data set after the checks.

    Attributes:
        dataset: The images that are used. Patients who share an image have one common name.
        knows_patients: Whether the original data names the patient of every image.
        findings: All problems, exclusions first.
        failures: Images that cannot be read.
        excluded: The code of the finding for which each of the other images is not used, by path.
    """

    dataset: Dataset
    knows_patients: bool
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    excluded: Mapping[Path, str]


def check_dataset(dataset: Dataset, signatures: Mapping[Path, ImageSignature], failures: Sequence[Failure]) -> CheckedDataset:
    """Decide which images of a data set can be used.

    An image is excluded if it cannot be read, duplicates another one, or would put a patient into both training and test.
    Patients who share an image are treated as one.

    Args:
        dataset: The data set.
        signatures: Of every image that can be read, by path.
        failures: Why the other images cannot be read.

    Returns:
        The images that are used, with a finding for every problem.

    Raises:
        DysfwError: If no image can be read.
    """
    samples = [sample for sample in dataset.samples if sample.path in signatures]
    if not samples:
        reasons = Counter(failure.message for failure in failures).most_common(3)
        raise DysfwError(
            f"{dataset.origin}: no image can be read ({count(len(failures), 'file')} tried): "
            + "; ".join(f"{reason} ({number})" for reason, number in reasons),
            hint="paths in a manifest are relative to the folder of the manifest",
        )
    duplicates = find_duplicates(samples, [signatures[sample.path] for sample in samples])
    original = [sample for n, sample in enumerate(samples) if n not in duplicates.excluded]
    used = tuple(sample for n, sample in enumerate(duplicates.samples) if n not in duplicates.excluded)
    findings = [
        *unreadable_findings(failures, dataset),
        *_copy_findings(duplicates, _Names(dataset, samples)),
        *_patient_findings(original),
        *dataset.findings,
    ]
    findings += _class_findings(dataset, {sample.label for sample in used})
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    excluded = {Path(failure.source): failure.code for failure in failures}
    excluded |= {samples[n].path: code for n, code in duplicates.reasons().items()}
    return CheckedDataset(replace(dataset, samples=used), dataset.knows_patients, tuple(findings), tuple(failures), excluded)


def read_signatures(dataset: Dataset, progress: Progress) -> tuple[dict[Path, ImageSignature], list[Failure]]:
    """Read every image once, for data that no pipeline embeds in the same pass.

    Args:
        dataset: The data set.
        progress: Receives the progress.

    Returns:
        The signatures of all images that can be read, by path, and why the others cannot.
    """
    signatures: dict[Path, ImageSignature] = {}
    failures: list[Failure] = []
    read = prefetched(_read_signature, (sample.path for sample in dataset.samples))
    for sample, result in zip(dataset.samples, progress.track(read, "checking", len(dataset.samples), "images"), strict=True):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            signatures[sample.path] = result
    return signatures, failures


def _read_signature(path: Path) -> ImageSignature | Failure:
    try:
        return image_signature(read_image(path))
    except ImageError as error:
        return Failure(str(path), error.code, error.message)


def unreadable_findings(failures: Sequence[Failure], dataset: Dataset) -> Iterator[Finding]:
    """Describe the images of a data set that cannot be read as findings, one for each code.

    Args:
        failures: The images, and why.
        dataset: Gives them their names.
    """
    by_code = defaultdict(list)
    for failure in failures:
        by_code[failure.code].append(failure)
    for code, same in sorted(by_code.items()):
        message = f"{count(len(same), 'image')} cannot be read: {same[0].message}"
        examples = tuple(dataset.relative(Path(failure.source)) for failure in same[:MAX_EXAMPLES])
        yield Finding(code, "exclusion", message, len(same), examples)


class _Names:
    """Names of images in findings."""

    def __init__(self, dataset: Dataset, samples: Sequence[Sample]) -> None:
        self.dataset = dataset
        self.samples = samples

    def one(self, n: int) -> str:
        return self.dataset.name_of(self.samples[n])

    def equal(self, numbers: Sequence[int]) -> str:
        """Return "a.jpg = b.jpg", with the labels if they differ."""
        labels = {self.samples[n].label for n in numbers}
        return " = ".join(self.one(n) + (f" ({self.samples[n].label})" if len(labels) > 1 else "") for n in numbers)


def _copy_findings(duplicates: Duplicates, names: _Names) -> Iterator[Finding]:
    def finding(code: str, severity: Severity, groups: Sequence[Sequence[int]], number: int, text: str) -> Iterator[Finding]:
        if groups:
            examples = tuple(names.equal(group) for group in groups[:MAX_EXAMPLES])
            yield Finding(code, severity, f"{count(number, 'image')} {text}", number, examples)

    def of_pairs(code: str, severity: Severity, pairs: Sequence[Sequence[int]], text: str) -> Iterator[Finding]:
        yield from finding(code, severity, pairs, len({n for pair in pairs for n in pair}), text)

    yield from of_pairs(
        CONFLICTING_LABELS, "exclusion", duplicates.contradictory,
        "with an exact duplicate under another label; the correct label is unknown",
    )  # fmt: skip
    yield from finding(
        REPEATED, "exclusion", duplicates.repeated, len(duplicates.repeated),
        "identical to another image, pixel for pixel; one copy is kept",
    )  # fmt: skip
    yield from finding(
        IN_BOTH_SPLITS, "exclusion", [[n] for n in duplicates.split_conflicts], len(duplicates.split_conflicts),
        "for training, of patients who share an image with a test patient",
    )  # fmt: skip
    yield from of_pairs(
        "shared_image", "warning", [pair for pair in duplicates.repeated if duplicates.two_patients(*pair)],
        "identical but assigned to different patients; these patients are treated as one",
    )  # fmt: skip
    yield from of_pairs(
        "near_copy_conflicting_labels", "warning", [pair for pair in duplicates.near if duplicates.two_labels(*pair)],
        "almost identical but under different labels; a label may be wrong, and their patients are treated as one",
    )  # fmt: skip
    same_label = [pair for pair in duplicates.near if not duplicates.two_labels(*pair)]
    yield from of_pairs(
        "near_copies", "warning", [pair for pair in same_label if not duplicates.one_patient(*pair)],
        "almost identical, and not known to show one patient; their patients are treated as one",
    )  # fmt: skip
    yield from of_pairs(
        "near_copies_of_patient", "note", [pair for pair in same_label if duplicates.one_patient(*pair)],
        "almost identical, of the same patient; this patient has more weight",
    )  # fmt: skip


def _patient_findings(samples: Sequence[Sample]) -> Iterator[Finding]:
    labels = defaultdict(set)
    for sample in samples:
        if sample.patient is not None:
            labels[sample.patient].add(sample.label)
    several = {patient: sorted(names) for patient, names in labels.items() if len(names) > 1}
    if several:
        number = sum(sample.patient in several for sample in samples)
        examples = [f"{patient}: {listed(names)}" for patient, names in several.items()]
        message = f"{count(len(several), 'patient')} with several labels; folds cannot be stratified exactly"
        yield Finding("patient_conflicting_labels", "warning", message, number, tuple(examples[:MAX_EXAMPLES]))
    unnamed = sum(sample.patient is None for sample in samples)
    if unnamed:
        message = (
            f"{count(unnamed, 'image')} without a patient; each is treated as a separate patient, and scores are too high if "
            "several show one person"
        )
        yield Finding("patients_unknown", "note", message, unnamed)


def _class_findings(dataset: Dataset, used_labels: set[str]) -> Iterator[Finding]:
    lost = [label for label in dataset.labels if label not in used_labels]
    if lost:
        number = sum(sample.label in lost for sample in dataset.samples)
        message = f"{count(len(lost), 'class', 'classes')} without a usable image: {listed(lost)}"
        yield Finding("class_without_images", "warning", message, number)
