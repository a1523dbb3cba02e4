"""Reads DATA as the commands take it: a folder with one folder for each class, or a manifest in CSV or Parquet."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from ..errors import DysfwError
from ..imaging.decode import EXTENSIONS
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
    """The data set at a path. A folder that holds a manifest is read by it. Raises DysfwError with all that is wrong."""
    if not data.exists():
        raise DysfwError(f"no such data: {data}", hint="DATA is a folder with one folder for each class, or a manifest")
    if data.is_dir():
        manifests = [data / name for name in MANIFESTS if (data / name).is_file()]
        if len(manifests) > 1:
            raise DysfwError(f"{data} holds {listed(p.name for p in manifests)}", hint="name the one that is meant as DATA")
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
            if path.suffix.lower() in EXTENSIONS:
                samples.append(Sample(path, directory.name.strip()))
            else:
                ignored.append(str(inside))
    _refuse_look_alikes((directory.name for directory in classes), folder)
    if not samples:
        raise DysfwError(
            f"{folder} has no images in folders of its own ({count(len(classes), 'folder')} in it)",
            hint=f"put the photographs of each class in a folder named after it; read are {listed(sorted(EXTENSIONS))}",
        )
    conditions = read_conditions(folder, {sample.label for sample in samples})
    return Dataset(tuple(samples), folder, tuple(ignored), conditions)


def _from_manifest(path: Path) -> Dataset:
    samples: list[Sample] = []
    wrong: defaultdict[str, list[int]] = defaultdict(list)  # by what is wrong, the rows
    listed_in: defaultdict[str, list[int]] = defaultdict(list)  # by path, the rows
    columns = (*REQUIRED, *OPTIONAL)
    for number, values, problem in read_rows(path, "manifest", columns, partial(_check_columns, path), MAX_BYTES):
        missing = [key for key in REQUIRED if not values[key]]
        if problem:
            wrong[problem].append(number)
        elif missing:
            wrong[f"{listed(missing)} is empty"].append(number)
        elif values["split"] and values["split"] not in SPLITS:
            wrong[f"split is {values['split']!r}; allowed: {listed(SPLITS)}, or empty"].append(number)
        else:
            optional = {key: values[key] or None for key in OPTIONAL}
            samples.append(Sample(path.parent / values["path"], values["label"], **optional))
            listed_in[str(Path(values["path"]))].append(number)
    problems = [f"{_rows(numbers)}: {what}" for what, numbers in wrong.items()]
    doubled = [f"{name} ({_rows(numbers)})" for name, numbers in listed_in.items() if len(numbers) > 1]
    if doubled:
        problems.append(
            f"{count(len(doubled), 'photograph')} listed more than once; keep one row of each: {listed(doubled, 5)}"
        )
    problems += _across_splits(samples)
    unsplit = sum(sample.split is None for sample in samples)
    if 0 < unsplit < len(samples):
        problems.append(f"{count(unsplit, 'row')} without a split, while others have one; allowed: {listed(SPLITS)}")
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:20])
        rest = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise DysfwError(f"{count(len(problems), 'problem')} in {path}:\n{shown}{rest}")
    if not samples:
        raise DysfwError(f"{path} lists no photographs")
    _refuse_look_alikes((sample.label for sample in samples), path)
    return Dataset(tuple(samples), path, conditions=read_conditions(path.parent, {sample.label for sample in samples}))


def _rows(numbers: Sequence[int]) -> str:
    """ "row 4", "rows 4, 7, 9 and 12 more"."""
    return f"row{'s' if len(numbers) > 1 else ''} {listed(map(str, numbers), 5)}"


def _refuse_look_alikes(labels: Iterable[str], where: Path) -> None:
    """Raise DysfwError where a condition is written in two ways: it would be two classes."""
    spellings: dict[str, set[str]] = {}
    for label in labels:
        plain = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        spellings.setdefault(unicodedata.normalize("NFKC", plain), set()).add(label)
    doubled = [_spelt(different) for _, different in sorted(spellings.items()) if len(different) > 1]
    if doubled:
        shown = "\n".join(f"  {names}" for names in doubled)
        raise DysfwError(
            f"{where}: {count(len(doubled), 'label')} written in several ways, which would be a class each:\n{shown}",
            hint="labels must not differ only in case, spaces or Unicode form: write each condition in one way",
        )


def _spelt(labels: Iterable[str]) -> str:
    """The labels in quotes; spelt out where they would look the same on a screen."""
    names = sorted(labels)
    distinct = len({unicodedata.normalize("NFKC", name) for name in names}) == len(names)
    return listed(repr(name) if distinct else ascii(name) for name in names)


def _across_splits(samples: Iterable[Sample]) -> list[str]:
    """A patient in both splits would make the test a test of memory."""
    splits: dict[str, set[str | None]] = {}
    for sample in samples:
        if sample.patient is not None:
            splits.setdefault(sample.patient, set()).add(sample.split)
    split_conflicts = [patient for patient, names in splits.items() if len(names) > 1]
    if not split_conflicts:
        return []
    return [
        f"{count(len(split_conflicts), 'patient')} in more than one split; give all rows of a patient the same: {listed(split_conflicts, 5)}"
    ]


def _check_columns(path: Path, found: Sequence[str]) -> None:
    for name in REQUIRED:
        if name not in found:
            raise DysfwError(
                f"{path} has no column {name!r} (found: {listed(found)}){closest(name, found)}",
                hint=f"needed: {listed(REQUIRED)}; optional: {listed(OPTIONAL)}. In CSV, commas separate them.",
            )
