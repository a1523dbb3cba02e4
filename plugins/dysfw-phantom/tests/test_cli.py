"""The commands `dysfw phantom …`, as a user types them."""

import json
import subprocess
import sys

import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from dysfw.cli.main import app

DYSFW = [sys.executable, "-c", "from dysfw.cli.main import main; main()"]


def run(*words):
    return CliRunner().invoke(app, ["phantom", *map(str, words)])


def test_help_of_dysfw_imports_nothing_of_this_plugin_but_its_registration():
    program = (
        "import sys; from typer.testing import CliRunner; from dysfw.cli.main import app; "
        "assert 'phantom' in CliRunner().invoke(app, ['--help']).output; "
        "print(sorted(m for m in sys.modules if m.startswith(('dysfw_phantom', 'numba', 'pyarrow'))))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['dysfw_phantom', 'dysfw_phantom.plugin', 'dysfw_phantom.weights']"


def test_sample_draws_a_row_of_each_condition(tmp_path):
    words = ("phantom-unaffected", "phantom-facial-palsy", "-o", tmp_path / "sheet.png", "--columns", 3, "--size", 64)
    done = run("sample", *words)
    assert done.exit_code == 0, done.output
    width, height = Pillow.open(tmp_path / "sheet.png").size
    assert 3 * 64 < width < 3 * 80
    assert 2 * 64 < height < 2 * 100


def test_sample_draws_the_same_again(tmp_path):
    for name in ("a.png", "b.png"):
        run("sample", "phantom-unaffected", "-o", tmp_path / name, "--columns", 2, "--size", 64, "--same-patient")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["phantom-unafected", "-o", "sheet.png"], "did you mean 'phantom-unaffected'?"),
        (["phantom-unaffected", "-o", "sheet.jpg"], "does not end in .png"),
        (["phantom-unaffected", "-o", "nowhere/sheet.png"], "is not a folder"),
        (["mine.yaml", "-o", "sheet.png"], "no such condition: mine.yaml"),
    ],
)
def test_sample_refuses_what_cannot_be_drawn(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert said in str(run("sample", *words).exception)
    assert not list(tmp_path.iterdir())


def test_dataset_writes_and_says_when_there_is_nothing_to_do(tmp_path):
    spec = "version: 1\nname: two\nsize: 64\nclasses: [{condition: phantom-unaffected, patients: 2}]\n"
    (tmp_path / "two.yaml").write_text(spec)
    words = [*DYSFW, "phantom", "dataset", str(tmp_path / "two.yaml"), "-o", str(tmp_path / "two"), "--workers", "1"]
    first, second = (subprocess.run(words, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, "")
    assert "holds this data set already" in second.stderr
    assert len(list(tmp_path.glob("two/*/*.jpg"))) == 2


def test_a_wrong_spec_is_exit_code_2_with_every_problem_by_line(tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 1\nname: bad\nclasses: [{condition: phantom-unaffected, patient: 2}]\n")
    words = [*DYSFW, "phantom", "dataset", str(tmp_path / "bad.yaml"), "-o", str(tmp_path / "bad")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "bad.yaml:3:" in done.stderr
    assert "did you mean 'patients'?" in done.stderr
    assert not (tmp_path / "bad").exists()


def test_pairs_are_drawn_from_a_data_set_of_patients(tmp_path):
    (tmp_path / "people.yaml").write_text(
        "version: 1\nname: people\nsize: 64\nlabel: patient\n"
        "classes: [{condition: phantom-unaffected, patients: 6, photographs: 2}]\n"
    )
    assert run("dataset", tmp_path / "people.yaml", "-o", tmp_path / "people", "--workers", 1).exit_code == 0
    words = ("--folds", 2, "--per-fold", 3)
    assert run("pairs", tmp_path / "people", "-o", tmp_path / "pairs.txt", *words).exit_code == 0
    lines = (tmp_path / "pairs.txt").read_text().splitlines()
    assert lines[0] == "2\t3"
    name, number, _ = lines[1].split("\t")
    assert (tmp_path / "people" / name / f"{name}_{int(number):04d}.jpg").is_file()


def test_conditions_are_listed_for_people_and_for_programs():
    assert "phantom-down-syndrome" in run("conditions").output
    listed = json.loads(run("conditions", "--json").output)
    assert {"label", "mondo", "terms", "sources"} <= set(listed[0])
    assert len(listed) >= 12


def test_conditions_lists_ones_own(tmp_path):
    (tmp_path / "mine.yaml").write_text("label: phantom-mine\nname: Mine\nterms: []\n")
    assert [c["label"] for c in json.loads(run("conditions", tmp_path, "--json").output)] == ["phantom-mine"]


def test_terms_are_listed_with_the_axis_they_stand_on():
    assert "HP:0000316" in run("terms").output
    listed = {term["id"]: term for term in json.loads(run("terms", "--json").output)}
    assert len(listed) >= 20
    assert listed["HP:0000316"]["label"] == "Hypertelorism"
    assert "phantom-noonan-syndrome" in listed["HP:0000316"]["conditions"]
