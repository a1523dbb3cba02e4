import pytest

from dysfw.errors import DysfwError
from dysfw.pretraining.pairs import find_images, read_pairs

GOOD = (
    "2\t2\nAnn\t1\t2\nBob Lee\t3\t1\nAnn\t1\tBob Lee\t3\nAnn\t2\tCy\t1\nCy\t1\t2\nCy\t2\t3\nAnn\t1\tCy\t3\nBob Lee\t1\tCy\t2\n"
)


@pytest.fixture
def pairs_file(tmp_path):
    def write(text):
        path = tmp_path / "pairs.txt"
        path.write_text(text)
        return path

    return write


def test_the_official_format_is_read(pairs_file):
    pairs = read_pairs(pairs_file(GOOD))
    assert pairs.folds == 2
    assert pairs.image_pairs[0] == (("Ann", 1), ("Ann", 2))
    assert pairs.image_pairs[2] == (("Ann", 1), ("Bob Lee", 3))
    assert pairs.same == (True, True, False, False) * 2
    assert pairs.fold == (0, 0, 0, 0, 1, 1, 1, 1)
    assert len(pairs.images) == len(set(pairs.images)) == 7


def test_spaces_can_replace_tabs(pairs_file):
    text = "2 1\nAnn 1 2\nAnn 1 Bob 1\nBob 1 2\nAnn 2 Bob 2\n"
    assert read_pairs(pairs_file(text)).image_pairs[1] == (("Ann", 1), ("Bob", 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Ann\t1\t2", "Ann\t1", "line 2"),
        ("Ann\t1\t2", "Ann\tone\t2", "line 2"),
        ("Ann\t1\t2", "Ann\t1\tBob Lee\t2", "line 2"),
        ("Ann\t1\tBob Lee\t3", "Ann\t1\t3", "line 4"),
        ("Ann\t1\tBob Lee\t3", "Ann\t1\tAnn\t3", "line 4"),
        ("Ann\t1\tBob Lee\t3", "Ann\t1\t../Bob\t3", "line 4"),
        ("2\t2", "2\t3", "need 12 lines; found 8"),
        ("2\t2", "1\t4", "at least 2 are required"),
        ("2\t2", "two\t2", "line 1"),
        ("2\t2\n", "", "line 1"),
    ],
)
def test_a_malformed_line_is_reported_by_number(pairs_file, old, new, message):
    with pytest.raises(DysfwError, match=message):
        read_pairs(pairs_file(GOOD.replace(old, new, 1)))


def test_all_malformed_lines_are_reported(pairs_file):
    with pytest.raises(DysfwError, match="2 malformed lines") as refused:
        read_pairs(pairs_file(GOOD.replace("Ann\t1\t2", "Ann").replace("Cy\t1\t2", "Cy")))
    assert "line 2" in str(refused.value)
    assert "line 6" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00"])
def test_a_file_that_is_not_text_is_refused(tmp_path, content):
    (tmp_path / "pairs.txt").write_bytes(content)
    with pytest.raises(DysfwError, match="pairs.txt"):
        read_pairs(tmp_path / "pairs.txt")


def test_images_are_found_by_number_and_missing_ones_are_counted(pairs_file, tmp_path):
    pairs = read_pairs(pairs_file(GOOD))
    for n, (name, number) in enumerate(pairs.images[:-2]):
        path = tmp_path / name / f"{name}_{number:04}{['.jpg', '.png', '.webp', '.jpeg'][n % 4]}"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with pytest.raises(DysfwError, match="2 of 7 images are missing in"):
        find_images(pairs, tmp_path)
    for name, number in pairs.images[-2:]:
        (tmp_path / name / f"{name}_{number:04}.jpg").touch()
    found = find_images(pairs, tmp_path)
    assert list(found) == list(pairs.images)
    assert found["Ann", 2].name == "Ann_0002.png"
