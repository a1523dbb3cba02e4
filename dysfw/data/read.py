"""Reading of data sets: a folder with one subfolder per class, or a manifest in CSV, XLSX or Parquet."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..decoding.folders import Skipped, images_in, is_system_file, leads_back
from ..decoding.formats import image_extensions
from ..errors import DysfwError
from ..tables.missing import is_missing
from ..tables.read import TABLES
from ..tables.remarks import RowsByKey, row_text
from ..util.paths import local_path
from ..util.text import count, listed
from .conditions import FILE, described_labels, read_conditions
from .dataset import Dataset, Sample
from .findings import Finding, unlisted_folders
from .manifest import ManifestRow, open_manifest
from .manifest_records import record_findings

MANIFESTS = tuple(f"manifest{suffix}" for suffix in TABLES)
OPTIONAL = ("patient", "split", "source", "publication")
CONSENT = {"yes": True, "no": False, "": None}
MAX_BYTES = 2**30
MAX_PROBLEMS = 20  # in one message
MAX_SPELLINGS = 5  # patients in one finding


def read_dataset(data: Path) -> Dataset:
    """Read a data set.

    Args:
        data: A folder with one subfolder per class, a folder with a manifest (``manifest.csv``, ``.tsv``, ``.xlsx`` or
            ``.parquet``), or a manifest. It may begin with ``~``, or be an address such as ``file:///photos``.

    Returns:
        The data set, with findings on what was recognised or left out. Images are not opened.

    Raises:
        DysfwError: If the data set is invalid, with all problems, or none of its images is there.
    """
    data = local_path(str(data))
    if not data.exists():
        raise DysfwError(f"no such data: {data}", hint="DATA is a folder with one subfolder per class, or a manifest")
    if data.is_dir():
        # Unlike Path.is_file, this does not fail where permission lacks.
        manifests = [data / name for name in MANIFESTS if os.path.isfile(data / name)]  # noqa: PTH113
        if len(manifests) > 1:
            raise DysfwError(
                f"{data} contains several manifests: {listed(p.name for p in manifests)}", hint="pass one of them as DATA"
            )
        return _from_manifest(manifests[0]) if manifests else _from_folders(data)
    return _from_manifest(data)


def _from_folders(folder: Path) -> Dataset:
    skipped = Skipped()
    classes: list[Path] = []
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DysfwError(f"cannot list {folder}: {error.strerror or error}") from None
    for path in paths:
        if is_system_file(path.name):
            skipped.add("system", path.name)
        elif path.is_symlink() and os.path.isdir(path) and leads_back(str(path), folder):  # noqa: PTH112
            skipped.add("repeated", path.name)
        elif os.path.isdir(path):  # noqa: PTH112  # Path.is_dir fails where permission lacks
            classes.append(path)
        elif path.name != FILE:
            skipped.add("others", path.name)
    samples = []
    for directory in classes:
        inside = Skipped()
        samples += [Sample(directory / name, directory.name.strip()) for name in images_in(directory, inside, folder)]
        _merge(skipped, inside, directory.name)
    _check_spelling((directory.name for directory in classes), folder)
    labels = {sample.label for sample in samples}
    if not samples:
        unlisted = f", of which {skipped.unlisted} cannot be listed" if skipped.unlisted else ""
        raise DysfwError(
            f"{folder} has no images in subfolders ({count(len(classes), 'subfolder')} found{unlisted})",
            hint="put the images of each class into a subfolder named after it, or write a manifest: `dysfw data manifest`. "
            f"Supported are {listed(sorted(filter(None, image_extensions())), 40)}",
        )
    if unnamed := sorted(label for label in labels - described_labels(folder) if is_missing(label)):
        raise DysfwError(
            f"{folder}: {count(len(unnamed), 'folder')} named like a missing value: {listed(map(repr, unnamed))}",
            hint=f"rename it; or, if a condition is really called so, describe it in {FILE}",
        )
    conditions = read_conditions(folder, labels)
    return Dataset(tuple(samples), folder, conditions, tuple(_skipped(skipped)))


def _merge(total: Skipped, part: Skipped, folder: str) -> None:
    for kind in ("system", "others", "repeated", "unlisted"):
        for name in part.examples.get(kind, ()):
            total.add(kind, f"{folder}/{name}".rstrip("/"))
        unnamed = getattr(part, kind) - len(part.examples.get(kind, ()))
        setattr(total, kind, getattr(total, kind) + unnamed)


def _skipped(skipped: Skipped) -> Iterator[Finding]:
    """Findings on what was left out of a folder."""
    if skipped.others:
        message = f"{count(skipped.others, 'file')} ignored (not an image, or not in a class folder)"
        yield Finding("ignored_files", "note", message, skipped.others, tuple(skipped.examples["others"]))
    for kind, code in (("system", "system_files"), ("repeated", "repeated_links")):
        if kind in skipped.sentences():
            message = f"left out: {skipped.sentences()[kind]}"
            yield Finding(code, "note", message, getattr(skipped, kind), tuple(skipped.examples[kind]))
    if skipped.unlisted:
        yield unlisted_folders(skipped)


def _from_manifest(path: Path) -> Dataset:
    manifest = open_manifest(path, MAX_BYTES, labelled=True, real_labels=described_labels(path.parent))
    samples: list[Sample] = []
    numbers: list[int] = []  # rows of the samples
    invalid = RowsByKey()  # rows by problem
    first: dict[str, int] = {}  # the sample of each path
    repeated: defaultdict[int, list[int]] = defaultdict(list)  # further samples of the same path
    names: dict[str, str] = {}  # one object for each label, patient and source, which repeat
    for row in manifest.rows():
        if row.problem or not row.values["label"]:
            invalid[_problem(row)].add(row.number)
            continue
        values = {key: names.setdefault(text, text) for key, text in row.values.items()}
        index = first.setdefault(os.path.normpath(row.image), len(samples))
        if index < len(samples):
            repeated[index].append(len(samples))
        patient, split, source, publication = (values[key] or None for key in OPTIONAL)
        consent = CONSENT[values["composite_consent"]]
        samples.append(Sample(Path(row.image), values["label"], patient, split, source, publication, row.record, consent))
        numbers.append(row.number)
    problems = [f"{rows}: {problem}" for problem, rows in invalid.items()]
    problems += _repeated(repeated, samples, numbers, path.parent)
    problems += _split_problems(samples)
    none_there = manifest.none_there()
    if problems:
        problems += [one.message.split(" lists ", 1)[1] for one in [none_there] if one]
        _refuse(path, problems, [one.message for one in manifest.findings() if one.code == "missing_values"])
    if none_there:
        raise none_there
    if not samples:
        raise DysfwError(f"{path} lists no images")
    _check_spelling((sample.label for sample in samples), path)
    conditions = read_conditions(path.parent, {sample.label for sample in samples})
    findings = (*manifest.findings(), *record_findings(samples), *_patient_spellings(samples))
    return Dataset(tuple(samples), path, conditions=conditions, findings=findings)


def _problem(row: ManifestRow) -> str:
    """What is wrong with a row; an empty label, too."""
    empty = [name for name, value in (("path", row.name), ("label", row.values["label"])) if not value]
    return row.problem if row.problem and row.problem != "path is empty" else f"{listed(empty)} is empty"


def _refuse(path: Path, problems: Sequence[str], missing: Sequence[str]) -> None:
    shown = "\n".join(f"  {problem}" for problem in problems[:MAX_PROBLEMS])
    rest = f"\n  and {len(problems) - MAX_PROBLEMS:,} more" if len(problems) > MAX_PROBLEMS else ""
    labels = [message for message in missing if message.startswith("label:")]
    hint = f"{labels[0]}. If a condition is really called so, describe it in {FILE}" if labels else None
    raise DysfwError(f"{count(len(problems), 'problem')} in {path}:\n{shown}{rest}", hint=hint)


def _repeated(repeated: Mapping[int, list[int]], samples: Sequence[Sample], numbers: Sequence[int], folder: Path) -> list[str]:
    """Report images that are listed more than once; ``repeated`` gives further samples of a sample's image."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for index, others in repeated.items():
        every = [index, *others]
        labels, patients = {samples[n].label for n in every}, {samples[n].patient for n in every}
        kind = " under different labels" if len(labels) > 1 else " for different patients" if len(patients) > 1 else ""
        different = sorted(map(str, labels if len(labels) > 1 else patients)) if kind else []
        detail = f": {listed(different, 3)}" if different else ""
        path = samples[index].path
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        groups[kind].append(f"{name} ({row_text(numbers[n] for n in every)}{detail})")
    return [
        f"{count(len(names), 'image')} listed more than once{kind}; keep one row of each: {listed(names, 5)}"
        for kind, names in groups.items()
    ]


