"""Creation of data sets: a folder for each label, a manifest and the ground truth.

A data set is written chunk by chunk into a folder next to the requested one, which is renamed when the data set is complete. A
folder with the requested name is therefore always complete, and an interrupted run can be resumed.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from dysfw.plugin import DysfwError, Progress, atomic_write, count, sha256_of

from .effects import encode
from .labels import labels_yaml
from .phantom import capture, make_phantom
from .plan import PlannedPatient, chunks
from .processes import map_in_processes
from .spec import Spec
from .truth import Row, manifest_csv, record, rows_to_table, truth_row, write_truth

SPEC, MANIFEST, TRUTH, LABELS = "spec.json", "manifest.csv", "truth.parquet", "labels.yaml"


@dataclass(frozen=True, slots=True)
class WorkDirectory:
    """The folder in which a data set is created.

    Attributes:
        folder: The folder.
    """

    folder: Path

    @property
    def data(self) -> Path:
        """The folder that becomes the data set."""
        return self.folder / "data"

    def truth_file(self, chunk: int) -> Path:
        """Return the ground truth file of a chunk. It is written after the images of the chunk."""
        return self.folder / "parts" / f"{chunk:06d}.parquet"

    def is_empty(self) -> bool:
        """Return whether the folder contains no files."""
        return not any(path.is_file() for path in self.folder.rglob("*"))

    def is_complete(self, chunk: int) -> bool:
        """Return whether all images of a chunk exist and are unchanged."""
        try:
            rows = pq.read_table(self.truth_file(chunk), columns=["path", "sha256"]).to_pylist()
            return all(sha256_of(self.data / row["path"]) == row["sha256"] for row in rows)
        except (OSError, pa.ArrowInvalid):
            return False


def make_dataset(spec: Spec, folder: Path, workers: int, progress: Progress) -> bool:
    """Create a data set, which is identical to the bit for every number of workers.

    Args:
        spec: The spec.
        folder: The folder to create.
        workers: Number of processes.
        progress: Receives the progress.

    Returns:
        False if the folder already contains this data set.

    Raises:
        DysfwError: The folder contains something else, or cannot be written.
    """
    work = WorkDirectory(folder.with_name(f"{folder.name}.unfinished"))
    if _already_exists(folder / SPEC, folder, spec):
        return False
    with _os_errors_explained(work.folder):
        _start_or_resume(work, spec)
        if not (work.data / MANIFEST).is_file():  # which is written last
            all_chunks = chunks(spec)
            _render_missing(spec, work, all_chunks, workers, progress)
            _write_tables(spec, work, len(all_chunks))
        _publish(work, folder)
    return True


def describe(folder: Path) -> str:
    """Describe a finished data set.

    Args:
        folder: The data set.

    Returns:
        Text such as "72 images in 8 classes, listed in manifest.csv; ground truth in truth.parquet".
    """
    with (folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        labels = Counter(row["label"] for row in csv.DictReader(file))
    images, classes = count(labels.total(), "image"), count(len(labels), "class", "classes")
    return f"{images} in {classes}, listed in {MANIFEST}; ground truth in {TRUTH}"


def _render_missing(
    spec: Spec, work: WorkDirectory, all_chunks: list[tuple[PlannedPatient, ...]], workers: int, progress: Progress
) -> None:
    """Render the chunks that are not complete."""
    missing = [number for number in range(len(all_chunks)) if not work.is_complete(number)]
    total, remaining = (
        sum(patient.images for n in numbers for patient in all_chunks[n]) for numbers in (range(len(all_chunks)), missing)
    )
    finished = total - remaining
    if finished:
        progress.note(f"resuming: {count(finished, 'image')} of {total:,} are finished")
    render = functools.partial(_render_chunk, spec, work)
    rendered = (1 for chunk in map_in_processes(render, [(n, all_chunks[n]) for n in missing], workers) for _ in range(chunk))
    for _ in progress.track(rendered, "rendering", total, "images", start=finished):
        pass


def _already_exists(spec_file: Path, folder: Path, spec: Spec) -> bool:
    """Return whether the data set exists. Raises DysfwError if the folder contains something else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        if not folder.absolute().parent.is_dir():
            raise DysfwError(f"{folder.absolute().parent} is not a folder", hint="create it first")
        return False
    fingerprint = _read_fingerprint(spec_file)
    if fingerprint == spec.fingerprint:
        return True
    if fingerprint:
        raise DysfwError(
            f"{folder} contains a data set of another spec", hint="choose another folder with -o, or delete this one"
        )
    raise DysfwError(f"{folder} exists and does not contain a data set of phantoms", hint="choose another folder with -o")


