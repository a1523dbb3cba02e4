import builtins
import os
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from dysfw.batch.item import BatchItem
from dysfw.batch.remote import RemoteImage
from dysfw.batch.source import Listing
from dysfw.errors import DysfwError, ImageError
from dysfw.decoding.files import read_bytes


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
    assert listing.ignored == 2


def test_cyclic_links_are_not_followed(folder):
    (folder / "b" / "loop").symlink_to(folder)
    assert len(names(folder)) == 4


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
        ("image,label\na,b\n", "has no column 'path'"),
        ("path,x\n,1\n", "path is empty"),
        ("path;label\na;b\n", "commas separate columns"),
        ("path,label,label\na,b,c\n", "more than one column 'label'"),
        ("path\na,b,c\n", "more cells than columns"),
    ],
)
def test_invalid_manifests_are_rejected(tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DysfwError, match=message):
        names(tmp_path / "list.csv")


def test_column_names_are_stripped_and_integers_stay_integers(tmp_path):
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
    assert names(f"file://{folder}") == [f"file://{folder}/{n}" for n in ("a.jpeg", "b/1.png", "b/2.JPG", "b/c/3.webp")]
    assert names(f"file://{folder}/b") == [f"file://{folder}/b/{n}" for n in ("1.png", "2.JPG", "c/3.webp")]
    memory.rm("/shelf", recursive=True)


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
    with pytest.raises(DysfwError, match=r"pip install 'dysfw\[remote\]'"):
        names("memory://x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_folder_is_reported(folder):
    (folder / "b").chmod(0)
    with pytest.raises(DysfwError, match="cannot list .*Permission denied"):
        names(folder)
    (folder / "b").chmod(0o700)
