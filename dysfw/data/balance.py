"""How alike two groups of patients are: means, shares and standardised mean differences.

A standardised mean difference is the difference of two means in pooled standard deviations. Unlike a p-value it does not depend
on the number of patients; above 0.1 it is usually called an imbalance (Austin, Stat Med 2009; 28:3083–3107). Before and after
matching, the standard deviations are those of the patients who are compared: among children, differences would seem small in
the standard deviations of controls of all ages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Literal

import numpy as np
import numpy.typing as npt

from .match_patients import MatchPatient

Float64 = npt.NDArray[np.float64]
Kind = Literal["mean", "share"]
Groups = tuple[Sequence[MatchPatient], Sequence[MatchPatient]]
Value = Callable[[MatchPatient], float | None]  # a characteristic of a patient

LIMIT = 0.1  # absolute standardised mean difference, above which groups are not balanced
MIN_PATIENTS = 5  # of a group whose mean is reported, and of an ancestry with a row of its own; fewer could point to a person
ROUNDING = 1e-12
UNITS = {"age": "years", "yaw": "degrees", "sharpness": "octaves"}


@dataclass(frozen=True, slots=True)
class Summary:
    """One group in one characteristic.

    Attributes:
        known: Patients of whom it is known.
        mean: Their mean, or the share of them; None if there are fewer than ``MIN_PATIENTS``.
        sd: Standard deviation; of a share, sqrt(p (1 − p)); None without a mean.
    """

    known: int
    mean: float | None
    sd: float | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """Cases beside controls.

    Attributes:
        cases: The cases.
        controls: The controls.
        smd: Standardised mean difference, cases minus controls; None if it is unknown or infinite.
        balanced: Whether its absolute value is at most ``LIMIT``; None if nothing can be compared.
    """

    cases: Summary
    controls: Summary
    smd: float | None
    balanced: bool | None


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One characteristic before and after matching.

    Attributes:
        name: Such as "age", "female" or "age unknown".
        kind: Whether it is a mean or a share.
        unit: Of a mean; "" of a share.
        before: All patients.
        after: The matched ones; None if nobody was matched.
    """

    name: str
    kind: Kind
    unit: str
    before: Contrast
    after: Contrast | None


def balance(before: Groups, after: Groups | None) -> tuple[BalanceRow, ...]:
    """Compare cases and controls in everything that is known of them. Every patient counts once.

    Args:
        before: All cases and all controls.
        after: The matched ones; None if nobody was matched.

    Returns:
        A row for each characteristic that is known of anybody, and for each that is unknown of some.
    """
    everyone = [*before[0], *before[1]]
    rows = []
    for name in ("age", "sex", "ancestry", "yaw", "sharpness"):
        known = [value for one in everyone if (value := getattr(one, name)) is not None]
        if not known:
            continue
        if name in UNITS:
            rows.append(_row(name, UNITS[name], attrgetter(name), before, after))
        elif name == "sex":
            rows.append(_row("female", "", _female, before, after))
        else:
            rows += _ancestries(known, before, after)
        if len(known) < len(everyone):
            rows.append(_row(f"{name} unknown", "", partial(_unknown, name), before, after))
    return tuple(rows)


def unbalanced(rows: Sequence[BalanceRow]) -> tuple[str, ...]:
    """The names of the characteristics that are not balanced after matching.

    Args:
        rows: All characteristics.
    """
    return tuple(row.name for row in rows if row.after and row.after.balanced is False)


def standardised_difference(cases: Summary, controls: Summary) -> float | None:
    """The standardised mean difference of two groups.

    Args:
        cases: The one group.
        controls: The other group.

    Returns:
        It; infinite if different means have no spread, None if one of the means is unknown.
    """
    if cases.mean is None or controls.mean is None:
        return None
    difference = cases.mean - controls.mean
    if abs(difference) < ROUNDING:
        return 0.0
    deviation = math.sqrt(((cases.sd or 0.0) ** 2 + (controls.sd or 0.0) ** 2) / 2)
    return difference / deviation if deviation > ROUNDING else math.copysign(math.inf, difference)


def _female(one: MatchPatient) -> float | None:
    return None if one.sex is None else float(one.sex == "female")


def _unknown(name: str, one: MatchPatient) -> float:
    return float(getattr(one, name) is None)


def _ancestries(known: Sequence[str], before: Groups, after: Groups | None) -> list[BalanceRow]:
    spelt = {name.casefold(): name for name in sorted(known, reverse=True)}
    counts = Counter(name.casefold() for name in known)
    frequent = [name for name in sorted(counts, key=lambda one: (-counts[one], one)) if counts[name] >= MIN_PATIENTS]

    def among(names: frozenset[str]) -> Value:
        return lambda one: None if one.ancestry is None else float(one.ancestry.casefold() in names)

    parts = {f"ancestry {spelt[name]}": frozenset([name]) for name in frequent}
    if rare := frozenset(counts) - frozenset(frequent):
        parts[f"ancestries with fewer than {MIN_PATIENTS} patients"] = rare
    return [_row(title, "", among(names), before, after) for title, names in parts.items()]


def _row(name: str, unit: str, value: Value, before: Groups, after: Groups | None) -> BalanceRow:
    kind: Kind = "mean" if unit else "share"

    def contrast(groups: Groups) -> Contrast:
        cases, controls = (_summary([value(one) for one in group], kind) for group in groups)
        return _contrast(cases, controls)

    return BalanceRow(name, kind, unit, contrast(before), contrast(after) if after else None)


def _summary(values: Sequence[float | None], kind: Kind) -> Summary:
    known: Float64 = np.array([one for one in values if one is not None], np.float64)
    if not len(known):
        return Summary(0, None, None)
    mean = float(known.mean())
    if kind == "share":
        return Summary(len(known), mean, math.sqrt(mean * (1 - mean)))
    return Summary(len(known), mean, float(known.std(ddof=1)) if len(known) > 1 else 0.0)


def _contrast(cases: Summary, controls: Summary) -> Contrast:
    smd = standardised_difference(cases, controls)
    finite = smd if smd is not None and math.isfinite(smd) else None
    return Contrast(_hidden(cases), _hidden(controls), finite, None if smd is None else abs(smd) <= LIMIT)


def _hidden(one: Summary) -> Summary:
    """A summary of so few patients that it would tell of one of them, without its values."""
    return one if one.known >= MIN_PATIENTS else Summary(one.known, None, None)
