"""Reads matched and mismatched pairs of face images in the format of Labeled Faces in the Wild's pairs.txt.

The first line contains the number of folds and the number of pairs of each kind per fold. Each fold lists its matched pairs
(name, number, number), then its mismatched pairs (name, number, name, number).

References:
    Huang et al., Labeled Faces in the Wild, technical report 07-49, University of Massachusetts, Amherst, 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..util.text import count, listed

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")
MAX_PROBLEMS = 10  # in one message
MAX_BYTES = 100_000_000
FORMAT = (
    'the first line is "FOLDS PAIRS"; then each fold has PAIRS lines "NAME NUMBER NUMBER" (same person) and PAIRS '
    'lines "NAME NUMBER NAME NUMBER" (different people)'
)
ImageId = tuple[str, int]  # identity and number


@dataclass(frozen=True, slots=True)
class Pairs:
    """P pairs in order.

    Attributes:
        image_pairs: The two images of each pair.
        same: Whether they show the same person.
        fold: Fold of each pair, 0 … folds - 1.
        folds: Number of folds.
    """

    image_pairs: tuple[tuple[ImageId, ImageId], ...]
    same: tuple[bool, ...]
    fold: tuple[int, ...]
    folds: int

    @property
    def images(self) -> tuple[ImageId, ...]:
        """Each image once, in the order of first use."""
        return tuple(dict.fromkeys(image for pair in self.image_pairs for image in pair))


def read_pairs(path: Path) -> Pairs:
    """Read a file of pairs.

    Raises:
        DysfwError: The file is malformed; the message lists the lines.
    """
    lines = _lines(path)
    folds, size = _header(path, lines[0] if lines else "")
    if len(lines) - 1 != 2 * folds * size:
        raise DysfwError(
            f"{path}: {folds} folds of {size} + {size} pairs need {2 * folds * size} lines; found {len(lines) - 1}",
            hint=FORMAT,
        )
    problems: list[str] = []
    image_pairs, same = [], []
    for number, line in enumerate(lines[1:]):
        is_same = number // size % 2 == 0
        pair = _pair(line.split("\t") if "\t" in line else line.split(), same=is_same)
        if pair is None:
            expected = "NAME NUMBER NUMBER" if is_same else "NAME NUMBER NAME NUMBER with two different names"
            problems.append(f"line {number + 2}: found {line[:60]!r}; expected {expected}")
        else:
            image_pairs.append(pair)
            same.append(is_same)
    if problems:
        rest = f"\n  and {len(problems) - MAX_PROBLEMS:,} more" if len(problems) > MAX_PROBLEMS else ""
        shown = "\n".join(f"  {problem}" for problem in problems[:MAX_PROBLEMS])
        raise DysfwError(f"{count(len(problems), 'malformed line')} in {path}:\n{shown}{rest}", hint=FORMAT)
    return Pairs(tuple(image_pairs), tuple(same), tuple(n // (2 * size) for n in range(len(image_pairs))), folds)


def find_images(pairs: Pairs, folder: Path) -> dict[ImageId, Path]:
    """Find the file of each image: FOLDER/NAME/NAME_0001.jpg, or .jpeg, .png, .webp.

    Args:
        pairs: The pairs.
        folder: A folder with one subfolder per identity.

    Returns:
        Paths by image.

    Raises:
        DysfwError: The folder or an image is missing.
    """
    if not folder.is_dir():
        raise DysfwError(f"{folder} is not a folder", hint="give the folder with one subfolder per person with --images")
    paths = {image: _file(folder, image) for image in pairs.images}
    missing = [f"{name}/{name}_{number:04}" for (name, number), path in paths.items() if path is None]
    if missing:
        raise DysfwError(
            f"{len(missing)} of {count(len(paths), 'image')} are missing in {folder}: {listed(missing, 5)}",
            hint=f"give the folder with one subfolder per person with --images; extensions: {listed(EXTENSIONS)}",
        )
    return {image: path for image, path in paths.items() if path is not None}


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DysfwError(f"{path} is larger than {MAX_BYTES:,} bytes")
        return path.read_text("utf-8").rstrip().splitlines()
    except OSError as error:
        raise DysfwError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DysfwError(f"{path} is not UTF-8 text", hint=FORMAT) from None


def _header(path: Path, line: str) -> tuple[int, int]:
    words = line.split()
    if len(words) != 2 or not all(word.isdecimal() and 0 < int(word) < 10**7 for word in words):
        raise DysfwError(f"{path}: line 1: found {line[:60]!r}; expected two numbers, folds and pairs", hint=FORMAT)
    if int(words[0]) < 2:
        raise DysfwError(f"{path}: line 1: found {words[0]} fold; at least 2 are required", hint=FORMAT)
    return int(words[0]), int(words[1])


def _pair(fields: Sequence[str], *, same: bool) -> tuple[ImageId, ImageId] | None:
    words = [field.strip() for field in fields]
    if same:
        words = [*words[:2], *words[:1], *words[2:]]
    if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
        return None
    if any(not name or set(name) & set("/\\:") or name in (".", "..") for name in (words[0], words[2])):
        return None
    pair = (words[0], int(words[1])), (words[2], int(words[3]))
    return pair if same or words[0] != words[2] else None


def _file(folder: Path, image: ImageId) -> Path | None:
    name, number = image
    stem = folder / name / f"{name}_{number:04}"
    return next((path for extension in EXTENSIONS if (path := stem.with_name(stem.name + extension)).is_file()), None)
