"""Reads and writes predictions files: what a model, of whatever software, predicts for the tests of a protocol.

A table with a row for each test image of each split: ``setting``, ``split``, ``path``, and ``p:LABEL`` for each condition. A
value is any finite number, higher for a more likely condition, and empty for conditions that are no candidate in the split.
"""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ...errors import DysfwError
from ...tables.columns import Column, clean
from ...tables.read import Table, open_table
from ...tables.remarks import Remark, RowsByKey
from ...types import Bool, Int64
from ...util.atomic import atomic_write
from ...util.paths import shown
from ...util.text import closest, count, listed
from .protocol import ProtocolPlan
from .scores import Float64

PREFIX = "p:"
TRAINING = "training"  # role and setting of images to train on
COLUMNS = (
    Column("setting", required=True), Column("split", required=True),
    Column("path", ("file", "filename", "image", "image_path"), required=True), Column(PREFIX, family=True),
)  # fmt: skip
MAX_BYTES = 500_000_000
BLOCK = 2**20  # bytes unpacked at a time
EXAMPLES = 3  # values and missing rows that a message names
HOW = "`dysfw data splits` lists the images and candidates of every split"


def read_predictions(path: Path, plan: ProtocolPlan) -> tuple[list[Float64], tuple[Remark, ...]]:
    """Read a predictions file.

    Args:
        path: A table in CSV, which may be compressed with gzip, Parquet or XLSX.
        plan: The tests.

    Returns:
        For each split of the plan float64 [M, K], NaN for conditions that are no candidate; and what was recognised.

    Raises:
        DysfwError: The file cannot be read, or is incomplete or invalid; the message lists all problems.
    """
    with _unpacked(path) as unpacked:
        try:
            table = open_table(unpacked, COLUMNS, MAX_BYTES)
            reader = _Reader(plan, table)
            reader.read()
        except DysfwError as error:
            raise DysfwError(error.message.replace(str(unpacked), str(path)), hint=error.hint) from None
    if problems := list(reader.problems()):
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise DysfwError(f"{count(len(problems), 'problem')} in {path}:\n{lines}", hint=HOW)
    return reader.predictions, table.remarks


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The file, unpacked into a temporary folder if it is compressed with gzip."""
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
    except OSError:  # open_table says why
        compressed = False
    if not compressed:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dysfw-") as folder:
        unpacked = Path(folder) / (path.name.removesuffix(".gz").removesuffix(".GZ") or "predictions.csv")
        size = 0
        try:
            with gzip.open(path) as packed, unpacked.open("wb") as file:
                while block := packed.read(BLOCK):
                    size += len(block)
                    if size > MAX_BYTES:
                        raise DysfwError(f"{path} unpacks to more than {MAX_BYTES:,} bytes", hint="save it as Parquet")
                    file.write(block)
        except (OSError, EOFError, zlib.error) as error:
            raise DysfwError(f"cannot unpack {path}: {error}", hint="write the file again") from None
        yield unpacked


class _Reader:
    """Reads the rows into arrays, and collects what is wrong with them.

    Args:
        plan: The tests.
        table: The open table.
    """

    def __init__(self, plan: ProtocolPlan, table: Table) -> None:
        if table.problems:
            message = f"{table.path} has {'; '.join(table.problems)}"
            raise DysfwError(message, hint=f"a predictions file needs setting, split, path and p:LABEL; {HOW}")
        self.plan, self.table = plan, table
        self.columns = [_column(label) for label in plan.labels]
        self.present = np.array([column in table.names for column in self.columns])
        self.predictions = [np.full((len(split.test_rows), len(plan.labels)), np.nan) for split in plan.splits]
        self._filled = [np.zeros(len(split.test_rows), bool) for split in plan.splits]
        self._is_candidate = [np.isin(np.arange(len(plan.labels)), plan.candidates(split)) for split in plan.splits]
        self._places = self._index()
        self._names = set(map(clean, plan.names))
        self._found = RowsByKey()

    def _index(self) -> Mapping[str, Mapping[str, tuple[int, Mapping[str, int]]]]:
        """Number of each split and rows of its images, by setting, split and path."""
        index: dict[str, dict[str, tuple[int, Mapping[str, int]]]] = {}
        for s, split in enumerate(self.plan.splits):
            rows = {clean(self.plan.names[row]): n for n, row in enumerate(split.test_rows)}
            index.setdefault(split.setting, {})[str(split.number)] = (s, rows)
        return index

    def read(self) -> None:
        """Read all rows."""
        for row in self.table.rows():
            if row.problem:
                self._found[row.problem].add(row.number)
                continue
            place = self._place(row.number, row.cells["setting"], row.cells["split"], row.cells["path"])
            if place:
                self._take(row.number, *place, row.cells)

    def _place(self, number: int, setting: str, split: str, path: str) -> tuple[int, int] | None:
        """The split and the image that a row is about; None if there is no such test, or a second row of it."""
        splits = self._places.get(setting)
        if splits is None:
            self._found["setting"].add(number, setting)
            return None
        split = split.removesuffix(".0")
        if split not in splits:
            self._found["split"].add(number, f"{setting} {split}")
            return None
        s, rows = splits[split]
        name = path if path in self._names else path.replace("\\", "/").removeprefix("./")
        if name not in rows:
            self._found["path" if name not in self._names else "test"].add(number, path)
            return None
        if self._filled[s][rows[name]]:
            self._found["duplicate"].add(number, f"{setting}, split {split}, {path}")
            return None
        self._filled[s][rows[name]] = True
        return s, rows[name]

    def _take(self, number: int, s: int, n: int, cells: Mapping[str, str]) -> None:
        """Check the values of a row, and keep them."""
        texts = [cells.get(column, "") for column in self.columns]
        values, no_number = _numbers(texts)
        given, candidate = np.array([text != "" for text in texts]), self._is_candidate[s] & self.present
        for kind, wrong in (
            ("number", no_number),
            ("empty", candidate & ~given),
            ("finite", candidate & given & ~no_number & ~np.isfinite(values)),
            ("candidate", ~self._is_candidate[s] & given & ~np.isnan(values)),
        ):
            if wrong.any():
                k = int(np.flatnonzero(wrong)[0])
                self._found[kind].add(number, f"{self.columns[k]} {texts[k]}".rstrip())
        self.predictions[s][n] = np.where(self._is_candidate[s], values, np.nan)

    def problems(self) -> Iterator[str]:
        """List all problems, one line each."""
        yield from self._columns()
        labels = {
            "setting": "unknown setting", "split": "unknown split", "path": "path that is not in the data set",
            "test": "image that is not tested in this split", "duplicate": "test that has a row already",
            "number": "value that is not a number", "empty": "no value for a candidate",
            "finite": "value that is not finite", "candidate": "value for a condition that is no candidate",
        }  # fmt: skip
        allowed: Mapping[str, Iterable[str]] = {"setting": self._places, "path": self._names}
        for kind, rows in self._found.items():
            if kind not in labels:
                yield f"{rows}: {kind}"
                continue
            values = list(rows.values)[:EXAMPLES]
            similar = closest(values[0], allowed[kind]) if values and kind in allowed else ""
            choice = f" (allowed: {listed(self._places)})" if kind == "setting" else ""
            yield f"{labels[kind]}, in {rows}: {listed(map(repr, values))}{similar}{choice}"
        yield from self._missing()

    def _columns(self) -> Iterator[str]:
        found = [name for name in self.table.names if name.startswith(PREFIX)]
        if unknown := [name for name in found if name not in self.columns]:
            similar = closest(unknown[0], self.columns)
            yield f"{count(len(unknown), 'column')} of unknown conditions: {listed(map(repr, unknown), EXAMPLES)}{similar}"
        absent = [column for column, there in zip(self.columns, self.present, strict=True) if not there]
        if absent:
            yield f"{count(len(absent), 'column')} missing: {listed(map(repr, absent), EXAMPLES)}"

    def _missing(self) -> Iterator[str]:
        missing = [(s, n) for s, filled in enumerate(self._filled) for n in np.flatnonzero(~filled)]
        if missing:
            splits, names = self.plan.splits, self.plan.names
            tests = [(splits[s], names[splits[s].test_rows[n]]) for s, n in missing[:EXAMPLES]]
            examples = [f"{split.setting}, split {split.number}, {name}" for split, name in tests]
            total = sum(map(len, self._filled))
            yield f"{len(missing):,} of {total:,} tests have no row, such as {'; '.join(examples)}"


def _numbers(texts: Sequence[str]) -> tuple[Float64, Bool]:
    """The numbers of some cells, NaN if empty; and which cells hold something that is no number."""
    try:
        return np.array([text or "nan" for text in texts], np.float64), np.zeros(len(texts), bool)
    except ValueError:
        parsed = [_number(text or "nan") for text in texts]
    return np.array([np.nan if one is None else one for one in parsed]), np.array([one is None for one in parsed])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _column(label: str) -> str:
    """The column of a condition. A label may be the name of a folder, which need not be text."""
    return PREFIX + shown(label)


def write_predictions(path: Path, plan: ProtocolPlan, predictions: Sequence[Float64]) -> None:
    """Write a predictions file.

    Args:
        path: The Parquet file to write.
        plan: The tests.
        predictions: As ``read_predictions`` returns them; they are written in float32.

    Raises:
        DysfwError: The file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    fields = [pa.field("setting", pa.string()), pa.field("split", pa.int32()), pa.field("path", pa.string())]
    schema = pa.schema([*fields, *(pa.field(_column(label), pa.float32()) for label in plan.labels)])
    try:
        with atomic_write(path) as unfinished, parquet.ParquetWriter(unfinished, schema) as file:
            for split, values in zip(plan.splits, predictions, strict=True):
                names = [plan.names[row] for row in split.test_rows]
                first = [[split.setting] * len(names), [split.number] * len(names), names]
                arrays = [pa.array(column, field.type) for column, field in zip(first, fields, strict=True)]
                arrays += [pa.array(column, pa.float32(), from_pandas=True) for column in values.astype(np.float32).T]
                file.write_table(pa.table(arrays, schema=schema))
    except OSError as error:
        raise DysfwError(f"cannot write {path}: {error.strerror or error}") from None


def write_splits(path: Path, plan: ProtocolPlan) -> None:
    """Write which images are in the gallery and which are tested, for each split: what a model of other software needs.

    Images to train on come first, with the role and the setting "training" and the split 0, which is no split to predict.

    Args:
        path: The CSV file to write, with the columns setting, split, role, path and label.
        plan: The tests.

    Raises:
        DysfwError: The file cannot be written.
    """
    import csv

    try:
        with atomic_write(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["setting", "split", "role", "path", "label"])
            parts: list[tuple[str, int, str, Int64]] = [(TRAINING, 0, TRAINING, plan.training_rows)]
            for split in plan.splits:
                parts.append((split.setting, split.number, "gallery", split.gallery_rows))
                parts.append((split.setting, split.number, "test", split.test_rows))
            for *first, rows in parts:
                writer.writerows([*first, plan.names[row], shown(plan.dataset.samples[row].label)] for row in rows)
    except OSError as error:
        raise DysfwError(f"cannot write {path}: {error.strerror or error}") from None
