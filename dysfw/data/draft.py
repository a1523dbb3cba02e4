"""Drafts a manifest of the images in a folder, for people to complete."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..decoding.folders import Skipped, images_in
from ..errors import DysfwError
from ..util.atomic import atomic_write, refuse_existing
from ..util.install import install_command
from ..util.paths import shown
from ..util.text import count, listed, quoted
from .dataset import Sample
from .findings import MAX_EXAMPLES, Finding, unlisted_folders

COLUMNS = ("path", "label", "patient", "source", "split")
FOLDER = "folder"  # instead of a regular expression: the folder of an image is its patient
TIME_LIMIT = 10.0  # s for all names; a usual expression needs milliseconds
# Matches names in a process of its own, which can be stopped: an expression such as (a+)+$ may take years.
MATCH = """
import json, re, sys
pattern, names = json.load(sys.stdin)
found = [re.search(pattern, name) for name in names]
groups = [one and (one.groupdict() or {"patient": one[1] if one.re.groups else one[0]}) for one in found]
json.dump(groups, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A manifest that was drafted.

    Attributes:
        rows: A sample for each image; its label is "" if it is not known.
        names: Name of each image within the folder.
        findings: What could not be found, and what was left out of the folder.
    """

    rows: tuple[Sample, ...]
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def draft_manifest(folder: Path, patient_from: str | None) -> Draft:
    """List the images of a folder with what their names tell.

    The label is the name of the first subfolder. The patient is what ``patient_from`` finds in the name within the folder, with
    "/" between folders.

    Args:
        folder: The folder.
        patient_from: A regular expression, whose group ``patient`` or first group is the patient; groups ``label``, ``source``
            and ``split`` are used, too. "folder" for the folder of each image. None if patients are not in the names.

    Returns:
        The draft.

    Raises:
        DysfwError: The folder has no images, or the expression is invalid, too slow, or finds nothing.
    """
    if not folder.is_dir():
        raise DysfwError(f"{folder} is not a folder")
    skipped = Skipped()
    names, unusable = _usable(folder, images_in(folder, skipped))
    if not names:
        reasons = [count(skipped.others, "other file"), *(finding.message for finding in unusable)]
        raise DysfwError(f"{folder} has no images ({'; '.join(reasons)})")
    groups = _groups(names, patient_from)
    rows = tuple(_sample(folder / name, name, found or {}) for name, found in zip(names, groups, strict=True))
    left_out = [
        Finding(f"{kind}_files", "note", f"left out: {text}", getattr(skipped, kind), tuple(skipped.examples[kind]))
        for kind, text in skipped.sentences().items()
        if kind != "unlisted"
    ]
    if skipped.unlisted:
        unusable.append(unlisted_folders(skipped))
    return Draft(rows, tuple(names), (*unusable, *_findings(names, rows, patient_from), *left_out))


def _usable(folder: Path, listed_names: Iterable[str]) -> tuple[list[str], list[Finding]]:
    """The names that a manifest can hold and that lead to files, and findings on the others."""
    names: list[str] = []
    nameless: list[str] = []  # not UTF-8, as a manifest is
    no_files: list[str] = []
    for name in listed_names:
        good = nameless if shown(name) != name else names if _is_file(folder / name) else no_files
        good.append(name)
    findings = []
    for code, left_out, text in (
        ("names_not_utf8", nameless, "without a name in UTF-8, which a manifest needs; rename before listing"),
        ("not_files", no_files, "without a file behind (links to nothing, pipes and the like)"),
    ):
        if left_out:
            message = f"left out: {count(len(left_out), 'entry', 'entries')} {text}"
            findings.append(Finding(code, "warning", message, len(left_out), tuple(map(shown, left_out[:MAX_EXAMPLES]))))
    return names, findings


def _is_file(path: Path) -> bool:
    """Whether a path leads to a file, also to one that may not be looked at."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def _groups(names: Sequence[str], patient_from: str | None) -> list[dict[str, str] | None]:
    if patient_from is None:
        return [None] * len(names)
    if patient_from == FOLDER:
        parents = [name.rpartition("/")[0] for name in names]
        # The first folder is the label: a patient needs a folder of its own below it.
        return [{"patient": parent} if "/" in parent else None for parent in parents]
    groups = match_names(patient_from, names)
    if not any(groups):
        examples = listed(map(quoted, names[:3]))
        raise DysfwError(
            f"--patient-from {patient_from!r} finds nothing in {count(len(names), 'name')}, such as {examples}",
            hint="try a part of a name with the patient in brackets, such as '(P[0-9]+)'",
        )
    return groups


def match_names(pattern: str, names: Sequence[str], time_limit: float = TIME_LIMIT) -> list[dict[str, str] | None]:
    """Search all names for a regular expression.

    Args:
        pattern: The expression.
        names: The names.
        time_limit: Of the whole search, s.

    Returns:
        The named groups of each name, or its first group as "patient"; None if the name does not match.

    Raises:
        DysfwError: The expression is invalid, has a group of another name, or is too slow.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise DysfwError(
            f"{pattern!r} is not a regular expression: {error}", hint="write \\ before a special character"
        ) from None
    allowed = COLUMNS[1:]
    if unknown := sorted(set(compiled.groupindex) - set(allowed)):
        raise DysfwError(f"{pattern!r} has the group {listed(unknown)}; allowed: {listed(allowed)}")
    try:
        done = subprocess.run(  # noqa: S603  # this interpreter and a program of ours
            [sys.executable, "-I", "-c", MATCH],
            input=json.dumps([pattern, list(names)]),
            capture_output=True,
            text=True,
            encoding="ascii",
            timeout=time_limit,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise DysfwError(
            f"{pattern!r} needs more than {time_limit:.0f} s for {count(len(names), 'name')}",
            hint="avoid repetitions within repetitions, such as (a+)+",
        ) from None
    groups: list[dict[str, str] | None] = json.loads(done.stdout)
    return groups


def _sample(path: Path, name: str, groups: dict[str, str]) -> Sample:
    folder = name.partition("/")[0] if "/" in name else ""
    patient, source, split = ((groups.get(key) or "").strip() or None for key in ("patient", "source", "split"))
    return Sample(path, (groups.get("label") or folder).strip(), patient, split, source)


def _findings(names: Sequence[str], rows: Sequence[Sample], patient_from: str | None) -> Iterable[Finding]:
    unlabelled = [name for name, row in zip(names, rows, strict=True) if not row.label]
    if unlabelled:
        message = f"{count(len(unlabelled), 'image')} without a label, because in no subfolder; fill in the column label"
        yield Finding("label_missing", "warning", message, len(unlabelled), tuple(unlabelled[:3]))
    unnamed = [name for name, row in zip(names, rows, strict=True) if row.patient is None]
    if unnamed:
        reason = (
            f"--patient-from {patient_from} finds none" if patient_from else "add --patient-from, or fill in the column patient"
        )
        message = f"{count(len(unnamed), 'image')} without a patient: {reason}"
        yield Finding("patients_unknown", "warning", message, len(unnamed), tuple(unnamed[:3]))
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.patient is not None:
            labels[row.patient].add(row.label)
    several = {patient: names for patient, names in labels.items() if len(names) > 1}
    if several:
        message = (
            f"{count(len(several), 'patient')} in several conditions; if these are different people, let the name include the "
            "condition, for example --patient-from '([^/]+/P[0-9]+)'"
        )
        examples = tuple(f"{patient}: {listed(sorted(names))}" for patient, names in list(several.items())[:3])
        yield Finding("patient_conflicting_labels", "warning", message, len(several), examples)


def check_manifest_path(output: Path) -> None:
    """Check, before any work, that a manifest can be written.

    Args:
        output: The file.

    Raises:
        DysfwError: It has another ending than .csv and .xlsx, exists, or its folder cannot be written in.
    """
    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise DysfwError(f"-o {output}: the name must end in .csv or .xlsx")
    if not output.absolute().parent.is_dir():
        raise DysfwError(
            f"-o {output} is in {output.parent}, which is not a folder", hint="name a file in a folder that exists"
        )
    refuse_existing(output, file=True)


def write_manifest(draft: Draft, output: Path) -> None:
    """Write a draft as CSV or as an Excel workbook.

    Args:
        draft: The draft.
        output: The file, ``.csv`` or ``.xlsx``. Paths are written relative to its folder.

    Raises:
        DysfwError: openpyxl is missing, or the disk cannot be written.
    """
    columns = [name for name in COLUMNS if name in COLUMNS[:3] or any(getattr(row, name) for row in draft.rows)]
    write_rows(output, columns, ([row.path, *(getattr(row, name) or "" for name in columns[1:])] for row in draft.rows))


def write_rows(output: Path, columns: Sequence[str], rows: Iterable[Sequence[Path | str]]) -> None:
    """Write the rows of a manifest as CSV or as an Excel workbook.

    CSV is written in UTF-8 with a byte order mark: Excel then opens and also saves it as UTF-8, so that names survive.

    Args:
        output: The file, ``.csv`` or ``.xlsx``.
        columns: Titles; the first is that of the image.
        rows: Of each image its path, which is written relative to the folder of the file, and the other cells.

    Raises:
        DysfwError: openpyxl is missing, or the disk cannot be written.
    """
    base = output.absolute().parent
    cells = [[_relative(Path(path), base), *map(str, others)] for path, *others in rows]
    try:
        with atomic_write(output) as scratch:
            if output.suffix.lower() == ".xlsx":
                _write_workbook(scratch, columns, cells)
            else:
                with scratch.open("w", encoding="utf-8-sig", newline="", errors="surrogateescape") as file:
                    csv.writer(file).writerows([columns, *cells])
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None


def _relative(path: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), base)).as_posix()
    except ValueError:  # on another drive of a Windows machine
        return path.absolute().as_posix()


def _write_workbook(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    try:
        import openpyxl
    except ImportError as error:
        raise DysfwError(
            f"an Excel workbook needs openpyxl ({error})", hint=f"{install_command('dysfw', 'excel')}, or -o NAME.csv"
        ) from None
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "manifest"
    for row in (columns, *rows):
        sheet.append(list(row))
    for cells in sheet.iter_cols():
        for cell in cells:
            cell.number_format, cell.data_type = "@", "s"  # text: Excel changes neither 007 nor SEPT2, and runs no formula
    book.save(path)
