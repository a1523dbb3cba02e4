"""The `dysfw phantom` commands."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from dysfw.cli.main import app

pytestmark = pytest.mark.slow

DYSFW = [sys.executable, "-c", "from dysfw.cli.main import main; main()"]


def run(*words):
    return CliRunner().invoke(app, ["phantom", *map(str, words)])


def test_help_imports_only_the_registration_of_the_plugin():
    program = (
        "import sys; from typer.testing import CliRunner; from dysfw.cli.main import app; "
        "assert 'phantom' in CliRunner().invoke(app, ['--help']).output; "
        "print(sorted(m for m in sys.modules if m.startswith(('dysfw_phantom', 'numba', 'pyarrow'))))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['dysfw_phantom', 'dysfw_phantom.plugin', 'dysfw_phantom.weights']"


def test_without_any_folder_for_compiled_code_the_error_says_what_to_do(tmp_path):
    program = "import tempfile, os; tempfile.tempdir = os.getcwd(); from dysfw.cli.main import main; main()"
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "DYSFW_CACHE")
    }
    words = [sys.executable, "-c", program, "phantom", "sample", "phantom-unaffected", "-o", tmp_path / "sheet.png"]
    ran = subprocess.run(
        words, env=environment | {"HOME": "/nonexistent"}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "set DYSFW_CACHE or TMPDIR" in ran.stderr
    assert not any(tmp_path.iterdir())


def test_sample_draws_a_row_per_condition(tmp_path):
    words = ("phantom-unaffected", "phantom-facial-palsy", "-o", tmp_path / "sheet.png", "--columns", 3, "--size", 64)
    result = run("sample", *words)
    assert result.exit_code == 0, result.output
    width, height = Pillow.open(tmp_path / "sheet.png").size
    assert 3 * 64 < width < 3 * 80
    assert 2 * 64 < height < 2 * 100


def test_sample_is_reproducible(tmp_path):
    for name in ("a.png", "b.png"):
        run("sample", "phantom-unaffected", "-o", tmp_path / name, "--columns", 2, "--size", 64, "--same-patient")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["phantom-unafected", "-o", "sheet.png"], "did you mean 'phantom-unaffected'?"),
        (["phantom-unaffected", "-o", "sheet.jpg"], "does not end in .png"),
        (["phantom-unaffected", "-o", "nowhere/sheet.png"], "is not a folder"),
        (["mine.yaml", "-o", "sheet.png"], "no such condition: mine.yaml"),
    ],
)
def test_sample_rejects_invalid_arguments(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in str(run("sample", *words).exception)
    assert not list(tmp_path.iterdir())


def test_dataset_is_written_once_and_reported_as_existing_then(tmp_path):
    spec = "version: 1\nname: two\nsize: 64\nclasses: [{condition: phantom-unaffected, patients: 2}]\n"
    (tmp_path / "two.yaml").write_text(spec)
    words = [*DYSFW, "phantom", "dataset", str(tmp_path / "two.yaml"), "-o", str(tmp_path / "two"), "--workers", "1"]
    first, second = (subprocess.run(words, capture_output=True, text=True, check=False) for _ in range(2))
    contents = "2 images in 1 class, listed in manifest.csv; ground truth in truth.parquet"
    assert (first.returncode, first.stdout) == (0, f"{tmp_path / 'two'}: {contents}\n")
    assert second.stdout == first.stdout
    assert "already contains this data set" in second.stderr
    assert len(list(tmp_path.glob("two/*/*.jpg"))) == 2


def test_invalid_spec_exits_with_2_and_lists_all_problems_by_line(tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 1\nname: bad\nclasses: [{condition: phantom-unaffected, patient: 2}]\n")
    words = [*DYSFW, "phantom", "dataset", str(tmp_path / "bad.yaml"), "-o", str(tmp_path / "bad")]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "bad.yaml:3:" in result.stderr
    assert "did you mean 'patients'?" in result.stderr
    assert not (tmp_path / "bad").exists()


def test_pairs_are_drawn_from_a_data_set_with_patients_as_labels(tmp_path):
    (tmp_path / "people.yaml").write_text(
        "version: 1\nname: people\nsize: 64\nlabel: patient\n"
        "classes: [{condition: phantom-unaffected, patients: 6, images: 2}]\n"
    )
    assert run("dataset", tmp_path / "people.yaml", "-o", tmp_path / "people", "--workers", 1).exit_code == 0
    words = ("--folds", 2, "--per-fold", 3)
    assert run("pairs", tmp_path / "people", "-o", tmp_path / "pairs.txt", *words).exit_code == 0
    lines = (tmp_path / "pairs.txt").read_text().splitlines()
    assert lines[0] == "2\t3"
    name, number, _ = lines[1].split("\t")
    assert (tmp_path / "people" / name / f"{name}_{int(number):04d}.jpg").is_file()


def test_conditions_are_listed_as_table_and_json():
    assert "phantom-down-syndrome" in run("conditions").output
    listed = json.loads(run("conditions", "--json").output)
    assert {"label", "mondo", "terms", "sources"} <= set(listed[0])
    assert len(listed) >= 12


def test_conditions_lists_a_folder_of_custom_conditions(tmp_path):
    (tmp_path / "mine.yaml").write_text("label: phantom-mine\nname: Mine\nterms: []\n")
    assert [c["label"] for c in json.loads(run("conditions", tmp_path, "--json").output)] == ["phantom-mine"]


def test_terms_are_listed_as_table_and_json():
    assert "HP:0000316" in run("terms").output
    listed = {term["id"]: term for term in json.loads(run("terms", "--json").output)}
    assert len(listed) >= 20
    assert listed["HP:0000316"]["label"] == "Hypertelorism"
    assert "phantom-noonan-syndrome" in listed["HP:0000316"]["conditions"]
