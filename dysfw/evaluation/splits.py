"""How photographs are divided into those learned from and those judged. No patient is ever on both sides of a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DysfwError
from ..stats.folds import patient_folds
from ..types import Bool, Int64
from ..util.text import count, listed


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """learn, held: int [n], rows learned from and rows judged. repeat: from 0; in one repeat no row is held twice."""

    name: str
    repeat: int
    train_rows: Int64
    test_rows: Int64


@dataclass(frozen=True, slots=True)
class UnevaluatedImages:
    """Photographs of one source that cannot be judged: no other source has photographs of the class to learn from."""

    label: str
    source: str
    images: int


def too_few(y: Int64, groups: Int64, labels: Sequence[str], folds: int) -> list[tuple[str, int]]:
    """The labels with fewer patients than folds, and how many each has."""
    patients = [len(np.unique(groups[y == k])) for k in range(len(labels))]
    return [(label, n) for label, n in zip(labels, patients, strict=True) if n < folds]


def cross_validation(y: Int64, groups: Int64, folds: int, repeats: int, seed: int) -> list[Split]:
    """Patient-wise stratified folds, divided anew in each repeat; every row is held once in each.

    y int [N]: classes; groups int [N]: patients. Raises DysfwError where that cannot be: ``too_few`` names the classes that are
    too small, for the caller to leave out or to report.
    """
    splits = []
    for repeat in range(repeats):
        try:
            divided = patient_folds(y, groups, folds, seed + repeat)
        except ValueError as error:
            raise DysfwError(f"the data cannot be divided by patient: {error}", hint=_MORE_PATIENTS) from None
        judged = sum(len(test_rows) for _, test_rows in divided)
        if len(divided) < folds or judged < len(y):
            raise DysfwError(
                f"the data can be divided into {count(len(divided), 'patient-wise fold')}, not {folds}: "
                f"{count(judged, 'photograph')} of {len(y)} would be judged",
                hint=_MORE_PATIENTS,
            )
        within = f"repeat {repeat + 1}, " if repeats > 1 else ""
        splits += [
            Split(f"{within}fold {n}", repeat, train_rows, test_rows) for n, (train_rows, test_rows) in enumerate(divided, 1)
        ]
    return splits


def held_out(train: Bool) -> list[Split]:
    """The one split that the data itself names. train: bool [N], True where a photograph is learned from."""
    if train.all() or not train.any():
        missing = "test" if train.any() else "train"
        raise DysfwError(
            f"no photograph is left in the split {missing!r}", hint="the column `split` of the manifest says train or test"
        )
    return [Split("held out", 0, np.flatnonzero(train), np.flatnonzero(~train))]


def leave_one_source_out(
    y: Int64, groups: Int64, labels: Sequence[str], sources: Sequence[str | None]
) -> tuple[list[Split], list[UnevaluatedImages]]:
    """A split for each source: learned from the others, judged on its own. And what cannot be judged that way.

    A patient who is in several sources is not learned from where one of them is held out. A class that is then nowhere to be
    learned is not judged there. Raises DysfwError where sources are missing or nothing can be judged.
    """
    named = _named(sources)
    splits, unjudged = [], []
    for source in sorted(set(named)):
        inside = np.array([name == source for name in named])
        train_rows = np.flatnonzero(~inside & ~np.isin(groups, groups[inside]))
        known = np.unique(y[train_rows])
        # With a single class to learn from, nothing can be told apart.
        test_rows = np.flatnonzero(inside & np.isin(y, known if len(known) > 1 else []))
        if len(test_rows):
            splits.append(Split(source, 0, train_rows, test_rows))
        lost = Counter(y[inside].tolist())
        lost.subtract(y[test_rows].tolist())
        unjudged += [UnevaluatedImages(labels[k], source, n) for k, n in sorted(lost.items()) if n]
    if not splits:
        raise DysfwError(
            f"no photograph can be judged with its source left out ({listed(sorted(set(named)))}): none shows a class that "
            "other sources show as well, beside a second one",
            hint="use cross-validation, and see in the audit whether the source gives the class away",
        )
    return splits, unjudged


_MORE_PATIENTS = "ask for fewer folds, add patients, or leave the smallest classes out"


def _named(sources: Sequence[str | None]) -> list[str]:
    """The sources, all of them known and not all the same."""
    named = [source for source in sources if source]
    if len(named) < len(sources):
        raise DysfwError(
            f"{count(len(sources) - len(named), 'photograph')} of {len(sources)} without a source; none can be left out",
            hint="fill the column `source` of the manifest: the hospital, study or web site of each photograph",
        )
    if len(set(named)) < 2:
        raise DysfwError(
            f"the data has one source ({listed(set(named))}); leaving it out leaves nothing to learn from",
            hint="use cross-validation, or add photographs of another source",
        )
    return named
