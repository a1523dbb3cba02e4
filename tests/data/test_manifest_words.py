"""Manifests as people have them: missing values, other systems' paths, doubled rows; everything recognised is reported."""

import unicodedata
from collections.abc import Callable

import openpyxl
import pytest

from dysfw.data.dataset import Dataset
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError

NAMES = ("a.jpg", "b.jpg", "sub/c.jpg", "sub/Zoë 1.JPG", "~tmp.jpg", "#1.jpg")


@pytest.fixture
def read(tmp_path) -> Callable:
    """read(text): the data set of a manifest with this text, beside the files in NAMES."""
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def read(text: str, name: str = "list.csv") -> Dataset:
        (tmp_path / name).write_text(text, "utf-8")
        return read_dataset(tmp_path / name)

    return read


def codes(dataset: Dataset) -> dict[str, str]:
    """Messages of the findings by code."""
    return {finding.code: finding.message for finding in dataset.findings}


@pytest.mark.parametrize("word", ["NA", "nan", "NULL", "#N/A", "n/a", "-", "unknown", "None", "  ", "<NA>", "not  available"])
def test_words_for_a_missing_value_are_missing(read, word) -> None:
    dataset = read(f"path,label,patient,source\na.jpg,x,{word},{word}\nb.jpg,x,{word},\n sub/c.jpg,y,7,UMC\n")
    assert [sample.patient for sample in dataset.samples] == [None, None, "7"]
    assert [sample.source for sample in dataset.samples] == [None, None, "UMC"]
    if word.strip():
        message = codes(dataset)["missing_values"]
        assert "missing" in message
        assert "in row" in message


def test_a_missing_label_is_refused_with_the_word_and_the_way_out(read) -> None:
    with pytest.raises(DysfwError) as caught:
        read("path,label\na.jpg,NA\nb.jpg,x\nsub/c.jpg,unknown\n")
    assert "rows 2, 4: label is empty" in caught.value.message
    assert "label: 2 cells with 'NA', 'unknown' count as missing" in caught.value.hint
    assert "describe it in labels.yaml" in caught.value.hint


def test_a_label_that_is_described_is_meant(read, tmp_path) -> None:
    (tmp_path / "labels.yaml").write_text("NA: {name: neonatal alloimmunity}\n")
    dataset = read("path,label,patient\na.jpg,NA,NA\nb.jpg,x,2\n")
    assert dataset.labels == ("NA", "x")
    assert dataset.samples[0].patient is None


