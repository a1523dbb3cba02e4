"""``dysfw data check`` and ``dysfw data manifest``."""

import csv
import json
import os
import shutil
import time
from pathlib import Path

import openpyxl
import pytest

from dysfw.cli.commands.data import _print_inventory
from dysfw.data.inventory import Inventory, LabelCounts
from dysfw.data.read import read_dataset


@pytest.fixture
def photos(phantoms, tmp_path) -> Path:
    """Three classes of six phantoms each; those of the patients 0, 1 and 2 have two images each."""
    for name in ("unaffected", "down-syndrome", "williams-syndrome"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for n in range(6):
            shutil.copy(phantoms / f"phantom-{name}" / f"{n:03}.jpg", tmp_path / "photos" / name / f"P{n // 2}_{n}.jpg")
    return tmp_path / "photos"


def test_check_shows_what_is_there(dysfw, photos):
    ran = dysfw("data", "check", photos)
    assert ran.code == 0
    assert f"{photos}: 18 images, patients unknown, 3 conditions" in ran.out
    assert "18 JPEG; " in ran.out
    assert "training would use 18 of 18 images" in ran.out
    assert "note: 18 images without a patient" in ran.err


def test_check_says_what_would_be_done_with_copies(dysfw, photos):
    """The same file twice, under two labels, and under two patients."""
    shutil.copy(photos / "unaffected" / "P0_0.jpg", photos / "unaffected" / "again.jpg")
    shutil.copy(photos / "unaffected" / "P1_2.jpg", photos / "down-syndrome" / "other.jpg")
    rows = [
        (p.relative_to(photos), p.parent.name, p.name[:2] if p.name[0] == "P" else p.stem)
        for p in sorted(photos.glob("*/*.jpg"))
    ]
    text = "path,label,patient\n" + "".join(f"{path},{label},{label}-{patient}\n" for path, label, patient in rows)
    (photos / "manifest.csv").write_text(text)
    ran = dysfw("data", "check", photos, "--format", "json")
    content = json.loads(ran.out)
    findings = {one["code"]: one for one in content["findings"]}
    assert ran.code == 0
    assert (content["schema"], content["usable"], content["images"], content["used"]) == ("dysfw.data/1", True, 20, 17)
    assert findings["duplicate_image"]["images"] == 1
    assert findings["shared_image"]["images"] == 2
    assert findings["duplicate_conflicting_labels"]["images"] == 2
    assert content["labels"]["unaffected"] == {"images": 7, "used": 5, "patients": 4, "train": None, "test": None}


def test_check_names_unreadable_images_and_exits_with_1(dysfw, photos):
    (photos / "unaffected" / "note.jpg").write_text("not a picture")
    (photos / "unaffected" / "@eaDir").mkdir()
    ran = dysfw("data", "check", photos)
    assert ran.code == 1
    assert "note.jpg" in ran.err
    assert "exclusion: 1 image cannot be read" in ran.err
    assert "note: left out: 1 hidden or system file" in ran.err
    assert "training would use 18 of 19 images" in ran.out


def test_check_of_data_that_cannot_be_used_exits_with_2(dysfw, photos):
    shutil.rmtree(photos / "unaffected")
    shutil.rmtree(photos / "williams-syndrome")
    ran = dysfw("data", "check", photos)
    assert ran.code == 2
    assert "usable: 6 of 6 images" in ran.out
    assert "1 class found (down-syndrome); at least 2 are needed" in ran.err
    (photos / "manifest.csv").write_text("path,label\ngone.jpg,x\nlost.jpg,\n")
    ran = dysfw("data", "check", photos, "--format", "json")
    assert ran.code == 2
    content = json.loads(ran.out)
    assert not content["usable"]
    assert "row 3: label is empty" in content["problems"]


def test_a_manifest_of_class_folders(dysfw, photos, tmp_path):
    ran = dysfw("data", "manifest", photos, "-o", photos / "manifest.csv", "--patient-from", r"^([^/]+/P\d+)_")
    assert ran.code == 0
    assert f"{photos / 'manifest.csv'}: 18 images, 3 conditions, 9 patients" in ran.out
    assert (photos / "manifest.csv").read_bytes().startswith(b"\xef\xbb\xbfpath,label,patient\r\n")
    dataset = read_dataset(photos)
    assert dataset.knows_patients
    assert {(sample.label, sample.patient) for sample in dataset.samples if sample.label == "unaffected"} == {
        ("unaffected", f"unaffected/P{n}") for n in range(3)
    }
    ran = dysfw("data", "manifest", photos, "-o", photos / "manifest.csv")
    assert ran.code == 2
    assert "already exists" in ran.err


def test_a_manifest_of_folders_of_patients(dysfw, photos, tmp_path):
    for path in sorted(photos.glob("*/*.jpg")):
        target = tmp_path / "sorted" / path.parent.name / path.name[:2] / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    ran = dysfw("data", "manifest", tmp_path / "sorted", "-o", tmp_path / "m.csv", "--patient-from", "folder")
    assert ran.code == 0
    assert "18 images, 3 conditions, 9 patients" in ran.out
    assert {sample.patient for sample in read_dataset(tmp_path / "m.csv").samples if sample.label == "unaffected"} == {
        f"unaffected/P{n}" for n in range(3)
    }


def test_a_manifest_of_a_flat_folder_is_completed_in_a_spreadsheet(dysfw, photos, tmp_path):
    (tmp_path / "flat").mkdir()
    for path in photos.glob("*/*.jpg"):
        shutil.move(path, tmp_path / "flat" / f"{path.parent.name} {path.name}")
    ran = dysfw("data", "manifest", tmp_path / "flat", "-o", tmp_path / "m.xlsx", "--patient-from", r"P(\d)_")
    assert ran.code == 0
    assert "warning: 18 images without a label, because in no subfolder; fill in the column label" in ran.err
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    for row in book.active.iter_rows(min_row=2):
        row[1].value = row[0].value.split("/")[1].split(" ")[0]
    book.save(tmp_path / "m.xlsx")
    dataset = read_dataset(tmp_path / "m.xlsx")
    assert dataset.labels == ("down-syndrome", "unaffected", "williams-syndrome")
    assert all(sample.path.is_file() for sample in dataset.samples)


def test_named_groups_fill_other_columns(dysfw, photos, tmp_path):
    pattern = r"(?P<label>[a-z]+)-?\w*/(?P<patient>P\d)_(?P<source>\d)"
    ran = dysfw("data", "manifest", photos, "-o", tmp_path / "m.csv", "--patient-from", pattern)
    assert ran.code == 0
    assert "warning: 3 patients in several conditions; if these are different people" in ran.err
    with (tmp_path / "m.csv").open(encoding="utf-8-sig") as file:
        first = next(csv.DictReader(file))
    assert first == {"path": "photos/down-syndrome/P0_0.jpg", "label": "down", "patient": "P0", "source": "0"}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(Q[0-9]+)", "--patient-from '(Q[0-9]+)' finds nothing in 18 names, such as “down-syndrome/P0_0.jpg”"),
        ("(P", "'(P' is not a regular expression: missing ), unterminated subpattern"),
        ("(?P<age>P)", "has the group age; allowed: label, patient, source, split"),
    ],
)
def test_expressions_that_find_nothing_are_refused(dysfw, photos, tmp_path, pattern, message):
    ran = dysfw("data", "manifest", photos, "-o", tmp_path / "m.csv", "--patient-from", pattern)
    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "m.csv").exists()


