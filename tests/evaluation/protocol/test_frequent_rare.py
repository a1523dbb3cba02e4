"""The rules frequent-rare hold for any data set."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from protocol_data import dataset_of, long_tailed

from dysfw.data.split_groups import split_groups
from dysfw.errors import DysfwError
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.protocol import checked_plan

ROWS = st.lists(
    st.tuples(
        st.sampled_from("AAAAABBBBBcccde"), st.sampled_from([None, None, *"pqrstuvw"]), st.integers(0, 40), st.integers(1, 2)
    ),
    min_size=20,
    max_size=60,
)


def plan_of(dataset):
    return checked_plan(FrequentRare(), dataset)


def described(plan):
    """The plan as names, whatever the order of rows."""
    return {
        (split.setting, split.number): (
            {plan.names[n] for n in split.gallery_rows},
            {plan.names[n] for n in split.test_rows},
        )
        for split in plan.splits
    } | {"training": {plan.names[n] for n in plan.training_rows}}


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_every_plan_keeps_the_rules(rows, shuffler):
    unique = {f"{patient}-{images}": (label, paper, f"{patient}-{images}", images) for label, paper, patient, images in rows}
    dataset = dataset_of(unique.values())
    try:
        plan = plan_of(dataset)
    except DysfwError:  # nothing can be tested
        event("none")
        return
    groups, labels = split_groups(dataset.samples), [sample.label for sample in dataset.samples]
    patients = defaultdict(set)
    for sample in dataset.samples:
        patients[sample.label].add(sample.patient)
    assert plan.kinds == {
        label: "frequent" if len(those) > 6 else "rare" for label, those in patients.items() if len(those) > 1
    }
    event(f"{len(plan.settings)} settings")
    galleries = defaultdict(set)
    for split in plan.splits:
        gallery, test = set(groups[split.gallery_rows]), set(groups[split.test_rows])
        assert gallery.isdisjoint(test)
        tested, candidates = {labels[n] for n in split.test_rows}, {labels[n] for n in split.gallery_rows}
        assert tested <= candidates
        kind, _, among = split.setting.partition("-in-")
        assert {plan.kinds[label] for label in tested} == {kind}
        # No condition ever loses its whole gallery.
        assert candidates == {label for label, each in plan.kinds.items() if among in (each, "all")}
        galleries[split.number, among].add(split.gallery_rows.tobytes())
    assert all(len(same) == 1 for (_, among), same in galleries.items() if among == "all")  # settings share a gallery
    assert {plan.kinds[labels[n]] for n in plan.training_rows} <= {"frequent"}
    rare = {group for group, label in zip(groups, labels, strict=True) if plan.kinds.get(label) == "rare"}
    assert rare.isdisjoint(groups[plan.training_rows])
    shuffled = list(dataset.samples)
    shuffler.shuffle(shuffled)
    assert described(plan_of(replace(dataset, samples=tuple(shuffled)))) == described(plan)
    assert plan_of(replace(dataset, samples=tuple(shuffled))).fingerprint == plan.fingerprint


def test_a_tenth_of_the_patients_of_a_frequent_condition_is_tested_in_whole_groups():
    plan = plan_of(long_tailed())
    (split,) = plan.of_setting(plan.settings[0])
    tested = defaultdict(set)
    for n in split.test_rows:
        sample = plan.dataset.samples[n]
        tested[sample.label].add((sample.publication, sample.patient))
    assert {label: len(those) for label, those in tested.items()} == {"A": 3, "B": 2, "C": 1}  # A only has groups of three
    assert len({paper for paper, _ in tested["A"]}) == 1


def test_rare_splits_go_through_all_groups_of_a_condition():
    plan = plan_of(long_tailed())
    tests = defaultdict(list)
    for split in plan.of_setting(plan.settings[1]):
        for label in "efg":
            tests[label].append(
                {plan.dataset.samples[n].publication or plan.dataset.samples[n].patient for n in split.test_rows
                 if plan.dataset.samples[n].label == label}
            )  # fmt: skip
    assert [split.number for split in plan.of_setting(plan.settings[1])] == list(range(1, 11))
    for label, number in (("e", 3), ("f", 3), ("g", 2)):
        each = [next(iter(groups)) for groups in tests[label] if len(groups) == 1]
        assert len(each) == 10
        assert len(set(each)) == number
        assert each[:number] == each[number : 2 * number]


def test_a_condition_of_one_publication_is_a_candidate_that_is_never_tested():
    plan = plan_of(long_tailed())
    assert "h" in {plan.labels[k] for k in plan.candidates(plan.of_setting(plan.settings[1])[0])}
    assert "h" not in {plan.dataset.samples[n].label for split in plan.splits for n in split.test_rows}
    messages = {finding.code: finding.message for finding in plan.findings}
    assert messages["never_tested"].endswith("no split divides a publication: h")
    assert messages["single_patient"] == "1 condition with one patient left out: i"
    assert "i" not in plan.labels


def test_without_rare_conditions_there_is_one_setting():
    plan = plan_of(dataset_of([(label, None, f"{label}{n}", 1) for label in "AB" for n in range(10)]))
    assert [setting.name for setting in plan.settings] == ["frequent-in-frequent"]
    assert [finding.message for finding in plan.findings] == ["no rare condition can be tested; its settings are left out"]


@pytest.mark.parametrize(
    "rows",
    [
        [("A", None, f"A{n}", 1) for n in range(9)],
        [(label, label, f"{label}{n}", 1) for label in "AB" for n in range(9)],
        [(label, None, label, 1) for label in "ABC"],
    ],
    ids=["one condition", "one publication each", "one patient each"],
)
def test_data_that_cannot_be_tested_are_an_error(rows):
    with pytest.raises(DysfwError, match="no condition can be tested") as caught:
        plan_of(dataset_of(rows))
    assert "two" in caught.value.hint


def test_the_plan_is_the_same_on_every_machine():
    assert plan_of(long_tailed()).fingerprint.startswith("2b8f7de760eed0c3")


def test_a_plan_that_breaks_the_rules_is_an_error():
    class Careless(FrequentRare):
        def plan(self, dataset):
            plan = super().plan(dataset)
            first = plan.splits[0]
            return replace(plan, splits=(replace(first, gallery_rows=np.sort([*first.gallery_rows, first.test_rows[0]])),))

    with pytest.raises(
        DysfwError, match="the protocol Careless breaks the rules: split 1 of .* has a patient in gallery and test"
    ):
        checked_plan(Careless(), long_tailed())
