"""What other shares of the sign itself and of chance in the mixture reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cases import Cases
from dysfw_hpo import likelihood
from dysfw_hpo.evidence import Hpo
from figures import TOP, shares
from ranking import rank_all

# Of the sign itself and of chance; the rest is for ancestors.
SHARES = ((0.85, 0.1), (0.75, 0.2), (0.95, 0.04), (0.7, 0.1), (0.89, 0.01), (0.5, 0.1))


@contextmanager
def mixture(exact: float, chance: float) -> Iterator[None]:
    """Let the likelihood ratios of this process use other shares for a while."""
    default = likelihood.EXACT, likelihood.CHANCE
    try:
        likelihood.EXACT, likelihood.CHANCE = exact, chance
        likelihood.ancestor_weights.cache_clear()
        yield
    finally:
        likelihood.EXACT, likelihood.CHANCE = default
        likelihood.ancestor_weights.cache_clear()


def print_mixtures(cases: Cases) -> None:
    """Print a row for each choice, of cases that are not cited."""
    print("\n| the sign itself | its ancestors | chance | " + " | ".join(f"top {n}" for n in TOP) + " |")
    print("| --- | --- | --- |" + " --- |" * len(TOP))
    default = likelihood.EXACT, likelihood.CHANCE
    for exact, chance in SHARES:
        with mixture(exact, chance):
            found = rank_all(cases, Hpo().log_likelihood)
        values = " | ".join(f"{one.value:.3f}" for one in shares(cases, found, cases.not_cited))
        name = f"{exact:.2f}{' (default)' if (exact, chance) == default else ''}"
        print(f"| {name} | {1 - exact - chance:.2f} | {chance:.2f} | {values} |", flush=True)
