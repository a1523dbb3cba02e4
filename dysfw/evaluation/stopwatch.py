"""How long each stage of an evaluation took."""

from __future__ import annotations

import time


class Stopwatch:
    """seconds: by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """A stage begins."""
        self._last = time.perf_counter()

    def stage(self, name: str) -> None:
        """It ends, and the next begins."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 2)
        self._last = now
