"""Pairs of photographs, of one person and of two, in the format of Labeled Faces in the Wild (Huang et al. 2007, UMass Amherst
07-49): whether a network tells people apart is scored on them, fold by fold."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dysfw.plugin import DysfwError, count, read_dataset

NAME = re.compile(r"(?P<person>\S+)_(?P<number>\d{4})")


def write_pairs(folder: Path, output: Path, folds: int, per_fold: int, seed: int) -> None:
    """Write ``per_fold`` pairs of one person and as many of two for each fold; nobody is in two folds. Raises DysfwError."""
    lines = [f"{folds}\t{per_fold}"]
    for matched, mismatched in draw_pairs(people_in(folder), folds, per_fold, seed):
        lines += [f"{name}\t{a}\t{b}" for name, a, b in matched]
        lines += [f"{one}\t{a}\t{other}\t{b}" for one, a, other, b in mismatched]
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        unfinished.write_text("\n".join(lines) + "\n", "utf-8")
        os.replace(unfinished, output)  # noqa: PTH105  # atomic
    except OSError as error:
        raise DysfwError(f"cannot write {output}: {error.strerror or error}") from None


def people_in(folder: Path) -> dict[str, list[int]]:
    """The numbers of each person's photographs, which are called PERSON/PERSON_0001.jpg and so on. Raises DysfwError."""
    people: dict[str, list[int]] = {}
    for item in read_dataset(folder).samples:
        found = NAME.fullmatch(item.path.stem)
        if not found or found["person"] != item.path.parent.name:
            raise DysfwError(
                f"{item.path} is not named as in Labeled Faces in the Wild, PERSON/PERSON_0001.jpg",
                hint="pairs need a data set with a folder for each person: a spec with `label: patient`",
            )
        people.setdefault(found["person"], []).append(int(found["number"]))
    return {name: sorted(numbers) for name, numbers in sorted(people.items())}


Matched = tuple[str, int, int]
Mismatched = tuple[str, int, str, int]


def draw_pairs(
    people: Mapping[str, Sequence[int]], folds: int, per_fold: int, seed: int
) -> list[tuple[list[Matched], list[Mismatched]]]:
    """For each fold its pairs, all different. Raises DysfwError where there are too few photographs."""
    rng = np.random.default_rng([seed, folds, per_fold, 1])
    names = list(people)
    shares = np.array_split(rng.permutation(len(names)), folds)
    drawn = []
    for share in shares:
        own = [names[i] for i in sorted(share)]
        same = [(name, a, b) for name in own for a, b in itertools.combinations(people[name], 2)]
        different = sum(len(people[a]) * len(people[b]) for a, b in itertools.combinations(own, 2))
        if min(len(same), different) < per_fold:
            raise DysfwError(
                f"{count(len(people), 'person', 'people')} in {count(folds, 'fold')}: one fold has {len(same)} pairs of one "
                f"person and {different} of two; {per_fold} of each are wanted",
                hint="ask for fewer with --per-fold, for fewer folds, or make a larger data set",
            )
        matched = [same[i] for i in sorted(rng.choice(len(same), per_fold, replace=False))]
        drawn.append((matched, _mismatched(own, people, per_fold, rng)))
    return drawn


def _mismatched(own: list[str], people: Mapping[str, Sequence[int]], wanted: int, rng: np.random.Generator) -> list[Mismatched]:
    """Two people, then a photograph of each, until there are enough different pairs."""
    found: dict[Mismatched, None] = {}
    while len(found) < wanted:
        one, other = (own[i] for i in sorted(rng.choice(len(own), 2, replace=False)))
        found[one, int(rng.choice(people[one])), other, int(rng.choice(people[other]))] = None
    return sorted(found)
