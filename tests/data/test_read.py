"""Reading of folders and manifests, with all problems reported at once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow.parquet import write_table

from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError


@pytest.fixture
def folder(tmp_path) -> Callable:
    """folder("a/1.jpg", …): a folder with these empty files."""

    def folder(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return folder


@pytest.fixture
def manifest(tmp_path) -> Callable:
    """manifest(text): a CSV file with that text (or those bytes), beside the files a.jpg, b.jpg, c.jpg and sub/b.jpg."""

    def manifest(text: str | bytes) -> Path:
        path = tmp_path / "images.csv"
        for name in ("a.jpg", "b.jpg", "c.jpg", "sub/b.jpg"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return manifest


def error_of(path: Path) -> DysfwError:
    with pytest.raises(DysfwError) as caught:
        read_dataset(path)
    return caught.value


def problems(path: Path) -> list[str]:
    """Problems of a manifest, without the first line, which counts them."""
    first, *rest = error_of(path).message.splitlines()
    lines = [line.strip() for line in rest if not line.startswith("  /")]
    assert first == f"{len(lines)} problem{'s' * (len(lines) != 1)} in {path}:"
    return [line for line in lines if "none is there" not in line]


# Folders


def test_each_folder_is_a_class_with_images_at_any_depth(folder) -> None:
    root = folder("noonan/b.JPG", "noonan/a.png", "down/clinic/2024/c.jpeg")
    dataset = read_dataset(root)
    assert [(str(i.path.relative_to(root)), i.label) for i in dataset.samples] == [
        ("down/clinic/2024/c.jpeg", "down"), ("noonan/a.png", "noonan"), ("noonan/b.JPG", "noonan"),
    ]  # fmt: skip
    assert dataset.origin == root
    assert not dataset.knows_patients


def test_files_that_are_not_images_or_not_in_a_class_are_listed(folder) -> None:
    root = folder("x/a.jpg", "x/notes/b.txt", "y/c.mov", "y/d.png", "README.md", "loose.jpg")
    (finding,) = read_dataset(root).findings
    assert (finding.code, finding.images) == ("ignored_files", 4)
    assert set(finding.examples) == {"x/notes/b.txt", "y/c.mov", "README.md", "loose.jpg"}


def test_hidden_and_system_files_are_left_out_and_reported(folder) -> None:
    names = (
        "x/.b.jpg",
        "x/.thumbnails/a.jpg",
        "x/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
        "x/._a.jpg",
        "x/Thumbs.db",
        "x/~$a.jpg",
    )
    folders = (".git/c.jpg", "__MACOSX/x/a.jpg", "#recycle/old.jpg", "$RECYCLE.BIN/d.jpg", "desktop.ini", ".hidden.txt")
    dataset = read_dataset(folder("x/a.jpg", *names, *folders))
    assert [(sample.path.name, sample.label) for sample in dataset.samples] == [("a.jpg", "x")]
    (finding,) = dataset.findings
    assert (finding.code, finding.severity, finding.images) == ("system_files", "note", 12)
    assert "x/@eaDir" in finding.examples


def test_data_in_a_hidden_folder_are_read(folder) -> None:
    root = folder(".cache/data/x/a.jpg") / ".cache" / "data"
    assert [sample.label for sample in read_dataset(root).samples] == ["x"]


def test_an_empty_folder_is_not_a_class(folder) -> None:
    root = folder("x/a.jpg", "y/b.jpg")
    (root / "empty").mkdir()
    assert read_dataset(root).labels == ("x", "y")


def test_a_folder_without_classes_is_refused_with_a_hint(folder) -> None:
    error = error_of(folder("a.jpg", "b.jpg"))
    assert "has no images in subfolders (0 subfolders found)" in error.message
    assert error.hint.startswith("put the images of each class into a subfolder named after it")
    assert {".jpg", ".png", ".tiff"} <= set(error.hint.rpartition("Supported are ")[2].split(", "))


def test_data_that_does_not_exist_is_refused(tmp_path) -> None:
    assert "no such data" in error_of(tmp_path / "gone").message


# Manifests


def test_all_columns_of_a_manifest_are_read(manifest, tmp_path) -> None:
    path = manifest("path,label,patient,split,source\na.jpg,noonan,7,train,Rotterdam\nsub/b.jpg,down,8,test,\n")
    first, second = read_dataset(path).samples
    assert (first.path, first.label, first.patient, first.split, first.source) == (
        tmp_path / "a.jpg", "noonan", "7", "train", "Rotterdam",
    )  # fmt: skip
    assert (second.path, second.split, second.source) == (tmp_path / "sub" / "b.jpg", "test", None)


def test_a_folder_with_a_manifest_is_read_from_the_manifest(folder) -> None:
    root = folder("x/a.jpg", "y/b.jpg")
    (root / "manifest.csv").write_text("path,label\nx/a.jpg,noonan\n")
    dataset = read_dataset(root)
    assert dataset.labels == ("noonan",)
    assert dataset.origin == root / "manifest.csv"


def test_the_phantoms_are_read(phantoms) -> None:
    dataset = read_dataset(phantoms)
    assert len(dataset.labels) == 7
    assert dataset.knows_patients
    assert all(sample.path.is_file() for sample in dataset.samples)


def test_absolute_paths_are_kept_and_relative_ones_start_at_the_manifest(manifest, tmp_path) -> None:
    one, two = read_dataset(manifest("path,label\n/archive/a.jpg,x\nb.jpg,y\n")).samples
    assert one.path == Path("/archive/a.jpg")
    assert two.path == tmp_path / "b.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na.jpg,x\n",
        "\ufeffpath,label\na.jpg,x\n",  # as Excel saves UTF-8
        "path,label\r\na.jpg,x\r\n",
        "label,path,remark\nx,a.jpg,good light\n",
        "path,label\n  a.jpg , x  \n",
        '"path","label"\n"a.jpg","x"\n',
        "path,label\n\na.jpg,x\n\n",
        "path,label,patient,split\na.jpg,x\n",  # a row may end early
    ],
)
def test_harmless_differences_between_csv_files_do_not_matter(manifest, tmp_path, text) -> None:
    (sample,) = read_dataset(manifest(text)).samples
    assert (sample.path, sample.label, sample.patient, sample.split) == (tmp_path / "a.jpg", "x", None, None)


def test_quoted_values_may_contain_commas_and_any_letters(manifest) -> None:
    (sample,) = read_dataset(manifest('path,label\na.jpg,"Noonan, Typ 2 – ‚mild‘"\n')).samples
    assert sample.label == "Noonan, Typ 2 – ‚mild‘"


def test_a_value_with_an_unquoted_comma_is_refused_and_not_truncated(manifest) -> None:
    assert problems(manifest("path,label\na.jpg,Noonan, type 2\n")) == [
        "row 2: more cells than columns; a value that contains the separator needs quotes"
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("path,lable", "has no column 'label' (found: path, lable); did you mean 'lable'?"),
        ("pfad,label", "has no column 'path' (found: pfad, label)"),
        ("path;lable", "has no column 'label' (found: path, lable)"),
        ("path,la bel", "has no column 'label'"),
        ("one two", "has no column 'path' (found: one two); no column 'label' (found: one two)"),
    ],
)
def test_a_missing_column_is_reported_with_its_closest_match(manifest, header, words) -> None:
    error = error_of(manifest(f"{header}\na.jpg,x\n"))
    assert words in error.message
    assert error.hint.startswith(
        "required: path, label; optional: patient, split, source, publication, composite_consent, hpo_observed, hpo_excluded, "
        "age, age_months, sex, ancestry. Names that"
    )


def test_all_problems_are_reported_at_once_with_their_row(manifest) -> None:
    path = manifest("path,label,split\n,x,\nb.jpg,,train\nc.jpg,x,validation\n,,train\na.jpg,y,test\n")
    assert problems(path) == [
        "row 2: path is empty",
        "row 3: label is empty",
        "row 4: split is 'validation'; allowed: train, test, or empty",
        "row 5: path, label is empty",
    ]


def test_the_same_problem_is_reported_once_for_all_its_rows(manifest) -> None:
    path = manifest("path,label,split\n" + "".join(f"{n}.jpg,x,val\n" for n in range(8)))
    assert problems(path) == ["rows 2, 3, 4, 5, 6 and 3 more: split is 'val'; allowed: train, test, or empty"]


def test_a_long_list_of_problems_is_truncated(manifest) -> None:
    rows = "".join(f"{n}.jpg,x,split{n}\n" for n in range(25))
    first, *lines = error_of(manifest("path,label,split\n" + rows)).message.splitlines()
    assert first.startswith("25 problems in ")
    assert len(lines) == 21
    assert lines[-1].strip() == "and 5 more"


def test_an_image_listed_twice_is_refused_with_its_rows(manifest) -> None:
    path = manifest("path,label\na.jpg,x\n./a.jpg,y\nb.jpg,y\n")
    assert problems(path) == [
        "1 image listed more than once under different labels; keep one row of each: a.jpg (rows 2, 3: x, y)"
    ]


def test_a_patient_in_training_and_test_is_refused(manifest) -> None:
    path = manifest(
        "path,label,patient,split\na.jpg,x,7,train\nb.jpg,x,7,test\nc.jpg,y,8,test\nd.jpg,y,,train\ne.jpg,y,,test\n"
    )
    assert problems(path) == ["1 patient in more than one split; put all rows of a patient into one: 7"]


def test_a_folder_with_two_manifests_is_refused(tmp_path) -> None:
    for name in ("manifest.csv", "manifest.parquet"):
        (tmp_path / name).write_text("path,label\n")
    error = error_of(tmp_path)
    assert "manifest.csv, manifest.parquet" in error.message
    assert error.hint == "pass one of them as DATA"


def test_a_manifest_without_rows_is_refused(manifest) -> None:
    assert "lists no images" in error_of(manifest("path,label\n")).message


# Parquet


@pytest.fixture
def parquet(tmp_path) -> Callable:
    """parquet({"path": […], …}, name): a Parquet file with these columns."""

    def parquet(columns: dict[str, list], name: str = "images.parquet") -> Path:
        write_table(pyarrow.table(columns), tmp_path / name)
        for image in filter(None, columns["path"]):
            (tmp_path / image).touch()
        return tmp_path / name

    return parquet


def test_a_parquet_manifest_is_read_like_a_csv(parquet, manifest) -> None:
    columns = {"path": ["a.jpg", "b.jpg"], "label": ["x", "y"], "patient": [7, None], "split": ["train", "test"], "age": [3, 4]}
    text = "path,label,patient,split,age\na.jpg,x,7,train,3\nb.jpg,y,,test,4\n"
    assert read_dataset(parquet(columns)).samples == read_dataset(manifest(text)).samples


def test_a_folder_may_contain_a_parquet_manifest(parquet, tmp_path) -> None:
    parquet({"path": ["a.jpg"], "label": ["x"]}, "manifest.parquet")
    assert read_dataset(tmp_path).origin == tmp_path / "manifest.parquet"


def test_parquet_rows_are_checked_like_csv_rows(parquet) -> None:
    path = parquet({"path": ["a.jpg", None], "label": ["", "y"]})
    assert problems(path) == ["row 1: label is empty", "row 2: path is empty"]
    assert "did you mean 'lable'?" in error_of(parquet({"path": ["a.jpg"], "lable": ["x"]})).message


def test_a_damaged_parquet_file_is_refused(parquet, phantoms) -> None:
    path = parquet({"path": ["a.jpg"], "label": ["x"]})
    shutil.copy(phantoms / "manifest.csv", path)
    assert "is not a Parquet file" in error_of(path).message


# Labels


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Noonan", "noonan"),
        ("Noonan syndrome", "Noonan  syndrome"),
        ("Noonan syndrome", "Noonan\u00a0syndrome"),
        ("Sj\u00f6gren", "Sjo\u0308gren"),
        ("Type \u2161", "Type II"),
        ("Weiß", "WEISS"),
    ],
)
def test_two_spellings_of_one_label_are_refused(manifest, folder, one, other) -> None:
    text = f"path,label\na.jpg,{one}\nb.jpg,{other}\nc.jpg,down\n"
    root = folder(f"data/{one}/a.jpg", f"data/{other}/b.jpg", "data/down/c.jpg") / "data"
    for error in (error_of(manifest(text)), error_of(root)):
        assert "1 label spelt in several ways" in error.message
        assert error.hint.startswith("labels must not differ only in case, spaces or Unicode form")
        assert all(repr(name) in error.message or ascii(name) in error.message for name in (one, other))
        assert "down" not in error.message.splitlines()[-1]


def test_labels_that_look_the_same_are_shown_with_escapes(manifest) -> None:
    error = error_of(manifest("path,label\na.jpg,Sj\u00f6gren\nb.jpg,Sjo\u0308gren\n"))
    assert r"'Sjo\u0308gren', 'Sj\xf6gren'" in error.message


def test_spaces_around_a_folder_name_are_ignored(folder) -> None:
    assert read_dataset(folder("noonan /a.jpg", "down/b.jpg")).labels == ("down", "noonan")
    assert "'noonan', 'noonan '" in error_of(folder("noonan/c.jpg")).message


def test_labels_that_differ_in_more_than_spelling_are_separate(manifest) -> None:
    dataset = read_dataset(manifest("path,label\na.jpg,type 1\nb.jpg,type1\nc.jpg,type I\n"))
    assert dataset.labels == ("type 1", "type I", "type1")


def test_an_empty_file_is_called_empty(manifest) -> None:
    path = manifest("")
    error = error_of(path)
    assert (error.message, "first row" in error.hint) == (f"{path} is empty", True)


def test_the_folder_of_relative_paths_is_named_in_full(manifest, tmp_path, monkeypatch) -> None:
    manifest("path,label\nzzz.jpg,x\n")
    monkeypatch.chdir(tmp_path)
    assert f"paths are relative to {tmp_path}" in str(error_of(Path("images.csv")).hint)
