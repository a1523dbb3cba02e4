"""Estimates of the time that work still takes."""

from __future__ import annotations

import itertools
import math
from collections import deque

MIN_SECONDS = 5.0  # of work before an estimate means something
MIN_ADVANCES = 2  # times that items were finished, since the first ones contain the warm-up
WINDOW = 20.0  # s over which the rate is measured at least
WINDOW_SHARE = 1 / 3  # of the time so far, over which it is measured in long work
MERGED = 0.2  # s within which items count as finished together, as those of one batch are
MAX_SAMPLES = 1000


class RemainingTime:
    """Estimates the remaining time from the rate at which items were finished recently.

    Items often come in batches, after a warm-up, or some from a cache at first. So the rate is measured between two moments at
    which items were finished, over the last third of the time so far, and not from single items.

    Args:
        start: Number of items that were finished before.
        now: The time, s; any clock.
    """

    def __init__(self, start: int, now: float) -> None:
        self._began = now
        self._advances = 0
        self._samples: deque[tuple[float, int]] = deque([(now, start)])  # moments, and how many items were finished by then

    def advance(self, done: int, now: float) -> None:
        """Report how many items are finished.

        Args:
            done: Their number.
            now: The time, s.
        """
        if self._advances and now - self._samples[-1][0] <= self._together(now):
            self._samples[-1] = (self._samples[-1][0], done)
        else:
            self._samples.append((now, done))
            self._advances += 1
        while len(self._samples) > 2 and self._samples[1][0] <= now - self._window(now):
            self._samples.popleft()

    def seconds(self, total: int, now: float) -> float | None:
        """Estimate the remaining time.

        Args:
            total: Number of items in all.
            now: The time, s.

        Returns:
            The time, s; None if it is not known yet, or nothing remains.
        """
        finished = self._samples[-1][1]
        if self._advances < MIN_ADVANCES or now - self._began < MIN_SECONDS or finished >= total:
            return None
        samples = list(self._samples)
        if now - samples[-1][0] <= self._together(now):  # more items of the same batch may follow at once
            samples = samples[:-1] if len(samples) > 2 else samples
        (first, before), (last, done) = samples[0], samples[-1]
        longest = max(later - earlier for (earlier, _), (later, _) in itertools.pairwise(samples))
        end = max(last, now - longest)  # if the next items are late, the rate has dropped
        pace = (end - first) / max(done - before, 1)
        return max(pace * (total - finished), 1.0)

    def _together(self, now: float) -> float:
        """Within how many seconds items count as finished together."""
        return max(MERGED, (now - self._began) / MAX_SAMPLES)

    def _window(self, now: float) -> float:
        return max(WINDOW, (now - self._began) * WINDOW_SHARE)


def about(seconds: float) -> str:
    """Format an estimate as precisely as it deserves.

    Args:
        seconds: The time, s.

    Returns:
        Text such as "a few seconds", "about 40 s", "about 12 min" or "about 3 h 20 min".
    """
    if seconds < 5:
        return "a few seconds"
    if seconds <= 55:
        return f"about {5 * math.ceil(seconds / 5)} s"
    minutes = math.ceil(seconds / 60)
    if minutes >= 180:
        minutes = 10 * math.ceil(minutes / 10)
    return f"about {minutes} min" if minutes <= 90 else f"about {minutes // 60} h {minutes % 60} min"
