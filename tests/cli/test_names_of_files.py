"""Names of files that need care, in every command that reads a list: ASCII locales, tildes, addresses, system files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from program import DYSFW, TOYS
from pyarrow import parquet
from screens import on_terminal

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
NAMES = ("Zoë 1.png", "~tmp.png", "~$x.png")


@pytest.fixture
def named(colour_data) -> Path:
    """The colour data; the first three images have the names above, of which two begin with the tilde of no user."""
    text = (colour_data / "manifest.csv").read_text()
    for n, name in enumerate(NAMES):
        (colour_data / "red" / f"{n}.png").rename(colour_data / name)
        text = text.replace(f"red/{n}.png,", f"{name},")
    (colour_data / "manifest.csv").write_text(text, "utf-8")
    return colour_data


@pytest.fixture
def program():
    """program("train", …): the exit code and output of the program in an ASCII locale, with the toys installed."""
    path = os.pathsep.join([str(TESTS / "fixtures" / "toys"), str(TESTS / "fixtures" / "toys_installed")])

    def program(*arguments: object) -> tuple[int, str]:
        command = [sys.executable, "-c", "from dysfw.cli.main import main; main()", *map(str, arguments)]
        ran = subprocess.run(command, env=os.environ | ASCII | {"PYTHONPATH": path}, capture_output=True, check=False)
        return ran.returncode, (ran.stdout + ran.stderr).decode("ascii")

    return program


def test_an_ascii_locale_hides_no_file(program, named, toy_recipe, tmp_path):
    """Every command that reads a list; what is printed is ASCII."""
    (named / "green" / "ü.png").write_text("not a picture")
    with (named / "manifest.csv").open("a", encoding="utf-8") as file:
        file.write("green/ü.png,green,green-9,train\n")
    quick = ("--by", "folds", "--folds", 2, "--repeats", 1)
    code, output = program("train", toy_recipe, named, "-o", tmp_path / "b")
    assert code == 1
    assert "missing_file" not in output
    assert "green/\\xfc.png" in output or "green/?.png" in output
    assert json.loads((tmp_path / "b" / "bundle.json").read_text())["data"]["excluded"] == {"not_an_image": 1}
    for arguments in (
        ("evaluate", toy_recipe, named, "-o", tmp_path / "e", *quick),
        ("compare", toy_recipe, toy_recipe, "--data", named, "-o", tmp_path / "c", *quick, "--set", "seed=1"),
        ("audit", named, "--recipe", toy_recipe, "--permutations", 99),
        ("data", "check", named),
        ("data", "check", named, "--format", "json"),
        ("data", "manifest", named, "-o", tmp_path / "m.csv"),
        ("batch", tmp_path / "b", named / "manifest.csv", "-o", tmp_path / "o.parquet"),
        ("run", tmp_path / "b", named / NAMES[0]),
        ("run", tmp_path / "b", named / NAMES[0], "--json"),
    ):
        code, output = program(*arguments)
        assert code in (0, 1, 2), output
        assert "this is a bug" not in output
        assert "missing_file" not in output, arguments
    images = {row["image"]: row["error_code"] for row in parquet.read_table(tmp_path / "o.parquet").to_pylist()}
    assert images[str(named / NAMES[0])] is None
    assert [name for name, code in images.items() if code] == [str(named / "green" / "ü.png")]
    assert "Zoë 1.png" in (tmp_path / "m.csv").read_text("utf-8-sig")


def test_what_is_printed_follows_the_locale(named, toy_recipe, tmp_path, dysfw):
    """Files are found since the program starts again in UTF-8 mode, but Python's stdout was ASCII, and stays ASCII."""
    assert dysfw("train", toy_recipe, named, "-o", tmp_path / "b").code == 0
    environment = in_ascii_locale() | {"PYTHONPATH": os.pathsep.join(TOYS)}
    command = [str(DYSFW), "run", str(tmp_path / "b"), str(named / NAMES[0])]
    piped = subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode("ascii")
    screen = on_terminal(command, 200, environment)
    assert screen.code == 0
    assert screen.raw.isascii()
    for text in (piped, "\n".join(screen.lines)):
        assert text.isascii()
        assert "Zo\\xeb 1.png" in " ".join(text.split())  # a long path may be broken at its space
        assert "64 x 64 px" in text
    exact = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True).stdout
    assert json.loads(exact)["image"]["source"] == str(named / NAMES[0])