def test_a_folder_named_like_a_missing_value_is_refused_unless_described(tmp_path) -> None:
    for name in ("data/NA/a.jpg", "data/x/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(DysfwError, match="1 folder named like a missing value: 'NA'"):
        read_dataset(tmp_path / "data")
    (tmp_path / "data" / "labels.yaml").write_text("NA: {}\n")
    assert read_dataset(tmp_path / "data").labels == ("NA", "x")


def test_errors_of_formulas_are_refused(read) -> None:
    with pytest.raises(DysfwError, match=r"row 2: patient is '#REF!', an error of a spreadsheet's formula"):
        read("path,label,patient\na.jpg,x,#REF!\nb.jpg,y,2\n")


def test_synonyms_are_recognised_and_reported(read) -> None:
    dataset = read("File Name;Diagnosis;Subject ID;Set;Hospital\na.jpg;x;1;Training;UMC\nb.jpg;y;2;TEST;\n")
    assert [(s.label, s.patient, s.split, s.source) for s in dataset.samples] == [
        ("x", "1", "train", "UMC"),
        ("y", "2", "test", None),
    ]
    found = [finding.message for finding in dataset.findings if finding.code == "column_recognised"]
    assert "column 'Subject ID' is read as patient" in found
    assert len(found) == 5
    assert {"separator_recognised", "split_recognised"} <= set(codes(dataset))


def test_ambiguous_synonyms_are_refused(read) -> None:
    with pytest.raises(DysfwError, match="more than one column that may be 'patient': 'subject', 'person'"):
        read("path,label,subject,person\na.jpg,x,1,2\n")


@pytest.mark.parametrize(
    ("written", "how"),
    [
        (r"sub\c.jpg", "with backslashes between folders"),
        (r".\sub\c.jpg", "with backslashes between folders"),
        ("SUB/C.JPG", "in another case than the files"),
        (r"Sub\C.jpg", "with backslashes between folders and in another case than the files"),
        (unicodedata.normalize("NFD", "sub/Zoë 1.JPG"), "in another Unicode normal form than the files"),
        (unicodedata.normalize("NFD", "sub/zoë 1.jpg"), "in another case than the files"),
    ],
)
def test_paths_of_other_systems_are_found_and_reported(read, written, how) -> None:
    dataset = read(f"path,label\n{written},x\na.jpg,y\n")
    assert dataset.samples[0].path.is_file()
    assert codes(dataset) == {"paths_recognised": f"1 path written {how}, in row 2; the files were found"}


def test_a_file_name_in_another_normal_form_is_found(read, tmp_path) -> None:
    """As macOS stored names, and as an archive made there unpacks them."""
    (tmp_path / unicodedata.normalize("NFD", "Jérôme.jpg")).touch()
    (sample,) = read("path,label\nJérôme.jpg,x\n").samples
    assert sample.path.is_file()


def test_a_name_that_fits_several_files_is_not_used(read, tmp_path) -> None:
    for name in ("IMG.jpg", "img.JPG"):
        (tmp_path / name).touch()
    dataset = read("path,label\nimg.jpg,x\na.jpg,y\n")
    assert not dataset.samples[0].path.exists()
    assert "several files differ only in case or Unicode form: " in codes(dataset)["paths_unclear"]


def test_absolute_paths_addresses_and_tildes(read, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "sub"))
    address = (tmp_path / "sub" / "Zoë 1.JPG").as_uri()
    assert "%20" in address
    dataset = read(f"path,label\n{tmp_path}/a.jpg,x\n{address},x\n~/c.jpg,y\n~tmp.jpg,y\n~no-such-user.jpg,y\n#1.jpg,y\n")
    assert [sample.path.exists() for sample in dataset.samples] == [True, True, True, True, False, True]
    assert dataset.samples[2].path == tmp_path / "sub" / "c.jpg"


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        (["data/a.jpg", "data/b.jpg"], "a.jpg exists in {0}: write paths relative to that folder"),
        ([r"C:\study\sub\c.jpg"], "sub/c.jpg exists in {0}: write paths relative to that folder"),
        ([r"C:\study\gone.jpg"], "a path on another (Windows) machine"),
        (["a", "b"], "a.jpg exists: add the extension"),
        (["c.jpg"], "c.jpg exists in the folder sub: write sub/ before it"),
        (["gone.jpg"], "paths are relative to {0}"),
    ],
)
def test_if_all_files_are_missing_the_tried_ones_and_the_likely_reason_are_named(read, tmp_path, written, advice) -> None:
    with pytest.raises(DysfwError) as caught:
        read("path,label\n" + "".join(f"{name},x\n" for name in written))
    first, *tried = caught.value.message.splitlines()
    assert first.endswith(f"lists {len(written)} image{'s' * (len(written) > 1)}, but none is there. Tried:")
    assert [line.strip() for line in tried] == [str(tmp_path / name) for name in written]
    assert caught.value.hint == advice.format(tmp_path)


def test_a_manifest_below_the_folder_that_its_paths_start_from(read, tmp_path) -> None:
    with pytest.raises(DysfwError) as caught:
        read("path,label\nsub/c.jpg,x\n", "sub/list.csv")
    assert f"exists in {tmp_path.resolve()}, but paths start at the folder of the manifest" in caught.value.hint


def test_one_file_under_two_labels_or_patients_or_twice_is_refused_with_rows(read) -> None:
    with pytest.raises(DysfwError) as caught:
        read("path,label,patient\na.jpg,x,1\n./a.jpg,y,1\nb.jpg,x,1\nSUB\\..\\b.jpg,x,2\nsub/c.jpg,x,3\nsub/c.jpg,x,3\n")
    assert [line.strip() for line in caught.value.message.splitlines()[1:]] == [
        "1 image listed more than once under different labels; keep one row of each: a.jpg (rows 2, 3: x, y)",
        "1 image listed more than once for different patients; keep one row of each: b.jpg (rows 4, 5: 1, 2)",
        "1 image listed more than once; keep one row of each: sub/c.jpg (rows 6, 7)",
    ]


