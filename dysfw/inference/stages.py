"""Runs one stage of the pipeline on a batch. One bad image never stops the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ..decoding.memory import out_of_memory
from ..errors import DysfwError, ImageError
from ..util.out_of_memory import is_out_of_memory
from ..util.text import error_text

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Sequence[Result | ImageError]]


class Job(Protocol):
    """What ``run_stage`` needs of a working record."""

    @property
    def timings_ms(self) -> dict[str, float]:
        """Milliseconds by stage."""

    def fail(self, error: ImageError) -> None:
        """Record why it has no result."""


AnyJob = TypeVar("AnyJob", bound=Job)


def run_stage(
    name: str, worker: str, work: Callable[[Sequence[AnyJob]], Sequence[ImageError | None]], jobs: Sequence[AnyJob]
) -> None:
    """Run one stage, which fills in its part of each job.

    Args:
        name: Name of the stage, for the timings.
        worker: Who does the work, for messages, as in "the detector".
        work: Fills in the jobs; returns for each an error, or None.
        jobs: The batch. A job with an error records it.

    Raises:
        DysfwError: If the worker breaks its contract.
    """
    if not jobs:
        return
    started = time.perf_counter()
    errors = run_isolated(worker, work, jobs)
    milliseconds = (time.perf_counter() - started) * 1000 / len(jobs)
    for job, error in zip(jobs, errors, strict=True):
        job.timings_ms[name] = job.timings_ms.get(name, 0.0) + milliseconds
        if error is not None:
            job.fail(error)


def run_isolated(worker: str, work: Work[Item, Result], items: Sequence[Item]) -> list[Result | ImageError]:
    """Run ``work`` on a batch; if that raises, on each item by itself.

    Args:
        worker: Who does the work, for messages, as in "the detector".
        work: Maps a batch to results of the same number.
        items: The batch.

    Returns:
        For each item its result, or what went wrong with it.

    Raises:
        DysfwError: If the number of results is wrong, or if ``work`` raises it.
    """
    if not items:
        return []
    try:
        results = list(work(items))
    except DysfwError:
        raise
    except Exception as error:
        if len(items) == 1:
            if is_out_of_memory(error):
                return [out_of_memory(f"{worker} worked on this image")]
            message = f"{worker} failed on this image: {error_text(error)}"
            return [error if isinstance(error, ImageError) else ImageError("component_failed", message)]
        return [result for item in items for result in run_isolated(worker, work, [item])]
    if len(results) != len(items):
        raise DysfwError(f"{worker} broke its contract: {len(items)} items in, {len(results)} results out")
    return results
