"""What a data set holds and what would become of it: the result of ``dysfw data check``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..decoding.decode import decode_image
from ..decoding.files import read_bytes
from ..decoding.formats import decoder_of
from ..errors import DysfwError, ImageError
from ..types import Failure, Notice
from ..util.concurrency import prefetched
from ..util.progress import Progress
from .checks import CheckedDataset, check_dataset
from .dataset import Dataset, Sample, refuse_too_small
from .duplicates import ImageSignature, image_signature
from .findings import ORDER, Finding
from .notices import notice_findings

SCHEMA = "dysfw.data/1"


@dataclass(frozen=True, slots=True, eq=False)
class ImageFacts:
    """What is kept of an image.

    Attributes:
        signature: By which copies are recognised.
        format: Title of the file's format.
        size: Size of the file, bytes.
        width: Width, px.
        height: Height, px.
        notices: What decoding had to change.
    """

    signature: ImageSignature
    format: str
    size: int
    width: int
    height: int
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """The images of one condition.

    Attributes:
        images: All of them.
        used: Those that remain after the checks.
        patients: Number of patients; None if some image has none.
        train: Images of the split "train"; None without splits.
        test: Images of the split "test"; None without splits.
    """

    images: int
    used: int
    patients: int | None
    train: int | None
    test: int | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """A data set in numbers.

    Attributes:
        origin: The folder or manifest.
        images: Number of images.
        used: Number of images that training would use, as far as they show a face.
        patients: Number of patients; None if some image has none.
        labels: Counts of each condition.
        sources: Number of images of each source.
        formats: Number of images of each format.
        size: Size of all images, bytes.
        width: Minimum, median and maximum width, px; None if no image can be read.
        height: The same of the height.
        findings: What was found, exclusions first.
        failures: Images that cannot be read.
        problems: Why no recipe can be trained on these data; empty if one can.
    """

    origin: str
    images: int
    used: int
    patients: int | None
    labels: Mapping[str, LabelCounts]
    sources: Mapping[str, int]
    formats: Mapping[str, int]
    size: int
    width: tuple[int, int, int] | None
    height: tuple[int, int, int] | None
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    problems: tuple[str, ...]


def take_inventory(dataset: Dataset, progress: Progress) -> Inventory:
    """Read every image of a data set once, and check it as training does.

    Args:
        dataset: The data set.
        progress: Where the work is shown.

    Returns:
        The inventory.
    """
    facts, failures = _read(dataset, progress)
    signatures = {path: one.signature for path, one in facts.items()}
    problems: list[str] = []
    checked: CheckedDataset | None = None
    try:
        checked = check_dataset(dataset, signatures, failures)
        refuse_too_small(checked.dataset.split("train"), dataset.origin)
    except DysfwError as error:
        problems.append(error.message)
    used = checked.dataset.samples if checked else ()
    seen = ((dataset.name_of(s), facts[s.path].notices) for s in used)
    findings = [*(checked.findings if checked else dataset.findings), *notice_findings(seen)]
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return Inventory(
        origin=str(dataset.origin),
        images=len(dataset.samples),
        used=len(used),
        patients=_patients(dataset.samples),
        labels=_labels(dataset, used),
        sources=dict(Counter(sample.source for sample in dataset.samples if sample.source)),
        formats=dict(Counter(one.format for one in facts.values()).most_common()),
        size=sum(one.size for one in facts.values()),
        width=_range([one.width for one in facts.values()]),
        height=_range([one.height for one in facts.values()]),
        findings=tuple(findings),
        failures=tuple(failures),
        problems=tuple(problems),
    )


def _read(dataset: Dataset, progress: Progress) -> tuple[dict[Path, ImageFacts], list[Failure]]:
    facts: dict[Path, ImageFacts] = {}
    failures: list[Failure] = []
    read = prefetched(_facts, (sample.path for sample in dataset.samples))
    tracked = progress.track(read, "reading images", len(dataset.samples), "images")
    for sample, result in zip(dataset.samples, tracked, strict=True):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            facts[sample.path] = result
    return facts, failures


def _facts(path: Path) -> ImageFacts | Failure:
    try:
        content = read_bytes(path)
        image = decode_image(content, str(path))
        title = decoder_of(content).spec.title
    except ImageError as error:
        return Failure(str(path), error.code, error.message)
    return ImageFacts(image_signature(image), title, len(content), image.width, image.height, image.notices)


def _patients(samples: Sequence[Sample]) -> int | None:
    names = {sample.patient for sample in samples}
    return None if None in names else len(names)


def _labels(dataset: Dataset, used: Sequence[Sample]) -> dict[str, LabelCounts]:
    remaining = Counter(sample.label for sample in used)
    has_split = any(sample.split for sample in dataset.samples)
    counts = {}
    for label in dataset.labels:
        samples = [sample for sample in dataset.samples if sample.label == label]
        splits = Counter(sample.split for sample in samples)
        train, test = (splits["train"], splits["test"]) if has_split else (None, None)
        counts[label] = LabelCounts(len(samples), remaining[label], _patients(samples), train, test)
    return counts


def _range(values: Sequence[int]) -> tuple[int, int, int] | None:
    return (min(values), int(np.median(values)), max(values)) if values else None
