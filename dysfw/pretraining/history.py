"""What a training did, as JSON lines, for whoever wants to draw its curves."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import DysfwError

FILE = "history.jsonl"
EVERY = 20  # steps
SPEED = "images_per_s"


class History:
    """Losses averaged over a few steps at a time. done: steps before; lines of later ones, lost in a kill, are dropped."""

    def __init__(self, folder: Path, done: int, batch: int) -> None:
        self.path = folder / FILE
        self.batch = batch
        self.latest: Mapping[str, float] = {}
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._started = time.monotonic()
        kept = [line for line in _lines(self.path) if line["step"] <= done]
        self._write("w", "".join(json.dumps(line) + "\n" for line in kept))

    def add(self, step: int, losses: Mapping[str, float], settings: Mapping[str, float]) -> None:
        """step: how many are done. settings: what the schedule said of this step."""
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + loss
        self._steps += 1
        if self._steps < EVERY:
            return
        now = time.monotonic()
        speed = self.batch * self._steps / (now - self._started)
        self.latest = {name: total / self._steps for name, total in self._sums.items()} | {SPEED: speed}
        rounded = {name: float(f"{value:.6g}") for name, value in {**self.latest, **settings}.items()}
        self._write("a", json.dumps({"step": step} | rounded) + "\n")
        self._sums, self._steps, self._started = {}, 0, now

    @property
    def text(self) -> str:
        """ "identity 1.23, landmarks 0.0456, 78 images/s"; empty before there is anything to tell."""
        losses = [f"{name} {value:.3g}" for name, value in self.latest.items() if name not in ("total", SPEED)]
        return ", ".join([*losses, f"{self.latest[SPEED]:.3g} images/s"]) if losses else ""

    def _write(self, mode: str, text: str) -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise DysfwError(
                f"cannot write {self.path}: {error.strerror or error}", hint="make room, then run it again"
            ) from None


def _lines(path: Path) -> list[dict[str, float]]:
    """The lines of a history as far as they are whole."""
    lines: list[dict[str, float]] = []
    for text in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
