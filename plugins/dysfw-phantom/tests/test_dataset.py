"""Data sets: what is in them, the same bits however they are made, and nothing lost or half-written when something happens."""

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

SPEC = """\
version: 1
name: small
seed: {seed}
size: 64
classes:
  - {{condition: phantom-unaffected, patients: 4, photographs: 2, split: train}}
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
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "small"
    assert make_dataset(spec(), folder, 1, Silent())
    return folder


def command(folder, workers=1, before=""):
    """The arguments of a process of its own that makes the data set."""
    program = (
        "import sys; from pathlib import Path; from dysfw.util.progress import Silent; from dysfw_phantom.spec import find_spec; "
        "from dysfw_phantom.dataset import make_dataset\n" + before + "\n"
        "if __name__ == '__main__': make_dataset(find_spec(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Silent())\n"
    )
    (folder.parent / "program.py").write_text(program)
    (folder.parent / "small.yaml").write_text(SPEC.format(seed=5))
    return [sys.executable, str(folder.parent / "program.py"), str(folder.parent / "small.yaml"), str(folder), str(workers)]


def test_dysfw_reads_it_as_a_data_set_with_patients_splits_and_sources(made):
    dataset = read_dataset(made)
    assert len(dataset.samples) == IMAGES
    assert dataset.labels == ("phantom-facial-palsy", "phantom-unaffected")
    assert all(item.path.is_file() for item in dataset.samples)
    assert len({item.patient for item in dataset.samples}) == 14
    assert len(dataset.split("test")) == 5
    assert {item.source for item in dataset.samples if item.label == "phantom-facial-palsy"} == {"elsewhere"}


def test_nothing_but_the_data_set_is_left(made):
    assert {p.name for p in made.iterdir()} == {
        "manifest.csv", "truth.parquet", "spec.json", "labels.yaml", "phantom-unaffected", "phantom-facial-palsy",
    }  # fmt: skip
    assert [p.name for p in made.parent.iterdir()] == ["small"]


def test_two_processes_make_the_same_bits_as_one(made, tmp_path):
    make_dataset(spec(), tmp_path / "small", 2, Silent())
    assert content(tmp_path / "small") == content(made)


def test_another_seed_makes_other_people(made, tmp_path):
    make_dataset(spec(seed=6, text=ONE), tmp_path / "other", 1, Silent())
    make_dataset(spec(seed=5, text=ONE), tmp_path / "same", 1, Silent())
    other, same = (content(tmp_path / name)["phantom-unaffected/small-000001-01.jpg"] for name in ("other", "same"))
    assert same == content(made)["phantom-unaffected/small-000001-01.jpg"] != other


@pytest.mark.parametrize("damaged", [False, True], ids=["as it was", "damaged meanwhile"])
def test_a_run_that_was_killed_leaves_no_data_set_and_no_process_and_goes_on_where_it_was(made, tmp_path, damaged):
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
    assert content(folder) == content(made)
    assert damaged != all((folder / p.relative_to(unfinished / "data")).stat().st_mtime_ns == then for p, then in times.items())


def _until_gone(session):
    """Wait until no process of a session is left; they would go on for ever if they did not notice."""
    for _ in range(500):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    os.killpg(session, signal.SIGKILL)
    pytest.fail("processes outlived the one that started them")


def test_a_full_disk_is_said_and_what_was_made_is_kept(made, tmp_path):
    limit = (
        "from dysfw_phantom.phantom import make_phantom, take_photograph\n"
        "from dysfw_phantom.condition import shipped_conditions\n"
        "take_photograph(make_phantom(shipped_conditions()['phantom-unaffected'], 0, 0), 0, 64)\n"  # compiles
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"  # bytes; the table of truth needs more
    )
    folder = tmp_path / "small"
    done = subprocess.run(command(folder, before=limit), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DysfwError: cannot write in" in done.stderr
    assert "File too large" in done.stderr
    assert not folder.exists()
    make_dataset(spec(), folder, 1, Silent())
    assert content(folder) == content(made)


def test_a_finished_data_set_is_left_as_it_is(made):
    before = content(made)
    assert make_dataset(spec(), made, 1, Silent()) is False
    assert content(made) == before


def test_a_folder_with_another_data_set_is_refused(made):
    with pytest.raises(DysfwError, match="holds a data set of another spec"):
        make_dataset(spec(seed=6), made, 1, Silent())


def test_a_folder_with_anything_else_is_refused(tmp_path):
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "mine.jpg").touch()
    with pytest.raises(DysfwError, match="holds no data set of phantoms"):
        make_dataset(spec(), tmp_path / "photographs", 1, Silent())


def test_what_another_spec_began_is_refused(tmp_path):
    (tmp_path / "small.unfinished" / "data").mkdir(parents=True)
    (tmp_path / "small.unfinished" / "data" / "spec.json").write_text('{"fingerprint": "another"}')
    with pytest.raises(DysfwError, match="unfinished data set of another spec"):
        make_dataset(spec(), tmp_path / "small", 1, Silent())


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "small").mkdir()
    make_dataset(spec(text=ONE), tmp_path / "small", 1, Silent())
    assert (tmp_path / "small" / "phantom-unaffected" / "small-000001-01.jpg").is_file()
