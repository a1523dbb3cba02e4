"""The detector ``precomputed``."""

import dataclasses
import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from dysfw.builtin.detectors import box_csv
from dysfw.builtin.detectors.box_csv import LANDMARKS, TYPICAL_LANDMARKS, read_boxes
from dysfw.builtin.detectors.precomputed import Precomputed
from dysfw.data.read import read_dataset
from dysfw.decoding.decode import read_image
from dysfw.errors import DysfwError
from dysfw.registry.registry import load_registry

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


def test_boxes_are_found_by_path_and_missing_landmarks_are_typical(file, image):
    [[face]] = Precomputed(file("a.png,10,12,50,60")).detect([image])
    np.testing.assert_array_equal(face.box, [10, 12, 50, 60])
    np.testing.assert_allclose(face.landmarks, [10, 12] + TYPICAL_LANDMARKS * [40, 48], rtol=1e-6)
    assert face.score == 1


def test_given_landmarks_and_scores_are_used(file, image):
    head = f"{HEAD},score,{','.join(LANDMARKS)},label"
    [[face]] = Precomputed(file(f"a.png,10,12,50,60,0.7,{','.join(map(str, MARKS))},down", head=head)).detect([image])
    np.testing.assert_array_equal(face.landmarks, np.reshape(MARKS, (5, 2)))
    assert face.score == pytest.approx(0.7)


def test_an_image_is_found_by_sha256_in_any_folder(file, image, tmp_path):
    rows = file(f"{image.sha256},10,12,50,60", head="sha256,x0,y0,x1,y1")
    moved = tmp_path / "elsewhere.png"
    moved.write_bytes((tmp_path / "a.png").read_bytes())
    assert hashlib.sha256(moved.read_bytes()).hexdigest() == image.sha256
    assert len(Precomputed(rows).detect([read_image(moved)])[0]) == 1


def test_several_faces_stay_in_order_or_follow_the_selection(file, image, paint):
    rows = file("a.png,1,1,20,20", "a.png,10,10,60,60")
    other = read_image(paint("b.png", (9, 9, 9)))
    (first, second), none = Precomputed(rows).detect([image, other])
    assert first.box[2] == 20
    assert second.box[2] == 60
    assert none == []
    assert Precomputed(rows, select="largest").detect([image])[0][0].box[2] == 60


def test_rows_with_empty_boxes_mean_no_face(file, image):
    assert Precomputed(file("a.png,,,,", "b.png,1,1,20,20")).detect([image]) == [[]]


def test_parquet_files_are_read(image, tmp_path):
    columns = {"path": ["a.png"], "x0": [10.0], "y0": [12.0], "x1": [50.0], "y1": [60.0]}
    parquet.write_table(pa.table(columns), tmp_path / "boxes.parquet")
    assert len(Precomputed(tmp_path / "boxes.parquet").detect([image])[0]) == 1


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_nan_and_empty_cells_are_missing_values(image, tmp_path, missing):
    columns = {"path": ["b.png", "a.png"]} | {name: [10.0 * i, missing] for i, name in enumerate(("x0", "y0", "x1", "y1"))}
    parquet.write_table(pa.table(columns), tmp_path / "boxes.parquet")
    assert Precomputed(tmp_path / "boxes.parquet").detect([image]) == [[]]


def test_files_that_are_too_large_or_not_parquet_are_refused(file, tmp_path, monkeypatch):
    (tmp_path / "text.parquet").write_text(HEAD)
    with pytest.raises(DysfwError, match="is not a Parquet file"):
        Precomputed(tmp_path / "text.parquet")
    monkeypatch.setattr(box_csv, "MAX_BYTES", 16)
    with pytest.raises(DysfwError, match="is larger than"):
        Precomputed(file("a.png,1,1,20,20"))


@pytest.mark.parametrize(("row", "message"), [
    ("a.png,10,12,5,60", "x1 must be greater than x0"),
    ("a.png,10,12,ten,60", "x1 must be a number of px"),
    ("a.png,0.1,0.1,0.9,0.9", "must be px, not fractions"),
    ("a.png,-90,-90,-10,-10", "lies outside the image"),
    (",1,1,20,20", "neither a path nor a sha256"),
    ("a.png,1,1,20,20,9", "more cells than columns"),
    ("a.png,1,,20,20", "y0 must be a number of px, at most 100,000; or leave all of x0, y0, x1, y1 empty"),
    ("a.png,1,1,1e9,20", "x1 must be a number of px"),
    ("a.png,1,1,inf,20", "x1 must be a number of px"),
])  # fmt: skip
def test_invalid_rows_are_reported_with_the_allowed_values(file, row, message):
    with pytest.raises(DysfwError, match=message) as caught:
        Precomputed(file("b.png,1,1,20,20", row, row))
    assert "rows 3, 4" in str(caught.value)


@pytest.mark.parametrize(("cells", "message"), [
    (["0.5", *MARKS[:9], ""], "left_mouth_y must be a number of px"),
    (["0.5", *MARKS[:8], 400, 44], "a landmark is farther from the box"),
    (["1.5", *MARKS], "score must be a number from 0 to 1, or empty"),
    (["high", *MARKS], "score must be a number from 0 to 1, or empty"),
])  # fmt: skip
def test_invalid_landmarks_and_scores_are_reported(file, cells, message):
    with pytest.raises(DysfwError, match=message):
        Precomputed(file(f"a.png,10,12,50,60,{','.join(map(str, cells))}", head=f"{HEAD},score,{','.join(LANDMARKS)}"))


