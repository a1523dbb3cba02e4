"""The rows that measurements make, as Markdown and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

UNSTEADY, UNCLEAR = 1.25, 2.0  # the most over the least
COLUMNS = ("measured", "value", "ratio", "to", "aim", "met")


class Spread(BaseModel, frozen=True):
    """One quantity, measured in several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def unsteady(self) -> bool:
        return max(self.values) > UNSTEADY * min(self.values)

    def text(self) -> str:
        if len(self.values) == 1:
            return shown(self.median)
        end = ", unsteady" if self.unsteady else ""
        return f"{shown(self.median)} ({shown(min(self.values))}–{shown(max(self.values))}{end})"


class Aim(BaseModel, frozen=True):
    """What a quantity ought to be. sign: at least or at most."""

    sign: Literal["≥", "≤"]
    bound: float
    unit: str = ""

    def text(self) -> str:
        return f"{self.sign} {self.bound:g}{self.unit}"

    def met_by(self, value: float) -> bool:
        return value >= self.bound if self.sign == "≥" else value <= self.bound


class Row(BaseModel, frozen=True):
    """value: in ``unit``; ratio: to ``to``. The aim is that of the ratio, or of the value where there is none. problem: why
    nothing was measured; failed: whether that is a fault. timed: whether it is a time; busy: whether other programs computed
    meanwhile."""

    what: str
    value: Spread | None = None
    unit: str = ""
    ratio: Spread | None = None
    to: str = ""
    aim: Aim | None = None
    problem: str = ""
    failed: bool = False
    timed: bool = True
    busy: bool = False

    @property
    def met(self) -> str:
        aimed = self.ratio or self.value
        if self.aim is None or aimed is None:
            return ""
        if self.timed and self.busy:
            return "unclear: the machine was busy"
        if max(aimed.values) > UNCLEAR * min(aimed.values):
            return "unclear: measure again"
        said = "yes" if self.aim.met_by(aimed.median) else "no"
        mixed = len({self.aim.met_by(value) for value in aimed.values}) > 1
        return said + (", but not in every round" if mixed and said == "yes" else ", but in some rounds" if mixed else "")

    def cells(self) -> list[str]:
        if self.problem:
            return [self.what, self.problem, "", "", self.aim.text() if self.aim else "", ""]
        value = "" if self.value is None else shown(self.value.median) if self.ratio else self.value.text()
        ratio = self.ratio.text() if self.ratio else ""
        return [self.what, f"{value} {self.unit}".strip(), ratio, self.to, self.aim.text() if self.aim else "", self.met]

    def record(self) -> dict[str, object]:
        """For JSON: all that was measured, and what the table makes of it."""
        medians = {name: spread.median for name in ("value", "ratio") if (spread := getattr(self, name))}
        return self.model_dump() | {"median": medians, "met": self.met}


def spread(values: Sequence[float]) -> Spread:
    return Spread(values=tuple(values))


def ratio(these: Sequence[float], those: Sequence[float]) -> Spread:
    """Round by round."""
    return spread([one / other for one, other in zip(these, those, strict=True)])


def shown(number: float) -> str:
    """Three digits that count, and no more than are needed."""
    size = abs(number)
    digits = 0 if size >= 100 or number == int(number) else 1 if size >= 10 else 2
    return f"{number:,.{digits}f}" if size >= 0.1 or not number else f"{number:.2g}"


def markdown(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
