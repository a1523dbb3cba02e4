"""A stage runs on a batch; an error of one item is its own."""

import pytest

from dysfw.errors import DysfwError, ImageError
from dysfw.inference.stages import run_isolated


def halves(items):
    for item in items:
        if item == 13:
            raise ImageError("unlucky", "13 cannot be halved")
        if item == 7:
            raise ValueError("seven")
    return [item / 2 for item in items]


def test_an_error_of_one_item_leaves_the_others():
    first, raised, failed, last = run_isolated("the halver", halves, [2, 13, 7, 4])
    assert (first, last) == (1, 2)
    assert (raised.code, raised.message) == ("unlucky", "13 cannot be halved")
    assert (failed.code, failed.message) == ("component_failed", "the halver failed on this image: ValueError: seven")


def test_results_of_another_number_break_the_contract():
    with pytest.raises(DysfwError, match="the halver broke its contract: 2 items in, 1 results out"):
        run_isolated("the halver", lambda items: items[:1], [1, 2])


def test_nothing_is_run_on_nothing():
    assert run_isolated("the halver", halves, []) == []


def test_lack_of_memory_is_not_a_failure_of_the_component() -> None:
    def hungry(items):
        raise MemoryError("Unable to allocate 3 GiB")

    (error,) = run_isolated("the halver", hungry, [2])
    assert error.code == "out_of_memory"
    assert error.message.startswith("this machine ran out of memory while the halver worked on this image")