def _read_fingerprint(spec_file: Path) -> str | None:
    try:
        return str(json.loads(spec_file.read_text("utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _start_or_resume(work: WorkDirectory, spec: Spec) -> None:
    """Prepare the work directory. Raises DysfwError if it belongs to another spec."""
    spec_file = work.data / SPEC
    if work.folder.exists() and not work.is_empty() and _read_fingerprint(spec_file) != spec.fingerprint:
        raise DysfwError(
            f"{work.folder} contains an unfinished data set of another spec or another version of dysfw-phantom",
            hint="delete it, or choose another folder with -o",
        )
    for folder in (work.data, work.truth_file(0).parent):
        folder.mkdir(parents=True, exist_ok=True)
    content = spec.to_dict() | {"fingerprint": spec.fingerprint}
    _write_atomically(spec_file, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")


def _render_chunk(spec: Spec, work: WorkDirectory, numbered: tuple[int, tuple[PlannedPatient, ...]]) -> int:
    """Write the images of a chunk, then their ground truth. Returns the number of images."""
    number, patients = numbered
    with _os_errors_explained(work.folder), threadpool_limits(1):
        rows = [row for patient in patients for row in _write_images(spec, work, patient)]
        with atomic_write(work.truth_file(number)) as unfinished:
            pq.write_table(rows_to_table(rows), unfinished)
    return len(rows)


def _write_images(spec: Spec, work: WorkDirectory, patient: PlannedPatient) -> Iterator[Row]:
    """Write the images of a patient and yield their ground truth."""
    config, name = spec.config, patient.name(spec)
    class_config, condition = spec.classes[patient.class_index].config, spec.classes[patient.class_index].condition
    phantom = make_phantom(
        condition, config.seed, patient.number, name,
        severity=config.severity, natural_variation=config.natural_variation, age=config.age,
        random_terms=class_config.random_terms, published=patient.published, version=config.version,
    )  # fmt: skip
    for index in range(patient.images):
        image = capture(phantom, index, config.size, class_config.effects)
        content = encode(image.pixels, class_config.effects.file(config.file), class_config.effects.software)
        path = patient.path(spec, index)
        (work.data / path).parent.mkdir(exist_ok=True)
        (work.data / path).write_bytes(content)
        file: Row = {
            "path": path, "label": patient.label(spec), "patient": name, "split": patient.split or "",
            "source": patient.source(spec), "condition": condition.label,
            "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
        yield file | record(phantom, patient.published) | truth_row(phantom, image)


def _write_tables(spec: Spec, work: WorkDirectory, number_of_chunks: int) -> None:
    """Write the files that describe the whole data set."""
    write_truth([work.truth_file(number) for number in range(number_of_chunks)], work.data / TRUTH)
    _write_atomically(work.data / LABELS, labels_yaml(spec).encode())
    _write_atomically(work.data / MANIFEST, manifest_csv(work.data / TRUTH).encode())


def _publish(work: WorkDirectory, folder: Path) -> None:
    """Move the finished data set to its final name."""
    if hasattr(os, "sync"):
        os.sync()  # the images must be on disk before the rename, in case of a power failure
    shutil.rmtree(work.truth_file(0).parent)
    if folder.exists():  # it is empty; Windows renames no folder over another
        folder.rmdir()
    work.data.rename(folder)
    work.folder.rmdir()


@contextlib.contextmanager
def _os_errors_explained(folder: Path) -> Iterator[None]:
    """Convert OSError to DysfwError with a hint."""
    try:
        yield
    except OSError as error:
        raise DysfwError(
            f"cannot write in {folder}: {error.strerror or error}",
            hint="finished images are kept; fix the problem and run the same command again to resume",
        ) from None


def _write_atomically(path: Path, content: bytes) -> None:
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content)
