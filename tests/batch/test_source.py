import builtins
import os
import re
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from dysfw.batch.item import BatchItem
from dysfw.batch.remote import RemoteImage
from dysfw.batch.source import Listing
from dysfw.decoding.files import read_bytes
from dysfw.errors import DysfwError, ImageError
from dysfw.util.install import install_command


@pytest.fixture
def folder(tmp_path) -> Path:
    names = ("b/2.JPG", "b/1.png", "a.jpeg", "b/c/3.webp", "notes.txt", ".hidden.png", ".git/4.png", "b/manifest.csv")
    for name in names:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "images"


def names(text) -> list[str]:
    return [entry.name for entry in Listing(str(text)).entries()]


def test_folders_are_listed_in_order_without_hidden_and_other_files(folder):
    listing = Listing(str(folder))
    entries = list(listing.entries())
    assert [e.name for e in entries] == ["a.jpeg", "b/1.png", "b/2.JPG", "b/c/3.webp"]
    assert [Path(e.image) for e in entries] == [folder / e.name for e in entries]
    assert listing.skipped.others == 2
    assert listing.skipped.system == 2


def test_linked_folders_are_followed_once_and_loops_end(folder, tmp_path):
    """A folder linked twice, a link to a folder in the source, and links in a circle."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "new.jpg").touch()
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(tmp_path / "elsewhere")
    listing = Listing(str(folder))
    assert [entry.name for entry in listing.entries()] == ["a.jpeg", "b/1.png", "b/2.JPG", "b/c/3.webp", "again/new.jpg"]
    assert listing.skipped.examples["repeated"] == ["b/loop", "more", "again/back"]


def test_a_linked_file_is_not_counted_twice(folder, tmp_path):
    """A link to a listed file is left out; a link to a file outside, or to a store of files without extension, is an image."""
    (folder / "copy.jpeg").symlink_to("a.jpeg")
    (tmp_path / "out.png").touch()
    (folder / "out1.png").symlink_to(tmp_path / "out.png")
    (folder / "out2.png").symlink_to(tmp_path / "out.png")
    (folder / "store").mkdir()
    (folder / "store" / "5f3a").touch()
    (folder / "named.png").symlink_to("store/5f3a")
    listing = Listing(str(folder))
    listed = [entry.name for entry in listing.entries()]
    assert listed[4:] == ["named.png", "out1.png"]
    assert listing.skipped.examples["repeated"] == ["copy.jpeg", "out2.png"]


def test_thumbnails_of_storage_systems_are_left_out_everywhere(folder):
    for name in ("@eaDir/a.jpeg/SYNOPHOTO_THUMB_XL.jpg", "b/@eaDir/x.jpg", "b/._1.png", "__MACOSX/a.jpeg", "#recycle/b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert names(folder) == ["a.jpeg", "b/1.png", "b/2.JPG", "b/c/3.webp"]
    assert names(f"{folder}/**/*.jp*g") == [f"{folder}/a.jpeg"]
    assert names(f"{folder}/b/@eaDir/*.jpg") == [f"{folder}/b/@eaDir/x.jpg"]  # the user asked for it
    memory = fsspec.filesystem("memory")
    for name in ("a.png", "@eaDir/b.png", "in/Thumbs.db"):
        memory.pipe(f"/nas/{name}", b"x")
    listing = Listing("memory://nas")
    assert [entry.name for entry in listing.entries()] == ["memory:///nas/a.png"]
    assert listing.skipped.system == 2
    memory.rm("/nas", recursive=True)


def test_broken_links_are_listed_and_fail_individually(folder):
    (folder / "self.png").symlink_to("self.png")
    (folder / "gone.png").symlink_to("none.png")
    codes = {}
    for source in (folder, f"{folder}/*.png"):
        for entry in Listing(str(source)).entries():
            if Path(entry.name).name in ("self.png", "gone.png"):
                with pytest.raises(ImageError) as caught:
                    read_bytes(entry.image_source)
                codes[str(source), Path(entry.name).name] = caught.value.code
    assert list(codes.values()) == ["missing_file", "unreadable"] * 2


def test_a_manifest_in_the_folder_is_detected(folder):
    assert Listing(str(folder)).manifest is None
    (folder / "manifest.csv").write_text("path\na.jpeg\n")
    assert Listing(str(folder)).manifest == folder / "manifest.csv"


def test_patterns_files_and_home_folders_are_listed(folder, monkeypatch):
    assert names(f"{folder}/b/*.[pJ]*") == [f"{folder}/b/1.png", f"{folder}/b/2.JPG"]
    assert names(f"{folder}/**/*.webp") == [f"{folder}/b/c/3.webp"]
    assert names(folder / "a.jpeg") == ["a.jpeg"]
    monkeypatch.setenv("HOME", str(folder))
    assert names("~/b") == ["1.png", "2.JPG", "c/3.webp"]


def test_manifests_are_read(folder):
    manifest = folder / "list.csv"
    manifest.write_text("path,patient,label,colour\nb/1.png,p1,sotos,red\ngone.png,,,\nmemory://x/y.png,p2,,\n")
    assert list(Listing(str(manifest)).entries()) == [
        BatchItem(str(folder / "b/1.png"), "b/1.png", "p1", "sotos", ""),
        BatchItem(str(folder / "gone.png"), "gone.png"),
        BatchItem("memory://x/y.png", "memory://x/y.png", "p2"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pfad,label\na,b\n", "has no column 'path'"),
        ("path,x\n,1\nb,1\n,2\n", "rows 2, 4: path is empty"),
        ('path,label\na,"b\nc,d\n', "a quote opens in line 2 and is not closed by line 3"),
        ("path\ngone.png\nlost.png\n", "(?s)lists 2 images, but none is there. Tried:.*/gone.png.*/lost.png"),
        ("path,label,label\na,b,c\n", "more than one column 'label'"),
        ("path\na,b,c\n", "more cells than columns"),
    ],
)
def test_invalid_manifests_are_rejected(tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DysfwError, match=message):
        names(tmp_path / "list.csv")


@pytest.mark.parametrize("name", ["list.txt", "list.TSV", "list.tab"])
def test_tables_of_other_names_are_manifests_and_no_images(folder, name):
    (folder / name).write_text("Path\tLabel\na.jpeg\tx\n")
    assert [(entry.name, entry.label) for entry in Listing(str(folder / name)).entries()] == [("a.jpeg", "x")]


def test_an_old_workbook_is_refused_by_name(folder):
    (folder / "list.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(DysfwError, match="an old or password-protected Excel workbook"):
        names(folder / "list.xls")


def test_column_names_are_stripped_and_integers_stay_integers(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    (tmp_path / "list.csv").write_text("path, label\na.png, sotos\n")
    assert next(iter(Listing(str(tmp_path / "list.csv")).entries())).label == "sotos"
    table = pa.table({"path": ["a.png", "b.png"], "patient": [1.0, None]})
    parquet.write_table(table, tmp_path / "list.parquet")
    assert [entry.patient for entry in Listing(str(tmp_path / "list.parquet")).entries()] == ["1", ""]


def test_a_missing_source_is_an_error(tmp_path):
    with pytest.raises(DysfwError, match="(?s)no such file or folder: .*SOURCE is a folder, a pattern in quotes") as caught:
        names(tmp_path / "none")
    assert "s3://" in str(caught.value)


def test_addresses_are_listed_and_read(folder):
    memory = fsspec.filesystem("memory")
    for name in ("a.png", "in/b.jpg", "in/list.txt", ".hidden.png", "in/.git/c.png"):
        memory.pipe(f"/shelf/{name}", name.encode())
    assert names("memory://shelf") == ["memory:///shelf/a.png", "memory:///shelf/in/b.jpg"]
    assert names("memory://shelf/*.png") == ["memory:///shelf/a.png"]
    assert names("memory://shelf/**/*.jpg") == ["memory:///shelf/in/b.jpg"]
    (entry,) = Listing("memory://shelf/in/b.jpg").entries()
    assert entry.image_source.read(100) == b"in/b.jpg"
    assert entry.image_source.read(2) == b"in"
    memory.rm("/shelf", recursive=True)


def test_addresses_of_local_files_are_paths(folder):
    (folder / "a b").mkdir()
    (folder / "a b" / "ë 1.png").touch()
    assert names(folder.as_uri()) == names(folder)
    (entry,) = Listing((folder / "a b" / "ë 1.png").as_uri()).entries()
    assert Path(entry.image) == folder / "a b" / "ë 1.png"
    assert names((folder / "a b").as_uri() + "/*.png") == [str(folder / "a b" / "ë 1.png")]
    (folder / "list.csv").write_text("path\n" + (folder / "a b" / "ë 1.png").as_uri() + "\n")
    (entry,) = Listing(str(folder / "list.csv")).entries()
    assert Path(entry.image) == folder / "a b" / "ë 1.png"


def test_a_tilde_of_no_user_is_a_part_of_the_name(folder, monkeypatch):
    (folder / "~tmp.jpg").touch()
    (folder / "list.csv").write_text("path\n~tmp.jpg\n~none.jpg\n")
    assert names(folder / "list.csv") == ["~tmp.jpg", "~none.jpg"]
    monkeypatch.chdir(folder)
    assert names("~tmp.jpg") == ["~tmp.jpg"]
    with pytest.raises(DysfwError, match="no such file or folder: ~none.jpg"):
        names("~none.jpg")


def test_pipes_are_rejected_without_blocking(folder):
    os.mkfifo(folder / "pipe.png")
    with pytest.raises(ImageError, match="not a regular file"):
        RemoteImage(f"file://{folder}/pipe.png").read(10)


@pytest.mark.parametrize(("cause", "code"), [(None, "missing_file"), (404, "missing_file"), (503, "unreadable")])
def test_a_failing_service_is_not_a_missing_file(monkeypatch, cause, code):
    """The errors are those of fsspec over HTTP."""

    def unavailable(*_, **__):
        error = OSError("connection refused")
        error.status = cause
        raise FileNotFoundError("x") from (error if cause else None)

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "_open", unavailable)
    with pytest.raises(ImageError) as caught:
        RemoteImage("memory://shelf/x.png").read(10)
    assert caught.value.code == code


def test_a_missing_remote_image_is_an_image_error():
    with pytest.raises(ImageError) as caught:
        RemoteImage("memory://nowhere/x.png").read(10)
    assert caught.value.code == "missing_file"


def test_remote_sources_are_rejected_offline(monkeypatch):
    monkeypatch.setenv("DYSFW_OFFLINE", "1")
    with pytest.raises(DysfwError, match="s3://bucket/x is not on this machine, and DYSFW_OFFLINE is set"):
        names("s3://bucket/x")
    assert names("memory://empty") == []


def test_a_missing_package_of_a_service_is_named():
    with pytest.raises(DysfwError, match="(?i)install"):
        names("gs://bucket/x")
    with pytest.raises(DysfwError, match="carrier://x cannot be opened: ValueError: Protocol not known"):
        names("carrier://x")


def test_missing_fsspec_is_reported(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("fsspec"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DysfwError, match=re.escape(install_command("dysfw", "remote"))):
        names("memory://x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_folder_is_reported(folder):
    (folder / "b").chmod(0)
    listing = Listing(str(folder))
    found = [entry.name for entry in listing.entries()]
    (folder / "b").chmod(0o700)
    assert found == ["a.jpeg", "b"]
    assert listing.skipped.examples["unlisted"] == ["b"]
