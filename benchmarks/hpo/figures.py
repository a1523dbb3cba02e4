"""Tables of how often the right disease is among the first N."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cases import Cases
from ranking import Float64

from dysfw.stats.bootstrap import estimate, patient_weights
from dysfw.stats.estimate import Estimate

TOP = (1, 5, 10, 30)


def shares(cases: Cases, found: Float64, mask: npt.NDArray[np.bool_], *, by_disease: bool = False) -> list[Estimate]:
    """Estimate how often the right disease is among the first N.

    Args:
        cases: The cases.
        found: float64 [N], the place of the right disease.
        mask: bool [N], the cases that count.
        by_disease: Whether each disease counts once, instead of each case.

    Returns:
        The shares with intervals over publications.
    """
    rows = np.flatnonzero(mask)
    drawn = patient_weights(np.zeros(len(rows), np.int64), cases.publication[rows])
    weight = np.ones(len(rows))
    if by_disease:
        weight = 1 / np.bincount(cases.truth[rows])[cases.truth[rows]]
    publications = len(np.unique(cases.publication[rows]))
    estimates = []
    for n in TOP:
        hit = (found[rows] <= n) * weight
        resampled = (drawn @ hit) / (drawn @ weight)
        estimates.append(estimate(float(hit.sum() / weight.sum()), resampled, publications))
    return estimates


def print_row(name: str, estimates: list[Estimate]) -> None:
    cells = [f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in estimates]
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def print_accuracy(cases: Cases, found: Float64) -> None:
    """Print the table of the evidence as it is."""
    print("\n| cases | number | " + " | ".join(f"top {n}" for n in TOP) + " |\n| --- | --- |" + " --- |" * len(TOP))
    groups = {
        "all": np.ones(len(found), bool), "covered": cases.covered, "covered, cited": cases.cited,
        "covered, not cited": cases.not_cited,
    }  # fmt: skip
    for name, mask in groups.items():
        print_row(f"{name} | {mask.sum():,}", shares(cases, found, mask))
    print_row(
        f"covered, not cited, each disease once | {cases.not_cited.sum():,}",
        shares(cases, found, cases.not_cited, by_disease=True),
    )


def print_without_own_publication(cases: Cases, found: Float64) -> None:
    """Print the table of cases whose own publication is left out of the annotations, for observed signs."""
    left = np.isfinite(found)
    print("\n| without the case's own publication | number | " + " | ".join(f"top {n}" for n in TOP), end=" |\n")
    print("| --- | --- |" + " --- |" * len(TOP))
    groups = {
        "covered": cases.covered,
        "covered, cited": cases.cited,
        "covered, cited, and signs of the disease are left": cases.cited & left,
        "covered, and signs of the disease are left": cases.covered & left,
    }
    for name, mask in groups.items():
        print_row(f"{name} | {mask.sum():,}", shares(cases, found, mask))
    print_row(
        f"covered, and signs of the disease are left, each disease once | {(cases.covered & left).sum():,}",
        shares(cases, found, cases.covered & left, by_disease=True),
    )
