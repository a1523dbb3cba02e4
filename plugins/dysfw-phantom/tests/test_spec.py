"""Specs: validation and planning of patients."""

import re
from pathlib import Path

import pytest
from dysfw_phantom.plan import CHUNK, chunks, planned_patients
from dysfw_phantom.spec import find_spec, parse_spec, shipped_specs

from dysfw.errors import DysfwError

README = Path(__file__).parents[1] / "README.md"
HEAD = "version: 1\nname: mine\n"


def spec(classes, head=HEAD):
    return parse_spec(head + "classes:\n" + "".join(f"  - {{{part}}}\n" for part in classes), "mine.yaml", None)


def error_message(text, folder=None):
    with pytest.raises(DysfwError) as caught:
        parse_spec(text, "mine.yaml", folder)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(shipped_specs()))
def test_every_shipped_spec_is_valid(name):
    assert find_spec(name).config.name == name


def test_the_benchmark_has_disjoint_training_and_test_patients():
    benchmark = find_spec("benchmark")
    everyone = list(planned_patients(benchmark))
    for split, unaffected, others in (("train", 150, 25), ("test", 120, 60)):
        counts = [sum(m.label(benchmark) == c.label and m.split == split for m in everyone) for c in benchmark.conditions]
        assert (max(counts), min(counts)) == (unaffected, others)
    assert len({m.name(benchmark) for m in everyone}) == len(everyone)


def test_all_problems_are_reported_with_their_line():
    message = error_message(HEAD + "sead: 3\nsize: big\nclasses:\n  - {condition: phantom-unaffected, patients: 0, blurr: 2}\n")
    assert "4 problems in the spec mine.yaml" in message
    assert "mine.yaml:3:1: sead: unknown key; did you mean 'seed'?" in message
    assert 'mine.yaml:4:1: size: found "big"' in message
    assert "mine.yaml:6:37: classes.0.patients: found 0" in message
    assert "mine.yaml:6:50: classes.0.blurr: unknown key" in message


def test_an_unknown_condition_is_reported_with_a_suggestion():
    message = error_message(HEAD + "classes:\n  - {condition: phantom-down-sindrome, patients: 2}\n")
    assert "classes.0.condition: unknown condition 'phantom-down-sindrome'; did you mean 'phantom-down-syndrome'?" in message


def test_invalid_yaml_is_reported_with_its_line():
    assert "mine.yaml:3:" in error_message("version: 1\nname: mine\n\tseed: 3\n")
    assert "a spec must be a mapping" in error_message("- 1\n")


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("split: {train: 0.5, test: 0.4}", "sum to 0.9 instead of 1"),
        ("images: [3, 2]", "minimum must come first"),
        ("patients: 0", "greater than or equal to 1"),
        ("random_terms: {count: [4, 2], severity: [1, 2]}", "minimum must come first"),
        ("effects: {format: gif}", "'jpeg', 'png' or 'webp'"),
        ("effects: {brightnes: 2}", "did you mean 'brightness'?"),
        ("patients: true", "valid integer"),
    ],
)
def test_an_invalid_class_is_rejected(part, message):
    rest = "" if part.startswith("patients") else ", patients: 4"
    assert message in error_message(HEAD + f"classes:\n  - {{condition: phantom-unaffected{rest}, {part}}}\n")


def test_a_split_in_some_classes_only_is_rejected():
    message = error_message(
        HEAD + "classes:\n  - {condition: a.yaml, patients: 4, split: test}\n  - {condition: b.yaml, patients: 4}\n"
    )
    assert "some classes have a split and some do not" in message


def test_splits_are_rounded_to_whole_patients():
    planned = list(planned_patients(spec(["condition: phantom-unaffected, patients: 10, split: {train: 0.67, test: 0.33}"])))
    assert [m.split for m in planned] == ["train"] * 7 + ["test"] * 3


def test_the_number_of_images_is_in_range_and_reproducible():
    several = spec(["condition: phantom-unaffected, patients: 40, images: [2, 5]"])
    counts = [m.images for m in planned_patients(several)]
    assert {2, 5} <= set(counts) <= {2, 3, 4, 5}
    assert counts == [m.images for m in planned_patients(several)]


def test_a_patient_is_never_in_two_chunks():
    several = spec(["condition: phantom-unaffected, patients: 40, images: [2, 5]"])
    runs = chunks(several)
    assert [m for run in runs for m in run] == list(planned_patients(several))
    assert all(sum(m.images for m in run) <= CHUNK + 4 for run in runs)


def test_images_are_named_by_condition_or_as_in_labeled_faces_in_the_wild():
    by_condition = spec(["condition: phantom-williams-syndrome, patients: 2, images: 2, effects: {format: png}"])
    assert next(planned_patients(by_condition)).path(by_condition, 1) == "phantom-williams-syndrome/mine-000001-02.png"
    by_patient = spec(["condition: phantom-unaffected, patients: 2"], HEAD + "label: patient\n")
    assert next(planned_patients(by_patient)).path(by_patient, 0) == "mine-000001/mine-000001_0001.jpg"


