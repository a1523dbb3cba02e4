"""One bad image never stops the others: a batch that fails is tried again one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import DysfwError, ImageError
from ..util.text import error_text

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Sequence[Result | ImageError]]


def run_isolated(what: str, work: Work[Item, Result], items: Sequence[Item]) -> list[Result | ImageError]:
    """``work(items)``: for each item its result or what is wrong with it. Where the whole batch raises, each item alone.

    what: who does the work, for the message. Raises DysfwError where the number of results is wrong, or where ``work`` does.
    """
    if not items:
        return []
    try:
        results = list(work(items))
    except DysfwError:
        raise
    except Exception as error:
        if len(items) == 1:
            return [ImageError("component_failed", f"{what} failed on this image: {error_text(error)}")]
        return [result for item in items for result in run_isolated(what, work, [item])]
    if len(results) != len(items):
        raise DysfwError(f"{what} broke its contract: {len(items)} items in, {len(results)} results out")
    return results
