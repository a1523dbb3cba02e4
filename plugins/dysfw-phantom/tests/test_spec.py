"""Specs: read, checked as a whole, and turned into patients."""

import re
from pathlib import Path

import pytest
from dysfw_phantom.plan import CHUNK, chunks, members
from dysfw_phantom.spec import find_spec, parse_spec, shipped_specs

from dysfw.errors import DysfwError

README = Path(__file__).parents[1] / "README.md"
HEAD = "version: 1\nname: mine\n"


def spec(classes, head=HEAD):
    return parse_spec(head + "classes:\n" + "".join(f"  - {{{part}}}\n" for part in classes), "mine.yaml", None)


def refused(text, folder=None):
    with pytest.raises(DysfwError) as caught:
        parse_spec(text, "mine.yaml", folder)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(shipped_specs()))
def test_every_shipped_spec_is_valid(name):
    assert find_spec(name).keys.name == name


def test_the_benchmark_tests_every_condition_on_patients_that_it_did_not_train_on():
    benchmark = find_spec("benchmark")
    everyone = list(members(benchmark))
    for split, most, least in (("train", 150, 25), ("test", 120, 60)):
        counts = [sum(m.label(benchmark) == c.label and m.split == split for m in everyone) for c in benchmark.conditions]
        assert (max(counts), min(counts)) == (most, least)
    assert len({m.patient(benchmark) for m in everyone}) == len(everyone)


def test_all_that_is_wrong_is_said_at_once_with_its_line():
    said = refused(HEAD + "sead: 3\nsize: big\nclasses:\n  - {condition: phantom-unaffected, patients: 0, blurr: 2}\n")
    assert "4 problems in the spec mine.yaml" in said
    assert "mine.yaml:3:1: sead: unknown key; did you mean 'seed'?" in said
    assert 'mine.yaml:4:1: size: found "big"' in said
    assert "mine.yaml:6:37: classes.0.patients: found 0" in said
    assert "mine.yaml:6:50: classes.0.blurr: unknown key" in said


def test_an_unknown_condition_is_answered_with_the_closest_one():
    said = refused(HEAD + "classes:\n  - {condition: phantom-down-sindrome, patients: 2}\n")
    assert "classes.0.condition: no condition is called 'phantom-down-sindrome'; did you mean 'phantom-down-syndrome'?" in said


def test_what_is_no_yaml_is_refused_with_its_line():
    assert "mine.yaml:3:" in refused("version: 1\nname: mine\n\tseed: 3\n")
    assert "a spec is a mapping" in refused("- 1\n")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("split: {train: 0.5, test: 0.4}", "sum to 0.9; allowed: 1"),
        ("photographs: [3, 2]", "the least first"),
        ("patients: 0", "greater than or equal to 1"),
        ("random_terms: {count: [4, 2], severity: [1, 2]}", "the least first"),
        ("effects: {format: gif}", "'jpeg', 'png' or 'webp'"),
        ("effects: {brightnes: 2}", "did you mean 'brightness'?"),
        ("patients: true", "valid integer"),
    ],
)
def test_a_class_that_makes_no_sense_is_refused(part, said):
    rest = "" if part.startswith("patients") else ", patients: 4"
    assert said in refused(HEAD + f"classes:\n  - {{condition: phantom-unaffected{rest}, {part}}}\n")


def test_a_split_in_some_classes_only_is_refused():
    said = refused(HEAD + "classes:\n  - {condition: a.yaml, patients: 4, split: test}\n  - {condition: b.yaml, patients: 4}\n")
    assert "some classes name a split and some do not" in said


def test_the_parts_of_a_split_are_whole_patients():
    made = list(members(spec(["condition: phantom-unaffected, patients: 10, split: {train: 0.67, test: 0.33}"])))
    assert [m.split for m in made] == ["train"] * 7 + ["test"] * 3


def test_photographs_are_between_the_least_and_the_most_and_the_same_each_time():
    several = spec(["condition: phantom-unaffected, patients: 40, photographs: [2, 5]"])
    counts = [m.photographs for m in members(several)]
    assert {2, 5} <= set(counts) <= {2, 3, 4, 5}
    assert counts == [m.photographs for m in members(several)]


def test_a_patient_is_never_in_two_chunks():
    several = spec(["condition: phantom-unaffected, patients: 40, photographs: [2, 5]"])
    runs = chunks(several)
    assert [m for run in runs for m in run] == list(members(several))
    assert all(sum(m.photographs for m in run) <= CHUNK + 4 for run in runs)


def test_photographs_are_named_by_condition_or_as_in_labeled_faces_in_the_wild():
    by_condition = spec(["condition: phantom-williams-syndrome, patients: 2, photographs: 2, effects: {format: png}"])
    assert next(members(by_condition)).path(by_condition, 1) == "phantom-williams-syndrome/mine-000001-02.png"
    by_patient = spec(["condition: phantom-unaffected, patients: 2"], HEAD + "label: patient\n")
    assert next(members(by_patient)).path(by_patient, 0) == "mine-000001/mine-000001_0001.jpg"


def test_the_fingerprint_changes_with_a_condition_of_ones_own(tmp_path):
    text = "label: phantom-mine\nname: Mine\nterms:\n  - {term: HP:0000316, frequency: %s, severity: 2}\n"
    prints = set()
    for frequency in (0.5, 0.6):
        (tmp_path / "mine.yaml").write_text(text % frequency)
        made = parse_spec(HEAD + "classes:\n  - {condition: mine.yaml, patients: 2}\n", "mine.yaml", tmp_path)
        prints.add(made.fingerprint)
    assert len(prints) == 2


def test_the_spec_and_the_condition_that_the_readme_shows_are_valid(tmp_path):
    condition, spec = re.findall(r"```yaml title=[^\n]*\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (tmp_path / "my-condition.yaml").write_text(condition, "utf-8")
    shown = parse_spec(spec, "README.md", tmp_path)
    assert [c.label for c in shown.conditions] == ["phantom-unaffected", "phantom-mine"]


def test_what_is_wrong_inside_a_list_is_said_once_and_where_it_is():
    text = (
        "version: 1\nname: Mine\nseed: 1\nsize: 256\nclasses: [{condition: phantom-unaffected, patients: -1, split: tarin}]\n"
    )
    said = [line.partition(": ")[2] for line in refused(text).splitlines()[1:]]
    assert said == [
        'name: found "Mine"; allowed is text like my-data',
        "classes.0.patients: found -1; allowed is greater than or equal to 1",
        "classes.0.split.tarin: found \"tarin\"; allowed is 'train' or 'test'",
    ]
