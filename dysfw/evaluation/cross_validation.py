"""Runs the splits of an evaluation on all processors, and resumes after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..util.progress import Progress
from ..util.text import count
from ..util.workers import map_in_workers
from .fold_cache import FoldCache
from .fold_runner import FoldResult, FoldRunner
from .splits import Split


def run_splits(runner: FoldRunner, splits: Sequence[Split], known: FoldCache, progress: Progress) -> list[FoldResult]:
    """Train and test a recipe in every split.

    The results are the same for any number of processors. Each is kept as soon as it is known.

    Args:
        runner: Trains and tests the recipe.
        splits: The splits.
        known: Results that are known from before; receives the others.
        progress: Where the work is shown.

    Returns:
        The results, in the order of the splits.

    Raises:
        DysfwError: If the recipe cannot be trained in a split.
    """
    results = {number: result for number, split in enumerate(splits) if (result := known.get(split))}
    done = len(results)
    missing = [number for number in range(len(splits)) if number not in results]
    if done:
        progress.note(f"{count(done, 'split')} of {len(splits)} known from an earlier evaluation")

    def computed() -> Iterator[None]:
        for n, result in _results(runner, [splits[number] for number in missing], progress):
            results[missing[n]] = result
            known.put(result)
            yield

    for _ in progress.track(computed(), f"evaluating {runner.recipe.name}", len(splits), "splits", start=done):
        pass
    return [results[number] for number in range(len(splits))]


def _results(runner: FoldRunner, splits: Sequence[Split], progress: Progress) -> Iterator[tuple[int, FoldResult]]:
    if runner.embed:  # fine-tuning uses all processors, or a GPU, in each split
        return ((n, runner.run(split)) for n, split in enumerate(splits))
    return map_in_workers(FoldRunner.run, runner, splits, progress.note)
