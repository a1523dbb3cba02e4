"""Permutation test of an audit of records: labels are permuted between publications, and all statistics are computed again.

Tested together are how often the nearest record names the condition, by excluded signs and by assessed signs, as a mean over
the conditions; the same by excluded signs for each condition; and the best property of whole records for any condition.

The test uses one patient of each publication and condition. Patients of one publication were examined by the same people for
the same signs, so that they are not exchangeable with others. Which record is the nearest does not depend on labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..stats.bootstrap import Float64
from ..stats.one_hot import one_hot
from ..types import Bool, Int64
from ..util.progress import Progress
from ..util.threads import one_thread
from .feature_table import Table
from .nearest_records import named
from .permutation import rank_sums_of_each, standardised_ranks
from .permutation_null import SINGLE, PermutationNull, Statistic

EXCLUDED, ASSESSED, SIGNS = "excluded", "assessed", "signs"
TESTED = (EXCLUDED, ASSESSED)


def permuted_records(
    nearest: Mapping[str, Int64], table: Table, y: Int64, *, permutations: int, seed: int, progress: Progress
) -> PermutationNull:
    """Compute all statistics with the original and with permuted labels.

    Args:
        nearest: int64 [U, D], the nearest records by EXCLUDED and by ASSESSED, see ``nearest_records``.
        table: How complete each of the U records is.
        y: int64 [U], class of each record; every class 0 to K-1 occurs.
        permutations: Number of permutations.
        seed: Random seed.
        progress: Receives the progress.

    Returns:
        The statistics: the balanced accuracy for each of TESTED; for EXCLUDED also the number of patients named of each class.
    """
    rng = np.random.default_rng(seed)
    labels = [y, *(rng.permutation(y) for _ in range(permutations))]
    members, ranks = np.bincount(y), standardised_ranks(table)
    classes = len(members)
    families: dict[str, Sequence[int | None]] = {EXCLUDED: (None, *range(classes)), ASSESSED: (None,)}
    statistics = [Statistic(group, label) for group, family in families.items() for label in family]
    floors = [0.0 if one.label is None else 1.0 for one in statistics]

    def measured() -> Iterator[Float64]:
        for one in labels:
            counts = {group: np.bincount(one, named(nearest[group], one), classes) for group in TESTED}
            balanced = {group: mean_over_tested(counts[group] / members, members) for group in TESTED}
            single = np.abs(rank_sums_of_each(one_hot(one, classes, dtype=np.float32), ranks)).max()
            yield np.array([balanced[EXCLUDED], *counts[EXCLUDED], balanced[ASSESSED], single])

    tracked = progress.track(measured(), "permuting labels of records", len(labels), "permutations")
    with one_thread():  # p-values compare to the last digits
        values = np.array(list(tracked))
        features = rank_sums_of_each(one_hot(y, classes, dtype=np.float32), ranks)
    # A condition of two patients is named once by chance in some permutations, which is many of its tiny standard deviations:
    # less than one patient counts as no deviation, or the large conditions would never stand out.
    return PermutationNull((*statistics, SINGLE), values, features, floors=np.array([*floors, 0.0]))


def mean_over_tested(shares: Float64, members: Int64) -> float:
    """Average over the classes with at least two members: of a single one, no other record can be the nearest.

    Args:
        shares: float64 [K].
        members: int64 [K], numbers of patients, each of another publication.

    Returns:
        The mean; 0 if there is no such class.
    """
    tested: Bool = members > 1
    return float(shares[tested].mean()) if tested.any() else 0.0
