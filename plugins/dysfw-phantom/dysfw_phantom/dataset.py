"""Writes a data set of phantoms: a folder for each label, a manifest, and the truth.

Everything is made in a folder beside the one that was asked for, chunk by chunk, and that folder takes its name when nothing is
missing: half a data set is never found under the name of a whole one. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from dysfw.plugin import DysfwError, Progress, count, sha256_of

from .effects import encode
from .labels import labels_of
from .phantom import capture, make_phantom
from .plan import Member, chunks
from .processes import spread
from .spec import Spec
from .truth import Row, describe, manifest_of, table_of, write_truth

SPEC, MANIFEST, TRUTH, LABELS = "spec.json", "manifest.csv", "truth.parquet", "labels.yaml"
SOURCE = "phantom"  # in the manifest, where a class names no other


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a data set is made. data: what becomes it. parts: the truth of each finished chunk; a chunk's photographs count
    only with it."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def part(self, number: int) -> Path:
        return self.folder / "parts" / f"{number:06d}.parquet"

    def is_empty(self) -> bool:
        """Whether nothing was made in it, but for the folders."""
        return not any(path.is_file() for path in self.folder.rglob("*"))

    def is_done(self, number: int) -> bool:
        """Whether a chunk's photographs are all there, as they were written."""
        try:
            rows = pq.read_table(self.part(number), columns=["path", "sha256"]).to_pylist()
            return all(sha256_of(self.data / row["path"]) == row["sha256"] for row in rows)
        except (OSError, pa.ArrowInvalid):
            return False


def make_dataset(spec: Spec, folder: Path, workers: int, progress: Progress) -> bool:
    """Make the data set in ``folder``; False where it was there already. Bit for bit the same for any number of workers.

    Raises DysfwError where the folder holds anything else, or the system refuses to write.
    """
    shop = Workshop(folder.with_name(f"{folder.name}.unfinished"))
    if _refuse_other(folder / SPEC, folder, spec):
        return False
    with _explained(shop.folder):
        _open(shop, spec)
        if not (shop.data / MANIFEST).is_file():  # which is written last
            runs = chunks(spec)
            _make_missing(spec, shop, runs, workers, progress)
            _write_whole(spec, shop, len(runs))
        _give_name(shop, folder)
    return True


def _make_missing(spec: Spec, shop: Workshop, runs: list[tuple[Member, ...]], workers: int, progress: Progress) -> None:
    left = [number for number in range(len(runs)) if not shop.is_done(number)]
    total, missing = (sum(m.photographs for n in numbers for m in runs[n]) for numbers in (range(len(runs)), left))
    there = total - missing
    if there:
        progress.note(f"{count(there, 'photograph')} of {total:,} are there already")
    work = functools.partial(_make_chunk, spec, shop)
    made = (1 for chunk in spread(work, [(n, runs[n]) for n in left], workers) for _ in range(chunk))
    for _ in progress.track(made, "rendering", total, "images", start=there):
        pass


def _refuse_other(spec_file: Path, folder: Path, spec: Spec) -> bool:
    """True where the data set is there. Raises DysfwError where something else is."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        if not folder.absolute().parent.is_dir():
            raise DysfwError(f"{folder.absolute().parent} is not a folder", hint="create it first")
        return False
    found = _fingerprint_in(spec_file)
    if found == spec.fingerprint:
        return True
    what = "holds a data set of another spec" if found else "exists already and holds no data set of phantoms"
    raise DysfwError(f"{folder} {what}", hint="name another folder with -o, or delete that one first")


def _fingerprint_in(spec_file: Path) -> str | None:
    try:
        return str(json.loads(spec_file.read_text("utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _open(shop: Workshop, spec: Spec) -> None:
    """Begin, or go on with what the same spec began. Raises DysfwError where another did."""
    spec_file = shop.data / SPEC
    if shop.folder.exists() and not shop.is_empty() and _fingerprint_in(spec_file) != spec.fingerprint:
        raise DysfwError(
            f"{shop.folder} holds an unfinished data set of another spec, or of another version of this plugin",
            hint="delete it, or name another folder with -o",
        )
    for folder in (shop.data, shop.part(0).parent):
        folder.mkdir(parents=True, exist_ok=True)
    content = spec.to_dict() | {"fingerprint": spec.fingerprint}
    _replace(spec_file, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")


def _make_chunk(spec: Spec, shop: Workshop, numbered: tuple[int, tuple[Member, ...]]) -> int:
    """Photographs of a few patients, then their truth. Returns how many."""
    number, run = numbered
    with _explained(shop.folder), threadpool_limits(1):
        rows = [row for member in run for row in _images(spec, shop, member)]
        unfinished = shop.part(number).with_suffix(".unfinished")
        pq.write_table(table_of(rows), unfinished)
        unfinished.replace(shop.part(number))
    return len(rows)


def _images(spec: Spec, shop: Workshop, member: Member) -> Iterator[Row]:
    keys, part, name = spec.keys, spec.keys.classes[member.part], member.patient(spec)
    condition = spec.conditions[member.part]
    phantom = make_phantom(
        condition, keys.seed, member.number, name,
        severity=keys.severity, natural_variation=keys.natural_variation, age=keys.age, random_terms=part.random_terms,
    )  # fmt: skip
    for index in range(member.photographs):
        taken = capture(phantom, index, keys.size, part.effects)
        content = encode(taken.pixels, part.effects.file(keys.file), part.effects.software)
        path = member.path(spec, index)
        (shop.data / path).parent.mkdir(exist_ok=True)
        (shop.data / path).write_bytes(content)
        file: Row = {
            "path": path, "label": member.label(spec), "patient": name, "split": member.split or "",
            "source": part.source or SOURCE, "condition": condition.label, "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
        yield file | describe(phantom, taken)


def _write_whole(spec: Spec, shop: Workshop, parts: int) -> None:
    """Write what stands for all chunks together."""
    table = write_truth([shop.part(number) for number in range(parts)], shop.data / TRUTH)
    _replace(shop.data / LABELS, labels_of(spec).encode())
    _replace(shop.data / MANIFEST, manifest_of(table).encode())


def _give_name(shop: Workshop, folder: Path) -> None:
    """Make the finished data set appear under its name."""
    os.sync()  # a power cut after the renaming must find the photographs on the disk
    shutil.rmtree(shop.part(0).parent)
    shop.data.replace(folder)
    shop.folder.rmdir()


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turns what the system says into what the user can do."""
    try:
        yield
    except OSError as error:
        raise DysfwError(
            f"cannot write in {folder}: {error.strerror or error}",
            hint="nothing that was finished is lost: the same command goes on from here",
        ) from None


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
