"""Rows of measurements, as Markdown and JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

UNSTEADY, UNCLEAR = 1.25, 2.0  # maximum / minimum
COLUMNS = ("measured", "value", "ratio", "to", "target", "met")


class Repeats(BaseModel, frozen=True):
    """One quantity, measured in several rounds.

    Attributes:
        values: The measurements.
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the measurements."""
        return statistics.median(self.values)

    @property
    def unsteady(self) -> bool:
        """Whether minimum and maximum differ by more than ``UNSTEADY``."""
        return max(self.values) > UNSTEADY * min(self.values)

    def text(self) -> str:
        """Median with minimum and maximum."""
        if len(self.values) == 1:
            return shown(self.median)
        suffix = ", unsteady" if self.unsteady else ""
        return f"{shown(self.median)} ({shown(min(self.values))}–{shown(max(self.values))}{suffix})"


class Target(BaseModel, frozen=True):
    """The required value of a quantity.

    Attributes:
        sign: "≥" for at least, "≤" for at most.
        bound: The limit.
        unit: Its unit, with a leading space.
    """

    sign: Literal["≥", "≤"]
    bound: float
    unit: str = ""

    def text(self) -> str:
        """The target in words."""
        return f"{self.sign} {self.bound:g}{self.unit}"

    def met_by(self, value: float) -> bool:
        """Whether a value meets the target."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


class Row(BaseModel, frozen=True):
    """One measured quantity.

    Attributes:
        what: What was measured.
        value: The value in ``unit``.
        unit: Its unit.
        ratio: The value relative to the reference ``to``.
        to: The reference.
        target: Target of the ratio or, without a ratio, of the value.
        problem: Why nothing was measured.
        failed: Whether the problem is an error.
        timed: Whether other programs influence the value.
        busy: Whether other programs used the processor.
    """

    what: str
    value: Repeats | None = None
    unit: str = ""
    ratio: Repeats | None = None
    to: str = ""
    target: Target | None = None
    problem: str = ""
    failed: bool = False
    timed: bool = True
    busy: bool = False

    @property
    def met(self) -> str:
        """Whether the target is met, in words."""
        measured = self.ratio or self.value
        if self.target is None or measured is None:
            return ""
        if self.timed and self.busy:
            return "unclear: the machine was busy"
        if max(measured.values) > UNCLEAR * min(measured.values):
            return "unclear: measure again"
        answer = "yes" if self.target.met_by(measured.median) else "no"
        mixed = len({self.target.met_by(value) for value in measured.values}) > 1
        return answer + (", but not in every round" if mixed and answer == "yes" else ", but in some rounds" if mixed else "")

    def cells(self) -> list[str]:
        """The cells of the table."""
        if self.problem:
            return [self.what, self.problem, "", "", self.target.text() if self.target else "", ""]
        value = "" if self.value is None else shown(self.value.median) if self.ratio else self.value.text()
        ratio = self.ratio.text() if self.ratio else ""
        return [self.what, f"{value} {self.unit}".strip(), ratio, self.to, self.target.text() if self.target else "", self.met]

    def record(self) -> dict[str, object]:
        """All measurements and the results of the table, for JSON."""
        medians = {name: repeats.median for name in ("value", "ratio") if (repeats := getattr(self, name))}
        return self.model_dump() | {"median": medians, "met": self.met}


def repeats(values: Sequence[float]) -> Repeats:
    """Collect repeated measurements."""
    return Repeats(values=tuple(values))


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Repeats:
    """Ratios of the rounds."""
    return repeats([one / other for one, other in zip(numerators, denominators, strict=True)])


def shown(number: float) -> str:
    """A number with about three significant digits."""
    size = abs(number)
    digits = 0 if size >= 100 or number == int(number) else 1 if size >= 10 else 2
    return f"{number:,.{digits}f}" if size >= 0.1 or not number else f"{number:.2g}"


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
