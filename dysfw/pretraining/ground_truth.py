"""What a data set knows of its photographs beside who they show: ``truth.parquet`` beside its manifest.

Columns: ``path`` as in the manifest; ``attribute:NAME``, a number; ``landmark:NAME:x`` and ``landmark:NAME:y``, px in the
photograph. Others are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DysfwError
from ..types import Float32
from ..util.text import listed

FILE = "truth.parquet"
ATTRIBUTE, LANDMARK = "attribute:", "landmark:"
_WANTED = (
    f"a {FILE} beside the data set's manifest has the columns path, {ATTRIBUTE}NAME (a number), {LANDMARK}NAME:x and "
    f"{LANDMARK}NAME:y (px)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Of N photographs, NaN where unknown. attributes: float32 [N, A], standardised over the photographs; landmarks: float32
    [N, L, 2], px in the photograph. attribute_names: A; landmark_names: L."""

    attribute_names: tuple[str, ...]
    attributes: Float32
    landmark_names: tuple[str, ...]
    landmarks: Float32


def no_truth(images: int) -> Truth:
    """For losses that need none."""
    return Truth((), np.zeros((images, 0), np.float32), (), np.zeros((images, 0, 2), np.float32))


def read_truth(origin: Path, paths: Sequence[Path], *, attributes: bool, landmarks: bool) -> Truth:
    """The truth of the photographs ``paths``, of the kinds asked for. origin: the data set's folder or manifest.

    Raises DysfwError where there is none of a kind that is asked for.
    """
    if not (attributes or landmarks):
        return no_truth(len(paths))
    folder = origin if origin.is_dir() else origin.parent
    columns = _read(folder / FILE)
    rows = {folder / path: row for row, path in enumerate(columns["path"])}
    order = np.array([rows.get(path, -1) for path in paths], np.int64)
    if not (order >= 0).any():
        raise DysfwError(f"{folder / FILE} has a row for none of the photographs", hint=_WANTED)

    def values(names: Sequence[str]) -> Float32:
        """float32 [N, len(names)]"""
        table = np.array([columns[name] for name in names], np.float32).reshape(len(names), len(rows)).T
        return np.where(order[:, None] >= 0, table[order], np.nan).astype(np.float32)

    measures = _named(columns, ATTRIBUTE, "") if attributes else ()
    points = _named(columns, LANDMARK, ":x") if landmarks else ()
    for wanted, found, loss in ((attributes, measures, "attributes"), (landmarks, points, "landmarks")):
        if wanted and not found:
            raise DysfwError(f"{folder / FILE} has no columns for pretrain.{loss}", hint=_WANTED)
    missing = [f"{LANDMARK}{name}:y" for name in points if f"{LANDMARK}{name}:y" not in columns]
    if missing:
        raise DysfwError(f"{folder / FILE} has no column {listed(missing, 5)}", hint=_WANTED)
    xs, ys = (values([f"{LANDMARK}{name}:{axis}" for name in points]) for axis in "xy")
    return Truth(measures, _standardised(values([ATTRIBUTE + name for name in measures])), points, np.stack([xs, ys], axis=2))


def _named(columns: Iterable[str], prefix: str, suffix: str) -> tuple[str, ...]:
    return tuple(c.removeprefix(prefix).removesuffix(suffix) for c in columns if c.startswith(prefix) and c.endswith(suffix))


def _standardised(values: Float32) -> Float32:
    """Mean 0 and standard deviation 1 over the photographs; a column that never varies becomes 0."""
    if not values.size:
        return values
    known = np.isfinite(values)
    number = np.maximum(known.sum(axis=0), 1)
    centred = values - np.where(known, values, 0).sum(axis=0, dtype=np.float64) / number
    spread = np.sqrt((np.where(known, centred, 0) ** 2).sum(axis=0) / number)
    scaled: Float32 = (centred / np.where(spread > 1e-6, spread, np.inf)).astype(np.float32)
    return scaled


def _read(path: Path) -> dict[str, Any]:
    """The columns that matter, arrays by name."""
    if not path.is_file():
        raise DysfwError(
            f"there is no {path}, which the weights of pretrain.attributes and pretrain.landmarks ask for", hint=_WANTED
        )
    try:
        from pyarrow import parquet
        from pyarrow.lib import ArrowException
    except ImportError as error:
        raise DysfwError(f"{path} needs pyarrow ({error})", hint="pip install 'dysfw[parquet]'") from None
    try:
        names = parquet.read_schema(path).names
        numbers = [n for n in names if n.startswith(ATTRIBUTE) or (n.startswith(LANDMARK) and n.endswith((":x", ":y")))]
        if "path" not in names:
            raise DysfwError(f"{path} has no column 'path' (found: {listed(names)})", hint=_WANTED)
        table = parquet.read_table(path, columns=["path", *numbers])
    except (ArrowException, OSError) as error:
        raise DysfwError(f"{path} cannot be read: {error}") from None
    wrong = [n for n in numbers if str(table.schema.field(n).type) not in NUMERIC]
    if wrong:
        raise DysfwError(f"{path}: no numbers in {listed(wrong, 5)}", hint=_WANTED)
    return {name: table.column(name).to_numpy() for name in table.column_names}


NUMERIC = {"float", "double", "halffloat", *(f"{u}int{b}" for u in ("", "u") for b in (8, 16, 32, 64))}