def test_the_fingerprint_depends_on_custom_conditions(tmp_path):
    text = "label: phantom-mine\nname: Mine\nterms:\n  - {term: HP:0000316, frequency: %s, severity: 2}\n"
    prints = set()
    for frequency in (0.5, 0.6):
        (tmp_path / "mine.yaml").write_text(text % frequency)
        planned = parse_spec(HEAD + "classes:\n  - {condition: mine.yaml, patients: 2}\n", "mine.yaml", tmp_path)
        prints.add(planned.fingerprint)
    assert len(prints) == 2


def test_the_examples_in_the_readme_are_valid(tmp_path):
    condition, published, spec = re.findall(r"```yaml title=[^\n]*\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (tmp_path / "my-condition.yaml").write_text(condition, "utf-8")
    shown = parse_spec(spec, "README.md", tmp_path)
    assert [c.label for c in shown.conditions] == ["phantom-unaffected", "phantom-mine"]
    drawn = parse_spec(published, "README.md", tmp_path)
    assert [c.imitates for c in drawn.conditions] == ["OMIM:122470", "OMIM:305400"]


def test_a_problem_inside_a_list_is_reported_once():
    text = (
        "version: 1\nname: Mine\nseed: 1\nsize: 256\nclasses: [{condition: phantom-unaffected, patients: -1, split: tarin}]\n"
    )
    message = [line.partition(": ")[2] for line in error_message(text).splitlines()[1:]]
    assert message == [
        'name: found "Mine"; expected text like my-data',
        "classes.0.patients: found -1; expected greater than or equal to 1",
        "classes.0.split.tarin: found \"tarin\"; expected 'train' or 'test'",
    ]


def published(block, folder=None):
    return parse_spec(HEAD + f"published_cases: {{{block}}}\n", "mine.yaml", folder)


def test_each_published_case_is_a_patient():
    found = published('diseases: ["OMIM:122470"], min_cases: 5')
    (one,) = found.classes
    assert (one.condition.label, one.condition.imitates, one.condition.terms) == ("phantom-omim-122470", "OMIM:122470", ())
    patients = list(planned_patients(found))
    assert [patient.published for patient in patients] == list(one.published)
    assert len({patient.published.publication for patient in patients}) > 1


@pytest.mark.parametrize(("choice", "kept"), [("annotations", False), ("keep", True)])
def test_a_disease_of_one_publication_is_drawn_from_annotations_unless_it_is_kept(choice, kept):
    (one,) = published(f'diseases: ["OMIM:147791"], one_publication: {choice}').classes
    assert (one.config.patients, len(one.published), one.condition.terms) == (69, 69, ())
    assert all(bool(patient.publication) == kept and len(patient.shown) >= 2 for patient in one.published)


def test_a_disease_of_one_publication_can_be_left_out():
    found = published('diseases: ["OMIM:147791", "OMIM:122470"], one_publication: leave out')
    assert [one.condition.imitates for one in found.classes] == ["OMIM:122470"]
    assert "69 cases of diseases whose cases are all from one publication" in found.left_out


def test_annotated_diseases_have_a_long_tail():
    found = parse_spec(HEAD + "annotated: {diseases: 30, patients: [2, 50]}\n", "mine.yaml", None)
    numbers = [one.config.patients for one in found.classes]
    assert (numbers[0], numbers[-1], len(numbers)) == (50, 2, 30)
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("published_cases: {min_cases: 9999}", "no disease is left: 4,305 cases with fewer than 2 signs"),
        ("published_cases: {diseases: [OMIM:1]}", 'found "OMIM:1"'),
        ('published_cases: {diseases: ["OMIM:999999"]}', "no case of OMIM:999999 is published here"),
        ("published_cases: {file: none.jsonl}", "cannot read the cases"),
        ("annotated: {diseases: 5000, patients: 2}", "but"),
        ('annotated: {diseases: ["OMIM:999999"], patients: 2}', "no disease 'OMIM:999999' is annotated"),
        ("annotated: {diseases: 3, patients: [9, 2]}", "the minimum must come first"),
        ("seed: 1", "classes is empty; list some, or add published_cases or annotated"),
        (
            'published_cases: {diseases: ["OMIM:147791"]}\nannotated: {diseases: ["OMIM:147791"], patients: 3}',
            "list a disease in one",
        ),
    ],
)
def test_blocks_of_published_diseases_are_checked(text, message, tmp_path):
    assert message in error_message(HEAD + text + "\n", tmp_path)


def test_a_file_of_cases_can_be_given(tmp_path):
    line = '{{"case": "{}", "publication": "PMID:{}", "observed": ["HP:0000316", "HP:0000508"], "disease": "OMIM:100000"}}\n'
    (tmp_path / "mine.jsonl").write_text("".join(line.format(n, n % 2) for n in range(3)))
    (one,) = published("file: mine.jsonl", tmp_path).classes
    assert (one.condition.name, one.config.patients) == ("OMIM:100000", 3)