def in_ascii_locale() -> dict[str, str]:
    """The environment of a user who set the locale, but not what Python prints."""
    environment = os.environ | ASCII
    del environment["PYTHONIOENCODING"]
    return environment


def test_processes_that_are_started_later_are_not_told_the_encodings_of_the_streams():
    code = (
        "import os, sys; from dysfw.cli.utf8 import ensure_utf8; ensure_utf8(); "
        "print(sys.stdout.encoding, sys.stderr.encoding, sys.flags.utf8_mode, "
        "[name for name in os.environ if name in ('PYTHONIOENCODING', 'DYSFW_STREAM_ENCODINGS')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=in_ascii_locale(), capture_output=True, text=True, check=True)
    assert ran.stdout == "ascii ascii 1 []\n"


def test_a_tilde_of_no_user_is_a_name(dysfw, named, toy_recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(named)
    assert dysfw("train", toy_recipe, named, "-o", tmp_path / "b").code == 0
    assert dysfw("data", "check", named).code == 0
    assert dysfw("batch", tmp_path / "b", "manifest.csv", "-o", tmp_path / "o.parquet").code == 0
    for name in NAMES[1:]:
        assert dysfw("run", tmp_path / "b", name).code == 0
        assert dysfw("batch", tmp_path / "b", name, "-o", tmp_path / f"{name}.parquet").code == 0
    for arguments in (
        ("run", tmp_path / "b", "~nouser.png"), ("batch", tmp_path / "b", "~nouser", "-o", tmp_path / "n.parquet"),
        ("train", toy_recipe, "~nouser", "-o", tmp_path / "n"), ("train", "~nouser.yaml", named, "-o", tmp_path / "n"),
        ("evaluate", toy_recipe, "~nouser", "-o", tmp_path / "e"), ("audit", "~nouser"), ("data", "check", "~nouser"),
        ("data", "manifest", "~nouser", "-o", tmp_path / "m.csv"), ("gallery", "add", tmp_path / "b", "~nouser"),
        ("recipe", "check", "~nouser.yaml"), ("pretrain", toy_recipe, "~nouser", "-o", tmp_path / "w.safetensors"),
    ):  # fmt: skip
        ran = dysfw(*arguments)
        assert ran.code in (1, 2), (arguments, ran.err)
        assert "error: " in ran.err or "missing_file" in ran.err
    base = tmp_path / "base.yaml"
    base.write_text("version: 1\nextends: ~nouser/r.yaml\n")
    assert dysfw("recipe", "check", base).code == 2


def test_addresses_of_files_work_in_every_command(dysfw, named, toy_recipe, tmp_path):
    """As ``Path.as_uri`` writes them, with %20 and %C3%AB."""
    address = (named / NAMES[0]).as_uri()
    assert dysfw("train", toy_recipe, named.as_uri(), "-o", tmp_path / "b").code == 0
    ran = dysfw("run", tmp_path / "b", address, "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["image"]["source"] == str(named / NAMES[0])
    assert dysfw("batch", tmp_path / "b", address, "-o", tmp_path / "one.parquet").code == 0
    (tmp_path / "list.csv").write_text(f"path\n{address}\n")
    assert dysfw("batch", tmp_path / "b", tmp_path / "list.csv", "-o", tmp_path / "list.parquet").code == 0
    for table in ("one", "list"):
        (row,) = parquet.read_table(tmp_path / f"{table}.parquet").to_pylist()
        assert (row["image"], row["error_code"]) == (str(named / NAMES[0]), None)


def test_run_leaves_out_system_files_that_a_pattern_adds(dysfw, named, toy_recipe, tmp_path):
    assert dysfw("train", toy_recipe, named, "-o", tmp_path / "b").code == 0
    (named / "Thumbs.db").write_text("x")
    (named / "@eaDir").mkdir()
    ran = dysfw("run", tmp_path / "b", named / NAMES[0], named / "Thumbs.db", named / "@eaDir")
    assert ran.code == 0
    assert "warning: left out: 2 system files" in ran.err
    assert dysfw("run", tmp_path / "b", named / "Thumbs.db").code == 1
