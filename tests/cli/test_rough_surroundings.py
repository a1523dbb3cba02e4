"""Closed streams, odd terminals, strange file names, and plugins that print or clash."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

RED = (200, 40, 40)
TESTS = Path(__file__).parents[1]
RUN = "from dysfw.cli.main import main; main()"


@pytest.fixture
def process():
    """process("run", …): the program in its own process, with the toys installed."""
    path = os.pathsep.join(
        [str(TESTS / "fixtures" / "toys"), str(TESTS / "fixtures" / "toys_installed"), os.environ.get("PYTHONPATH", "")]
    )

    def start(*arguments: object, redirect: str = "", **environment: str) -> subprocess.Popen:
        command = [sys.executable, "-c", RUN, *map(str, arguments)]
        if redirect:
            command = ["sh", "-c", f'exec "$@" {redirect}', "sh", *command]
        # As in a terminal or a pipe: unbuffered output would hide errors of the last flush.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=inherited | {"PYTHONPATH": path} | environment, **pipes)

    return start


def test_results_survive_a_closed_stderr(process, bundle, paint):
    running = process("run", bundle, paint("a.png", RED), redirect="2>&-")
    out, _ = running.communicate()
    assert running.returncode == 0
    assert b"red" in out


def test_a_closed_stdout_is_no_error(process, bundle, paint):
    running = process("run", bundle, paint("a.png", RED), redirect=">&-")
    _, err = running.communicate()
    assert (running.returncode, b"bug" in err) == (0, False)


def test_a_full_disk_is_reported(process, bundle, paint):
    running = process("run", bundle, paint("a.png", RED), "--json", redirect=">/dev/full")
    _, err = running.communicate()
    assert running.returncode == 74
    assert b"the operating system reports" in err


def test_an_ascii_terminal_shows_the_ranking_and_exact_json(process, bundle, paint):
    image = paint("ü.png", RED)
    running = process("run", bundle, image, PYTHONIOENCODING="ascii")
    out, _ = running.communicate()
    assert running.returncode == 0
    assert b"red" in out
    out, _ = process("run", bundle, image, "--json", PYTHONIOENCODING="ascii").communicate()
    assert json.loads(out)["image"]["source"] == str(image)


def test_an_interrupt_has_its_own_exit_code(process, toy_recipe, colour_data, tmp_path):
    slow = "head={use: slow_lda, seconds: 0.5}"
    running = process("train", toy_recipe, colour_data, "-o", tmp_path / "b", "--set", slow)
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode in (130, -signal.SIGINT)  # the latter if Python itself was still starting
    assert b"Traceback" not in err or running.returncode == -signal.SIGINT
    assert not (tmp_path / "b").exists()


def test_control_characters_in_a_name_are_escaped(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a\x1b[31m\nb.png", RED))
    assert "a\\x1b[31m\\nb.png" in ran.out
    assert "\x1b" not in ran.out


def test_a_figure_never_overwrites_an_input_image(dysfw, bundle, paint):
    image, second = paint("a.png", RED), paint("a-2.png", RED, seed=1)
    before = image.read_bytes(), second.read_bytes()
    ran = dysfw("run", bundle, image, "--figure", image)
    assert ran.code == 2
    assert "would be overwritten" in ran.err
    ran = dysfw("run", bundle, second, second, "--figure", image)  # a-2.png would be the second figure's name
    assert ran.code == 0
    assert second.read_bytes() == before[1]
    assert image.read_bytes() != before[0]  # not an input image this time


def test_a_plugin_that_prints_when_imported_does_not_reach_stdout(dysfw, tmp_path, monkeypatch):
    install(tmp_path / "site", "talker", "print('noise')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    ran = dysfw("components")
    assert "noise" not in ran.out
    assert "noise" in ran.err


def test_a_plugin_that_takes_a_name_does_not_break_trained_bundles(dysfw, bundle, paint, tmp_path, monkeypatch):
    hooks = (
        "from dysfw.registry.hookspecs import ComponentSpec, hookimpl\n"
        "@hookimpl\n"
        "def dysfw_components():\n"
        "    return [ComponentSpec('segmenter', 'toy_halves', 'nowhere:Nothing', 'a copy')]\n"
    )
    install(tmp_path / "site", "copycat", hooks)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert dysfw("run", bundle, paint("a.png", RED)).code == 0


def test_build_finds_errors_that_check_cannot(dysfw, toy_recipe):
    wrong = ("recipe", "check", toy_recipe, "--set", "detector.faces=0")
    assert dysfw(*wrong).code == 0
    ran = dysfw(*wrong, "--build")
    assert ran.code == 2
    assert "faces must be 1 or more, found 0" in ran.err


def test_a_folder_that_is_not_a_bundle_is_reported(dysfw, tmp_path):
    ran = dysfw("recipe", "check", tmp_path)
    assert ran.code == 2
    assert f"{tmp_path} is a folder but not a bundle" in ran.err


def test_an_unwritable_output_is_refused_before_any_work(dysfw, toy_recipe, colour_data):
    ran = dysfw("train", toy_recipe, colour_data, "-o", "/proc/bundle")
    assert ran.code == 2
    assert "cannot write in /proc" in ran.err
    assert "cross-validating" not in ran.err


@pytest.mark.parametrize(("output", "message"), [("/proc/t.parquet", "cannot write in /proc"), (".", "must end in .parquet")])
def test_a_table_that_cannot_be_written_is_refused_before_the_recipe_is_loaded(dysfw, toy_recipe, colour_data, output, message):
    ran = dysfw("batch", toy_recipe, colour_data, "-o", output)
    assert ran.code == 2
    assert message in ran.err
    assert "loading" not in ran.err


def install(fake_plugins: Path, name: str, code: str) -> None:
    info = fake_plugins / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[dysfw]\n{name} = {name}_plugin\n")
    (fake_plugins / f"{name}_plugin.py").write_text(code)
