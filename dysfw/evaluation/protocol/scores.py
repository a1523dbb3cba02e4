"""Scores rankings of conditions: top-n, macro and micro, with intervals from a bootstrap over conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from ...data.dataset import patient_numbers
from ...data.split_groups import split_groups
from ...stats.bootstrap import RESAMPLES, estimate, patient_weights
from ...types import Bool, Int64
from .protocol import GallerySplit, ProtocolPlan, Setting
from .result import ConditionScores, KindScores, SettingScores, TopScore

Float64 = npt.NDArray[np.float64]


def expected_hits(scores: Float64, truth: Int64, top: Sequence[int]) -> Float64:
    """Compute the chance that the truth is among the first n, if conditions with the same score come in random order.

    An answer that is the same for all candidates thus scores as a guess does, whatever its order.

    Args:
        scores: float64 [M, K], higher is more likely; NaN for conditions that are no candidates.
        truth: int64 [M], the right condition.
        top: T numbers n.

    Returns:
        float64 [M, T], from 0 to 1.
    """
    of_truth = scores[np.arange(len(truth)), truth][:, None]
    higher, equal = (scores > of_truth).sum(axis=1), (scores == of_truth).sum(axis=1)
    hits: Float64 = np.clip((np.asarray(top) - higher[:, None]) / equal[:, None], 0, 1)
    return hits


@dataclass(frozen=True, slots=True, eq=False)
class _Tests:
    """The hits of a setting, by split and condition. S splits, C conditions, T numbers n.

    Attributes:
        hits: float64 [S, C, T], sums over images.
        images: float64 [S, C], numbers of test images.
        conditions: int64 [C], the conditions that some split tests.
        rows: int64 [R], the images that some split tests.
        candidates: Number of candidates of each split.
    """

    hits: Float64
    images: Float64
    conditions: Int64
    rows: Int64
    candidates: list[int]

    def only(self, kept: Bool, y: Int64) -> _Tests:
        """Return the tests of some conditions (bool [C]), without the splits that test none of them; y as in the plan."""
        tested = np.asarray((self.images[:, kept] > 0).any(axis=1))
        return replace(
            self,
            hits=self.hits[np.ix_(tested, kept)],
            images=self.images[np.ix_(tested, kept)],
            conditions=self.conditions[kept],
            rows=self.rows[np.isin(y[self.rows], self.conditions[kept])],
            candidates=[number for number, there in zip(self.candidates, tested.tolist(), strict=True) if there],
        )

    def macro(self, weights: Float64) -> Float64:
        """Mean over the conditions of each split, then over the splits, for weights [B, C]: float64 [B, T]."""
        share = np.divide(self.hits, self.images[..., None], out=np.zeros_like(self.hits), where=self.images[..., None] > 0)
        return self._mean(weights, share, (self.images > 0).astype(np.float64))

    def micro(self, weights: Float64) -> Float64:
        """Mean over the images of each split, then over the splits, for weights [B, C]: float64 [B, T]."""
        return self._mean(weights, self.hits, self.images)

    def _mean(self, weights: Float64, values: Float64, counts: Float64) -> Float64:
        """A split that a resample leaves without conditions does not count."""
        total = weights @ counts.T  # [B, S]
        sums = np.stack([weights @ value for value in values], axis=1)  # [B, S, T]
        means = np.divide(sums, total[..., None], out=np.zeros_like(sums), where=total[..., None] > 0)
        return np.asarray(means.sum(axis=1) / (total > 0).sum(axis=1)[:, None])


def score(
    plan: ProtocolPlan, predictions: Sequence[Float64], top: Sequence[int], resamples: int = RESAMPLES
) -> tuple[list[SettingScores], list[ConditionScores]]:
    """Score predictions.

    Intervals are percentile intervals over resamples of the conditions. Conditions that share a patient or a publication are
    drawn together, since their tests are not independent.

    Args:
        plan: The plan.
        predictions: For each split of the plan float64 [M, K], as ``expected_hits`` takes them.
        top: The n of the top-n scores.
        resamples: Number of resamples.

    Returns:
        The scores of each setting, and those of each condition in each setting.
    """
    clusters, patients = _clusters(plan), patient_numbers(plan.dataset.samples)
    settings: list[SettingScores] = []
    conditions: list[ConditionScores] = []
    for setting in plan.settings:
        own = [(split, each) for split, each in zip(plan.splits, predictions, strict=True) if split.setting == setting.name]
        sizes = [n for n in top if n < max(len(plan.candidates(split)) for split, _ in own)]
        tests = _tests(plan, own, sizes)
        top_of = partial(_top, sizes=sizes, clusters=clusters, resamples=resamples)
        settings.append(
            SettingScores(
                name=setting.name,
                title=setting.title,
                candidates=(min(tests.candidates), max(tests.candidates)),
                top=top_of(tests),
                kinds=[
                    KindScores(kind=kind, top=top_of(each), **_sizes(each, clusters, patients))
                    for kind, each in _by_kind(plan, tests)
                ],
                **_sizes(tests, clusters, patients),
            )
        )
        conditions += _conditions(plan, setting, tests, sizes, patients)
    return settings, conditions


def score_difference(
    plan: ProtocolPlan,
    predictions: Sequence[Float64],
    others: Sequence[Float64],
    top: Sequence[int],
    resamples: int = RESAMPLES,
) -> dict[str, list[TopScore]]:
    """Compare two models on the same tests.

    Args:
        plan: The plan.
        predictions: For each split of the plan float64 [M, K], as ``expected_hits`` takes them.
        others: Those of the other model.
        top: The n of the top-n scores.
        resamples: Number of resamples, of the conditions, as in ``score``.

    Returns:
        The scores of the first less those of the other, by the name of the setting; their ``chance`` means nothing.
    """
    clusters, differences = _clusters(plan), {}
    for setting in plan.settings:
        triples = zip(plan.splits, predictions, others, strict=True)
        own = [(split, one, other) for split, one, other in triples if split.setting == setting.name]
        sizes = [n for n in top if n < max(len(plan.candidates(split)) for split, *_ in own)]
        first = _tests(plan, [(split, one) for split, one, _ in own], sizes)
        second = _tests(plan, [(split, other) for split, _, other in own], sizes)
        paired = replace(first, hits=first.hits - second.hits)
        differences[setting.name] = _top(paired, sizes, clusters, resamples)
    return differences


def _tests(plan: ProtocolPlan, own: Sequence[tuple[GallerySplit, Float64]], sizes: Sequence[int]) -> _Tests:
    rows = np.unique(np.concatenate([split.test_rows for split, _ in own]))
    conditions = np.unique(plan.y[rows])
    hits = np.zeros((len(own), len(conditions), len(sizes)))
    images = np.zeros((len(own), len(conditions)))
    for s, (split, predicted) in enumerate(own):
        truth = plan.y[split.test_rows]
        index = np.searchsorted(conditions, truth)
        np.add.at(hits[s], index, expected_hits(predicted, truth, sizes))
        images[s] = np.bincount(index, minlength=len(conditions))
    return _Tests(hits, images, conditions, rows, [len(plan.candidates(split)) for split, _ in own])


def _by_kind(plan: ProtocolPlan, tests: _Tests) -> Iterator[tuple[str, _Tests]]:
    """The tests of each kind of conditions, sorted by kind, those without a name last; nothing if all are of one kind."""
    kinds = np.array([plan.kinds.get(plan.labels[k], "") for k in tests.conditions.tolist()])
    names = sorted(set(kinds.tolist()), key=lambda name: (not name, name))
    if len(names) > 1:
        yield from ((name, tests.only(kinds == name, plan.y)) for name in names)


def _sizes(tests: _Tests, clusters: Int64, patients: Int64) -> dict[str, int]:
    return {
        "splits": len(tests.candidates),
        "conditions": len(tests.conditions),
        "clusters": len(np.unique(clusters[tests.conditions])),
        "patients": len(np.unique(patients[tests.rows])),
        "images": len(tests.rows),
    }


def _top(tests: _Tests, sizes: Sequence[int], clusters: Int64, resamples: int) -> list[TopScore]:
    """The top-n scores of some tests, with intervals."""
    own = clusters[tests.conditions]
    weights = patient_weights(np.zeros(len(own), np.int64), own, resamples)  # of clusters, all in one stratum
    number, once = len(np.unique(own)), np.ones((1, len(own)))
    values = {"macro": (tests.macro(once)[0], tests.macro(weights)), "micro": (tests.micro(once)[0], tests.micro(weights))}
    return [
        TopScore(
            n=n,
            chance=float(np.mean([min(1.0, n / each) for each in tests.candidates])),
            **{name: estimate(float(value[t]), resampled[:, t], number) for name, (value, resampled) in values.items()},
        )
        for t, n in enumerate(sizes)
    ]


def _conditions(
    plan: ProtocolPlan, setting: Setting, tests: _Tests, sizes: Sequence[int], patients: Int64
) -> list[ConditionScores]:
    scores = []
    for c, k in enumerate(tests.conditions.tolist()):
        tested = tests.images[:, c] > 0
        shares = (tests.hits[tested, c] / tests.images[tested, c, None]).mean(axis=0)
        rows = tests.rows[plan.y[tests.rows] == k]
        scores.append(
            ConditionScores(
                setting=setting.name,
                label=plan.labels[k],
                kind=plan.kinds.get(plan.labels[k], ""),
                splits=int(tested.sum()),
                patients=len(np.unique(patients[rows])),
                images=len(rows),
                top={n: float(shares[t]) for t, n in enumerate(sizes)},
            )
        )
    return scores


def _clusters(plan: ProtocolPlan) -> Int64:
    """int64 [K], the cluster of each condition: those that share a group of images are in the same one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.flatnonzero(plan.y >= 0)
    groups, conditions = split_groups(plan.dataset.samples)[rows], len(plan.labels)
    nodes = conditions + int(groups.max()) + 1
    edges = coo_array((np.ones(len(rows)), (plan.y[rows], conditions + groups)), shape=(nodes, nodes))
    _, component = connected_components(edges, directed=False)
    return np.asarray(component[:conditions], np.int64)
