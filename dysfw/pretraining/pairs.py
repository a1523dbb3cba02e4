"""Pairs of photographs, of one person or of two, in the format of Labeled Faces in the Wild's pairs.txt.

The first line says how many folds there are and how many pairs of each kind a fold has. Each fold lists its pairs of one person
(name, number, number), then its pairs of two (name, number, name, number). Huang et al., Labeled Faces in the Wild, technical
report 07-49, University of Massachusetts, Amherst, 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..util.text import count, listed

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")
SHOWN = 10  # problems
MAX_BYTES = 100_000_000
FORMAT = (
    'the first line is "FOLDS PAIRS"; then each fold has PAIRS lines "NAME NUMBER NUMBER" (one person) and PAIRS lines '
    '"NAME NUMBER NAME NUMBER" (two persons)'
)
ImageId = tuple[str, int]  # of whom, and which


@dataclass(frozen=True, slots=True)
class Pairs:
    """P pairs in order. each: of two photographs. same: whether they show one person. fold: 0 … folds - 1."""

    each: tuple[tuple[ImageId, ImageId], ...]
    same: tuple[bool, ...]
    fold: tuple[int, ...]
    folds: int

    @property
    def images(self) -> tuple[ImageId, ...]:
        """Each photograph once, in the order of its first use."""
        return tuple(dict.fromkeys(image for pair in self.each for image in pair))


def read_pairs(path: Path) -> Pairs:
    """Raises DysfwError with every malformed line by its number."""
    lines = _lines(path)
    folds, size = _header(path, lines[0] if lines else "")
    if len(lines) - 1 != 2 * folds * size:
        raise DysfwError(
            f"{path}: {folds} folds of {size} + {size} pairs make {2 * folds * size} lines; found {len(lines) - 1}",
            hint=FORMAT,
        )
    problems: list[str] = []
    each, same = [], []
    for number, line in enumerate(lines[1:]):
        of_one = number // size % 2 == 0
        pair = _pair(line.split("\t") if "\t" in line else line.split(), of_one=of_one)
        if pair is None:
            wanted = "NAME NUMBER NUMBER" if of_one else "NAME NUMBER NAME NUMBER, of two persons"
            problems.append(f"line {number + 2}: found {line[:60]!r}; here stands {wanted}")
        else:
            each.append(pair)
            same.append(of_one)
    if problems:
        rest = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        shown = "\n".join(f"  {problem}" for problem in problems[:SHOWN])
        raise DysfwError(f"{count(len(problems), 'malformed line')} in {path}:\n{shown}{rest}", hint=FORMAT)
    return Pairs(tuple(each), tuple(same), tuple(n // (2 * size) for n in range(len(each))), folds)


def find_images(pairs: Pairs, images: Path) -> dict[ImageId, Path]:
    """The file of each photograph: images/NAME/NAME_0001.jpg, or .jpeg, .png, .webp. Raises DysfwError where any is missing."""
    if not images.is_dir():
        raise DysfwError(f"{images} is not a folder", hint="name the folder that holds a folder for each person with --images")
    found = {image: _file(images, image) for image in pairs.images}
    missing = [f"{name}/{name}_{number:04}" for (name, number), path in found.items() if path is None]
    if missing:
        raise DysfwError(
            f"{len(missing)} of {count(len(found), 'photograph')} are not in {images}: {listed(missing, 5)}",
            hint=f"--images names the folder with a folder for each person; files end in {listed(EXTENSIONS)}",
        )
    return {image: path for image, path in found.items() if path is not None}


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DysfwError(f"{path} is larger than {MAX_BYTES:,} bytes")
        return path.read_text("utf-8").rstrip().splitlines()
    except OSError as error:
        raise DysfwError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DysfwError(f"{path} is no UTF-8 text", hint=FORMAT) from None


def _header(path: Path, line: str) -> tuple[int, int]:
    words = line.split()
    if len(words) != 2 or not all(word.isdecimal() and 0 < int(word) < 10**7 for word in words):
        raise DysfwError(f"{path}: line 1: found {line[:60]!r}; allowed are two numbers, folds and pairs", hint=FORMAT)
    if int(words[0]) < 2:
        raise DysfwError(f"{path}: line 1: {words[0]} fold; a fold's threshold comes from the others, so 2 are needed at least")
    return int(words[0]), int(words[1])


def _pair(fields: Sequence[str], *, of_one: bool) -> tuple[ImageId, ImageId] | None:
    words = [field.strip() for field in fields]
    if of_one:
        words = [*words[:2], *words[:1], *words[2:]]
    if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
        return None
    if any(not name or "/" in name or name in (".", "..") for name in (words[0], words[2])):
        return None
    pair = (words[0], int(words[1])), (words[2], int(words[3]))
    return pair if of_one or words[0] != words[2] else None


def _file(images: Path, image: ImageId) -> Path | None:
    name, number = image
    stem = images / name / f"{name}_{number:04}"
    return next((path for extension in EXTENSIONS if (path := stem.with_name(stem.name + extension)).is_file()), None)
