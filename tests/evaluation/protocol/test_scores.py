"""Top-n scores, against their definition and against what is known."""

import time
from dataclasses import replace

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


def test_conditions_of_each_kind_are_scored_on_their_own(plan):
    """A model that knows conditions of one kind and guesses the others: each kind gets its own score, and its own chance."""
    known = {label: label in "Ae" for label in plan.labels}
    two = replace(plan, kinds={label: "known" if known[label] else "unknown" for label in plan.labels})
    is_known = np.array([known[label] for label in plan.labels])

    def values(split, m, k):
        return perfect(plan)(split, m, k) * is_known[plan.y[split.test_rows]][:, None]

    predictions = predictions_of(two, values)
    settings, conditions = score(two, predictions, TOP, 50)
    assert [one.model_copy(update={"kinds": []}) for one in settings] == score(plan, predictions, TOP, 50)[0]
    for setting in settings:
        assert [(one.kind, one.conditions) for one in setting.kinds] == [("known", 1), ("unknown", 2)]
        for name in ("images", "patients", "conditions"):
            assert sum(getattr(one, name) for one in setting.kinds) == getattr(setting, name)
        first, second = (one.top[0] for one in setting.kinds)
        assert first.macro.value == first.micro.value == 1
        assert second.macro.value == pytest.approx(second.chance)
        of_kind = [one.top[1] for one in conditions if (one.setting, one.kind) == (setting.name, "unknown")]
        assert second.macro.value == pytest.approx(np.mean(of_kind))


def test_a_split_that_tests_no_condition_of_a_kind_does_not_count_for_it(plan):
    """Chance is that of the splits that count."""
    rare = [split for split in plan.splits if split.setting == "rare-in-rare"][:2]
    is_e = [np.array([plan.labels[k] == "e" for k in plan.y[split.test_rows]]) for split in rare]
    first = replace(rare[0], test_rows=rare[0].test_rows[~is_e[0]])
    fewer = [row for row in rare[1].gallery_rows if plan.dataset.samples[row].label != "h"]
    second = replace(rare[1], gallery_rows=np.array(fewer))
    kinds = {label: "of e" if label == "e" else "of others" for label in plan.labels}
    changed = replace(plan, splits=(first, second), settings=(plan.settings[1],), kinds=kinds)
    ((setting,), _) = score(changed, predictions_of(changed, lambda _, m, k: np.zeros((m, k))), TOP, 50)
    assert {one.kind: one.splits for one in setting.kinds} == {"of e": 1, "of others": 2}
    assert [one.top[0].chance for one in setting.kinds] == [pytest.approx(1 / 3), pytest.approx((1 / 4 + 1 / 3) / 2)]
    assert [one.top[0].macro.value for one in setting.kinds] == [pytest.approx(one.top[0].chance) for one in setting.kinds]


def test_conditions_of_one_kind_have_no_scores_of_their_own(plan):
    assert all(not setting.kinds for setting in score(plan, predictions_of(plan, perfect(plan)), TOP, 50)[0])


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
