"""Pairs of images for face verification, in the format of Labeled Faces in the Wild.

Huang GB, Ramesh M, Berg T, Learned-Miller E. Labeled faces in the wild. Technical report 07-49, University of Massachusetts,
Amherst, 2007.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dysfw.plugin import DysfwError, atomic_write, count, read_dataset

NAME = re.compile(r"(?P<person>\S+)_(?P<number>\d{4})")


def write_pairs(folder: Path, output: Path, folds: int, per_fold: int, seed: int) -> None:
    """Write pairs of images of the same person and of different people.

    Args:
        folder: A data set with a folder for each person.
        output: The text file to write.
        folds: Number of folds. No person is in two folds.
        per_fold: Number of matched pairs, and of mismatched pairs, in each fold.
        seed: Random seed.

    Raises:
        DysfwError: The data set is too small or has other file names, or the output cannot be written.
    """
    lines = [f"{folds}\t{per_fold}"]
    for matched, mismatched in draw_pairs(images_by_person(folder), folds, per_fold, seed):
        lines += [f"{name}\t{a}\t{b}" for name, a, b in matched]
        lines += [f"{one}\t{a}\t{other}\t{b}" for one, a, other, b in mismatched]
    try:
        with atomic_write(output) as unfinished:
            unfinished.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None


def images_by_person(folder: Path) -> dict[str, list[int]]:
    """List the images of each person.

    Args:
        folder: A data set with files named PERSON/PERSON_0001.jpg.

    Returns:
        Sorted numbers of the images by name of the person.

    Raises:
        DysfwError: A file has another name.
    """
    people: dict[str, list[int]] = {}
    for sample in read_dataset(folder).samples:
        match = NAME.fullmatch(sample.path.stem)
        if not match or match["person"] != sample.path.parent.name:
            raise DysfwError(
                f"{sample.path} is not named as in Labeled Faces in the Wild (PERSON/PERSON_0001.jpg)",
                hint="pairs require a data set with a folder for each person; use a spec with `label: patient`",
            )
        people.setdefault(match["person"], []).append(int(match["number"]))
    return {name: sorted(numbers) for name, numbers in sorted(people.items())}


Matched = tuple[str, int, int]
Mismatched = tuple[str, int, str, int]


def draw_pairs(
    people: Mapping[str, Sequence[int]], folds: int, per_fold: int, seed: int
) -> list[tuple[list[Matched], list[Mismatched]]]:
    """Draw distinct pairs for each fold.

    Args:
        people: Numbers of the images by name of the person.
        folds: Number of folds.
        per_fold: Number of matched pairs, and of mismatched pairs, in each fold.
        seed: Random seed.

    Returns:
        For each fold, the matched pairs (name, number, number) and the mismatched pairs (name, number, name, number).

    Raises:
        DysfwError: There are too few images.
    """
    rng = np.random.default_rng([seed, folds, per_fold, 1])
    names = list(people)
    drawn = []
    for members in np.array_split(rng.permutation(len(names)), folds):
        in_fold = [names[i] for i in sorted(members)]
        same = [(name, a, b) for name in in_fold for a, b in itertools.combinations(people[name], 2)]
        different = sum(len(people[a]) * len(people[b]) for a, b in itertools.combinations(in_fold, 2))
        if min(len(same), different) < per_fold:
            raise DysfwError(
                f"too few images of {count(len(people), 'person', 'people')} for {count(folds, 'fold')}: one fold has "
                f"{len(same)} matched and {different} mismatched pairs, but {per_fold} of each are required",
                hint="lower --per-fold or --folds, or create a larger data set",
            )
        matched = [same[i] for i in sorted(rng.choice(len(same), per_fold, replace=False))]
        drawn.append((matched, _mismatched(in_fold, people, per_fold, rng)))
    return drawn


def _mismatched(
    names: list[str], people: Mapping[str, Sequence[int]], number: int, rng: np.random.Generator
) -> list[Mismatched]:
    """Draw two people and an image of each, until there are enough distinct pairs."""
    drawn: dict[Mismatched, None] = {}
    while len(drawn) < number:
        one, other = (names[i] for i in sorted(rng.choice(len(names), 2, replace=False)))
        drawn[one, int(rng.choice(people[one])), other, int(rng.choice(people[other]))] = None
    return sorted(drawn)