def test_a_slow_expression_ends(photos):
    from dysfw.data.draft import match_names
    from dysfw.errors import DysfwError

    start = time.monotonic()
    with pytest.raises(DysfwError, match="needs more than 1 s for 1 name"):
        match_names("(a+)+$", ["a" * 40 + "b"], time_limit=1.0)
    assert time.monotonic() - start < 20


def test_images_that_no_expression_matches_are_named(dysfw, photos, tmp_path):
    ran = dysfw("data", "manifest", photos, "-o", tmp_path / "m.csv", "--patient-from", r"^(down-syndrome/P\d)")
    assert ran.code == 0
    assert "warning: 12 images without a patient: --patient-from ^(down-syndrome/P\\d) finds none" in ran.err


def test_a_manifest_leaves_out_what_it_cannot_hold(dysfw, photos, tmp_path):
    """A name that is not UTF-8, a pipe and a link to nothing; a link to a file elsewhere is listed."""
    image = photos / "unaffected" / "P0_0.jpg"
    image.rename(tmp_path / "elsewhere.jpg")
    image.symlink_to(tmp_path / "elsewhere.jpg")
    shutil.copy(image, os.fsencode(photos) + b"/unaffected/Zo\xeb.jpg")
    os.mkfifo(photos / "unaffected" / "pipe.jpg")
    (photos / "unaffected" / "gone.jpg").symlink_to("nothing.jpg")
    ran = dysfw("data", "manifest", photos, "-o", tmp_path / "m.csv")
    assert ran.code == 0
    assert "18 images, 3 conditions" in ran.out
    assert (
        "left out: 1 entry without a name in UTF-8, which a manifest needs; rename before listing: unaffected/Zo\\xeb.jpg"
        in ran.err
    )
    assert "left out: 2 entries without a file behind (links to nothing, pipes and the like): unaffected/pipe.jpg" in ran.err
    with (tmp_path / "m.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 18
    assert len(read_dataset(tmp_path / "m.csv").samples) == 18


def test_the_summaries_of_the_commands_are_not_cut(dysfw):
    ran = dysfw("data", "--help")
    assert "Write a manifest of a folder, to complete in a spreadsheet." in ran.out
    assert "..." not in ran.out.split("Commands:")[1]


def test_of_many_conditions_those_with_the_most_images_are_shown(capsys):
    labels = {f"c{n:03}": LabelCounts(images=n, used=n, patients=1, train=None, test=None) for n in range(600)}
    _print_inventory(Inventory("data", 9, 9, None, labels, {}, {}, 0, None, None, (), (), ()))
    printed = capsys.readouterr().out
    assert "c599" in printed
    assert "c560" in printed
    assert "c559" not in printed
    assert "and 560 more conditions with fewer images; for all: --format json" in printed
