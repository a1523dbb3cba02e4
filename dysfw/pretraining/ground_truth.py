"""Reads attributes and landmarks of images from ``truth.parquet`` beside a data set's manifest.

Columns: ``path`` as in the manifest; ``attribute:NAME``, a number; ``landmark:NAME:x`` and ``landmark:NAME:y``, px in the
image. Others are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DysfwError
from ..types import Float32
from ..util.install import install_command
from ..util.text import listed

FILE = "truth.parquet"
ATTRIBUTE, LANDMARK = "attribute:", "landmark:"
_FORMAT = (
    f"a {FILE} beside the data set's manifest has the columns path, {ATTRIBUTE}NAME (a number), {LANDMARK}NAME:x and "
    f"{LANDMARK}NAME:y (px)"
)


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """Attributes and landmarks of N images; NaN if unknown.

    Attributes:
        attribute_names: A names.
        attributes: float32 [N, A], standardised over the images.
        landmark_names: L names.
        landmarks: float32 [N, L, 2], px in the image.
    """

    attribute_names: tuple[str, ...]
    attributes: Float32
    landmark_names: tuple[str, ...]
    landmarks: Float32


def empty_ground_truth(images: int) -> GroundTruth:
    """Return ground truth without attributes and landmarks, for losses that need none."""
    return GroundTruth((), np.zeros((images, 0), np.float32), (), np.zeros((images, 0, 2), np.float32))


def read_ground_truth(origin: Path, paths: Sequence[Path], *, attributes: bool, landmarks: bool) -> GroundTruth:
    """Read the ground truth of images.

    Args:
        origin: The data set's folder or manifest.
        paths: The images.
        attributes: Whether to read attributes.
        landmarks: Whether to read landmarks.

    Returns:
        The requested kinds of ground truth.

    Raises:
        DysfwError: A requested kind is missing, or the file is invalid.
    """
    if not (attributes or landmarks):
        return empty_ground_truth(len(paths))
    folder = origin if origin.is_dir() else origin.parent
    columns = _read(folder / FILE)
    rows = {folder / path: row for row, path in enumerate(columns["path"])}
    order = np.array([rows.get(path, -1) for path in paths], np.int64)
    if not (order >= 0).any():
        raise DysfwError(f"{folder / FILE} has no row for any of the images", hint=_FORMAT)

    def values(names: Sequence[str]) -> Float32:
        """Return columns as float32 [N, len(names)]."""
        table = np.array([columns[name] for name in names], np.float32).reshape(len(names), len(rows)).T
        return np.where(order[:, None] >= 0, table[order], np.nan).astype(np.float32)

    attribute_names = _named(columns, ATTRIBUTE, "") if attributes else ()
    landmark_names = _named(columns, LANDMARK, ":x") if landmarks else ()
    for requested, names, loss in ((attributes, attribute_names, "attributes"), (landmarks, landmark_names, "landmarks")):
        if requested and not names:
            raise DysfwError(f"{folder / FILE} has no columns for pretrain.{loss}", hint=_FORMAT)
    missing = [f"{LANDMARK}{name}:y" for name in landmark_names if f"{LANDMARK}{name}:y" not in columns]
    if missing:
        raise DysfwError(f"{folder / FILE} has no column {listed(missing, 5)}", hint=_FORMAT)
    xs, ys = (values([f"{LANDMARK}{name}:{axis}" for name in landmark_names]) for axis in "xy")
    standardised = _standardised(values([ATTRIBUTE + name for name in attribute_names]))
    return GroundTruth(attribute_names, standardised, landmark_names, np.stack([xs, ys], axis=2))


def _named(columns: Iterable[str], prefix: str, suffix: str) -> tuple[str, ...]:
    return tuple(c.removeprefix(prefix).removesuffix(suffix) for c in columns if c.startswith(prefix) and c.endswith(suffix))


def _standardised(values: Float32) -> Float32:
    """Scale columns to mean 0 and standard deviation 1 over the images; a constant column becomes 0."""
    if not values.size:
        return values
    known = np.isfinite(values)
    number = np.maximum(known.sum(axis=0), 1)
    centred = values - np.where(known, values, 0).sum(axis=0, dtype=np.float64) / number
    std = np.sqrt((np.where(known, centred, 0) ** 2).sum(axis=0) / number)
    scaled: Float32 = (centred / np.where(std > 1e-6, std, np.inf)).astype(np.float32)
    return scaled


def _read(path: Path) -> dict[str, Any]:
    """Read the columns ``path``, attributes and landmarks as arrays by name."""
    if not path.is_file():
        raise DysfwError(f"{path} is missing; pretrain.attributes and pretrain.landmarks need it", hint=_FORMAT)
    try:
        from pyarrow import parquet
        from pyarrow.lib import ArrowException
    except ImportError as error:
        raise DysfwError(f"{path} needs pyarrow ({error})", hint=install_command("dysfw", "parquet")) from None
    try:
        names = parquet.read_schema(path).names
        numbers = [n for n in names if n.startswith(ATTRIBUTE) or (n.startswith(LANDMARK) and n.endswith((":x", ":y")))]
        if "path" not in names:
            raise DysfwError(f"{path} has no column 'path' (found: {listed(names)})", hint=_FORMAT)
        table = parquet.read_table(path, columns=["path", *numbers])
    except (ArrowException, OSError) as error:
        raise DysfwError(f"cannot read {path}: {error}") from None
    wrong = [n for n in numbers if str(table.schema.field(n).type) not in NUMERIC]
    if wrong:
        raise DysfwError(f"{path}: these columns do not contain numbers: {listed(wrong, 5)}", hint=_FORMAT)
    return {name: table.column(name).to_numpy() for name in table.column_names}


NUMERIC = {"float", "double", "halffloat", *(f"{u}int{b}" for u in ("", "u") for b in (8, 16, 32, 64))}