@settings(max_examples=50, deadline=None)
@given(st.floats(-np.pi, np.pi), st.booleans())
def test_landmarks_are_accepted_in_any_rotation_and_refused_if_mirrored(angle, mirrored):
    centre = np.array([32.0, 32.0])
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    marks = (np.reshape(MARKS, (5, 2)) - centre) @ rotation + centre
    cells = {"x0": "10", "y0": "10", "x1": "54", "y1": "54"}
    cells |= dict(zip(LANDMARKS, map(str, marks[[1, 0, 2, 4, 3]].ravel() if mirrored else marks.ravel()), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "boxes.csv"
        path.write_text(f"path,{','.join(cells)}\na.png,{','.join(cells.values())}\n")
        if mirrored:
            with pytest.raises(DysfwError, match="right and left landmarks are swapped"):
                Precomputed(path)
        else:
            [(_, face)] = read_boxes(path)[os.path.realpath(path.parent / "a.png")]
            np.testing.assert_allclose(face.landmarks, marks, rtol=1e-6)


def test_some_rows_may_lack_landmarks(file, image, paint):
    other = read_image(paint("b.png", (9, 9, 9)))
    rows = (f"a.png,10,12,50,60,{','.join(map(str, MARKS))}", f"b.png,10,12,50,60{',' * 10}")
    detector = Precomputed(file(*rows, head=f"{HEAD},{','.join(LANDMARKS)}"))
    [[given_face], [typical_face]] = detector.detect([image, other])
    np.testing.assert_array_equal(given_face.landmarks, np.reshape(MARKS, (5, 2)))
    np.testing.assert_allclose(typical_face.landmarks, [10, 12] + TYPICAL_LANDMARKS * [40, 48], rtol=1e-6)


def test_typical_landmarks_are_close_to_those_of_a_detector(phantoms):
    """Errors are relative to the distance between the pupils."""
    mtcnn = load_registry().load("detector", "mtcnn")()
    images = [read_image(path) for path in sorted(phantoms.glob("*/00[03].jpg"))]
    errors = []
    for face, *_ in mtcnn.detect(images):
        typical = face.box[:2] + TYPICAL_LANDMARKS * (face.box[2:] - face.box[:2])
        scale = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
        errors.append(np.linalg.norm(typical - face.landmarks, axis=1).mean() / scale)
    assert len(errors) >= 12
    assert np.median(errors) < 0.3
    assert max(errors) < 0.6


def test_the_manifest_may_contain_the_boxes(file, image, tmp_path):
    manifest = file("a.png,down,10,12,50,60,p1", head="path,label,x0,y0,x1,y1,patient").rename(tmp_path / "manifest.csv")
    assert [sample.label for sample in read_dataset(manifest).samples] == ["down"]
    assert len(Precomputed(manifest).detect([image])[0]) == 1


def test_symbolic_links_are_resolved(file, image, tmp_path):
    (tmp_path / "linked.png").symlink_to(tmp_path / "a.png")
    assert len(Precomputed(file("linked.png,1,1,20,20")).detect([image])[0]) == 1


def test_swapped_right_and_left_landmarks_are_refused(file):
    marks = np.reshape(MARKS, (5, 2))[[1, 0, 2, 4, 3]].ravel()
    with pytest.raises(DysfwError, match="right and left landmarks are swapped"):
        Precomputed(file(f"a.png,10,12,50,60,{','.join(map(str, marks))}", head=f"{HEAD},{','.join(LANDMARKS)}"))


def test_files_without_boxes_are_refused(file, tmp_path):
    with pytest.raises(DysfwError, match="has no column left_eye_y, nose_x"):
        Precomputed(file("a.png,1,1,20,20,1,1,1", head=f"{HEAD},{','.join(LANDMARKS[:3])}"))
    with pytest.raises(DysfwError, match="sha256 is not 64 hexadecimal digits"):
        Precomputed(file("abc,1,1,20,20", head="sha256,x0,y0,x1,y1"))
    with pytest.raises(DysfwError, match=r"has no column y1 \(found: path, x0, y0, x1, y2\)"):
        Precomputed(file("a.png,1,1,2,2", head="path,x0,y0,x1,y2"))
    with pytest.raises(DysfwError, match="lists no faces"):
        Precomputed(file("a.png,,,,"))
    (tmp_path / "binary.csv").write_bytes(b"\x89\x00\xff\xfe\x00\x01")
    with pytest.raises(DysfwError, match="is not text: line 1 holds a NUL byte"):
        Precomputed(tmp_path / "binary.csv")
    with pytest.raises(ValueError, match="boxes must be the path of a CSV or Parquet file"):
        Precomputed(tmp_path / "missing.csv")


def test_a_box_outside_its_image_fails_that_image(file, image):
    detector = Precomputed(file("a.png,500,500,600,600"))
    with pytest.raises(ValueError, match=r"row 2 of boxes.csv: the box 500 500 600 600 lies outside the image of 64 × 64"):
        detector.detect([image])
    assert detector.detect([dataclasses.replace(image, source="other.png", sha256="1" * 64)]) == [[]]