def _check_spelling(labels: Iterable[str], where: Path) -> None:
    """Raise DysfwError if a label is spelt in several ways, which would make several classes."""
    spellings: dict[str, set[str]] = {}
    for label in set(labels):
        plain = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        spellings.setdefault(unicodedata.normalize("NFKC", plain), set()).add(label)
    variants = [_quoted(different) for _, different in sorted(spellings.items()) if len(different) > 1]
    if variants:
        shown = "\n".join(f"  {names}" for names in variants)
        raise DysfwError(
            f"{where}: {count(len(variants), 'label')} spelt in several ways, which would become separate classes:\n{shown}",
            hint="labels must not differ only in case, spaces or Unicode form; use one spelling per condition",
        )


def _patient_spellings(samples: Iterable[Sample]) -> Iterator[Finding]:
    """Patients whose names differ only in spelling, such as "P7" and "p07": one person could be in training and test."""
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for patient in {sample.patient for sample in samples if sample.patient is not None}:
        plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", patient)).casefold().removesuffix(".0")
        spellings[re.sub(r"(?<!\d)0+(?=\d)", "", plain)].add(patient)
    variants = [_quoted(names) for _, names in sorted(spellings.items()) if len(names) > 1]
    if variants:
        message = (
            f"{count(len(variants), 'group')} of patients whose names differ only in spelling; if they are one, name them alike"
        )
        yield Finding("patient_spellings", "warning", message, len(variants), tuple(variants[:MAX_SPELLINGS]))


def _quoted(labels: Iterable[str]) -> str:
    """Quote the labels, with escapes if they look the same on a screen."""
    names = sorted(labels)
    distinct = len({unicodedata.normalize("NFKC", name) for name in names}) == len(names)
    return listed(repr(name) if distinct else ascii(name) for name in names)


def _split_problems(samples: Sequence[Sample]) -> list[str]:
    """Report patients and publications in both splits, which would leak test data, and rows without a split beside others."""
    problems = []
    for kind in ("patient", "publication"):
        splits: dict[str, set[str | None]] = {}
        for sample in samples:
            if (name := getattr(sample, kind)) is not None:
                splits.setdefault(name, set()).add(sample.split)
        if conflicts := [name for name, found in splits.items() if len(found) > 1]:
            number = count(len(conflicts), kind)
            problems.append(f"{number} in more than one split; put all rows of a {kind} into one: {listed(conflicts, 5)}")
    unsplit = sum(sample.split is None for sample in samples)
    if 0 < unsplit < len(samples):
        problems.append(f"{count(unsplit, 'row')} without a split although others have one; allowed: train, test")
    return problems
