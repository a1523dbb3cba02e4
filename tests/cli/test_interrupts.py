"""Ctrl-C and SIGTERM: nothing half-written is left, and the user reads what was kept."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from program import DYSFW, TOYS
from pyarrow import parquet
from screens import Screen, on_terminal

pytestmark = pytest.mark.slow

SLOW_HEAD = "head={use: slow_lda, seconds: 0.5}"
RED = (200, 40, 40)


@pytest.fixture
def environment(tmp_path):
    inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return inherited | {"PYTHONPATH": os.pathsep.join(TOYS), "TERM": "xterm-256color", "OMP_NUM_THREADS": "1"}


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def interrupted(request, environment):
    """interrupted("train", …, seen="cross-validating"): what the program showed, with the signal sent when that is seen."""

    def run(*arguments: object, seen: str) -> Screen:
        screen = on_terminal([DYSFW, *arguments], 200, environment, stop=(seen, request.param))
        assert screen.code == 128 + request.param, screen.lines
        assert "Traceback" not in screen.raw
        return screen

    return run


def messages(screen: Screen) -> str:
    return " ".join(line.strip() for line in screen.lines if line)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_interrupted_training_leaves_no_bundle_and_resumes(interrupted, environment, toy_recipe, colour_data, tmp_path):
    before = names(tmp_path)
    arguments = ("train", toy_recipe, colour_data, "-o", tmp_path / "b", "--set", SLOW_HEAD)
    screen = interrupted(*arguments, seen=r" [2-5]/8")
    said = re.search(
        r"error: interrupted no bundle was written; (\d) fitted heads and what was computed for the images are in the cache: "
        "the same command resumes", messages(screen),
    )  # fmt: skip
    assert said
    assert names(tmp_path) == before
    again = subprocess.run([DYSFW, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert f"{said[1]} heads of 8 known from an earlier training" in again.stderr


def test_an_interrupted_evaluation_leaves_no_report(interrupted, toy_recipe, colour_data, tmp_path):
    arguments = ("evaluate", toy_recipe, colour_data, "-o", tmp_path / "r", "--set", SLOW_HEAD, "--by", "folds")
    screen = interrupted(*arguments, seen=r" [1-7]/15")
    assert re.search(
        r"error: interrupted no report was written; \d finished splits? and what was computed for the images are in the cache: "
        "the same command resumes", messages(screen),
    )  # fmt: skip
    assert not (tmp_path / "r").exists()


def test_an_interrupted_audit_leaves_no_folder(interrupted, toy_recipe, colour_data, tmp_path):
    output = tmp_path / "audit"
    screen = interrupted(
        "audit", colour_data, "--recipe", toy_recipe, "--permutations", 100_000, "-o", output, seen="permuting labels"
    )
    assert "error: interrupted nothing was written, and nothing is kept: the same command starts again" in messages(screen)
    assert not output.exists()


def test_an_interrupted_comparison_leaves_no_report(interrupted, toy_recipe, colour_data, tmp_path):
    shutil.copy(toy_recipe, tmp_path / "other.yaml")
    (tmp_path / "other.yaml").write_text(toy_recipe.read_text().replace("name: toy", "name: other"))
    recipes, output = (toy_recipe, tmp_path / "other.yaml"), tmp_path / "r"
    words = ("compare", *recipes, "--data", colour_data, "-o", output, "--set", SLOW_HEAD)
    screen = interrupted(*words, seen="evaluating toy")
    assert "error: interrupted no report was written" in messages(screen)
    assert not output.exists()


def test_an_interrupted_batch_resumes(interrupted, environment, bundle, paint, tmp_path):
    for number in range(600):
        paint(f"many/{number:03}.png", RED, seed=number)
    arguments = ("batch", bundle, tmp_path / "many", "-o", tmp_path / "t.parquet")
    screen = interrupted(*arguments, seen="predicting")
    assert not (tmp_path / "t.parquet").exists()
    kept = f"error: interrupted finished parts are kept in {tmp_path / 't.parquet'}.unfinished; the same command resumes"
    assert kept in messages(screen)
    left = [path.name for path in (tmp_path / "t.parquet.unfinished").rglob("*") if path.name.startswith(".")]
    assert left == []
    again = subprocess.run([DYSFW, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.num_rows == 600
    assert len(set(table["image"].to_pylist())) == 600
    assert not (tmp_path / "t.parquet.unfinished").exists()


def test_an_interrupted_data_set_of_phantoms_resumes(interrupted, environment, tmp_path):
    spec = "version: 1\nname: few\nsize: 64\nclasses: [{condition: phantom-unaffected, patients: 60}]\n"
    (tmp_path / "few.yaml").write_text(spec)
    arguments = ("phantom", "dataset", tmp_path / "few.yaml", "-o", tmp_path / "few", "--workers", "1")
    screen = interrupted(*arguments, seen="rendering")
    assert f"finished images are kept in {tmp_path / 'few'}.unfinished; the same command resumes" in messages(screen)
    again = subprocess.run([DYSFW, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert len(list(tmp_path.glob("few/*/*.jpg"))) == 60
    assert names(tmp_path) == {"few", "few.yaml"}


def test_a_server_that_is_still_loading_ends(interrupted, bundle):
    interrupted("serve", bundle, "--port", "0", seen="loading")


def test_a_program_under_nohup_survives_the_end_of_its_terminal(environment, bundle, paint):
    """SIGHUP that was ignored by the caller stays ignored."""
    script = 'trap "" HUP; "$@" & pid=$!; sleep 1; kill -HUP $pid; wait $pid'
    command = ["sh", "-c", script, "sh", str(DYSFW), "run", str(bundle), str(paint("a.png", RED))]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "red" in ran.stdout
