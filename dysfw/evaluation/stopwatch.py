"""Measures the time of each stage of an evaluation."""

from __future__ import annotations

import time


class Stopwatch:
    """Measures consecutive stages.

    Attributes:
        seconds: Time by stage.
    """

    def __init__(self) -> None:
        """Start the first stage."""
        self.seconds: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """Start a stage now."""
        self._last = time.perf_counter()

    def stage(self, name: str) -> None:
        """End the running stage, add its time, and start the next.

        Args:
            name: Name of the stage that ends.
        """
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 2)
        self._last = now
