"""Estimates of the remaining time, by an imagined clock."""

import pytest

from dysfw.util.remaining import RemainingTime, about


def estimates(moments: list[float], total: int, start: int = 0) -> list[float | None]:
    """The estimate after each item, of which ``moments`` has the times, s."""
    remaining, found = RemainingTime(start, 0.0), []
    for done, moment in enumerate(moments, start + 1):
        remaining.advance(done, moment)
        found.append(remaining.seconds(total, moment))
    return found


def test_nothing_is_estimated_from_the_first_seconds():
    found = estimates([0.5 * n for n in range(1, 101)], 100)
    assert found[:9] == [None] * 9
    assert found[9] == pytest.approx(45)


def test_nothing_remains_at_the_end():
    assert estimates([10.0, 20.0, 30.0], 3)[-1] is None


def test_one_batch_is_no_rate():
    assert estimates([12.0] * 16, 160) == [None] * 16


def test_batches_do_not_make_the_estimate_jump():
    """16 images every 10 s: a rate from one image to the next would be 16 in no time."""
    moments = [10.0 * (1 + n // 16) + 0.001 * (n % 16) for n in range(16 * 20)]
    found = estimates(moments, 16 * 40)
    for number in range(16 * 3, 16 * 20):
        left = 400.0 - moments[number]
        assert found[number] == pytest.approx(left, rel=0.25, abs=12)


def test_items_from_the_cache_are_soon_forgotten():
    """500 items at once, then one a second: 500 s remain, and a minute later the estimate is right."""
    moments = [0.5 + 0.001 * n for n in range(500)] + [1.0 + n for n in range(500)]
    found = estimates(moments, 1000)
    assert found[560] == pytest.approx(440, rel=0.1)
    assert found[800] == pytest.approx(200, rel=0.1)


def test_a_slow_start_is_soon_forgotten():
    """The first image takes 20 s, as a model is loaded; the others 0.1 s."""
    moments = [20.0 + 0.1 * n for n in range(1000)]
    found = estimates(moments, 1000)
    assert found[500] == pytest.approx(50, rel=0.15)


def test_late_items_raise_the_estimate():
    remaining = RemainingTime(0, 0.0)
    for done in range(1, 11):
        remaining.advance(done, float(done))
    assert remaining.seconds(20, 10.0) == pytest.approx(10)
    assert remaining.seconds(20, 60.0) > 50


def test_resumed_work_is_estimated_from_what_was_done_now():
    assert estimates([float(n) for n in range(1, 21)], 1000, start=900)[-1] == pytest.approx(80)


def test_long_work_needs_little_memory():
    remaining = RemainingTime(0, 0.0)
    for done in range(1, 200_001):
        remaining.advance(done, 0.01 * done)
    assert len(remaining._samples) < 3000
    assert remaining.seconds(400_000, 2000.0) == pytest.approx(2000, rel=0.02)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "a few seconds"), (5, "about 5 s"), (7, "about 10 s"), (55, "about 55 s"), (56, "about 1 min"),
        (61, "about 2 min"), (5399, "about 90 min"), (5400, "about 90 min"), (6000, "about 1 h 40 min"),
        (12_345, "about 3 h 30 min"),
    ],
)  # fmt: skip
def test_an_estimate_is_as_precise_as_it_deserves(seconds, text):
    assert about(seconds) == text
