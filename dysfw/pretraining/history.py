"""The training history: losses and settings as JSON Lines, for plots."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import DysfwError

FILE = "history.jsonl"
INTERVAL = 20  # steps per line
SPEED = "images_per_s"


class History:
    """Averages losses over 20 steps at a time and appends them to a file.

    Args:
        folder: Folder of the file ``history.jsonl``.
        done: Number of completed steps; lines of later steps, from an interrupted run, are dropped.
        batch_size: Crops per step.

    Attributes:
        path: The file.
        batch_size: Crops per step.
        latest: The values of the last line.
    """

    def __init__(self, folder: Path, done: int, batch_size: int) -> None:
        self.path = folder / FILE
        self.batch_size = batch_size
        self.latest: Mapping[str, float] = {}
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._started = time.monotonic()
        lines = [line for line in _lines(self.path) if line["step"] <= done]
        self._write("w", "".join(json.dumps(line) + "\n" for line in lines))

    def add(self, step: int, losses: Mapping[str, float], settings: Mapping[str, float]) -> None:
        """Add one step.

        Args:
            step: Number of completed steps.
            losses: Losses of this step by name.
            settings: Learning rate and other settings of this step by name.
        """
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + loss
        self._steps += 1
        if self._steps < INTERVAL:
            return
        now = time.monotonic()
        speed = self.batch_size * self._steps / (now - self._started)
        self.latest = {name: total / self._steps for name, total in self._sums.items()} | {SPEED: speed}
        rounded = {name: float(f"{value:.6g}") for name, value in {**self.latest, **settings}.items()}
        self._write("a", json.dumps({"step": step} | rounded) + "\n")
        self._sums, self._steps, self._started = {}, 0, now

    @property
    def text(self) -> str:
        """The latest losses, such as "identity 1.23, landmarks 0.0456, 78 images/s"; empty at the start."""
        losses = [f"{name} {value:.3g}" for name, value in self.latest.items() if name not in ("total", SPEED)]
        return ", ".join([*losses, f"{self.latest[SPEED]:.3g} images/s"]) if losses else ""

    def _write(self, mode: str, text: str) -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise DysfwError(
                f"cannot write {self.path}: {error.strerror or error}", hint="free disk space, then run the command again"
            ) from None


def _lines(path: Path) -> list[dict[str, float]]:
    """Read a history up to its first incomplete line."""
    lines: list[dict[str, float]] = []
    for text in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
