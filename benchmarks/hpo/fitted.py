"""Fits parameters to one half of the publications and reports them on the other half: how the parameters generalise.

Only cases count that the annotations of their disease do not cite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cases import Cases
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.likelihood import MENTIONED
from dysfw_hpo.profiles import load_profiles
from dysfw_hpo.record_signs import RecordReader
from figures import TOP, print_row, shares
from ranking import Float64, blocks, places

RATES = (0.0, 0.005, 0.01, 0.015, 0.02)  # probability that a sign is mentioned, for each sign of the record
WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0)
SIGNS = ((1, 4), (5, 8), (9, 15), (16, 1000))  # numbers of observed signs
DIVISORS = ("1", "√n (default)", "n")  # of the sum of the log ratios of n signs


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The log losses of N cases among K diseases of equal prior, in nats; NaN for cases whose disease is not among them.

    Attributes:
        by_weight: float64 [N, divisors, weights].
        by_rate: float64 [N, rates].
        places: float64 [N, rates], of the right disease.
        signs: float64 [N], the number of observed signs, at least 1.
    """

    by_weight: Float64
    by_rate: Float64
    places: Float64
    signs: Float64


def log_loss(values: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> Float64:
    """Compute the log loss of each row: float64 [n]."""
    shifted = values - values.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(truth)), truth]


def losses(cases: Cases) -> Losses:
    """Compute all losses, of observed signs."""
    data, profiles, count = load_hpo(), load_profiles(), len(cases.records)
    expected = profiles.expected[[data.diseases.position[disease.label] for disease in cases.diseases]]
    evidence, reader = Hpo(excluded_weight=0), RecordReader(data, suggest=False)
    found = Losses(
        np.full((count, len(DIVISORS), len(WEIGHTS)), np.nan), np.full((count, len(RATES)), np.nan),
        np.full((count, len(RATES)), np.inf), np.ones(count),
    )  # fmt: skip
    for rows, values in blocks(cases, evidence.log_likelihood):
        truth = cases.truth[rows]
        found.signs[rows] = [
            max(sum(sign.status == "observed" for sign in reader.read(cases.records[n]).signs), 1) for n in rows
        ]
        root = np.sqrt(found.signs[rows]).astype(np.float32)[:, None]
        for number, rate in enumerate(RATES):
            other = values - np.float32(rate - MENTIONED) * root * expected
            found.places[rows, number], found.by_rate[rows, number] = places(other, truth), log_loss(other, truth)
        for number, scaled in enumerate((values * root, values, values / root)):
            found.by_weight[rows, number] = np.stack([log_loss(weight * scaled, truth) for weight in WEIGHTS], axis=1)
    return found


def cross_fitted(of_setting: Float64, half: npt.NDArray[np.bool_]) -> tuple[list[int], npt.NDArray[np.int64]]:
    """Choose the setting with the lowest mean loss on each half.

    Args:
        of_setting: float64 [n, settings], losses.
        half: bool [n].

    Returns:
        The settings chosen on both halves, and int64 [n], that which was chosen on the other half.
    """
    chosen = [int(of_setting[half == side].mean(axis=0).argmin()) for side in (True, False)]
    return chosen, np.where(half, chosen[1], chosen[0])


def print_fitted(cases: Cases) -> None:
    """Print both tables."""
    found, mask = losses(cases), cases.not_cited
    number = np.random.default_rng(0).permutation(cases.publication.max() + 1)
    half = number[cases.publication] % 2 == 0
    chosen, other = cross_fitted(found.by_rate[mask], half[mask])
    crossed = found.places[:, 0].copy()
    crossed[mask] = found.places[mask, other]
    print(f"\nprobability, chosen on each half of the publications: {' and '.join(str(RATES[n]) for n in chosen)}")
    print(
        "\n| probability that a sign is mentioned, for each sign | log loss | "
        + " | ".join(f"top {n}" for n in TOP)
        + " |\n| --- |"
        + " --- |" * 5
    )
    for column, rate in enumerate(RATES):
        name = f"{rate}{' (default)' if rate == MENTIONED else ''} | {found.by_rate[mask, column].mean():.2f}"
        print_row(name, shares(cases, found.places[:, column], mask))
    print_row(f"chosen on the other half | {found.by_rate[mask, other].mean():.2f}", shares(cases, crossed, mask))
    heads = [f"best weight, {low}–{high} signs" if high < 1000 else f"{low} or more" for low, high in SIGNS]
    print("\n| sum of log ratios divided by | log loss, weight fitted on the other half | weights | weight 1 | ", end="")
    print(" | ".join(heads) + " |\n| --- |" + " --- |" * (3 + len(SIGNS)))
    for row, name in enumerate(DIVISORS):
        table = found.by_weight[mask, row]
        chosen, other = cross_fitted(table, half[mask])
        cells = [
            f"{table[np.arange(len(table)), other].mean():.2f}", " and ".join(str(WEIGHTS[n]) for n in chosen),
            f"{table[:, WEIGHTS.index(1.0)].mean():.2f}",
        ]  # fmt: skip
        for low, high in SIGNS:
            some = (found.signs[mask] >= low) & (found.signs[mask] <= high)
            cells.append(str(WEIGHTS[table[some].mean(axis=0).argmin()]))
        print(f"| {name} | " + " | ".join(cells) + " |")