def test_patients_that_differ_in_spelling_only_are_reported(read) -> None:
    dataset = read("path,label,patient\na.jpg,x,P7\nb.jpg,x,p07\nsub/c.jpg,y,P 7\n#1.jpg,y,P70\n")
    (finding,) = [finding for finding in dataset.findings if finding.code == "patient_spellings"]
    assert finding.severity == "warning"
    assert finding.examples == ("'P 7', 'P7', 'p07'",)


@pytest.mark.parametrize("value", ["2-Sep", "Sep-02", "1.23E+11"])
def test_names_that_a_spreadsheet_may_have_changed_are_reported(read, value) -> None:
    dataset = read(f"path,label,patient\na.jpg,{value},1\nb.jpg,y,2\n")
    assert f"label: '{value}' in row 2 may be a name" in codes(dataset)["value_changed"]


def test_excel_in_german(read, tmp_path) -> None:
    """Semicolons, cp1252, capitals, backslashes, a title, empty rows at the end: all at once, each reported."""
    lines = [
        "Studie 12;;",
        "DATEI;;",
        "Filename;Diagnosis;Patient-ID",
        "sub\\Zoë 1.JPG;Sjögren;1",
        "A.JPG;Kontrolle;#N/A",
        ";;",
        ";;",
    ]
    (tmp_path / "list.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    dataset = read_dataset(tmp_path / "list.csv")
    assert [(s.path.name, s.label, s.patient) for s in dataset.samples] == [
        ("Zoë 1.JPG", "Sjögren", "1"),
        ("a.jpg", "Kontrolle", None),
    ]
    assert set(codes(dataset)) == {
        "encoding_estimated", "separator_recognised", "lines_skipped", "column_recognised", "empty_rows", "paths_recognised",
        "missing_values",
    }  # fmt: skip


def test_a_folder_may_hold_a_workbook_as_its_manifest(read, tmp_path) -> None:
    book = openpyxl.Workbook()
    for row in (["Photo", "Class", "Subject"], ["sub/c.jpg", "x", 7], ["a.jpg", "y", 8]):
        book.active.append(row)
    book.save(tmp_path / "manifest.xlsx")
    dataset = read_dataset(tmp_path)
    assert dataset.origin == tmp_path / "manifest.xlsx"
    assert [(sample.path.name, sample.label, sample.patient) for sample in dataset.samples] == [
        ("c.jpg", "x", "7"),
        ("a.jpg", "y", "8"),
    ]


def test_linked_folders_of_a_data_set_are_read_once(tmp_path) -> None:
    for name in ("data/x/a.jpg", "data/y/b.jpg", "other/c.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "data" / "x" / "more").symlink_to("../../other")
    (tmp_path / "other" / "loop").symlink_to(tmp_path / "data" / "x")
    (tmp_path / "data" / "z").symlink_to("../other")
    dataset = read_dataset(tmp_path / "data")
    listed = [(str(sample.path.relative_to(tmp_path / "data")), sample.label) for sample in dataset.samples]
    assert listed[:3] == [("x/a.jpg", "x"), ("x/more/c.jpg", "x"), ("y/b.jpg", "y")]
    assert ("z/c.jpg", "z") in listed  # the same file under another label: the checks of the images find it
    assert "repeated_links" in codes(dataset)


def test_real_folders_win_over_links_that_lead_to_them(tmp_path) -> None:
    """Whatever the names: links to a class, to a part of one, to the data themselves and to what holds them."""
    for name in ("data/b/1.jpg", "data/b/in/2.jpg", "data/c/3.jpg", "data/.store/d/4.jpg", "other/5.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    links = {
        "a": "b",
        "loop": ".",
        "part": "b/in",
        "up": "..",
        "b/more": "../c",
        "c/loop": "..",
        "d": ".store/d",
        "e": "../other",
    }
    for name, target in links.items():
        (tmp_path / "data" / name).symlink_to(target)
    dataset = read_dataset(tmp_path / "data")
    listed = [(str(sample.path.relative_to(tmp_path / "data")), sample.label) for sample in dataset.samples]
    assert listed == [("b/1.jpg", "b"), ("b/in/2.jpg", "b"), ("c/3.jpg", "c"), ("d/4.jpg", "d"), ("e/5.jpg", "e")]
    (left_out,) = [finding for finding in dataset.findings if finding.code == "repeated_links"]
    assert left_out.examples == ("a", "loop", "part", "up", "b/more", "c/loop")
    assert left_out.images == 6
