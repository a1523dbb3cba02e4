"""Top-n scores, against their definition and against what is known."""

import time

import numpy as np
import pytest
from protocol_data import dataset_of, long_tailed

from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.protocol import TOP, checked_plan
from dysfw.evaluation.protocol.scores import expected_hits, score


@pytest.fixture(scope="module")
def plan():
    return checked_plan(FrequentRare(), long_tailed())


def predictions_of(plan, values):
    """values(split, number of images, number of conditions), with NaN for what is no candidate."""
    predictions = []
    for split in plan.splits:
        scores = np.full((len(split.test_rows), len(plan.labels)), np.nan)
        candidates = plan.candidates(split)
        scores[:, candidates] = values(split, *scores.shape)[:, candidates]
        predictions.append(scores)
    return predictions


def perfect(plan):
    return lambda split, m, k: (np.arange(k) == plan.y[split.test_rows][:, None]).astype(float)


def test_ties_count_as_the_mean_over_all_orders():
    scores = np.array([[3.0, 2.0, 2.0, 2.0, np.nan, 1.0]])
    assert expected_hits(scores, np.array([1]), [1, 2, 3, 4, 5]).tolist() == [[0, 1 / 3, 2 / 3, 1, 1]]
    assert expected_hits(scores, np.array([0]), [1]).tolist() == [[1]]
    assert expected_hits(scores, np.array([5]), [4, 5]).tolist() == [[0, 1]]


@pytest.mark.parametrize("constant", [0.0, -7.5, 1e300])
def test_a_constant_answer_scores_as_chance(plan, constant):
    settings, conditions = score(plan, predictions_of(plan, lambda _, m, k: np.full((m, k), constant)), TOP, 50)
    for setting in settings:
        assert [top.n for top in setting.top] == [n for n in TOP if n < setting.candidates[1]]
        for top in setting.top:
            assert top.macro.value == pytest.approx(top.chance)
            assert top.micro.value == pytest.approx(top.chance)
            assert top.chance == pytest.approx(top.n / setting.candidates[0])
    assert all(one.top[1] == pytest.approx(1 / 7) for one in conditions if one.setting.endswith("in-all"))


def test_a_perfect_answer_scores_1_with_an_interval_that_knows_the_number_of_conditions(plan):
    settings, _ = score(plan, predictions_of(plan, perfect(plan)), TOP, 50)
    for setting in settings:
        first = setting.top[0]
        assert first.macro.value == first.micro.value == 1
        assert first.macro.low == pytest.approx(0.025 ** (1 / setting.clusters))
    # A and e share a publication, and count as one if both are tested.
    assert {setting.name: (setting.conditions, setting.clusters) for setting in settings} == {
        "frequent-in-frequent": (3, 3), "rare-in-rare": (3, 3), "frequent-in-all": (3, 3), "rare-in-all": (3, 3),
    }  # fmt: skip


def test_macro_is_the_mean_over_conditions_and_then_over_splits(plan):
    rng = np.random.default_rng(0)
    predictions = predictions_of(plan, lambda _, m, k: rng.integers(0, 4, (m, k)).astype(float))
    settings, conditions = score(plan, predictions, TOP, 50)
    for setting in settings:
        macro, micro = [], []
        for split, scores in zip(plan.splits, predictions, strict=True):
            if split.setting != setting.name:
                continue
            by_condition = {}
            for row, each in zip(split.test_rows, scores, strict=True):
                k = plan.y[row]
                higher, equal = np.nansum(each > each[k]), np.nansum(each == each[k])
                by_condition.setdefault(k, []).append(min(max((1 - higher) / equal, 0), 1))
            macro.append(np.mean([np.mean(hits) for hits in by_condition.values()]))
            micro.append(np.mean([hit for hits in by_condition.values() for hit in hits]))
        assert setting.top[0].macro.value == pytest.approx(np.mean(macro))
        assert setting.top[0].micro.value == pytest.approx(np.mean(micro))
    by_setting = {s.name: [one.top[1] for one in conditions if one.setting == s.name] for s in settings}
    assert np.mean(by_setting["frequent-in-frequent"]) == pytest.approx(settings[0].top[0].macro.value)


def test_conditions_of_one_publication_are_drawn_together():
    rows = [(label, None, f"{label}{n}", 1) for label in "ABCDE" for n in range(8)]
    apart = checked_plan(FrequentRare(), dataset_of(rows))
    together = checked_plan(FrequentRare(), dataset_of([*rows, ("A", "p", "A9", 1), ("B", "p", "B9", 1)]))
    assert [score(one, predictions_of(one, perfect(one)), TOP, 50)[0][0].clusters for one in (apart, together)] == [5, 4]


def test_intervals_cover_the_true_accuracy_in_95_of_100_cases():
    """Conditions differ in how often they are recognised; the interval is that of a mean over such conditions."""
    plan = checked_plan(FrequentRare(), dataset_of([(f"c{c:02}", None, f"{c}-{n}", 1) for c in range(40) for n in range(10)]))
    rng, covered, runs = np.random.default_rng(7), 0, 300

    def values(split, m, k):
        hit = rng.random(k)[plan.y[split.test_rows]] > rng.random(m)  # uniform: the true mean is 0.5
        scores = rng.random((m, k))
        scores[np.arange(m), plan.y[split.test_rows]] = np.where(hit, 2, -1)
        return scores

    for _ in range(runs):
        top = score(plan, predictions_of(plan, values), TOP, 400)[0][0].top[0].macro
        covered += top.low <= 0.5 <= top.high
    print(f"the interval contains the true value in {100 * covered / runs:.1f} % of {runs} simulated data sets")
    assert 0.91 <= covered / runs <= 0.985


def test_many_conditions_are_scored_in_seconds():
    """240 conditions, ten splits, 2,000 resamples."""
    rows = [(f"f{c:03}", None, f"f{c}-{n}", 1) for c in range(120) for n in range(10)]
    rows += [(f"r{c:03}", None, f"r{c}-{n}", 1) for c in range(120) for n in range(4)]
    plan = checked_plan(FrequentRare(), dataset_of(rows))
    rng = np.random.default_rng(0)
    predictions = predictions_of(plan, lambda _, m, k: rng.random((m, k)))
    start = time.perf_counter()
    settings, _ = score(plan, predictions, TOP)
    assert time.perf_counter() - start < 10
    for top in settings[-1].top:
        assert top.macro.low < top.chance < top.macro.high
