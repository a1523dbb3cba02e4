"""Faces that somebody has marked already."""

import dataclasses
import hashlib

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from dysfw.builtin.detectors.boxfile import LANDMARKS, USUAL
from dysfw.builtin.detectors.given import Given
from dysfw.errors import DysfwError
from dysfw.imaging.decode import read_image

HEAD = "path,x0,y0,x1,y1"
MARKS = [20, 20, 44, 20, 32, 32, 24, 44, 40, 44]


@pytest.fixture
def file(tmp_path):
    def file(*rows, head=HEAD):
        (tmp_path / "boxes.csv").write_text("\n".join((head, *rows)) + "\n")
        return tmp_path / "boxes.csv"

    return file


@pytest.fixture
def image(paint):
    return read_image(paint("a.png", (90, 90, 90)))


def test_boxes_are_found_by_path_and_landmarks_are_placed_as_usual(file, image):
    [[face]] = Given(file("a.png,10,12,50,60")).detect([image])
    np.testing.assert_array_equal(face.box, [10, 12, 50, 60])
    np.testing.assert_allclose(face.landmarks, [10, 12] + USUAL * [40, 48], rtol=1e-6)
    assert face.score == 1


def test_landmarks_and_scores_are_taken_where_they_are_given(file, image):
    head = f"{HEAD},score,{','.join(LANDMARKS)},label"
    [[face]] = Given(file(f"a.png,10,12,50,60,0.7,{','.join(map(str, MARKS))},down", head=head)).detect([image])
    np.testing.assert_array_equal(face.landmarks, np.reshape(MARKS, (5, 2)))
    assert face.score == pytest.approx(0.7)


def test_a_photograph_is_known_by_its_bytes_wherever_it_lies(file, image, tmp_path):
    rows = file(f"{image.sha256},10,12,50,60", head="sha256,x0,y0,x1,y1")
    moved = tmp_path / "elsewhere.png"
    moved.write_bytes((tmp_path / "a.png").read_bytes())
    assert hashlib.sha256(moved.read_bytes()).hexdigest() == image.sha256
    assert len(Given(rows).detect([read_image(moved)])[0]) == 1


def test_several_faces_stay_in_order_or_follow_the_selection(file, image, paint):
    rows = file("a.png,1,1,20,20", "a.png,10,10,60,60")
    other = read_image(paint("b.png", (9, 9, 9)))
    (first, second), none = Given(rows).detect([image, other])
    assert first.box[2] == 20
    assert second.box[2] == 60
    assert none == []
    assert Given(rows, select="largest").detect([image])[0][0].box[2] == 60


def test_rows_may_say_that_there_is_no_face(file, image):
    assert Given(file("a.png,,,,", "b.png,1,1,20,20")).detect([image]) == [[]]


def test_parquet_is_read_too(image, tmp_path):
    columns = {"path": ["a.png"], "x0": [10.0], "y0": [12.0], "x1": [50.0], "y1": [60.0]}
    parquet.write_table(pa.table(columns), tmp_path / "boxes.parquet")
    assert len(Given(tmp_path / "boxes.parquet").detect([image])[0]) == 1


@pytest.mark.parametrize(("row", "part"), [
    ("a.png,10,12,5,60", "x1 must be above x0"),
    ("a.png,10,12,ten,60", "x1 must be a number of px"),
    ("a.png,0.1,0.1,0.9,0.9", "must be in px, not in fractions"),
    ("a.png,-90,-90,-10,-10", "lies outside the photograph"),
    (",1,1,20,20", "neither a path nor a sha256"),
    ("a.png,1,1,20,20,9", "more cells than columns"),
])  # fmt: skip
def test_wrong_rows_are_named_with_what_is_allowed(file, row, part):
    with pytest.raises(DysfwError, match=part) as caught:
        Given(file("b.png,1,1,20,20", row, row))
    assert "rows 3, 4" in str(caught.value)


def test_right_and_left_exchanged_are_noticed(file):
    marks = np.reshape(MARKS, (5, 2))[[1, 0, 2, 4, 3]].ravel()
    with pytest.raises(DysfwError, match="right and left are exchanged"):
        Given(file(f"a.png,10,12,50,60,{','.join(map(str, marks))}", head=f"{HEAD},{','.join(LANDMARKS)}"))


def test_files_that_hold_no_boxes_are_refused(file, tmp_path):
    with pytest.raises(DysfwError, match=r"has no column y1 \(found: path, x0, y0, x1, y2\)"):
        Given(file("a.png,1,1,2,2", head="path,x0,y0,x1,y2"))
    with pytest.raises(DysfwError, match="lists no faces"):
        Given(file("a.png,,,,"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DysfwError, match="is not CSV"):
        Given(tmp_path / "binary.csv")
    with pytest.raises(ValueError, match="boxes must be the path of a CSV or Parquet file"):
        Given(tmp_path / "missing.csv")


def test_a_box_beside_its_photograph_fails_that_photograph(file, image):
    detector = Given(file("a.png,500,500,600,600"))
    with pytest.raises(ValueError, match=r"row 2 of boxes.csv: the box 500 500 600 600 lies outside the photograph of 64 × 64"):
        detector.detect([image])
    assert detector.detect([dataclasses.replace(image, source="other.png", sha256="1" * 64)]) == [[]]
