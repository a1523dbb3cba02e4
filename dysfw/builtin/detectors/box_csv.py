"""Reads the file of boxes and landmarks of the detector ``precomputed`` and reports every invalid row."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...errors import DysfwError
from ...tables.columns import Column, folded
from ...tables.missing import is_missing
from ...tables.read import Table, open_table
from ...tables.remarks import RowsByKey
from ...types import Face, Float32
from ...util.text import closest, count, listed

Row = tuple[int, Face]  # number of the row, and its face
Cells = Mapping[str, str]

KEYS = ("path", "sha256")
BOX = ("x0", "y0", "x1", "y1")
LANDMARKS = tuple(
    f"{point}_{axis}" for point in ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth") for axis in ("x", "y")
)
COLUMNS = (*KEYS, *BOX, "score", *LANDMARKS)

# Typical position of the landmarks in the box of an upright frontal face, as fractions of its width and height. Mean of MTCNN's
# boxes and landmarks on the 48 phantoms in tests/fixtures/data/phantoms, in any pose; left and right are averaged. Standard
# deviations: vertically 0.03 to 0.04; horizontally, because of turned heads, 0.09 (eyes), 0.16 (nose) and 0.10 (mouth).
TYPICAL_LANDMARKS = np.array([(0.28, 0.40), (0.72, 0.40), (0.50, 0.61), (0.33, 0.79), (0.67, 0.79)])

MAX_BYTES = 64 * 2**20
MAX_COORDINATE = 100_000  # px; decoding refuses images with a longer side
MIN_SIDE = 8  # px


def read_boxes(path: Path) -> dict[str, list[Row]]:
    """Read the faces of each image.

    Args:
        path: CSV or Parquet file; see ``Precomputed``.

    Returns:
        The rows of each image in the order of the file, by the image's sha256 or resolved path.

    Raises:
        DysfwError: The file cannot be read or has invalid rows.
    """
    faces: defaultdict[str, list[Row]] = defaultdict(list)
    rows_by_problem = RowsByKey()
    table = open_table(path, [Column(name) for name in COLUMNS], MAX_BYTES)
    _check_columns(path, table)
    for row in table.rows():
        # A missing number is an empty cell; a file may be called "NA".
        cells = {name: text if name in KEYS or not is_missing(text) else "" for name, text in row.cells.items()}
        try:
            if row.problem:
                raise ValueError(row.problem)
            key, face = _key(cells, path.parent), _face(cells)
        except ValueError as error:
            rows_by_problem[str(error)].add(row.number)
        else:
            if face is not None:
                faces[key].append((row.number, face))
    if rows_by_problem:
        lines = "\n".join(f"  {rows}: {problem}" for problem, rows in rows_by_problem.items())
        raise DysfwError(f"{count(len(rows_by_problem), 'problem')} in {path}:\n{lines}")
    if not faces:
        raise DysfwError(f"{path} lists no faces")
    return dict(faces)


def _key(cells: Cells, folder: Path) -> str:
    """The image's sha256 or resolved path."""
    sha256 = cells["sha256"].lower()
    if not sha256 and not cells["path"]:
        raise ValueError("it has neither a path nor a sha256")
    if sha256 and not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("sha256 is not 64 hexadecimal digits")
    return sha256 or os.path.realpath(folder / cells["path"])


def _face(cells: Cells) -> Face | None:
    """The row's face; None if all its cells are empty."""
    if not any(cells[name] for name in (*BOX, *LANDMARKS)):
        return None
    box = _numbers(cells, BOX)
    _check_box(box)
    score = _score(cells["score"])
    if any(cells[name] for name in LANDMARKS):
        landmarks = _numbers(cells, LANDMARKS).reshape(5, 2)
        _check_landmarks(landmarks, box)
    else:
        landmarks = (box[:2] + TYPICAL_LANDMARKS * (box[2:] - box[:2])).astype(np.float32)
    return Face(box, score, landmarks)


def _score(text: str) -> float:
    try:
        score = float(text or 1)
    except ValueError:
        score = np.nan
    if not 0 <= score <= 1:
        raise ValueError("score must be a number from 0 to 1, or empty")
    return score


def _numbers(cells: Cells, names: Sequence[str]) -> Float32:
    """Parse coordinates; the error lists all invalid cells."""
    values, invalid = [], []
    for name in names:
        try:
            values.append(float(cells[name]))
        except ValueError:
            values.append(np.nan)
        if not abs(values[-1]) <= MAX_COORDINATE:
            invalid.append(name)
    if invalid:
        raise ValueError(
            f"{listed(invalid)} must be a number of px, at most {MAX_COORDINATE:,}; or leave all of {listed(names)} empty"
        )
    return np.array(values, np.float32)


def _check_box(box: Float32) -> None:
    x0, y0, x1, y1 = (float(v) for v in box)
    if x1 <= x0 or y1 <= y0:
        raise ValueError("x1 must be greater than x0, and y1 greater than y0; they are corners, not width and height")
    if min(x1 - x0, y1 - y0) < MIN_SIDE:
        raise ValueError(f"the box is less than {MIN_SIDE} px wide or high; coordinates must be px, not fractions")
    if x1 <= 0 or y1 <= 0:
        raise ValueError("the box lies outside the image, whose top left corner is 0, 0")


def _check_landmarks(landmarks: Float32, box: Float32) -> None:
    low, high = box[:2], box[2:]
    if ((landmarks < 2 * low - high) | (landmarks > 2 * high - low)).any():
        raise ValueError("a landmark is farther from the box than the width or height of the box")
    eyes, down = landmarks[1] - landmarks[0], landmarks[3:].mean(axis=0) - landmarks[:2].mean(axis=0)
    if eyes[0] * down[1] - eyes[1] * down[0] <= 0:  # in any rotation of the face
        raise ValueError(
            "right and left landmarks are swapped; they are the subject's, whose right eye is on the viewer's left"
        )


def _check_columns(path: Path, table: Table) -> None:
    names = [folded(name) for name in table.names]
    missing = [name for name in BOX if name not in names]
    missing += [] if set(KEYS) & set(names) else ["path"]
    missing += [name for name in LANDMARKS if name not in names] if set(LANDMARKS) & set(names) else []
    if missing:
        raise DysfwError(
            f"{path} has no column {listed(missing)} (found: {listed(table.names)}){closest(missing[0], table.names)}",
            hint=f"required: {' or '.join(KEYS)}, and {listed(BOX)}; optional: score, and all of {listed(LANDMARKS)}",
        )
