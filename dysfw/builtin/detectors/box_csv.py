"""Reads the file of boxes and landmarks that ``given`` takes, and says of every row what is wrong with it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import DysfwError
from ...types import Face, Float32
from ...util.tables import read_rows
from ...util.text import closest, count, listed

Row = tuple[int, Face]  # its number in the file, and what it says
Cells = Mapping[str, str]

KEYS = ("path", "sha256")
BOX = ("x0", "y0", "x1", "y1")
LANDMARKS = tuple(
    f"{point}_{axis}" for point in ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth") for axis in ("x", "y")
)
COLUMNS = (*KEYS, *BOX, "score", *LANDMARKS)

# Where the landmarks lie in the box of an upright frontal face, as fractions of its width and height. From MTCNN's boxes and
# landmarks of the 48 phantoms in tests/fixtures/data/phantoms, of any pose: the mean of the right and the mirrored left. Standard
# deviations: 0.03 to 0.04 down; across 0.09 for the eyes, 0.16 for the nose and 0.10 for the mouth, by turned heads.
USUAL = np.array([(0.28, 0.40), (0.72, 0.40), (0.50, 0.61), (0.33, 0.79), (0.67, 0.79)])

MAX_BYTES = 64 * 2**20
FARTHEST = 100_000  # px from the photograph's corner: no photograph that is read has a longer side
LEAST_SIDE = 8  # px


def read_boxes(path: Path) -> dict[str, list[Row]]:
    """The faces of each photograph in the file's order, by its sha256 or its resolved path. Raises DysfwError."""
    faces: defaultdict[str, list[Row]] = defaultdict(list)
    wrong: defaultdict[str, list[int]] = defaultdict(list)  # by what is wrong, the rows
    for number, raw, problem in read_rows(path, "file", COLUMNS, partial(_check_columns, path), MAX_BYTES):
        cells = {name: "" if text.casefold() == "nan" else text for name, text in raw.items()}  # as some programs write it
        try:
            if problem:
                raise ValueError(problem)
            key, face = _key(cells, path.parent), _face(cells)
        except ValueError as error:
            wrong[str(error)].append(number)
        else:
            if face is not None:
                faces[key].append((number, face))
    if wrong:
        shown = "\n".join(f"  row{'s' if len(n) > 1 else ''} {listed(map(str, n), 5)}: {what}" for what, n in wrong.items())
        raise DysfwError(f"{count(len(wrong), 'problem')} in {path}:\n{shown}")
    if not faces:
        raise DysfwError(f"{path} lists no faces")
    return dict(faces)


def _key(cells: Cells, folder: Path) -> str:
    """What tells the photograph. Raises ValueError."""
    sha256 = cells["sha256"].lower()
    if not sha256 and not cells["path"]:
        raise ValueError("neither a path nor a sha256")
    if sha256 and not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("sha256 is not 64 hexadecimal digits")
    return sha256 or os.path.realpath(folder / cells["path"])


def _face(cells: Cells) -> Face | None:
    """None where the row says that there is none. Raises ValueError."""
    if not any(cells[name] for name in (*BOX, *LANDMARKS)):
        return None
    box = _numbers(cells, BOX)
    _refuse_box(box)
    score = _score(cells["score"])
    if any(cells[name] for name in LANDMARKS):
        landmarks = _numbers(cells, LANDMARKS).reshape(5, 2)
        _refuse_landmarks(landmarks, box)
    else:
        landmarks = (box[:2] + USUAL * (box[2:] - box[:2])).astype(np.float32)
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
    """Raises ValueError, naming the cells that hold none."""
    values, wrong = [], []
    for name in names:
        try:
            values.append(float(cells[name]))
        except ValueError:
            values.append(np.nan)
        if not abs(values[-1]) <= FARTHEST:
            wrong.append(name)
    if wrong:
        raise ValueError(f"{listed(wrong)} must be a number of px, at most {FARTHEST:,}, or all of {listed(names)} empty")
    return np.array(values, np.float32)


def _refuse_box(box: Float32) -> None:
    x0, y0, x1, y1 = (float(v) for v in box)
    if x1 <= x0 or y1 <= y0:
        raise ValueError("x1 must be above x0, and y1 above y0: they are corners, not width and height")
    if min(x1 - x0, y1 - y0) < LEAST_SIDE:
        raise ValueError(f"the box is less than {LEAST_SIDE} px wide or high; it must be in px, not in fractions")
    if x1 <= 0 or y1 <= 0:
        raise ValueError("the box lies outside the photograph, whose corner is 0, 0")


def _refuse_landmarks(landmarks: Float32, box: Float32) -> None:
    low, high = box[:2], box[2:]
    if ((landmarks < 2 * low - high) | (landmarks > 2 * high - low)).any():
        raise ValueError("a landmark lies farther from the box than the box is wide or high")
    eyes, down = landmarks[1] - landmarks[0], landmarks[3:].mean(axis=0) - landmarks[:2].mean(axis=0)
    if eyes[0] * down[1] - eyes[1] * down[0] <= 0:  # whichever way the face is turned
        raise ValueError("right and left are with_networks; they are the subject's, whose right eye is on the viewer's left")


def _check_columns(path: Path, found: Sequence[str]) -> None:
    """Raise DysfwError where one is missing."""
    missing = [name for name in BOX if name not in found]
    missing += [] if set(KEYS) & set(found) else ["path"]
    missing += [name for name in LANDMARKS if name not in found] if set(LANDMARKS) & set(found) else []
    if missing:
        raise DysfwError(
            f"{path} has no column {listed(missing)} (found: {listed(found)}){closest(missing[0], found)}",
            hint=f"needed: {listed(KEYS)} or both, {listed(BOX)}; optional: score, and all of {listed(LANDMARKS)}",
        )
