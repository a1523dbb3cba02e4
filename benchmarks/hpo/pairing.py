"""What other similarities of signs reach, above which entries of OMIM and Orphanet can be one disease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cases import Cases
from choices import observed_only
from dysfw_hpo import counterparts
from dysfw_hpo.data import load_hpo
from dysfw_hpo.profiles import compile_profiles
from figures import TOP, shares
from ranking import rank_all

SIMILARITIES = (0.2, 0.3, 0.4, 0.5, 0.6)


@contextmanager
def smallest_similarity(value: float) -> Iterator[None]:
    """Let this process pair diseases by another similarity for a while."""
    default = counterparts.MIN_SIGNS
    try:
        counterparts.MIN_SIGNS = value
        yield
    finally:
        counterparts.MIN_SIGNS = default


def print_pairing(cases: Cases) -> None:
    """Print a row for each similarity, of observed signs of cases that are not cited."""
    print("\n| cosine similarity | pairs | " + " | ".join(f"top {n}" for n in TOP) + " |\n| --- | --- |" + " --- |" * len(TOP))
    for value in SIMILARITIES:
        with smallest_similarity(value):
            pairs = int((compile_profiles(load_hpo())[0]["counterpart"] >= 0).sum()) // 2
            found = rank_all(cases, observed_only(cases, pool=True, silence=True))
        cells = " | ".join(f"{one.value:.3f}" for one in shares(cases, found, cases.not_cited))
        print(f"| {value}{' (default)' if value == counterparts.MIN_SIGNS else ''} | {pairs:,} | {cells} |", flush=True)
