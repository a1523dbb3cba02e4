"""Runs the splits of evaluations on all processors or on a cluster, and resumes after an interruption."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import DysfwError
from ..util.progress import Progress
from ..util.text import count, listed
from .fold_cache import FoldCache
from .fold_runner import FoldResult, FoldRunner
from .machines import HINT, Software, differences_from
from .splits import Split
from .task_runner import TaskRunner

NAMED = 3  # recipes that a progress line names


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """One recipe and the splits in which it is trained and tested.

    Attributes:
        runner: Trains and tests the recipe.
        splits: The splits.
        known: Results that are known from before; receives the others.
        results: The results so far, by the number of the split.
        seconds: For how long this recipe was at work.
    """

    runner: FoldRunner
    splits: Sequence[Split]
    known: FoldCache
    results: dict[int, FoldResult] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def folds(self) -> list[FoldResult]:
        """The results, in the order of the splits, when all are known."""
        return [self.results[number] for number in range(len(self.splits))]


@dataclass(frozen=True, slots=True, eq=False)
class SplitWork:
    """What all splits have in common, in a form that can be sent to other machines.

    Attributes:
        runners: Trains and tests each of the recipes. Recipes that share embeddings hold the same arrays.
        software: What must be installed where a split runs; nothing if that is here.
    """

    runners: Sequence[FoldRunner]
    software: Software = ()

    def run(self, task: tuple[int, Split]) -> FoldResult:
        """Train and test a recipe in a split.

        Args:
            task: The number of the recipe, and the split.

        Raises:
            DysfwError: If the recipe cannot be trained in the split, or this machine has other software.
        """
        number, split = task
        if different := differences_from(self.software):
            raise DysfwError(f"its software differs from that of the machine that evaluates: {different}", hint=HINT)
        return self.runners[number].run(split)


def run_splits(validations: Sequence[CrossValidation], tasks: TaskRunner, progress: Progress, software: Software = ()) -> None:
    """Train and test recipes in all of their splits.

    The results are the same for any number of processors and wherever the splits run. Each is kept as soon as it is known.

    Args:
        validations: The recipes with their splits; receive the results.
        tasks: Runs the splits.
        progress: Where the work is shown.
        software: What must be installed where a split runs.

    Raises:
        DysfwError: If a recipe cannot be trained in a split.
    """
    for one in validations:
        one.results.update((n, result) for n, split in enumerate(one.splits) if (result := one.known.get(split)))
    total, done = sum(len(one.splits) for one in validations), sum(len(one.results) for one in validations)
    if done:
        progress.note(f"{count(done, 'split')} of {total} known from an earlier evaluation")
    names = [one.runner.recipe.name for one in validations]
    what = f"evaluating {listed(names) if len(names) <= NAMED else count(len(names), 'recipe')}"
    for _ in progress.track(_computed(validations, tasks, progress, software), what, total, "splits", start=done):
        pass


def _computed(
    validations: Sequence[CrossValidation], tasks: TaskRunner, progress: Progress, software: Software
) -> Iterator[None]:
    """Compute the missing results, one in each step."""
    last = time.perf_counter()
    for one, number, result in _results(validations, tasks, progress, software):
        one.results[number] = result
        one.known.put(result)
        now = time.perf_counter()
        one.seconds.append(now - last)
        last = now
        yield


def _results(
    validations: Sequence[CrossValidation], tasks: TaskRunner, progress: Progress, software: Software
) -> Iterator[tuple[CrossValidation, int, FoldResult]]:
    sent = [one for one in validations if not one.runner.embed]
    # On this machine a single split is better done by itself: then it uses all processors. A cluster gets all at once.
    together = tasks.remote or any(len(one.splits) > 1 for one in sent)
    for group in [sent] if together else [[one] for one in sent]:
        work = SplitWork([one.runner for one in group], software)
        missing = [(k, n) for k, one in enumerate(group) for n in range(len(one.splits)) if n not in one.results]
        items = [(k, group[k].splits[n]) for k, n in missing]
        for item, result in tasks.map(SplitWork.run, work, items, progress.note) if items else ():
            k, n = missing[item]
            yield group[k], n, result
    for one in validations:
        if one.runner.embed:  # fine-tuning uses all processors, or a GPU, in each split
            yield from ((one, n, one.runner.run(one.splits[n])) for n in range(len(one.splits)) if n not in one.results)
