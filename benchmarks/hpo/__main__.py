"""How often signs alone find the disease of published cases.

    python benchmarks/hpo

Ranks all diseases of OMIM that have signs, for each published case that dysfw-phantom ships. Prints Markdown tables: how often
the right disease is among the first N, with 95 % intervals over publications; the same as if each case's own publication had
not been annotated; what other choices, shares of the mixture and pairings reach; calibration; and times.

Cases are counted together (all; one whose disease has no signs in HPO counts as a miss), and apart by whether HPO's annotations
of the disease cite the case's publication. If they do, the answer was partly written from the case. Nothing is fitted here but
the two parameters of the last tables, to one half of the publications at a time, and reported on the other half.
"""

from __future__ import annotations

import time
from collections import Counter

from cases import Cases, load_cases
from choices import print_choices
from dysfw_hpo.evidence import Hpo
from figures import print_accuracy, print_without_own_publication
from fitted import print_fitted
from mixtures import print_mixtures
from own_publication import rank_without_own_publication
from pairing import print_pairing
from ranking import rank_all


def print_times(cases: Cases) -> None:
    """Print how long loading and rankings take in this process."""
    started = time.perf_counter()
    evidence = Hpo()
    evidence.load()
    loaded = time.perf_counter()
    evidence.log_likelihood(cases.records[:1], cases.all_diseases)
    first = time.perf_counter()
    for record in cases.records[:200]:
        evidence.log_likelihood([record], cases.all_diseases)
    each = (time.perf_counter() - first) / 200
    print(
        f"\nloaded in {loaded - started:.2f} s; {len(cases.all_diseases):,} diseases ranked in {each * 1e3:.0f} ms, "
        f"the first time in {(first - loaded) * 1e3:.0f} ms"
    )


def main() -> None:
    started = time.perf_counter()
    cases = load_cases()
    print(
        f"{len(cases.records):,} cases from {len(set(cases.publication)):,} publications; {cases.covered.sum():,} with a "
        f"disease among {len(cases.diseases):,} of OMIM with signs in HPO; {cases.cited.sum():,} of them cited for it, "
        f"{cases.not_cited.sum():,} not cited"
    )
    diseases = Counter(cases.truth[cases.not_cited].tolist())
    (most, number), *_ = diseases.most_common(1)
    print(f"cases not cited: {len(diseases):,} diseases, {number:,} cases with {cases.diseases[most].label}")
    print_times(cases)
    print_accuracy(cases, rank_all(cases, Hpo().log_likelihood))
    print_without_own_publication(cases, rank_without_own_publication(cases))
    print_choices(cases)
    print_mixtures(cases)
    print_pairing(cases)
    print_fitted(cases)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
