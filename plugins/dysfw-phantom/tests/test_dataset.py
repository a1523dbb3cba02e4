"""Data sets: content, reproducibility and recovery from interruptions."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from dysfw_phantom.dataset import make_dataset
from dysfw_phantom.spec import parse_spec

from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

SPEC = """\
version: 1
name: small
seed: {seed}
size: 64
classes:
  - {{condition: phantom-unaffected, patients: 4, images: 2, split: train}}
  - {{condition: phantom-facial-palsy, patients: 10, split: {{train: 0.5, test: 0.5}}, source: elsewhere}}
"""
ONE = "version: 1\nname: small\nseed: {seed}\nsize: 64\nclasses:\n  - {{condition: phantom-unaffected, patients: 1}}\n"
IMAGES = 18  # two chunks, of 16 and 2


def spec(seed=5, text=SPEC):
    return parse_spec(text.format(seed=seed), "small.yaml", None)


def content(folder):
    """Every file by its path, as the hash of its bytes."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "small"
    assert make_dataset(spec(), folder, 1, Silent())
    return folder


def command(folder, workers=1, before=""):
    """Return the command line of a process that creates the data set."""
    program = (
        "import sys; from pathlib import Path; from dysfw.util.progress import Silent\n"
        "from dysfw_phantom.spec import find_spec; from dysfw_phantom.dataset import make_dataset\n" + before + "\n"
        "if __name__ == '__main__': make_dataset(find_spec(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Silent())\n"
    )
    (folder.parent / "program.py").write_text(program)
    (folder.parent / "small.yaml").write_text(SPEC.format(seed=5))
    return [sys.executable, str(folder.parent / "program.py"), str(folder.parent / "small.yaml"), str(folder), str(workers)]


def test_the_data_set_has_patients_splits_and_sources(dataset_folder):
    dataset = read_dataset(dataset_folder)
    assert len(dataset.samples) == IMAGES
    assert dataset.labels == ("phantom-facial-palsy", "phantom-unaffected")
    assert all(sample.path.is_file() for sample in dataset.samples)
    assert len({sample.patient for sample in dataset.samples}) == 14
    assert len(dataset.split("test")) == 5
    assert {sample.source for sample in dataset.samples if sample.label == "phantom-facial-palsy"} == {"elsewhere"}


def test_no_temporary_files_remain(dataset_folder):
    assert {p.name for p in dataset_folder.iterdir()} == {
        "manifest.csv", "truth.parquet", "spec.json", "labels.yaml", "phantom-unaffected", "phantom-facial-palsy",
    }  # fmt: skip
    assert [p.name for p in dataset_folder.parent.iterdir()] == ["small"]


def test_two_processes_produce_the_same_files_as_one(dataset_folder, tmp_path):
    make_dataset(spec(), tmp_path / "small", 2, Silent())
    assert content(tmp_path / "small") == content(dataset_folder)


def test_another_seed_produces_other_images(dataset_folder, tmp_path):
    make_dataset(spec(seed=6, text=ONE), tmp_path / "other", 1, Silent())
    make_dataset(spec(seed=5, text=ONE), tmp_path / "same", 1, Silent())
    other, same = (content(tmp_path / name)["phantom-unaffected/small-000001-01.jpg"] for name in ("other", "same"))
    assert same == content(dataset_folder)["phantom-unaffected/small-000001-01.jpg"] != other


@pytest.mark.parametrize("damaged", [False, True], ids=["intact", "damaged"])
def test_a_killed_run_leaves_no_processes_and_resumes(dataset_folder, tmp_path, damaged):
    folder = tmp_path / "small"
    unfinished = tmp_path / "small.unfinished"
    process = subprocess.Popen(command(folder, workers=2), start_new_session=True)
    while not list(unfinished.glob("parts/*.parquet")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    _until_gone(process.pid)
    assert not folder.exists()
    part = next(unfinished.glob("parts/*.parquet"))
    kept = {unfinished / "data" / path for path in pq.read_table(part)["path"].to_pylist()}
    times = {path: path.stat().st_mtime_ns for path in kept}
    if damaged:
        next(iter(kept)).write_bytes(b"")
    assert make_dataset(spec(), folder, 1, Silent())
    assert content(folder) == content(dataset_folder)
    assert damaged != all((folder / p.relative_to(unfinished / "data")).stat().st_mtime_ns == then for p, then in times.items())


def _until_gone(session):
    """Wait until all processes of a session have ended."""
    for _ in range(500):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    os.killpg(session, signal.SIGKILL)
    pytest.fail("worker processes outlived their parent")


def test_a_write_error_is_reported_and_finished_images_are_kept(dataset_folder, tmp_path):
    limit = (
        "from dysfw_phantom.phantom import make_phantom, capture\n"
        "from dysfw_phantom.condition import shipped_conditions\n"
        "capture(make_phantom(shipped_conditions()['phantom-unaffected'], 0, 0), 0, 64)\n"  # compiles
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"  # bytes; truth.parquet is larger
    )
    folder = tmp_path / "small"
    done = subprocess.run(command(folder, before=limit), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DysfwError: cannot write in" in done.stderr
    assert "File too large" in done.stderr
    assert not folder.exists()
    make_dataset(spec(), folder, 1, Silent())
    assert content(folder) == content(dataset_folder)


def test_a_finished_data_set_is_not_changed(dataset_folder):
    before = content(dataset_folder)
    assert make_dataset(spec(), dataset_folder, 1, Silent()) is False
    assert content(dataset_folder) == before


def test_a_folder_with_another_data_set_is_rejected(dataset_folder):
    with pytest.raises(DysfwError, match="contains a data set of another spec"):
        make_dataset(spec(seed=6), dataset_folder, 1, Silent())


def test_a_folder_with_other_files_is_rejected(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "mine.jpg").touch()
    with pytest.raises(DysfwError, match="does not contain a data set of phantoms"):
        make_dataset(spec(), tmp_path / "files", 1, Silent())


def test_an_unfinished_data_set_of_another_spec_is_rejected(tmp_path):
    (tmp_path / "small.unfinished" / "data").mkdir(parents=True)
    (tmp_path / "small.unfinished" / "data" / "spec.json").write_text('{"fingerprint": "another"}')
    with pytest.raises(DysfwError, match="unfinished data set of another spec"):
        make_dataset(spec(), tmp_path / "small", 1, Silent())


def test_an_empty_folder_is_accepted(tmp_path):
    (tmp_path / "small").mkdir()
    make_dataset(spec(text=ONE), tmp_path / "small", 1, Silent())
    assert (tmp_path / "small" / "phantom-unaffected" / "small-000001-01.jpg").is_file()
