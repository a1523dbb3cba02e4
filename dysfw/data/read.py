"""Reading of data sets: a folder with one subfolder per class, or a manifest in CSV or Parquet."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from ..decoding.formats import image_extensions, is_image_file
from ..errors import DysfwError
from ..util.tables import read_rows
from ..util.text import closest, count, listed
from .conditions import FILE, read_conditions
from .dataset import Dataset, Sample

MANIFESTS = ("manifest.csv", "manifest.parquet")
REQUIRED = ("path", "label")
OPTIONAL = ("patient", "split", "source")
SPLITS = ("train", "test")
MAX_BYTES = 2**30


def read_dataset(data: Path) -> Dataset:
    """Read a data set.

    Args:
        data: A folder with one subfolder per class, a folder with a ``manifest.csv`` or ``manifest.parquet``, or a manifest.

    Returns:
        The data set. Images are not opened.

    Raises:
        DysfwError: If the data set is invalid, with all problems.
    """
    if not data.exists():
        raise DysfwError(f"no such data: {data}", hint="DATA is a folder with one subfolder per class, or a manifest")
    if data.is_dir():
        manifests = [data / name for name in MANIFESTS if (data / name).is_file()]
        if len(manifests) > 1:
            raise DysfwError(
                f"{data} contains several manifests: {listed(p.name for p in manifests)}", hint="pass one of them as DATA"
            )
        return _from_manifest(manifests[0]) if manifests else _from_folders(data)
    return _from_manifest(data)


def _from_folders(folder: Path) -> Dataset:
    visible = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    classes = [p for p in visible if p.is_dir()]
    samples, ignored = [], [p.name for p in visible if not p.is_dir() and p.name != FILE]
    for directory in classes:
        for path in sorted(directory.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_dir() or any(part.startswith(".") for part in inside.parts):
                continue
            if is_image_file(path):
                samples.append(Sample(path, directory.name.strip()))
            else:
                ignored.append(str(inside))
    _check_spelling((directory.name for directory in classes), folder)
    if not samples:
        raise DysfwError(
            f"{folder} has no images in subfolders ({count(len(classes), 'subfolder')} found)",
            hint=f"put the images of each class into a subfolder named after it; supported are {listed(sorted(image_extensions()), 30)}",
        )
    conditions = read_conditions(folder, {sample.label for sample in samples})
    return Dataset(tuple(samples), folder, tuple(ignored), conditions)


def _from_manifest(path: Path) -> Dataset:
    samples: list[Sample] = []
    invalid: defaultdict[str, list[int]] = defaultdict(list)  # problem -> rows
    rows_of_path: defaultdict[str, list[int]] = defaultdict(list)
    columns = (*REQUIRED, *OPTIONAL)
    for number, values, problem in read_rows(path, "manifest", columns, partial(_check_columns, path), MAX_BYTES):
        missing = [key for key in REQUIRED if not values[key]]
        if problem:
            invalid[problem].append(number)
        elif missing:
            invalid[f"{listed(missing)} is empty"].append(number)
        elif values["split"] and values["split"] not in SPLITS:
            invalid[f"split is {values['split']!r}; allowed: {listed(SPLITS)}, or empty"].append(number)
        else:
            optional = {key: values[key] or None for key in OPTIONAL}
            samples.append(Sample(path.parent / values["path"], values["label"], **optional))
            rows_of_path[str(Path(values["path"]))].append(number)
    problems = [f"{_rows(numbers)}: {problem}" for problem, numbers in invalid.items()]
    repeated = [f"{name} ({_rows(numbers)})" for name, numbers in rows_of_path.items() if len(numbers) > 1]
    if repeated:
        problems.append(f"{count(len(repeated), 'image')} listed more than once; keep one row of each: {listed(repeated, 5)}")
    problems += _split_conflicts(samples)
    unsplit = sum(sample.split is None for sample in samples)
    if 0 < unsplit < len(samples):
        problems.append(f"{count(unsplit, 'row')} without a split although others have one; allowed: {listed(SPLITS)}")
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:20])
        rest = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise DysfwError(f"{count(len(problems), 'problem')} in {path}:\n{shown}{rest}")
    if not samples:
        raise DysfwError(f"{path} lists no images")
    _check_spelling((sample.label for sample in samples), path)
    return Dataset(tuple(samples), path, conditions=read_conditions(path.parent, {sample.label for sample in samples}))


def _rows(numbers: Sequence[int]) -> str:
    """Return "row 4" or "rows 4, 7, 9 and 12 more"."""
    return f"row{'s' if len(numbers) > 1 else ''} {listed(map(str, numbers), 5)}"


def _check_spelling(labels: Iterable[str], where: Path) -> None:
    """Raise DysfwError if a label is spelt in several ways, which would make several classes."""
    spellings: dict[str, set[str]] = {}
    for label in labels:
        plain = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        spellings.setdefault(unicodedata.normalize("NFKC", plain), set()).add(label)
    variants = [_quoted(different) for _, different in sorted(spellings.items()) if len(different) > 1]
    if variants:
        shown = "\n".join(f"  {names}" for names in variants)
        raise DysfwError(
            f"{where}: {count(len(variants), 'label')} spelt in several ways, which would become separate classes:\n{shown}",
            hint="labels must not differ only in case, spaces or Unicode form; use one spelling per condition",
        )


def _quoted(labels: Iterable[str]) -> str:
    """Quote the labels, with escapes if they look the same on a screen."""
    names = sorted(labels)
    distinct = len({unicodedata.normalize("NFKC", name) for name in names}) == len(names)
    return listed(repr(name) if distinct else ascii(name) for name in names)


def _split_conflicts(samples: Iterable[Sample]) -> list[str]:
    """Report patients in both splits, which would leak test data into training."""
    splits: dict[str, set[str | None]] = {}
    for sample in samples:
        if sample.patient is not None:
            splits.setdefault(sample.patient, set()).add(sample.split)
    conflicts = [patient for patient, names in splits.items() if len(names) > 1]
    if not conflicts:
        return []
    return [
        f"{count(len(conflicts), 'patient')} in more than one split; put all rows of a patient into one: {listed(conflicts, 5)}"
    ]


def _check_columns(path: Path, found: Sequence[str]) -> None:
    for name in REQUIRED:
        if name not in found:
            raise DysfwError(
                f"{path} has no column {name!r} (found: {listed(found)}){closest(name, found)}",
                hint=f"required: {listed(REQUIRED)}; optional: {listed(OPTIONAL)}; CSV columns are separated by commas",
            )
