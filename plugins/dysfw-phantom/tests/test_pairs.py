"""Verification pairs in the format of Labeled Faces in the Wild."""

import pytest
from dysfw_phantom.pairs import draw_pairs, write_pairs

from dysfw.errors import DysfwError

PEOPLE = {f"person-{n}": (1, 2, 3) for n in range(20)}


def people_of(matched, mismatched):
    return {name for name, *_ in matched} | {name for one, _, other, _ in mismatched for name in (one, other)}


@pytest.fixture
def folder(tmp_path):
    for name, numbers in PEOPLE.items():
        (tmp_path / name).mkdir()
        for number in numbers:
            (tmp_path / name / f"{name}_{number:04d}.jpg").touch()
    return tmp_path


def test_every_fold_has_equal_numbers_of_distinct_matched_and_mismatched_pairs():
    for matched, mismatched in draw_pairs(PEOPLE, folds=4, per_fold=12, seed=0):
        assert len(set(matched)) == len(set(mismatched)) == 12
        assert all(first != second for _, first, second in matched)
        assert all(one != other for one, _, other, _ in mismatched)


def test_no_person_is_in_two_folds():
    folds = [people_of(*pairs) for pairs in draw_pairs(PEOPLE, folds=4, per_fold=12, seed=0)]
    assert sum(map(len, folds)) == len(set().union(*folds))


def test_pairs_are_determined_by_the_seed():
    drawn = [draw_pairs(PEOPLE, 4, 12, seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_too_few_images_are_reported_with_the_number_of_pairs():
    with pytest.raises(DysfwError, match="one fold has 15 matched and 90 mismatched pairs, but 16 of each are required"):
        draw_pairs(PEOPLE, folds=4, per_fold=16, seed=0)


def test_the_file_has_the_official_format(folder):
    output = folder / "pairs.txt"
    write_pairs(folder, output, folds=2, per_fold=5, seed=0)
    first, *rest = output.read_text().splitlines()
    assert first == "2\t5"
    assert [len(line.split("\t")) for line in rest] == ([3] * 5 + [4] * 5) * 2
    name, a, b = rest[0].split("\t")
    assert (folder / name / f"{name}_{int(a):04d}.jpg").exists()
    assert a != b


def test_a_data_set_with_other_file_names_is_rejected(folder):
    (folder / "person-1" / "portrait.jpg").touch()
    with pytest.raises(DysfwError, match=r"portrait\.jpg is not named as in Labeled Faces"):
        write_pairs(folder, folder / "pairs.txt", 2, 5, 0)
    assert not (folder / "pairs.txt").exists()
