import json
import re
import subprocess
import sys

import pytest

from dysfw.cli.main import COMMANDS

LISTING = """
import sys
sys.argv = ["dysfw", *{arguments!r}]
from dysfw.cli.main import main
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
heavy = {{"torch", "numpy", "mediapipe", "timm", "facenet_pytorch", "sklearn", "matplotlib", "yaml", "cv2", "PIL"}}
sys.stderr.write(" ".join(sorted(heavy & set(sys.modules))))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["components"], ["plugins"], ["--version"]])
def test_listing_imports_nothing_heavy(arguments):
    code = LISTING.format(arguments=arguments)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert ran.stdout


def test_components_show_kind_name_and_origin(dysfw):
    lines = dysfw("components").out.splitlines()
    assert any(line.split()[:4] == ["head", "softmax", "dysfw", "0.1.0"] for line in lines)
    assert any(line.split()[:4] == ["segmenter", "toy_halves", "dysfw-toys", "0.1.0"] for line in lines)
    fusions = dysfw("components", "fusion").out.splitlines()[1:]
    assert {line.split()[0] for line in fusions} == {"fusion"}


def test_a_misspelt_kind_is_corrected(dysfw):
    ran = dysfw("components", "fusions")
    assert ran.code == 2
    assert "did you mean 'fusion'?" in ran.err


def test_a_broken_plugin_is_reported_in_one_line(dysfw, dysfw_fake_plugins):
    dysfw_fake_plugins.install("broken", "raise OSError('no licence server')\n")
    ran = dysfw("components")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "warning: plugin broken (dysfw-broken 1.0) is broken and was skipped: OSError: no licence server",
    ]
    assert "softmax" in ran.out
    assert "broken: OSError: no licence server" in dysfw("plugins").out
    assert dysfw("doctor").code == 1


def test_plugins_can_be_restricted_by_option_and_by_environment(dysfw, monkeypatch):
    assert "toy_halves" not in dysfw("--plugins", "builtin", "components").out
    monkeypatch.setenv("DYSFW_PLUGINS", "toys")
    listed = dysfw("components").out
    assert "toy_halves" in listed
    assert "mtcnn" not in listed
    assert "excluded by" in dysfw("plugins").out


def test_recipes_are_checked_and_shown_with_defaults(dysfw, toy_recipe):
    assert "toy.yaml: ok (toy " in dysfw("recipe", "check", toy_recipe).out
    shown = dysfw("recipe", "show", toy_recipe, "--set", "head={use: softmax}").out
    assert "# segmenter toy_halves: dysfw-toys 0.1.0, dysfw_toys.components:Halves" in shown
    assert "C: null" in shown


def test_every_recipe_is_checked(dysfw, toy_recipe, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(toy_recipe.read_text().replace("toy_halves", "toy_halfs"))
    ran = dysfw("recipe", "check", wrong, toy_recipe)
    assert ran.code == 2
    assert "did you mean 'toy_halves'?" in ran.err
    assert "toy.yaml: ok" in ran.out


def test_the_schema_is_json_with_every_component(dysfw):
    schema = json.loads(dysfw("recipe", "schema").out)
    assert schema["title"] == "dysfw recipe"
    for name in ("softmax", "toy_halves", "stacking"):
        assert f'"{name}"' in json.dumps(schema)


def test_doctor_finds_no_problem_here(dysfw):
    ran = dysfw("doctor")
    assert ran.code == 0, ran.out
    assert "device: auto uses" in ran.out


def test_doctor_calls_nothing_broken_that_was_left_out_on_purpose(dysfw):
    ran = dysfw("--plugins", "phantom,timm", "doctor")
    assert ran.code == 0, ran.out
    assert re.search(r"note +bundle paper-phantom", ran.out)
    assert "add facenet to that list" in ran.out


def test_training_prints_scores_with_chance_and_warns_without_patients(dysfw, toy_recipe, colour_data, tmp_path):
    ran = dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b")
    assert ran.code == 0
    assert "held out" in ran.out
    assert "chance" in ran.out
    assert "without a patient" not in ran.err
    (colour_data / "manifest.csv").unlink()
    ran = dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b2")
    assert "without a patient" in ran.err


def test_training_with_unusable_images_writes_the_bundle_and_exits_with_1(dysfw, toy_recipe, colour_data, tmp_path):
    (colour_data / "red" / "0.png").write_bytes(b"")
    ran = dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b")
    assert ran.code == 1
    assert "the file is empty" in ran.err
    assert (tmp_path / "b" / "bundle.json").is_file()


def test_every_command_warns_of_random_weights(dysfw, toy_recipe, colour_data, paint, tmp_path):
    ran = dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b", "--set", "backbone.trained=false")
    assert "random weights" in ran.err
    ran = dysfw("run", tmp_path / "b", paint("a.png", (200, 40, 40)))
    assert "random weights" in ran.err
    assert "not reliable: " in ran.out


def test_the_description_of_a_bundle_is_shown_by_run_and_on_the_model_card(dysfw, toy_recipe, colour_data, paint, tmp_path):
    dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "b", "--about", "Three colours.")
    assert "bundle b: Three colours." in dysfw("run", tmp_path / "b", paint("a.png", (200, 40, 40))).err
    assert "Three colours." in (tmp_path / "b" / "MODEL_CARD.md").read_text()


def test_a_class_with_one_image_is_refused_before_any_work(dysfw, toy_recipe, paint, tmp_path):
    for n in range(3):
        paint(f"few/a/{n}.png", (200, 40, 40), seed=n)
    paint("few/b/0.png", (40, 160, 40))
    ran = dysfw("train", toy_recipe, tmp_path / "few", "-o", tmp_path / "b")
    assert ran.code == 2
    assert "too few patients in 'b' (1 patient)" in ran.err


def test_an_internal_error_shows_no_traceback(dysfw, monkeypatch, toy_recipe):
    def explode(*args, **kwargs):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("dysfw.recipe.check.compose", explode)
    ran = dysfw("recipe", "show", toy_recipe)
    assert ran.code == 70
    assert "ZeroDivisionError: deep inside" in ran.err
    assert "Traceback" not in ran.err


def test_lack_of_memory_is_no_bug(dysfw, monkeypatch, toy_recipe):
    def explode(*args, **kwargs):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("dysfw.recipe.check.compose", explode)
    ran = dysfw("recipe", "show", toy_recipe)
    assert ran.code == 74
    assert "this machine ran out of memory" in ran.err
    assert "bug" not in ran.err


def test_plugins_add_commands(dysfw, dysfw_fake_plugins):
    hook = "@hookimpl\ndef dysfw_commands():\n    return [CommandSpec('add', 'adder_command:add', 'Add two numbers.')]\n"
    command = "def add(a: int, b: int) -> None:\n    print(a + b)\n"
    dysfw_fake_plugins.install("adder", hook, adder_command=command)
    assert "Add two numbers." in panels(dysfw("--help").out)["Extend"]
    assert dysfw("add", 2, 3).out.strip() == "5"


def panels(text):
    """The text of each panel of `dysfw --help`."""
    parts = text.split("\n\n")
    return {part.partition(":\n")[0]: part for part in parts if ":\n" in part}


def test_help_groups_commands_by_task(dysfw):
    found = panels(dysfw("--help").out)
    assert list(found) == ["Options", "Predict", "Data", "Train", "Evaluate", "Extend", "Maintain"]
    first = {panel: [line.split()[0] for line in text.splitlines()[1:]] for panel, text in found.items()}
    assert first["Predict"] == ["run", "serve", "batch", "rank"]
    assert first["Data"][:2] == ["data", "audit"]
    assert first["Evaluate"] == ["evaluate", "compare", "verify"]
    assert first["Extend"][:4] == ["components", "plugins", "new", "check"]
    assert first["Maintain"] == ["recipe", "weights", "cache", "doctor"]


def test_summaries_fit_a_line_of_80_columns():
    assert all(len(summary) <= 66 and summary.endswith(".") for _, summary in COMMANDS.values())


def test_a_plugin_chooses_the_panel_of_its_command(dysfw, dysfw_fake_plugins):
    def panel(name, value):
        command = f"CommandSpec('{name}', 'm:f', 'Do it.', panel='{value}')"
        dysfw_fake_plugins.install(name, f"@hookimpl\ndef dysfw_commands():\n    return [{command}]\n")

    panel("good", "data")
    assert "good" in panels(dysfw("--help").out)["Data"]
    panel("bad", "date")
    ran = dysfw("--help")
    assert "the command 'bad' has the panel 'date'; allowed: predict, data, train" in ran.err
    assert "bad" not in panels(ran.out)["Extend"]


def test_a_command_of_a_plugin_that_is_not_there_names_the_plugin(dysfw):
    result = dysfw("--plugins", "builtin", "rank", "--term", "Ptosis")
    assert result.code == 2
    assert "belongs to the plugin dysfw-hpo" in result.err
    assert "pip install" in result.err
