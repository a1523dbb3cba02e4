import threading
import time

import pytest

from dysfw.util.concurrency import pipelined


def test_every_item_passes_every_stage_in_order():
    assert list(pipelined(range(50), [lambda n: n + 1, lambda n: n * 2])) == [2 * (n + 1) for n in range(50)]


def test_stages_work_at_the_same_time():
    met = threading.Barrier(2, timeout=10)  # passed only when both stages are in it

    def meet(n: int) -> int:
        if n in (1, 2):
            met.wait()
        return n

    def second(n: int) -> int:
        if n == 1:
            met.wait()
        return n

    assert list(pipelined([1, 2], [lambda n: n if n == 1 else meet(n), second])) == [1, 2]


def test_a_slow_consumer_holds_up_the_source():
    begun = 0

    def items():
        nonlocal begun
        for n in range(100):
            begun += 1
            yield n

    results = pipelined(items(), [lambda n: n] * 2)
    next(results)
    time.sleep(0.3)
    results.close()
    assert begun <= 10


@pytest.mark.parametrize("stage", [0, 1])
def test_an_error_in_a_stage_is_raised_after_all_earlier_items(stage):
    def fail(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    stages = [lambda n: n, lambda n: n]
    stages[stage] = fail
    results = pipelined(range(10), stages)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)


def test_an_error_in_the_source_is_raised():
    def items():
        yield 1
        raise OSError("gone")

    results = pipelined(items(), [lambda n: n])
    assert next(results) == 1
    with pytest.raises(OSError, match="gone"):
        next(results)


def test_all_threads_end_when_the_caller_stops():
    before = threading.active_count()
    results = pipelined(iter(int, 1), [lambda n: n] * 3)
    next(results)
    results.close()
    assert threading.active_count() == before
